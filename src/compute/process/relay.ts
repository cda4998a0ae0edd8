/**
 * What takes requests from a socket of ours to ports of a container: a small process in the container's network, and
 * nowhere else in its sandbox.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withoutInherited } from '../sandbox/descriptors.ts';
import type { Inside } from '../sandbox/inside.ts';
import type { Bubblewrap, Standing } from '../sandbox/sandbox.ts';
import type { Routes } from './container.ts';
import type { Log } from './log.ts';

const program = fileURLToPath(new URL('relay.mjs', import.meta.url));

/** The relay of one container. */
export class Relay {
  readonly #work: string;
  readonly #started: Promise<ChildProcess | undefined>;
  #closed = false;

  /** It is started when the container is. */
  constructor(
    inside: Inside,
    sandbox: Bubblewrap,
    standing: Standing | undefined,
    work: string,
    routes: Routes,
    log: Log,
  ) {
    this.#work = work;
    const ports = new Set(Object.values(routes).map(({ port }: { port: number }) => port));
    const words = [...ports].flatMap((port) => [this.socket(port), String(port)]);
    this.#started = inside.known.then((pid) => {
      if (pid === undefined || this.#closed) return undefined;
      const user = sandbox.otherUser ? [] : ['--user', '--preserve-credentials'];
      const [file, ...enter] = standing
        ? [...standing.command, '/']
        : ['nsenter', '--target', String(pid), ...user, '--net', '--'];
      const child = spawn(file ?? '', [...enter, process.execPath, program, ...words], {
        env: { PATH: process.env.PATH ?? '' },
        detached: true,
        stdio: withoutInherited(['pipe', 'pipe', 'pipe']),
      });
      child.on('error', (error) => log.add(`cloister: the container cannot be reached: ${error.message}`));
      child.stdin?.on('error', () => {});
      if (child.stderr) log.follow(child.stderr);
      return child;
    });
  }

  /** The socket that leads to a port. */
  socket(port: number): string {
    return join(this.#work, `p${port}`);
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = await this.#started;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }
}
