/**
 * The pages of docs/findings, as reports quote them.
 *
 * @module
 */

import { readFileSync } from 'node:fs';

/** The page of a code, from its first sentence to where the example begins; undefined where there is none. */
export function pageOf(code: string): string | undefined {
  const page = new URL(`../../../docs/findings/${code}.md`, import.meta.url);
  try {
    const [, rest = ''] = readFileSync(page, 'utf8').split(/^# .*\n/m);
    return rest.split(/^## Example/m)[0]?.trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
