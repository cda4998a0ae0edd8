/**
 * Programs that stand at places although nobody makes the places any more: they are ended, as those of a machine that is
 * switched off. A program is known by what it sees instead of the machine's own resolver, a file of ours.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The name of the folder in which an instance keeps the files of its places: one that no other instance uses. */
export function markOf(state: string): string {
  return `places-${createHash('sha256').update(state).digest('hex').slice(0, 20)}`;
}

/** Ends programs that see a file in a folder of this name, and waits until they have ended. Answers how many there were. */
export async function endPrograms(mark: string): Promise<number> {
  const ended = new Set<number>();
  // One that is ended may have started another meanwhile.
  for (let found = programsAt(mark); found.length > 0; found = programsAt(mark)) {
    for (const pid of found) {
      ended.add(pid);
      kill(pid);
    }
    await sleep(5);
  }
  return ended.size;
}

function programsAt(mark: string): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && sees(pid, mark) && isRunning(pid));
}

function sees(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(`/${mark}/`);
  } catch {
    // It has ended, or is somebody else's.
    return false;
  }
}

/** Not one that has ended and that nobody has asked about yet. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was quicker.
  }
}
