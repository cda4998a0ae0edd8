/**
 * Bounded reading of what a client sends first: so many bytes, within so much time, and what follows is put back.
 *
 * @module
 */

import type { Socket } from 'node:net';

/** Most bytes that a client may spend on the gateway's own protocol. */
const longestHeader = 16 * 1024;

/** Why reading stopped: the client left, took too long, or sent more than a header may hold. */
export type Stop = 'ended' | 'late' | 'long';

/** Thrown by the readers below; the connection cannot go on. */
export class IntakeStopped extends Error {
  readonly stop: Stop;

  constructor(stop: Stop) {
    super(`header not received: ${stop}`);
    this.name = 'IntakeStopped';
    this.stop = stop;
  }
}

/**
 * Reads a socket until it is handed on.
 *
 * It listens for `readable` and pulls, instead of taking `data`: a socket that was paused explicitly would
 * not start again when a server attaches to it, one that merely lost its reader does.
 */
export class Intake {
  readonly socket: Socket;
  #held: Buffer = Buffer.alloc(0);
  #taken = 0;
  #stopped: Stop | undefined;
  #wake: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #onReadable = (): void => this.#wake?.();
  readonly #onEnd = (): void => this.#stop('ended');

  /** `patience` is the time for everything that is read here, in milliseconds. */
  constructor(socket: Socket, patience: number) {
    this.socket = socket;
    this.#timer = setTimeout(() => this.#stop('late'), patience);
    socket.on('readable', this.#onReadable);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onEnd);
  }

  /** Returns the first byte that has not been taken, and leaves it there. */
  async peek(): Promise<number> {
    while (this.#held.length === 0) await this.#pull();
    return this.#held.readUInt8(0);
  }

  /** Takes exactly so many bytes. */
  async take(length: number): Promise<Buffer> {
    if (this.#taken + length > longestHeader) throw new IntakeStopped('long');
    while (this.#held.length < length) await this.#pull();
    return this.#cut(length);
  }

  /** Takes the bytes through the next line feed. */
  async takeLine(): Promise<Buffer> {
    let searched = 0;
    for (;;) {
      const end = this.#held.indexOf(0x0a, searched) + 1;
      if (this.#taken + (end === 0 ? this.#held.length : end) > longestHeader)
        throw new IntakeStopped('long');
      if (end > 0) return this.#cut(end);
      searched = this.#held.length;
      await this.#pull();
    }
  }

  /** Lets go of the socket and returns what was read but not taken. */
  release(): Buffer {
    clearTimeout(this.#timer);
    this.socket.off('readable', this.#onReadable);
    this.socket.off('end', this.#onEnd);
    this.socket.off('close', this.#onEnd);
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return rest;
  }

  async #pull(): Promise<void> {
    for (;;) {
      if (this.#stopped === 'late') throw new IntakeStopped('late');
      const chunk: Buffer | null = this.socket.read();
      if (chunk !== null) {
        this.#held = Buffer.concat([this.#held, chunk]);
        return;
      }
      if (this.#stopped !== undefined) throw new IntakeStopped(this.#stopped);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #cut(length: number): Buffer {
    const bytes = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    this.#taken += length;
    return bytes;
  }

  #stop(stop: Stop): void {
    this.#stopped ??= stop;
    this.#wake?.();
  }
}
