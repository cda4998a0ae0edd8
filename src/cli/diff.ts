/**
 * `cloister diff`: what becomes possible and impossible between two estates.
 *
 * @module
 */

import type { Side } from '../app/diff.ts';
import type { Snapshot } from '../app/snapshot.ts';
import { type FileOptions, type FormatOptions, type StateOptions, wantsJson } from './flags.ts';
import { runningInstance } from './report.ts';

/** Flags of `diff`: those of files are for both sides. */
interface DiffOptions extends FileOptions, FormatOptions, StateOptions {
  readonly oldParam?: readonly string[];
  readonly oldParams?: string;
  readonly newParam?: readonly string[];
  readonly newParams?: string;
}

/** Compares two templates, folders, snapshots, or what runs; the exit code says whether they differ. */
export async function diffVerb(before: string, after: string, options: DiffOptions): Promise<number> {
  const json = wantsJson(options);
  const { diff, exitCodeOf } = await import('../app/diff.ts');
  const { oldParam, oldParams, newParam, newParams } = options;
  const [one, other] = await Promise.all([
    sideOf(before, options, oldParam, oldParams),
    sideOf(after, options, newParam, newParams),
  ]);
  const found = await diff(one, other);
  if (json) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
  else process.stdout.write((await import('../app/report/diff.ts')).diffText(found));
  return exitCodeOf(found);
}

/** What runs, where the word says so; a file of that name is `./running`. */
const running = 'running';

/** What a side names. Flags that are for one side override those that are for both. */
async function sideOf(
  path: string,
  options: DiffOptions,
  param: readonly string[] = [],
  params?: string,
): Promise<Side> {
  if (path === running) {
    const instance = await runningInstance(options, 'Start one with: cloister up FILE');
    return { snapshot: (await instance.snapshot()) as Snapshot };
  }
  const { openSnapshot } = await import('../app/files.ts');
  const snapshot = openSnapshot(path);
  if (snapshot) return { snapshot };
  const own = {
    ...options,
    ...(params === undefined ? {} : { params }),
    param: [...(options.param ?? []), ...param],
  };
  return { paths: [path], options: own };
}
