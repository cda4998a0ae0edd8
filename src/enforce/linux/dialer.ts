/**
 * Connections of this process that begin at a place: a helper that stands there makes them, and hands them over.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('dialer.mjs', import.meta.url));

/** Milliseconds that a connection may take: three packets are sent again in that time. */
const patience = 10_000;

interface Asking {
  readonly resolve: (socket: Socket) => void;
  readonly reject: (error: Error) => void;
}

/** A helper at one place. */
export class Dialer {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #asking = new Map<number, Asking>();
  #last = 0;
  #said = '';

  /** Takes the command line that leads there, which goes on with a folder and the program's own. */
  constructor([file, ...words]: readonly [string, ...string[]], milliseconds = patience) {
    this.#child = spawn(file, [...words, '/', process.execPath, program, String(milliseconds)], {
      env: { PATH: process.env.PATH ?? '' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#said += bytes.toString();
    });
    this.#child.on('message', (answer: { readonly id: number; readonly why?: string }, handle) => {
      const asking = this.#asking.get(answer.id);
      this.#asking.delete(answer.id);
      if (handle instanceof Socket) asking?.resolve(handle);
      else asking?.reject(new Error(answer.why ?? 'the connection was reset'));
    });
    const ended = once(this.#child, 'close').catch(({ message }: Error) => {
      this.#said += message;
    });
    this.#ended = ended.then(() => this.#fail());
  }

  /** Connects to a port of a host, by the names of the place. Rejects with what the kernel or the resolver says. */
  dial(host: string, port: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      this.#asking.set(id, { resolve, reject });
      // Who does not hear has ended, or is about to, and has said why.
      this.#child.send({ id, host, port }, (error) => {
        if (error) void this.#ended.then(() => this.#fail());
      });
    });
  }

  /** Ends it. Connections that it made stay. */
  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #fail(): void {
    const why = this.#said.trim() || 'what makes connections there has ended';
    for (const { reject } of this.#asking.values()) reject(new Error(why));
    this.#asking.clear();
  }
}
