/**
 * `cloister status`: what is active, from live probes.
 *
 * @module
 */

import { describeFabric } from './fabric.ts';
import { type FormatOptions, type StateOptions, wantsJson } from './flags.ts';
import { NothingToAsk } from './problem.ts';
import { runningInstance } from './report.ts';

/** Prints the state; exit code 0 only if everything is active. */
export async function status(options: StateOptions & FormatOptions & { flows?: boolean }): Promise<number> {
  if (options.flows) throw new NothingToAsk('status --flows comes with the linux fabric.');
  const json = wantsJson(options);
  const answer = await (await runningInstance(options, 'Start one with: cloister up FILE')).status();
  const all = [...answer.places, ...answer.deployments, ...(answer.kernel ? [answer.kernel] : [])];
  const code = all.every((item) => item.state === 'active') ? 0 : 1;
  if (json) {
    process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
    return code;
  }
  const lines = [
    ...describeFabric(answer),
    ...(answer.kernel ? [`kernel ${answer.kernel.state}`] : []),
    ...(answer.kernel?.lacks ?? []).map(({ resource, says }) => `  not carried: ${resource}: ${says}`),
    `sandbox ${answer.sandbox.kind}: ${answer.sandbox.says}`,
    `guard ${answer.guard ? 'on: writes that break intents are refused' : 'off'}`,
    '',
  ];
  const width = Math.max(...answer.places.map((item) => item.place.length), 0);
  lines.push(...answer.places.map((item) => `  ${item.place.padEnd(width)}  ${item.state}`));
  for (const item of answer.deployments) {
    lines.push(
      `  ${item.deployment.split('/').slice(-3).join('/')}  ${item.state} (restarts ${item.restarts})`,
    );
  }
  lines.push('', `${answer.resources} resources, ${answer.unmodelled.length} only stored:`);
  for (const { type, id, place } of answer.unmodelled) {
    const name = id.slice(id.lastIndexOf('/') + 1);
    lines.push(`  ${type} ${name}${place === undefined ? '' : ` (place ${place})`}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  return code;
}
