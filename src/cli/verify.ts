/**
 * `cloister verify`: what is wrong with an estate, before it is deployed.
 *
 * @module
 */

import type { Verdict } from '../app/verify.ts';
import type { FileOptions, FormatOptions, StateOptions } from './flags.ts';
import { NothingToAsk } from './problem.ts';
import { runningInstance } from './report.ts';

interface VerifyOptions extends FileOptions, FormatOptions, StateOptions {
  readonly failOn: string;
}

/** Verifies files; the exit code says how it came out. */
export async function verifyVerb(files: readonly string[], options: VerifyOptions): Promise<number> {
  const { failOn } = options;
  if (failOn !== 'error' && failOn !== 'warning')
    throw new NothingToAsk(`--fail-on ${failOn}: write error or warning.`);
  const { formats, formatsOfFiles } = await import('../app/report/formats.ts');
  const format = options.json ? 'json' : (options.format ?? 'text');
  const print = Object.hasOwn(formats, format) ? formats[format] : undefined;
  const printFiles = Object.hasOwn(formatsOfFiles, format) ? formatsOfFiles[format] : undefined;
  if (!print && !printFiles) {
    const all = [...Object.keys(formats), ...Object.keys(formatsOfFiles)];
    throw new NothingToAsk(`--format ${format}: write ${all.join(', ')}.`);
  }
  if (printFiles && files.length === 0)
    throw new NothingToAsk(`--format ${format} shows files: give a template or a folder.`);
  const { onlySnapshot, openFiles } = await import('../app/files.ts');
  const { exitCodeOf, judge, verifySnapshot } = await import('../app/verify.ts');
  const snapshot = onlySnapshot(files);
  if (printFiles && snapshot)
    throw new NothingToAsk(`--format ${format} shows templates: a snapshot has none.`);
  const opened = files.length > 0 && !snapshot;
  const judgement = opened ? await judge(openFiles(files, options), options) : undefined;
  const verdict =
    judgement?.verdict ?? (snapshot ? await verifySnapshot(snapshot) : await verdictOfRunning(options));
  if (print) process.stdout.write(print(verdict, failOn));
  else if (printFiles && judgement) process.stdout.write(printFiles(judgement));
  return exitCodeOf(verdict, failOn);
}

async function verdictOfRunning(options: StateOptions): Promise<Verdict> {
  const hint = 'Give a template or a folder, or start one with: cloister up FILE';
  return JSON.parse(await (await runningInstance(options, hint)).verify()) as Verdict;
}
