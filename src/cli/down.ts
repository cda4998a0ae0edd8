/**
 * `cloister down`: stop the instance.
 *
 * @module
 */

import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ControlClient, findInstance, type InstanceFile, isAlive, readInstance } from '../api/control.ts';
import { type StateOptions, stateOf } from './flags.ts';

/** Milliseconds for an instance to stop, and after that for its process to end. */
const patience = { stop: 30_000, end: 5_000 } as const;

/** Everything that an instance keeps in its folder. Nothing else is ever deleted there. */
const ours = [
  'estate.db',
  'estate.db-wal',
  'estate.db-shm',
  'database.json',
  'blobs',
  'files',
  'images',
  'run',
  'log',
  'flows.jsonl',
  'flows.1.jsonl',
  'instance.json',
];
const locks = ['lock', 'lock.pid'];

/** Stops the instance, if one runs, and with `--purge` deletes its state. */
export async function down(options: StateOptions & { purge?: boolean }): Promise<number> {
  const { folder } = stateOf(options);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const found = await findInstance(folder);
  if (found) await new ControlClient(found).stop();
  const pid = (found ?? leaving(folder))?.pid;
  if (pid !== undefined && !(await stopped(folder, pid))) {
    say(`cloister down: process ${pid} does not stop`);
    return 1;
  }
  say(pid === undefined ? `nothing runs in ${folder}` : 'stopped');
  if (options.purge) {
    const elsewhere = existsSync(join(folder, 'database.json'));
    const left = purge(folder);
    say(left ? `the state in ${folder} is deleted; what else is there stays` : `${folder} is deleted`);
    if (elsewhere) say('the rows in PostgreSQL stay; DROP SCHEMA cloister CASCADE deletes them');
  }
  return 0;
}

/** An instance that no longer answers and has not yet let go of its folder. */
function leaving(folder: string): InstanceFile | undefined {
  const file = readInstance(folder);
  return file && existsSync(join(folder, 'lock.pid')) && isAlive(file.pid) ? file : undefined;
}

async function stopped(folder: string, pid: number): Promise<boolean> {
  const ended = (): boolean => !isAlive(pid);
  const gone = (): boolean => readInstance(folder)?.pid !== pid && !existsSync(join(folder, 'lock.pid'));
  if (!(await until(() => gone() || ended(), patience.stop))) return false;
  // A process that does more than run an instance may live on.
  await until(ended, pid === process.pid ? 0 : patience.end);
  return true;
}

async function until(holds: () => boolean, milliseconds: number): Promise<boolean> {
  for (const end = performance.now() + milliseconds; !holds(); ) {
    if (performance.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** Deletes the state, and the folder if nothing else is in it. Returns whether something is. */
function purge(folder: string): boolean {
  for (const name of [...ours, ...locks]) rmSync(join(folder, name), { recursive: true, force: true });
  try {
    rmdirSync(folder);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
