/**
 * `cloister exec`: run a program as if it stood at a place. Its exit code is ours; 125 to 127 are our own.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { StateOptions } from './flags.ts';
import { report, runningInstance } from './report.ts';

/** Exit codes of our own: we failed, it could not be run, it was not found. */
const failed = 125;
const notRunnable = 126;
const notFound = 127;

/** Runs the program with the place's environment; terminal, folder and signals are passed on. */
export async function exec(
  command: readonly string[],
  options: StateOptions & { from: string },
): Promise<number> {
  const [program = '', ...args] = command;
  let client: ReturnType<typeof runningInstance>;
  let session: Awaited<ReturnType<typeof client.enter>>;
  try {
    client = runningInstance(options, 'Start one with: cloister up FILE');
    session = await client.enter(options.from);
  } catch (error) {
    report(error);
    return failed;
  }
  try {
    return await new Promise<number>((resolve) => {
      const child = spawn(program, args, {
        stdio: 'inherit',
        env: { ...process.env, ...session.environment },
      });
      const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass);
      child.once('error', (error: NodeJS.ErrnoException) => {
        process.stderr.write(
          `cloister exec: ${program}: ${error.code === 'ENOENT' ? 'no such program' : error.message}\n`,
        );
        resolve(error.code === 'ENOENT' ? notFound : notRunnable);
      });
      child.once('exit', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
  } finally {
    await client.leave(session.username).catch(() => {});
  }
}
