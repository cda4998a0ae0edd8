/**
 * `cloister places`: where a flow can start.
 *
 * @module
 */

import { type FileOptions, type FormatOptions, type StateOptions, wantsJson } from './flags.ts';
import { runningInstance } from './report.ts';

/** Lists places, one a line. */
export async function places(
  files: readonly string[],
  options: FileOptions & StateOptions & FormatOptions,
): Promise<number> {
  const json = wantsJson(options);
  let labels: readonly string[];
  if (files.length > 0) {
    const { open } = await import('../app/files.ts');
    const { Names } = await import('../app/index.ts');
    labels = new Names((await open(files, options)).linked.network).places().map((place) => place.label);
  } else {
    const hint = 'Give a template or a folder, or start one with: cloister up FILE';
    labels = await (await runningInstance(options, hint)).places();
  }
  process.stdout.write(json ? `${JSON.stringify(labels, undefined, 2)}\n` : `${labels.join('\n')}\n`);
  return 0;
}
