/**
 * Rows and contents of registries together: content is written before the row that names it, and removed after the
 * row is gone. A crash in between leaves a file without a row, which the next opening removes.
 *
 * @module
 */

import type { DocumentWrite, Store } from '../../arm/store.ts';
import type { Json } from '../../lib/json.ts';
import { type Bytes, Tally, whole } from '../bytes.ts';
import { type ByteRange, type Content, type Part, spansOf } from '../content.ts';
import type { RowWrite } from './rows.ts';

/** Keeps rows and contents. */
export class Ledger {
  readonly content: Content;
  readonly #store: Store;
  /** The last change of each registry: the next one begins after it. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(store: Store, content: Content) {
    this.#store = store;
    this.content = content;
  }

  async row<T>(key: string, from: (key: string, value: Json) => T): Promise<T | undefined> {
    const value = await this.#store.document('image', key);
    return value === undefined ? undefined : from(key, value);
  }

  async rows<T>(prefix: string, from: (key: string, value: Json) => T): Promise<readonly T[]> {
    return (await this.raw(prefix)).map(([key, value]) => from(key, value));
  }

  raw(prefix: string): Promise<readonly (readonly [key: string, value: Json])[]> {
    return this.#store.documents('image', prefix);
  }

  /** Resolves when all of it survives a crash. */
  async commit(rows: readonly RowWrite[]): Promise<void> {
    const documents = rows.map(
      ({ key, value }): DocumentWrite => ({
        space: 'image',
        key,
        value: value === undefined ? undefined : ({ ...value } as unknown as Json),
      }),
    );
    await this.#store.commit({ change: { writes: [], deletes: [] }, documents });
  }

  /** Runs one change of a registry after the other, so that what it saw still holds when it commits. */
  async alone<T>(registry: string, change: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(registry) ?? Promise.resolve()).then(change);
    const done = turn.catch(() => {});
    this.#turns.set(registry, done);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(registry) === done) this.#turns.delete(registry);
    }
  }

  /**
   * Writes bytes and runs the change that names them. Where it fails, they are removed again, unless `used` says
   * that the commit happened all the same. Empty bytes are no part.
   */
  async withPart<T>(
    bytes: Bytes,
    change: (parts: readonly Part[]) => Promise<T>,
    used: (file: string) => Promise<boolean>,
  ): Promise<T> {
    if (bytes instanceof Uint8Array && bytes.length === 0) return change([]);
    const tally = new Tally(bytes);
    const file = await this.content.write(tally);
    const { size } = tally;
    if (size === 0) {
      await this.discard([file]);
      return change([]);
    }
    try {
      return await change([{ file, size }]);
    } catch (error) {
      // Where it cannot be told, the file stays for the next opening.
      const kept = await used(file).catch(() => true);
      if (!kept) await this.discard([file]);
      throw error;
    }
  }

  /** Reads some bytes of parts; nothing where one of them is gone. */
  async read(parts: readonly Part[], range: ByteRange | undefined): Promise<Bytes | undefined> {
    return this.content.read(spansOf(parts, range));
  }

  /** Reads what is small. */
  async readWhole(parts: readonly Part[]): Promise<Uint8Array | undefined> {
    const bytes = await this.read(parts, undefined);
    return bytes && whole(bytes);
  }

  /** Removes contents that no row names any more. A failure leaves an orphan for the next opening. */
  async discard(files: readonly string[]): Promise<void> {
    await Promise.allSettled(files.map((file) => this.content.remove(file)));
  }
}
