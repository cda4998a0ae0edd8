/**
 * The body of a request: taken in within limits of size and time, and read away where nobody wants it.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import { whole } from '../../services/bytes.ts';
import { BodyTooLarge } from '../../services/data-plane.ts';

/** So many bytes of a body are given the patience that a client has. */
const stride = 8 * 1024 * 1024;
/** For how long an unwanted body is read away, in milliseconds. */
const lingering = 20_000;

/** The client sent less than it announced: it is slow, or it left. */
export class BodyBroken extends Error {
  readonly how: 'slow' | 'left';

  constructor(how: 'slow' | 'left') {
    super(how === 'slow' ? 'the body did not arrive in time' : 'the client left in the middle of the body');
    this.how = how;
  }
}

/** The body of one request. */
export class Body {
  readonly #incoming: IncomingMessage;
  readonly #patience: number;
  readonly #invite: () => void;
  #exceeded = false;

  /**
   * `patience` is the time for each stride of a body, in milliseconds; `invite` tells a client that waits for it that
   * its body is wanted.
   */
  constructor(incoming: IncomingMessage, patience: number, invite: () => void) {
    this.#incoming = incoming;
    this.#patience = patience;
    this.#invite = invite;
  }

  /** Reports whether the client sends more than somebody was ready to take. */
  get exceeded(): boolean {
    return this.#exceeded;
  }

  /** Reads all of it. Rejects with BodyTooLarge over the limit, in bytes, and with BodyBroken. */
  read(limit: number): Promise<Uint8Array> {
    return whole(this.pieces(limit));
  }

  /** Gives it on as it arrives; the client is held back as long as nobody asks for more. Throws as `read` does. */
  async *pieces(limit: number): AsyncGenerator<Uint8Array, void, void> {
    if (Number(this.#incoming.headers['content-length'] ?? 0) > limit) throw this.#tooLarge(limit);
    this.#invite();
    let size = 0;
    for await (const piece of this.#arriving()) {
      size += piece.length;
      if (size > limit) throw this.#tooLarge(limit);
      yield piece;
    }
  }

  /** Reads on and forgets: a connection that is closed with bytes unread is reset, and the answer with it. */
  async drain(): Promise<void> {
    const late = setTimeout(() => this.#incoming.destroy(), lingering);
    try {
      for await (const _ of this.#arriving());
    } catch (error) {
      if (!(error instanceof BodyBroken)) throw error;
    } finally {
      clearTimeout(late);
    }
  }

  #tooLarge(limit: number): BodyTooLarge {
    this.#exceeded = true;
    return new BodyTooLarge(limit);
  }

  async *#arriving(): AsyncGenerator<Uint8Array, void, void> {
    const incoming = this.#incoming;
    let wake: () => void = () => {};
    let slow = false;
    let strides = 0;
    let size = 0;
    const onMore = (): void => wake();
    const timer = setTimeout(() => {
      slow = true;
      wake();
    }, this.#patience);
    incoming.on('readable', onMore).on('end', onMore).on('close', onMore);
    try {
      for (;;) {
        const piece: Buffer | null = incoming.read();
        if (piece !== null) {
          size += piece.length;
          if (Math.floor(size / stride) > strides) timer.refresh();
          strides = Math.floor(size / stride);
          yield piece;
          continue;
        }
        if (incoming.readableEnded) return;
        if (incoming.destroyed) throw new BodyBroken('left');
        if (slow) throw new BodyBroken('slow');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
      incoming.off('readable', onMore).off('end', onMore).off('close', onMore);
    }
  }
}
