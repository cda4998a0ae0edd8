/**
 * The unmodified client programs that `node bin/clients.mjs DIR` installs; CLOISTER_CLIENTS names that folder.
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Ran } from './running.ts';

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

/** What one step of a program came to. */
interface Step {
  readonly step: string;
  readonly ok: boolean;
  readonly says: string;
}

/** Names of the steps that a program took, one line of JSON each; expects that it ended well and that none failed. */
export function ranSteps(ran: Ran, title: string): readonly string[] {
  // Some clients print dots while they wait, and no line break after them.
  const steps = [...ran.stdout.matchAll(/\{"step": ?".*$/gm)].map(([line]) => JSON.parse(line) as Step);
  const failed = steps.filter((step) => !step.ok);
  console.log(`${title}: ${steps.length} steps, ${failed.length} failed`);
  expect(failed).toEqual([]);
  expect(ran.code, ran.stderr).toBe(0);
  const [last = ''] = /\{"steps".*$/m.exec(ran.stdout) ?? [];
  expect(JSON.parse(last), ran.stderr).toEqual({ steps: steps.length, failed: 0 });
  return steps.map(({ step }) => step);
}
