/**
 * `cloister places`: where a flow can start.
 *
 * @module
 */

import type { FileOptions, StateOptions } from './flags.ts';
import { runningInstance } from './report.ts';

/** Lists places, one a line. */
export async function places(
  files: readonly string[],
  options: FileOptions & StateOptions & { json?: boolean },
): Promise<number> {
  let labels: readonly string[];
  if (files.length > 0) {
    const { Names, open } = await import('../app/index.ts');
    labels = new Names((await open(files, options)).linked.network).places().map((place) => place.label);
  } else {
    labels = await runningInstance(
      options,
      'Give a template or a folder, or start one with: cloister up FILE',
    ).places();
  }
  process.stdout.write(options.json ? `${JSON.stringify(labels, undefined, 2)}\n` : `${labels.join('\n')}\n`);
  return 0;
}
