/**
 * The body of a request: read within limits of size and time, and read away where nobody wants it.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import { BodyTooLarge } from '../../services/data-plane.ts';

/** Most that is read and dropped so that a client which only sends hears the answer. */
const mostDrained = 64 * 1024 * 1024;

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
  #exceeded = false;

  /** `patience` is the time for a whole body, in milliseconds. */
  constructor(incoming: IncomingMessage, patience: number) {
    this.#incoming = incoming;
    this.#patience = patience;
  }

  /** Reports whether the client sends more than somebody was ready to take. */
  get exceeded(): boolean {
    return this.#exceeded;
  }

  /** Reads all of it. Rejects with BodyTooLarge over the limit, in bytes, and with BodyBroken. */
  async read(limit: number): Promise<Uint8Array> {
    const announced = Number(this.#incoming.headers['content-length'] ?? 0);
    const chunks: Buffer[] = [];
    const whole = announced <= limit && (await this.#take(limit, this.#patience, (it) => chunks.push(it)));
    if (whole) return Buffer.concat(chunks);
    this.#exceeded = true;
    throw new BodyTooLarge(limit);
  }

  /** Reads on and forgets: a connection that is closed with bytes unread is reset, and the answer with it. */
  async drain(): Promise<void> {
    await this.#take(mostDrained, 5_000, () => {}).catch(() => {});
  }

  /** Returns whether the body ended within the limit. */
  #take(limit: number, patience: number, keep: (chunk: Buffer) => void): Promise<boolean> {
    const incoming = this.#incoming;
    let size = 0;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(() => reject(new BodyBroken('slow'))), patience);
      const onData = (chunk: Buffer): void => {
        size += chunk.length;
        if (size > limit) finish(() => resolve(false));
        else keep(chunk);
      };
      const onEnd = (): void => finish(() => resolve(true));
      const onClose = (): void => finish(() => reject(new BodyBroken('left')));
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        incoming.off('data', onData).off('end', onEnd).off('close', onClose);
        incoming.pause();
        settle();
      };
      if (incoming.readableEnded) return onEnd();
      if (incoming.destroyed) return onClose();
      incoming.on('data', onData).once('end', onEnd).once('close', onClose);
      incoming.resume();
    });
  }
}
