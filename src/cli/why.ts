/**
 * `cloister why`: how one flow ends. From files, or from the running instance.
 *
 * @module
 */

import type { Trace } from '../app/index.ts';
import { type FileOptions, type FormatOptions, type StateOptions, wantsJson } from './flags.ts';
import { runningInstance } from './report.ts';

interface WhyOptions extends FileOptions, StateOptions, FormatOptions {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly as?: string;
}

/** Answers the question; the exit code says how it ended. */
export async function whyVerb(files: readonly string[], options: WhyOptions): Promise<number> {
  const { from, to, protocol, as } = options;
  const json = wantsJson(options);
  const question = { from, to, protocol, ...(as === undefined ? {} : { as }) };
  const { exitCodeOf, why, whyText } = await import('../app/why.ts');
  let text: string;
  if (files.length > 0) {
    const { onlySnapshot, open } = await import('../app/files.ts');
    const { standingOf } = await import('../app/snapshot.ts');
    const snapshot = onlySnapshot(files);
    const { linked, ...opened } = snapshot ? standingOf(snapshot) : await open(files, options);
    const asked = 'deployer' in opened ? { ...question, deployer: opened.deployer.objectId } : question;
    text = `${JSON.stringify(why(linked.network, asked), undefined, 2)}\n`;
  } else {
    const hint = 'Give a template or a folder, or start one with: cloister up FILE';
    text = await (await runningInstance(options, hint)).why(question);
  }
  const trace = JSON.parse(text) as Trace;
  process.stdout.write(json ? text : whyText(trace));
  return exitCodeOf(trace);
}
