/**
 * The unmodified client programs that `node bin/clients.mjs DIR` installs; CLOISTER_CLIENTS names that folder.
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where a client program is, e.g. `clientPath('az/bin/az')`; undefined, with the reason printed, where it is missing:
 * its tests are skipped. With CLOISTER_REQUIRE_ALL=1 they fail instead.
 */
export function clientPath(path: string): string | undefined {
  const folder = process.env['CLOISTER_CLIENTS'];
  const found = folder === undefined ? undefined : join(folder, path);
  if (found !== undefined && existsSync(found)) return found;
  const lacking = found === undefined ? 'CLOISTER_CLIENTS is not set' : `${found} does not exist`;
  const reason = `${lacking}; node bin/clients.mjs DIR installs the clients`;
  if (process.env['CLOISTER_REQUIRE_ALL'] === '1') throw new Error(`${path} cannot be tested: ${reason}`);
  console.log(`skipped: ${path}: ${reason}`);
  return undefined;
}
