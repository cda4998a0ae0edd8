/**
 * One replica process from its start to its end, with the private folder and the socket that belong to it.
 *
 * @module
 */

import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Inside } from '../sandbox/inside.ts';
import type { Cell, Unconfined } from '../sandbox/sandbox.ts';
import { inmateFor, type Program } from './command.ts';
import { type Route, type Routes, routed } from './container.ts';
import { exchange, type ReplicaAnswer, type ReplicaRequest } from './exchange.ts';
import type { Log } from './log.ts';
import { killGroup, makeWorkFolder, removeFolder, start } from './process.ts';
import { Relay } from './relay.ts';
import { ReplicaError } from './replica-error.ts';

/** Time that output has to arrive after the process ended, in milliseconds. */
const drainTime = 500;

/** A running process. Its standard input stays open and silent: it ends when this process dies, whatever kills it. */
export class Child {
  /** Says how the process ended, once it has, its group is killed, its folder removed and its output logged. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  /** Folder that only this user can enter. It goes when the process ends. */
  readonly #work: string;
  /** What we see of a process in a sandbox. */
  readonly #inside: Inside | undefined;
  /** What takes requests to a container. */
  readonly #relay: Relay | undefined;
  readonly #routes: Routes | undefined;
  /** The network of the place that it was started at. */
  readonly #network: string | undefined;
  #alive = true;

  /**
   * Starts the process.
   *
   * @throws ReplicaError where the program cannot be run at all.
   */
  constructor(program: Program, log: Log, room: Cell | Unconfined) {
    this.#work = makeWorkFolder(room);
    try {
      const { child, inside } = start(inmateFor(program, this.#work, room), this.#work, room);
      this.#process = child;
      this.#inside = inside;
    } catch (error) {
      removeFolder(this.#work);
      throw error;
    }
    this.#network = room.kind === 'none' ? undefined : room.standing.network;
    if (program.kind.runtime === 'container' && this.#inside && room.kind !== 'none') {
      this.#routes = program.kind.routes;
      this.#relay = new Relay(this.#inside, room, this.#work, this.#routes, log);
    }
    for (const stream of [this.#process.stdout, this.#process.stderr]) if (stream) log.follow(stream);
    this.#process.stdin?.on('error', () => {});
    this.ended = this.#awaitEnd(log);
  }

  /** Reports whether the process still runs. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Reports whether the place at which the process stands is the one that there is, and not one that was taken away. */
  get inPlace(): boolean {
    return this.#network === undefined || (this.#inside?.isIn(this.#network) ?? true);
  }

  /** Sends a request to the process. Fails as `exchange` does. */
  async send(request: ReplicaRequest, milliseconds: number): Promise<ReplicaAnswer> {
    const route = this.#routes?.scoring;
    return this.#ask(
      route ? { ...request, path: routed(request.path, route) } : request,
      route,
      milliseconds,
    );
  }

  /** Asks the process whether it is ready, or live: `GET /`, or what a container has for it. Never rejects. */
  async probe(milliseconds: number, what: 'readiness' | 'liveness'): Promise<boolean> {
    const route = this.#routes?.[what];
    const request = { method: 'GET', path: route?.path ?? '/', headers: {}, body: new Uint8Array() };
    const answer = await this.#ask(request, route, milliseconds).catch(() => undefined);
    return answer !== undefined && answer.status >= 200 && answer.status < (route ? 400 : 201);
  }

  async #ask(
    request: ReplicaRequest,
    route: Route | undefined,
    milliseconds: number,
  ): Promise<ReplicaAnswer> {
    const socket = route
      ? this.#relay?.socket(route.port)
      : this.#inside
        ? this.#inside.socket
        : join(this.#work, 's');
    if (socket === undefined) throw new ReplicaError('not-ready', 'the replica takes no connection');
    return exchange(socket, request, milliseconds);
  }

  /** Sends the signal to the process and to all that it started; in a sandbox, to the process, which is the first there. */
  kill(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (pid === undefined || !this.#alive) return;
    const first = this.#inside?.pid;
    if (first !== undefined && signal !== 'SIGKILL') signalOne(first, signal);
    else killGroup(pid, signal);
  }

  async #awaitEnd(log: Log): Promise<string> {
    const child = this.#process;
    const closed = new Promise<void>((resolve) => {
      child.once('close', () => resolve());
    });
    const how = await new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
      child.once('exit', (code, signal) => {
        // At once, while no other process can have been given this id.
        if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
        resolve(howEnded(code, signal, this.#inside !== undefined));
      });
    });
    this.#alive = false;
    // A process that left the group may hold the output open for ever.
    const limit = setTimeout(() => {
      for (const stream of child.stdio) stream?.destroy();
    }, drainTime);
    if (child.pid !== undefined) await closed;
    clearTimeout(limit);
    await this.#inside?.close().catch((error: Error) => log.add(`cloister: ${error.message}`));
    await this.#relay?.close();
    removeFolder(this.#work);
    return how;
  }
}

/** Signals one process. */
function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

/** Says how a process ended; bwrap, as a shell, tells of a signal by a code. */
function howEnded(code: number | null, signal: NodeJS.Signals | null, held: boolean): string {
  const told = held && signal === null ? (code ?? 0) - 128 : 0;
  const name = signal ?? Object.entries(constants.signals).find(([, number]) => number === told)?.[0];
  return name === undefined ? `exit code ${code}` : `killed by ${name}`;
}

/** Returns the error for a process that ended when it should not have. */
export function endedError(how: string): ReplicaError {
  return new ReplicaError('crashed', `the replica's process ended (${how})`);
}
