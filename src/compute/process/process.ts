/**
 * What a process is started with and leaves behind: a private folder and a process group, whatever it runs.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withoutInherited } from '../sandbox/descriptors.ts';
import { type Started, startHeld } from '../sandbox/inside.ts';
import type { Cell, Inmate, Unconfined } from '../sandbox/sandbox.ts';

/** Longest path of a unix socket that both Linux (108 bytes) and macOS (104) take, without the final zero. */
const maxSocketPath = 103;

/** The longest of their names: a container's socket for a port. */
const longestSocket = 'p65535';

/** Starts a program as the leader of a process group of its own, so that all it starts can be ended with it. */
export function start(inmate: Inmate, work: string, room: Cell | Unconfined): Started {
  if (room.kind !== 'none') {
    const files = [...room.standing.files].map(([at, text], index) => {
      return [at, writeFor(work, `file${index}`, text)] as const;
    });
    const reads = new Map([...inmate.reads, ...files]);
    return startHeld(room, { ...inmate, reads }, makeFolder(work, 'stage'));
  }
  // Unconfined, it would leave a place as easily as it was put there.
  const [file, ...words] = inmate.command;
  const stdio = withoutInherited(['pipe', 'pipe', 'pipe']);
  const child = spawn(file, words, { cwd: work, env: inmate.environment, detached: true, stdio });
  return { child, inside: undefined };
}

/** Signals a process group. */
export function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // The group is gone already (macOS says EPERM where only its dead leader is left), which is what was wanted.
  }
}

/**
 * Makes a folder for one process, unless a socket's path would be too long in the sandbox's folder or in the system's
 * temporary one. What is unconfined removes it when we are killed; what is held in cannot.
 */
export function makeWorkFolder(room: Cell | Unconfined): string {
  const prefix = 'cloister-';
  const own = room.kind === 'none' || room.folder === undefined ? [] : [room.folder];
  const fits = (at: string): boolean => {
    return Buffer.byteLength(join(at, `${prefix}XXXXXX`, longestSocket)) <= maxSocketPath;
  };
  const at = [...own, tmpdir()].find(fits) ?? '/tmp';
  mkdirSync(at, { recursive: true, mode: 0o700 });
  const folder = mkdtempSync(join(at, prefix));
  chmodSync(folder, 0o700);
  return folder;
}

/** Makes a folder in one. */
function makeFolder(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

/** Removes the folder of a process that has ended. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Writes a file into the work folder that whoever gets there may read, whatever the mask. Returns its path. */
export function writeFor(work: string, name: string, text: string): string {
  const file = join(work, name);
  writeFileSync(file, text);
  chmodSync(file, 0o644);
  return file;
}
