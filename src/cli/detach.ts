/**
 * The instance behind `up --detach`: started as a process of its own, and waited for.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NothingToAsk } from './problem.ts';

/** What the instance is started with. */
export interface Detached {
  readonly folder: string;
  readonly memory: boolean;
  readonly port: string | undefined;
  readonly subscription: string | undefined;
}

/** Starts an instance that outlives this process, and returns when it answers. Throws what it ended with. */
export async function startDetached({ folder, memory, port, subscription }: Detached): Promise<void> {
  const path = join(folder, 'log');
  const log = openLog(folder, path);
  const from = statSync(path).size;
  const args = [
    'serve',
    ...['--state', folder],
    ...(memory ? ['--memory'] : []),
    ...(port === undefined ? [] : ['--port', port]),
    ...(subscription === undefined ? [] : ['--subscription', subscription]),
  ];
  const entry = fileURLToPath(new URL('./entry.js', import.meta.url));
  const child = spawn(process.execPath, [entry, ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('error', reject);
    child.once('exit', (code) => {
      const said = written(path, from).replace(/^cloister: /, '');
      reject(new NothingToAsk(said === '' ? `the instance ended with ${code}` : said));
    });
  });
  child.removeAllListeners('exit');
  if (child.connected) child.disconnect();
  child.unref();
}

function openLog(folder: string, path: string): number {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openSync(path, 'a', 0o600);
  } catch (error) {
    throw new NothingToAsk(`${path} cannot be written (${(error as Error).message}); choose another --state`);
  }
}

/** What was written to a file from an offset on, at most 8 KiB of it. */
function written(path: string, from: number): string {
  const buffer = Buffer.alloc(8192);
  const file = openSync(path, 'r');
  try {
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, from)).trim();
  } finally {
    closeSync(file);
  }
}
