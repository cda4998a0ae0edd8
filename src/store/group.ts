/**
 * Group commit: commits that wait for one another share a transaction, and with it the one sync that a disk takes
 * its time for. Each is durable before it is answered.
 *
 * @module
 */

import type { Batch, StoreError } from '../arm/store.ts';
import { type Encoded, encode, merge } from './codec.ts';
import { Turns } from './turns.ts';

/** A commit that waits for its turn. */
interface Waiting {
  readonly encoded: Encoded;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

/** Writes durably, all or nothing. Answers why it could not. */
export type Write = (encoded: Encoded) => Promise<StoreError | undefined>;

/** The commits that wait. One transaction runs at a time; whatever comes meanwhile is the next one. */
export class Group {
  readonly #write: Write;
  readonly #turns = new Turns<Waiting>((group) => this.#settle(group));

  constructor(write: Write) {
    this.#write = write;
  }

  /** Resolves when the batches are durable. Throws what cannot be stored at once. */
  async commit(batches: readonly Batch[]): Promise<void> {
    const encoded = encode(batches);
    await new Promise<void>((resolve, reject) => {
      this.#turns.push({ encoded, resolve, reject });
    });
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    return this.#turns.idle();
  }

  /** Writes all of a group in one transaction; if that fails each in its own, so that only the culprit is rejected. */
  async #settle(group: readonly Waiting[]): Promise<void> {
    const failure = await this.#write(merge(group.map(({ encoded }) => encoded)));
    // Of what may have been kept nothing must be written again: a later write may stand on it.
    const apart = failure !== undefined && failure.reason !== 'unavailable' && group.length > 1;
    for (const one of group) {
      const failed = apart ? await this.#write(one.encoded) : failure;
      if (failed) one.reject(failed);
      else one.resolve();
    }
  }
}
