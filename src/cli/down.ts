/**
 * `cloister down`: stop the instance.
 *
 * @module
 */

import { rmSync } from 'node:fs';
import { ControlClient, findInstance } from '../api/control.ts';
import { type StateOptions, stateOf } from './flags.ts';

const patience = 20_000;

/** Stops the instance, if one runs, and with `--purge` deletes its state. */
export async function down(options: StateOptions & { purge?: boolean }): Promise<number> {
  const { folder } = stateOf(options);
  const found = findInstance(folder);
  if (found) {
    await new ControlClient(found).stop();
    const end = Date.now() + patience;
    while (findInstance(folder) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    if (findInstance(folder)) {
      process.stderr.write(`cloister down: process ${found.pid} does not stop\n`);
      return 1;
    }
    process.stderr.write('stopped\n');
  } else {
    process.stderr.write(`nothing runs in ${folder}\n`);
  }
  if (options.purge) {
    rmSync(folder, { recursive: true, force: true });
    process.stderr.write(`${folder} is deleted\n`);
  }
  return 0;
}
