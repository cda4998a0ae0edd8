/**
 * `cloister verify`: what is wrong with an estate, before it is deployed.
 *
 * @module
 */

import type { FileOptions, FormatOptions } from './flags.ts';
import { NothingToAsk } from './problem.ts';

interface VerifyOptions extends FileOptions, FormatOptions {
  readonly failOn: string;
}

/** Verifies files; the exit code says how it came out. */
export async function verifyVerb(files: readonly string[], options: VerifyOptions): Promise<number> {
  const { failOn } = options;
  if (failOn !== 'error' && failOn !== 'warning')
    throw new NothingToAsk(`--fail-on ${failOn}: write error or warning.`);
  const { formats } = await import('../app/report/formats.ts');
  const format = options.json ? 'json' : (options.format ?? 'text');
  const print = Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (!print) throw new NothingToAsk(`--format ${format}: write ${Object.keys(formats).join(' or ')}.`);
  if (files.length === 0) throw new NothingToAsk('Give a template or a folder: cloister verify FILE');
  const { exitCodeOf, verify } = await import('../app/verify.ts');
  const verdict = await verify(files, options);
  process.stdout.write(print(verdict));
  return exitCodeOf(verdict, failOn);
}
