/**
 * Where programs are.
 *
 * @module
 */

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** Returns the first executable file of that name in the folders of the path. */
export function findProgram(name: string, path: string): string | undefined {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const file = resolve(folder, name);
    try {
      accessSync(file, constants.X_OK);
    } catch {
      continue;
    }
    if (isFile(file)) return file;
  }
  return undefined;
}

/** Reports whether there is a file. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
