/**
 * The folder that a store keeps its files in: for its owner only.
 *
 * @module
 */

import { access, chmod, constants, mkdir, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { storeError } from './failure.ts';

/** Makes the folder if it is not there (and durable: its name survives a power loss), closed to others. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await make(resolve(folder));
    await closeToOthers(folder);
  } catch (error) {
    throw storeError(error, folder);
  }
}

/** One folder after the other: below /proc, `recursive` tries for ever what cannot be. */
async function make(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return;
  const above = dirname(folder);
  if (above !== folder) await make(above);
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' || found) throw error;
  });
  await syncFolder(above);
}

/**
 * Makes an empty file (0600) if there is none. One that exists is never opened: closing it again would take from
 * this process every POSIX lock that SQLite holds on it.
 */
export async function makeFile(file: string): Promise<void> {
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storeError(error, file);
    await useFile(file);
  }
}

async function useFile(file: string): Promise<void> {
  try {
    await closeToOthers(file);
    await access(file, constants.R_OK | constants.W_OK);
    // SQLite also makes files beside it; its own word for a folder that is closed to it is only 'cannot open'.
    await access(dirname(file), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw storeError(error, file);
  }
}

/** Takes the rights of group and others away. Where this is not ours to change, whoever owns it has decided. */
async function closeToOthers(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0 || process.platform === 'win32') return;
  try {
    await chmod(path, mode & 0o700);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'EROFS') throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
