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
import type { Cell } from '../sandbox/sandbox.ts';
import type { Routes } from './container.ts';
import type { Log } from './log.ts';

const program = fileURLToPath(new URL('relay.mjs', import.meta.url));

/** The relay of one container. */
export class Relay {
  readonly #inside: Inside;
  readonly #cell: Cell;
  readonly #work: string;
  readonly #ports: ReadonlySet<number>;
  readonly #log: Log;
  #child: ChildProcess | undefined;

  constructor(inside: Inside, cell: Cell, work: string, routes: Routes, log: Log) {
    this.#inside = inside;
    this.#cell = cell;
    this.#work = work;
    this.#ports = new Set(Object.values(routes).map(({ port }: { port: number }) => port));
    this.#log = log;
  }

  /** The socket that leads to a port. It is there a while after it was first asked for; none where the container is not. */
  socket(port: number): string | undefined {
    const network = this.#inside.network(this.#cell);
    if (network === undefined) return undefined;
    this.#child ??= this.#start(network);
    return this.#at(port);
  }

  /** Ends it. The container is to have ended before. */
  async close(): Promise<void> {
    const child = this.#child;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    process.kill(-child.pid, 'SIGKILL');
    await closed;
  }

  #start(network: readonly string[]): ChildProcess {
    const { standing } = this.#cell;
    const [file, ...enter] = standing.network ? standing.command : (['nsenter', ...network, '--'] as const);
    const words = [...this.#ports].flatMap((port) => [this.#at(port), String(port)]);
    const child = spawn(file, [...enter, process.execPath, program, ...words], {
      env: { PATH: process.env.PATH ?? '' },
      detached: true,
      stdio: withoutInherited(['pipe', 'pipe', 'pipe']),
    });
    child.on('error', (error) => {
      this.#log.add(`cloister: the container cannot be reached: ${error.message}`);
    });
    child.stdin?.on('error', () => {});
    if (child.stderr) this.#log.follow(child.stderr);
    return child;
  }

  #at(port: number): string {
    return join(this.#work, `p${port}`);
  }
}
