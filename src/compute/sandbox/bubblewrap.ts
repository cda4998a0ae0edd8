/**
 * The command line that holds a program in. Pure, but for a look at how this machine's system folders are linked.
 *
 * Inside there are the system's programs, what the program was given to read, a temporary folder, and a process table,
 * a network and a host name of its own. Nothing of that can be written but the temporary folder and the one of the
 * socket, which are kept in memory and bounded. There are no rights, and none to be got.
 *
 * @module
 */

import { lstatSync, readlinkSync } from 'node:fs';
import type { Cell, Inmate } from './sandbox.ts';

/** The descriptor on which bwrap is told the variables, after the first three. */
const variablesDescriptor = 3;

/** How a program is started. */
export interface Held {
  readonly command: readonly [string, ...string[]];
  /** What bwrap is to read on a fourth descriptor. */
  readonly variables: string;
}

/** The root folder: of the system, or of an image. */
const root = '/';

/** Where something is mounted besides what is read; in the root of an image it is to be there. */
export const mountFolders = ['/proc', '/dev', '/tmp', '/run', '/var/tmp', '/.cloister'] as const;

/** Files that a place has of its own: whom to ask for names, and which it knows itself. */
export const mountFiles = ['/etc/resolv.conf', '/etc/hosts'] as const;

/** The folder of the socket, as it is inside. */
export const socketFolder = '/.cloister';

/** Folders of every system, and of one that keeps its programs elsewhere. */
const system = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store'];

/** What programs look up there, and what tells nothing about the machine. */
const settings = [
  '/etc/alternatives',
  '/etc/ca-certificates',
  '/etc/ld.so.cache',
  '/etc/localtime',
  '/etc/mime.types',
  '/etc/pki',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
];

/** The first of the users outside that programs are, where we are root; beyond all that a system gives away. */
const firstUser = 0x70000000;
const users = 2 ** 20;
let lastUser = process.pid % users;

/** Room for sockets, and for memory that processes share. */
const smallRoom = 2 ** 20;
const sharedRoom = 64 * 2 ** 20;

/**
 * As root, bwrap is a user that cannot enter our folders. So what it is to show is put where it can: in a place that
 * only this process sees.
 */
const staging = `set -eu
stage=$1; shift
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$stage"
at=0
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir "$stage/$at"; else : > "$stage/$at"; fi
  mount --bind -- "$1" "$stage/$at"
  at=$((at + 1)); shift
done
shift
mount --move "$stage" /tmp
exec "$@"`;

/**
 * Returns the command line.
 *
 * @param stage An empty folder of its own, outside.
 */
export function confine({ otherUser, standing }: Cell, inmate: Inmate, stage: string): Held {
  const { memory, processes, files, temporary } = inmate.limits;
  const { uid, gid } = inmate.user;
  const bound = [...inmate.reads].map(([at, source], index) => {
    return ['--ro-bind', otherUser ? `/tmp/${index}` : source, at] as const;
  });
  const image = bound.filter(([, , at]) => at === root).flat();
  const isImage = image.length > 0;
  const around = [...(isImage ? [] : settings), ...(standing.network ? mountFiles : [])];
  const held: readonly [string, ...string[]] = [
    'prlimit',
    `--data=${memory}`,
    `--nofile=${files}`,
    `--fsize=${temporary}`,
    '--core=0',
    // It would count what else its user runs, where that is us.
    ...(otherUser ? [`--nproc=${processes}`] : []),
    'bwrap',
    ...['--unshare-user', '--disable-userns', '--uid', String(uid), '--gid', String(gid)],
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', '--hostname', 'replica'],
    ...(standing.network ? [] : ['--unshare-net']),
    ...['--new-session', '--die-with-parent', '--as-pid-1', '--cap-drop', 'ALL'],
    ...['--args', String(variablesDescriptor)],
    ...(isImage ? image : system.flatMap(shownAsIs)),
    ...around.flatMap((path) => ['--ro-bind-try', path, path]),
    ...['--proc', '/proc', '--dev', '/dev', ...room(sharedRoom, '/dev/shm'), '--remount-ro', '/dev'],
    ...room(temporary, '/tmp'),
    ...(isImage ? [...room(smallRoom, '/run'), ...room(temporary, '/var/tmp')] : []),
    ...bound.filter(([, , at]) => at !== root).flat(),
    ...room(smallRoom, socketFolder),
    ...['--remount-ro', '/', '--chdir', inmate.folder, '--', ...inmate.command],
  ];
  return {
    command: [...standing.command, ...(otherUser ? asAnother(held, stage, inmate) : held)],
    variables: variables({ ...standing.environment, ...inmate.environment }),
  };
}

/** Another user in every start, so that what the one uses up is not counted against the other. */
function asAnother(
  held: readonly string[],
  stage: string,
  { reads }: Inmate,
): readonly [string, ...string[]] {
  lastUser = (lastUser + 1) % users;
  const user = String(firstUser + lastUser);
  const become = ['setpriv', '--reuid', user, '--regid', user, '--clear-groups'];
  const alone = ['unshare', '--mount', '--propagation', 'private'] as const;
  return [...alone, 'sh', '-c', staging, 'sh', stage, ...reads.values(), '--', ...become, ...held];
}

/** Options that set the variables: on the command line, everybody could read them. */
function variables(environment: Readonly<Record<string, string>>): string {
  const all = Object.entries(environment);
  const broken = all.find((pair) => pair.some((text) => text.includes('\0')));
  if (broken) throw new RangeError(`the variable ${JSON.stringify(broken[0])} holds a zero byte`);
  const options = ['--clearenv', ...all.flatMap(([name, value]) => ['--setenv', name, value])];
  return options.map((option) => `${option}\0`).join('');
}

/** Reports whether a path is in a folder that is shown anyway. */
export function isSystem(path: string): boolean {
  return system.some((folder) => path === folder || path.startsWith(`${folder}/`));
}

/** A system folder, or the link that it is; nothing where there is none. */
function shownAsIs(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  return found.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
}

/** A folder in memory that holds so many bytes. */
function room(bytes: number, at: string): string[] {
  return ['--size', String(bytes), '--perms', '1777', '--tmpfs', at];
}
