/**
 * Errors on the terminal: what, where, why and what to do; never a stack trace for what the user can mend.
 *
 * @module
 */

import { ControlClient, ControlError, findInstance } from '../api/control.ts';
import { type StateOptions, stateOf } from './flags.ts';
import { NothingToAsk } from './problem.ts';

/** Prints an error and answers the exit code. */
export function report(error: unknown): number {
  const name = error instanceof Error ? error.name : '';
  if (error instanceof NothingToAsk || name === 'InputError' || name === 'StoreError') {
    process.stderr.write(`cloister: ${(error as Error).message}\n`);
    return 2;
  }
  if (error instanceof ControlError) {
    process.stderr.write(`cloister: ${error.message}\n`);
    return error.status === 400 ? 2 : 1;
  }
  if (name === 'AzureError') {
    process.stderr.write(`cloister: ${(error as Error).message}\n`);
    return 1;
  }
  process.stderr.write(
    `cloister: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 1;
}

/** The running instance. Throws NothingToAsk, with a hint, where there is none. */
export async function runningInstance(options: StateOptions, hint: string): Promise<ControlClient> {
  const { folder } = stateOf(options);
  const found = await findInstance(folder);
  if (!found) throw new NothingToAsk(`nothing runs in ${folder}. ${hint}`);
  return new ControlClient(found);
}
