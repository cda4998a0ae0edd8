/**
 * A program in a sandbox as we see it from outside: its process id and its socket.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { type Held, infoDescriptor, socketFolder } from './bubblewrap.ts';
import { withoutInherited } from './descriptors.ts';

/** Opens a name, not what is behind it (open(2), O_PATH). Node has no name for it. */
const onlyName = 0o10000000;

/** The socket, as it is inside. */
export const insideSocket = `${socketFolder}/s`;

/** Starts a program in a sandbox, as the leader of a process group. */
export function startHeld({ command: [file, ...words], environment, stdio, variables }: Held): ChildProcess {
  const child = spawn(file, words, { env: environment, detached: true, stdio: withoutInherited(stdio) });
  const told = child.stdio[stdio.length - 1] as Writable | undefined;
  // Whoever could not be started does not listen.
  told?.on('error', () => {});
  told?.end(variables);
  return child;
}

/** Returns what is seen of a program that was started so; nothing of any other. */
export function insideOf(child: ChildProcess): Inside | undefined {
  const info = child.stdio[infoDescriptor] as Readable | undefined;
  return info ? new Inside(info) : undefined;
}

/** What bwrap tells of a program, and how it is reached. */
export class Inside {
  #pid: number | undefined;
  #socket: number | undefined;

  /** Process id of the program, when it is known; undefined where it never was started. */
  readonly known: Promise<number | undefined>;

  /** `info` is what bwrap writes about what it started. */
  constructor(info: Readable) {
    let text = '';
    info.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    info.on('error', () => {});
    this.known = new Promise((resolve) => {
      info.once('close', () => {
        const found = /"child-pid": (\d+)/.exec(text)?.[1];
        if (found !== undefined) this.#pid = Number(found);
        resolve(this.#pid);
      });
    });
  }

  /** Process id of the program, once it is known. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /**
   * A path that leads to the program's socket, once there is one. It is opened once and then held: the program may put
   * something else in its place, a link to a socket of the machine, and we would go there for it.
   */
  get socket(): string | undefined {
    if (this.#socket === undefined && this.#pid !== undefined) {
      this.#socket = openSocket(`/proc/${this.#pid}/root${insideSocket}`);
    }
    return this.#socket === undefined ? undefined : `/proc/self/fd/${this.#socket}`;
  }

  /** Lets go of the socket. To be called when the program has ended. */
  close(): void {
    this.#pid = undefined;
    if (this.#socket !== undefined) closeSync(this.#socket);
    this.#socket = undefined;
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
