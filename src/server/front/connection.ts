/**
 * One connection at a front: the way it came, the name it is for, and how long it may keep us waiting.
 *
 * The HTTP server listens nowhere, and a server that does not listen enforces no time limit: they are here.
 *
 * @module
 */

import type { Duplex } from 'node:stream';
import type { Passage } from './passage.ts';

/** Milliseconds, and how many. */
export const limits = {
  /** For a TLS handshake, and for the first request's header. */
  header: 20_000,
  /** From an answer to the end of the next request's header. */
  keepAlive: 120_000,
  /** For a whole body. */
  body: 300_000,
  /** Requests that it may bring. Those of one that does not wait for answers are all held at once. */
  requests: 10_000,
};

/** What clients are given. */
export type Limits = typeof limits;

/** A connection whose handshake, where it has one, is done. */
export class Connection {
  readonly passage: Passage;
  /** The name that the client asked for in its greeting. */
  readonly name: string | undefined;
  readonly #socket: Duplex;
  readonly #limits: Limits;
  #open = 0;
  #timer: NodeJS.Timeout;

  constructor(socket: Duplex, passage: Passage, name: string | undefined, times: Limits) {
    this.#limits = times;
    this.#socket = socket;
    this.passage = passage;
    this.name = name;
    this.#timer = this.#limit(times.header);
    socket.once('close', () => clearTimeout(this.#timer));
  }

  /** Reports whether a request is being answered. */
  get busy(): boolean {
    return this.#open > 0;
  }

  /** A request's header arrived. */
  begin(): void {
    this.#open += 1;
    clearTimeout(this.#timer);
  }

  /** A request was answered, or its client left. */
  end(): void {
    this.#open -= 1;
    if (this.#open > 0 || this.#socket.destroyed) return;
    clearTimeout(this.#timer);
    this.#timer = this.#limit(this.#limits.keepAlive);
  }

  #limit(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => this.#socket.destroy(), milliseconds).unref();
  }
}
