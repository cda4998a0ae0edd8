/**
 * `cloister status`: what is active, from live probes.
 *
 * @module
 */

import type { FlowLine, FlowsAnswer } from '../api/control.ts';
import { wrapped } from '../lib/wrap.ts';
import { describeFabric } from './fabric.ts';
import { type FormatOptions, type StateOptions, wantsJson } from './flags.ts';
import { runningInstance } from './report.ts';

const columns = 80;

/** Prints the state; exit code 0 only if everything is active. */
export async function status(options: StateOptions & FormatOptions & { flows?: boolean }): Promise<number> {
  const json = wantsJson(options);
  const client = await runningInstance(options, 'Start one with: cloister up FILE');
  if (options.flows) return printFlows(await client.flows(), json);
  const answer = await client.status();
  const all = [...answer.places, ...answer.deployments, ...(answer.kernel ? [answer.kernel] : [])];
  const code = all.every((item) => item.state === 'active') ? 0 : 1;
  if (json) {
    process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
    return code;
  }
  const lines = [
    ...describeFabric(answer),
    ...(answer.kernel ? [`kernel ${answer.kernel.state}`] : []),
    ...(answer.kernel?.lacks ?? []).flatMap(({ resource, says }) =>
      wrapped('  not carried: ', `${resource}: ${says}`, columns),
    ),
    ...wrapped(`sandbox ${answer.sandbox.kind}: `, answer.sandbox.says, columns),
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

/** Exit code 0 only if every flow is written down. */
function printFlows({ flows, problem }: FlowsAnswer, json: boolean): number {
  const text = json
    ? `${JSON.stringify({ flows, ...(problem === undefined ? {} : { problem }) }, undefined, 2)}\n`
    : flows.map((flow) => `${flowText(flow)}\n`).join('');
  process.stdout.write(text);
  if (problem === undefined) return 0;
  process.stderr.write(`flow log: ${problem}\n`);
  return 1;
}

/** One line: when, where, who, what, and how it ended. */
function flowText(flow: FlowLine): string {
  const { time, at, place, protocol, source, sourcePort, destination, port, decision, gate, rule } = flow;
  const from = [place ?? [], source === null ? [] : `${source}:${sourcePort}`].flat().join(' ');
  const by = [gate === null ? [] : lastOf(gate), rule ?? []].flat().filter((word) => word !== '');
  const asked = flow.name == null ? '' : ` (${flow.name})`;
  const ending = by.length === 0 ? decision : `${decision} by ${by.join('/')}`;
  return `${time}  ${lastOf(at)}  ${from} -> ${protocol} ${destination}:${port}${asked}  ${ending}`;
}

function lastOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
