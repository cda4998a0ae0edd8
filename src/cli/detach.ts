/**
 * The instance behind `up --detach`: started as a process of its own, and waited for.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FabricKind } from './fabric.ts';
import { NothingToAsk } from './problem.ts';

/** What the instance is started with. */
export interface Detached {
  readonly folder: string;
  readonly memory: boolean;
  readonly guard: boolean;
  readonly fabric: FabricKind;
  readonly port: string | undefined;
  readonly subscription: string | undefined;
  readonly database?: string;
}

/** Starts an instance that outlives this process, and returns when it answers. Throws what it ended with. */
export async function startDetached(options: Detached): Promise<void> {
  const { folder, memory, guard, fabric, port, subscription, database } = options;
  const path = join(folder, 'log');
  const log = openLog(folder, path);
  const from = statSync(path).size;
  const args = [
    'serve',
    ...['--state', folder],
    ...(memory ? ['--memory'] : []),
    ...(guard ? ['--guard'] : []),
    ...['--fabric', fabric],
    ...(port === undefined ? [] : ['--port', port]),
    ...(subscription === undefined ? [] : ['--subscription', subscription]),
  ];
  const entry = fileURLToPath(new URL('./entry.js', import.meta.url));
  const child = spawn(process.execPath, [entry, ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    // Not as a flag: it may have a password in it, and anybody can read the flags of a process.
    env: { ...process.env, ...(database === undefined ? {} : { CLOISTER_DATABASE: database }) },
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
    makeFolder(folder);
    return openSync(path, 'a', 0o600);
  } catch (error) {
    throw new NothingToAsk(`${path} cannot be written (${(error as Error).message}); choose another --state`);
  }
}

/** One folder after the other: below /proc, `recursive` tries for ever what cannot be. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
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
