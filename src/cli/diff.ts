/**
 * `cloister diff`: what becomes possible and impossible between two estates.
 *
 * @module
 */

import { type FileOptions, type FormatOptions, wantsJson } from './flags.ts';

/** Flags of `diff`: those of files are for both sides. */
interface DiffOptions extends FileOptions, FormatOptions {
  readonly oldParam?: readonly string[];
  readonly oldParams?: string;
  readonly newParam?: readonly string[];
  readonly newParams?: string;
}

/** Compares two templates or folders; the exit code says whether they differ. */
export async function diffVerb(before: string, after: string, options: DiffOptions): Promise<number> {
  const json = wantsJson(options);
  const { diff, exitCodeOf } = await import('../app/diff.ts');
  const { oldParam, oldParams, newParam, newParams } = options;
  const found = await diff(
    { paths: [before], options: sideOf(options, oldParam, oldParams) },
    { paths: [after], options: sideOf(options, newParam, newParams) },
  );
  if (json) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
  else process.stdout.write((await import('../app/report/diff.ts')).diffText(found));
  return exitCodeOf(found);
}

/** What is given for one side overrides what is given for both. */
function sideOf(options: FileOptions, param: readonly string[] = [], params?: string): FileOptions {
  return {
    ...options,
    ...(params === undefined ? {} : { params }),
    param: [...(options.param ?? []), ...param],
  };
}
