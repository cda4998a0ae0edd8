/**
 * `cloister export`: the estate in another form.
 *
 * @module
 */

import type { Snapshot } from '../app/snapshot.ts';
import type { FileOptions, StateOptions } from './flags.ts';
import { NothingToAsk } from './problem.ts';
import { runningInstance } from './report.ts';

const later = ['bicep', 'arm', 'az', 'terraform', 'svg'];

/** Prints the form that was asked for. */
export async function exportVerb(
  files: readonly string[],
  options: FileOptions & StateOptions & { to: string },
): Promise<number> {
  if (options.to !== 'hosts' && options.to !== 'snapshot') {
    const known = later.includes(options.to)
      ? `'${options.to}' is not supported yet`
      : `there is no form '${options.to}'`;
    throw new NothingToAsk(`export --to: ${known}; write --to hosts or --to snapshot`);
  }
  const { open, snapshotOf } = await import('../app/files.ts');
  const hint = 'Give a template or a folder, or start one with: cloister up FILE';
  if (options.to === 'snapshot') {
    const { snapshotText } = await import('../app/snapshot.ts');
    const snapshot =
      files.length > 0
        ? snapshotOf(await open(files, options), options.subscription)
        : ((await (await runningInstance(options, hint)).snapshot()) as Snapshot);
    process.stdout.write(snapshotText(snapshot));
    return 0;
  }
  const { hostsEntries, hostsFile } = await import('../app/index.ts');
  const entries =
    files.length > 0
      ? hostsEntries((await open(files, options)).linked.network)
      : await (await runningInstance(options, hint)).hosts();
  process.stdout.write(hostsFile(entries));
  return 0;
}
