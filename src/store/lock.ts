/**
 * One process a state folder.
 *
 * The lock is SQLite's own on an empty file: the kernel gives it to one of many starters and takes it back when the
 * holder dies, however it dies, so there is nothing stale to judge. A second file says who holds it, for people.
 *
 * @module
 */

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';
import { StoreError } from '../arm/store.ts';
import { isBusy, storeError } from './failure.ts';
import { makeFile, makeFolder } from './folder.ts';

/** A folder that no other process uses. */
export interface FolderLock {
  /** Lets the next one in. May be called again. */
  release(): Promise<void>;
}

/** Locks that are held: a collected connection would give its lock away. */
const held = new Set<Database.Database>();

/** How often a starter looks again for a holder that has not yet said who it is, every 20 ms. */
const looks = 25;

/** Takes a folder for this process until it ends or releases it. Rejects with 'in-use' and the holder's process id. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const file = join(folder, 'lock');
  const owner = join(folder, 'lock.pid');
  await makeFolder(folder);
  await makeFile(file);
  for (let look = 0; ; look++) {
    const db = tryLock(file);
    if (db) return await announce(db, owner);
    const pid = await runningPid(owner);
    if (pid !== undefined || look === looks) throw inUse(folder, pid);
    await sleep(20);
  }
}

function tryLock(file: string): Database.Database | undefined {
  try {
    const db = new Database(file);
    try {
      // Nothing is ever written, and no journal appears beside the file.
      db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    if (isBusy(error)) return undefined;
    throw storeError(error, file);
  }
}

async function announce(db: Database.Database, owner: string): Promise<FolderLock> {
  held.add(db);
  const release = async (): Promise<void> => {
    if (!held.delete(db)) return;
    // First the name, then the lock: the next holder's name is not ours to remove.
    await rm(owner, { force: true }).catch(() => {});
    db.exec('ROLLBACK');
    db.close();
  };
  try {
    await writeFile(owner, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    await release();
    throw storeError(error, owner);
  }
  return { release };
}

/** The process that says it holds the lock; undefined where it says nothing yet, or where a dead one said so. */
async function runningPid(owner: string): Promise<number | undefined> {
  const pid = Number(await readFile(owner, 'utf8').catch(() => ''));
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined;
  }
}

function inUse(folder: string, pid: number | undefined): StoreError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new StoreError(
    'in-use',
    `${folder} is in use by ${who}${pid === process.pid ? ' (this one)' : ''}. Stop it ('cloister down'), or choose another --state`,
  );
}
