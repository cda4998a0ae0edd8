/**
 * Limits of all processes of a replica together: cgroups, where this machine lets us make them. What one can limit is told
 * by its files, of version 1 or 2 alike.
 *
 * Source: https://docs.kernel.org/admin-guide/cgroup-v2.html and https://docs.kernel.org/admin-guide/cgroup-v1/
 *
 * @module
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Limits } from './limits.ts';

/** What groups can limit. */
export const bounds = ['processes', 'memory', 'processor time'] as const;
export type Bound = (typeof bounds)[number];

/** Where groups can be made. */
export interface Groups {
  /** A folder in each hierarchy that limits something. */
  readonly folders: readonly string[];
  /** What they limit. */
  readonly limited: readonly Bound[];
  /** Why they do not limit the rest. */
  readonly why: string;
}

/** Controllers of version 1 that have such limits. */
const controllers = ['pids', 'memory', 'cpu'];

/** Microseconds in which so much processor time may be used. */
const period = 100_000;

/** What is written into which file, where there is one. */
const files: readonly (readonly [name: string, bound: Bound, text: (limits: Limits) => string])[] = [
  ['pids.max', 'processes', ({ processes }) => String(processes)],
  ['memory.max', 'memory', ({ memory }) => String(memory)],
  ['memory.limit_in_bytes', 'memory', ({ memory }) => String(memory)],
  // What is put on a disk instead counts, too.
  ['memory.swap.max', 'memory', () => '0'],
  ['memory.memsw.limit_in_bytes', 'memory', ({ memory }) => String(memory)],
  ['cpu.max', 'processor time', ({ processors }) => `${processors * period} ${period}`],
  ['cpu.cfs_period_us', 'processor time', () => String(period)],
  ['cpu.cfs_quota_us', 'processor time', ({ processors }) => String(processors * period)],
];

type Command = readonly [string, ...string[]];

/** It is the shell itself that goes there, and that then is the program. */
const entering = `set -eu
while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs"; shift; done
shift
exec "$@"`;

/** Names are used once, and tell whose they are. */
let made = 0;

/** How often a group is looked at again in which somebody still is, and after how many milliseconds. */
const looks = { most: 1_000, pause: 10 };

/** Looks for folders in which groups can be made, by making one. */
export function findGroups(): Groups {
  const problems: string[] = [];
  const found = hierarchies().flatMap((folders) => {
    for (const folder of folders) {
      const limited = limitedIn(folder, problems);
      if (limited.length > 0) return [{ folder, limited }];
    }
    return [];
  });
  return {
    folders: found.map(({ folder }) => folder),
    limited: bounds.filter((bound) => found.some(({ limited }) => limited.includes(bound))),
    why: problems[0] ?? 'no cgroup here limits it',
  };
}

/** Makes a group with these limits in each folder, and returns them. Where one fails, the others go with the next start. */
export function makeGroups({ folders }: Groups, limits: Limits): readonly string[] {
  made += 1;
  return folders.map((folder) => {
    const group = join(folder, `cloister-${process.pid}-${made}`);
    mkdirSync(group);
    for (const [file, , text] of files) {
      if (existsSync(join(group, file))) writeFileSync(join(group, file), text(limits));
    }
    return group;
  });
}

/** The command line that runs another in groups. */
export function inGroups(groups: readonly string[], command: Command): Command {
  return groups.length === 0 ? command : ['sh', '-c', entering, 'sh', ...groups, '--', ...command];
}

/** Removes groups once nobody is in them any more. Rejects where somebody stays. */
export async function removeGroups(groups: readonly string[]): Promise<void> {
  for (const group of groups) {
    for (let look = 0; !removed(group, look === looks.most); look++) await sleep(looks.pause);
  }
}

/** The groups that a process has made. */
export function groupsOf(pid: number): readonly string[] {
  return allGroups().flatMap((group) => (group.pid === pid ? [group.path] : []));
}

/** The groups of processes that have ended and could not remove them. What was in them has ended, too. */
export function leftGroups(): readonly string[] {
  return allGroups().flatMap(({ pid, path }) => (existsSync(`/proc/${pid}`) ? [] : [path]));
}

function allGroups(): readonly { readonly pid: number; readonly path: string }[] {
  return findGroups().folders.flatMap((folder) => {
    return readdirSync(folder).flatMap((name) => {
      const pid = /^cloister-(\d+)-\d+$/.exec(name)?.[1];
      return pid === undefined ? [] : [{ pid: Number(pid), path: join(folder, name) }];
    });
  });
}

/** Reports whether a group is gone. Somebody may be in it, who is just ending. */
function removed(group: string, isLast: boolean): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    if (code === 'EBUSY' && !isLast) return false;
    throw error;
  }
}

/** What a group in that folder can limit. */
function limitedIn(folder: string, problems: string[]): readonly Bound[] {
  const group = join(folder, `cloister-trial-${process.pid}`);
  try {
    mkdirSync(group);
  } catch (error) {
    problems.push(`${(error as NodeJS.ErrnoException).code} at ${folder}`);
    return [];
  }
  const limited = files.flatMap(([name, bound]) => (existsSync(join(group, name)) ? [bound] : []));
  rmdirSync(group);
  return limited;
}

/** The groups in which this process is, of each hierarchy that may limit something: from the innermost outward. */
function hierarchies(): readonly (readonly string[])[] {
  const mounts = linesOf('/proc/self/mountinfo').map((line) => {
    const [where = '', what = ''] = line.split(' - ');
    const [, , , root = '', at = ''] = where.split(' ');
    const [kind = '', , options = ''] = what.split(' ');
    return { root, at, kind, options: options.split(',') };
  });
  return linesOf('/proc/self/cgroup').flatMap((line) => {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const own = names === '' ? [] : names.split(',');
    const mount = mounts.find(({ kind, options }) => {
      return own.length === 0
        ? kind === 'cgroup2'
        : kind === 'cgroup' && own.every((name) => options.includes(name));
    });
    if (!mount || (own.length > 0 && !own.some((name) => controllers.includes(name)))) return [];
    const below = relative(mount.root, path);
    const folders = [join(mount.at, below.startsWith('..') ? '' : below)];
    for (let at = folders[0] ?? ''; at.length > mount.at.length; at = dirname(at)) folders.push(dirname(at));
    return [folders];
  });
}

function linesOf(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}
