/**
 * Rows and contents of registries together: content is written before the row that names it, and removed after the
 * row is gone. A crash in between leaves a file without a row, which the next opening removes.
 *
 * @module
 */

import type { DocumentWrite, Store } from '../../arm/store.ts';
import type { Json } from '../../lib/json.ts';
import type { ByteRange, Content } from '../content.ts';
import type { Part, RowWrite } from './rows.ts';

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
    bytes: Uint8Array,
    change: (parts: readonly Part[]) => Promise<T>,
    used: (file: string) => Promise<boolean>,
  ): Promise<T> {
    if (bytes.length === 0) return change([]);
    const file = await this.content.write(bytes);
    try {
      return await change([{ file, size: bytes.length }]);
    } catch (error) {
      // Where it cannot be told, the file stays for the next opening.
      const kept = await used(file).catch(() => true);
      if (!kept) await this.discard([file]);
      throw error;
    }
  }

  /** Reads some bytes of parts; nothing where one of them is gone. */
  async read(parts: readonly Part[], range: ByteRange | undefined): Promise<Uint8Array | undefined> {
    const [only, ...more] = parts;
    if (only && more.length === 0) return this.content.read(only.file, range);
    const { from, to } = range ?? { from: 0, to: Number.POSITIVE_INFINITY };
    const chunks: Uint8Array[] = [];
    let start = 0;
    for (const { file, size } of parts) {
      const first = Math.max(from - start, 0);
      const last = Math.min(to - start, size - 1);
      start += size;
      if (first > last) continue;
      const chunk = await this.content.read(file, { from: first, to: last });
      if (!chunk) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** Removes contents that no row names any more. A failure leaves an orphan for the next opening. */
  async discard(files: readonly string[]): Promise<void> {
    await Promise.allSettled(files.map((file) => this.content.remove(file)));
  }
}
