/**
 * One replica process from its start to its end, with the private folder and the socket that belong to it.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, commandFor, type Program } from './command.ts';
import { exchange, type ReplicaAnswer, type ReplicaRequest } from './exchange.ts';
import type { Log } from './log.ts';
import { ReplicaError } from './replica-error.ts';

/** Longest path of a unix socket that both Linux (108 bytes) and macOS (104) take, without the final zero. */
const maxSocketPath = 103;

/** Time that output has to arrive after the process ended, in milliseconds. */
const drainTime = 500;

/** A running process. Its standard input stays open and silent: it ends when this process dies, whatever kills it. */
export class Child {
  /** Says how the process ended, once it has, its group is killed, its folder removed and its output logged. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  /** Folder that only this user can enter. It goes when the process ends. */
  readonly #work = makeWorkFolder();
  #alive = true;

  /**
   * Starts the process.
   *
   * @throws ReplicaError where the program cannot be run at all.
   */
  constructor(program: Program, log: Log) {
    try {
      this.#process = start(commandFor(program, this.#work, this.#socket), this.#work);
    } catch (error) {
      removeFolder(this.#work);
      throw error;
    }
    for (const stream of [this.#process.stdout, this.#process.stderr]) if (stream) log.follow(stream);
    this.#process.stdin?.on('error', () => {});
    this.ended = this.#awaitEnd();
  }

  /** Reports whether the process still runs. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Sends a request to the process. Fails as `exchange` does. */
  send(request: ReplicaRequest, milliseconds: number): Promise<ReplicaAnswer> {
    return exchange(this.#socket, request, milliseconds);
  }

  /** Asks the process whether it is live and ready: `GET /`. Never rejects. */
  async probe(milliseconds: number): Promise<boolean> {
    const request = { method: 'GET', path: '/', headers: {}, body: new Uint8Array() };
    const answer = await this.send(request, milliseconds).catch(() => undefined);
    return answer?.status === 200;
  }

  /** Sends the signal to the process and to all that it started. */
  kill(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (pid === undefined || !this.#alive) return;
    killGroup(pid, signal);
  }

  get #socket(): string {
    return join(this.#work, 's');
  }

  async #awaitEnd(): Promise<string> {
    const child = this.#process;
    const closed = new Promise<void>((resolve) => {
      child.once('close', () => resolve());
    });
    const how = await new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
      child.once('exit', (code, signal) => {
        // At once, while no other process can have been given this id.
        if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
        resolve(signal === null ? `exit code ${code}` : `killed by ${signal}`);
      });
    });
    this.#alive = false;
    // A process that left the group may hold the output open for ever.
    const limit = setTimeout(() => {
      for (const stream of child.stdio) stream?.destroy();
    }, drainTime);
    if (child.pid !== undefined) await closed;
    clearTimeout(limit);
    removeFolder(this.#work);
    return how;
  }
}

/** Starts the command as the leader of a process group of its own, so that all it starts can be ended with it. */
function start(command: Command, folder: string): ChildProcess {
  return spawn(command.file, command.arguments, {
    cwd: folder,
    env: command.environment,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Signals a process group. */
function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // The group is gone already (macOS says EPERM where only its dead leader is left), which is what was wanted.
  }
}

/** Makes a folder for one process, below the system's temporary folder unless a socket's path would be too long. */
function makeWorkFolder(): string {
  const prefix = 'cloister-';
  const length = Buffer.byteLength(join(tmpdir(), `${prefix}XXXXXX`, 's'));
  const folder = mkdtempSync(join(length <= maxSocketPath ? tmpdir() : '/tmp', prefix));
  chmodSync(folder, 0o700);
  return folder;
}

/** Removes the folder of a process that has ended. */
function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Returns the error for a process that ended when it should not have. */
export function endedError(how: string): ReplicaError {
  return new ReplicaError('crashed', `the replica's process ended (${how})`);
}
