/**
 * `cloister env`: the environment of a place as shell exports.
 *
 * @module
 */

import type { StateOptions } from './flags.ts';
import { runningInstance } from './report.ts';

/** Prints exports for a POSIX shell. The credentials live until the instance stops. */
export async function env(options: StateOptions & { from: string; as?: string }): Promise<number> {
  const client = await runningInstance(options, 'Start one with: cloister up FILE');
  const { environment } = await client.enter(options.from, options.as);
  const quote = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`);
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
