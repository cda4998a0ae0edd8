/**
 * A program in a sandbox as we see it from outside: its process id and its socket.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { confine, socketFolder } from './bubblewrap.ts';
import { withoutInherited } from './descriptors.ts';
import { inGroups, makeGroups, removeGroups } from './groups.ts';
import type { Cell, Inmate } from './sandbox.ts';

/** Opens a name, not what is behind it (open(2), O_PATH). Node has no name for it. */
const onlyName = 0o10000000;

/** The socket, as it is inside. */
export const insideSocket = `${socketFolder}/s`;

/** A program that was started, and how it is reached in its sandbox, where it is in one. */
export interface Started {
  readonly child: ChildProcess;
  readonly inside: Inside | undefined;
}

/** Starts a program in a sandbox, as the leader of a process group. `stage`: an empty folder of its own, outside. */
export function startHeld(cell: Cell, inmate: Inmate, stage: string): Started & { readonly inside: Inside } {
  const { command, variables } = confine(cell, inmate, stage);
  const groups = makeGroups(cell.groups, inmate.limits);
  const [file, ...words] = inGroups(groups, command);
  const child = spawn(file, words, {
    // None of the program's own variables: they would choose what runs out here.
    env: { PATH: process.env.PATH ?? '' },
    detached: true,
    stdio: withoutInherited(['pipe', 'pipe', 'pipe', 'pipe']),
  });
  const told = child.stdio[3] as Writable | undefined;
  // Whoever could not be started does not listen.
  told?.on('error', () => {});
  told?.end(variables);
  return { child, inside: new Inside(child.pid, groups) };
}

/** A program that was started so, and how it is reached. */
export class Inside {
  #started: number | undefined;
  #socket: number | undefined;
  readonly #groups: readonly string[];

  /** `started` is the process id of what was started, in groups of its own. */
  constructor(started: number | undefined, groups: readonly string[]) {
    this.#started = started;
    this.#groups = groups;
  }

  /** Process id of the program, while it is known. */
  get pid(): number | undefined {
    return this.#started === undefined ? undefined : firstInside(this.#started);
  }

  /**
   * Flags of `nsenter` that lead into the program's network, while it is known. Whoever is not root comes by the user
   * namespace around: the program's own is made last, inside that of its network, and no rights lead outwards.
   */
  network({ otherUser }: Cell): readonly string[] | undefined {
    const { pid } = this;
    if (pid === undefined) return undefined;
    const user = otherUser ? [] : [`--user=/proc/${this.#started}/ns/user`, '--preserve-credentials'];
    return [...user, `--net=/proc/${pid}/ns/net`];
  }

  /**
   * A path that leads to the program's socket, once there is one. It is opened once and then held: the program may put
   * something else in its place, a link to a socket of the machine, and we would go there for it.
   */
  get socket(): string | undefined {
    const pid = this.#socket === undefined ? this.pid : undefined;
    if (pid !== undefined) this.#socket = openSocket(`/proc/${pid}/root${insideSocket}`);
    return this.#socket === undefined ? undefined : `/proc/self/fd/${this.#socket}`;
  }

  /** Reports whether it is in the namespace of that file, as far as anybody can tell. */
  isIn(network: string): boolean {
    const { pid } = this;
    const [own, there] = [`/proc/${pid}/ns/net`, network].map(inodeOf);
    return own === undefined || there === undefined || own === there;
  }

  /** Lets go of the socket and the groups. To be called when the program has ended; rejects where something of it has not. */
  async close(): Promise<void> {
    this.#started = undefined;
    if (this.#socket !== undefined) closeSync(this.#socket);
    this.#socket = undefined;
    await removeGroups(this.#groups);
  }
}

/** The first process of a process namespace, of those that a process has started, and they; as we see it. */
function firstInside(pid: number): number | undefined {
  for (const child of childrenOf(pid)) {
    const found = /^NSpid:.*\t1$/m.test(told(`/proc/${child}/status`)) ? child : firstInside(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function childrenOf(pid: number): readonly number[] {
  return told(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

/** The number of a file; none where it is not there. */
function inodeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.ino;
  } catch {
    // A process on the way there has ended.
    return undefined;
  }
}

/** What a file says about a process; nothing where that has ended. */
function told(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Returns a descriptor of the socket at that path; nothing where there is none, or something else. */
function openSocket(path: string): number | undefined {
  let found: number;
  try {
    found = openSync(path, onlyName | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  if (fstatSync(found).isSocket()) return found;
  closeSync(found);
  return undefined;
}
