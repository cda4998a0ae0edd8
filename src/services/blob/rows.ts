/**
 * The rows of blobs and their contents, as they lie in the store and in the folder.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import type { DocumentWrite, Store } from '../../arm/store.ts';
import type { Json } from '../../lib/json.ts';
import { type Bytes, wholeUpTo } from '../bytes.ts';
import { type ByteRange, type Content, type Part, spansOf } from '../content.ts';
import {
  type Blob,
  type BlobAddress,
  type Block,
  blobFrom,
  blobKey,
  type Container,
  containerFrom,
  containerKey,
  isBlobKey,
  partsFrom,
  partsKey,
  partsPrefix,
  stagedFor,
  stagedFrom,
  stagedKey,
  stagedPrefix,
} from './row.ts';
import type { Staged } from './staged.ts';

/** A row to write; without a value it is to be removed. */
export interface RowWrite {
  readonly key: string;
  readonly value: Json | undefined;
}

/** Lists of blocks that are kept at hand: ranges of one blob are read one after the other. */
const mostParts = 16;

/** Contents of up to so many bytes are documents that commit with the row that names them: one sync, not two. */
const smallSize = 16 * 1024;
const small = /^=/;

/** Reads and writes rows and contents. */
export class Rows {
  readonly #store: Store;
  readonly #content: Content;
  readonly #parts = new Map<string, readonly Block[]>();
  /** Small contents that no row names yet. */
  readonly #fresh = new Map<string, Uint8Array>();

  constructor(store: Store, content: Content) {
    this.#store = store;
    this.#content = content;
  }

  /** Removes contents that no row names, and fills the index of staged blocks. */
  async open(staged: Staged): Promise<void> {
    const used = new Set<string>();
    for (const [key, row] of await this.#store.documents('blob', '')) {
      if (isBlobKey(key)) used.add(blobFrom(key, row).file);
      if (key.startsWith(partsPrefix)) for (const { file } of partsFrom(key, row)) used.add(file);
      if (key.startsWith(stagedPrefix)) {
        const block = stagedFrom(key, row);
        used.add(block.file);
        staged.add(stagedFor(key), block);
      }
    }
    for (const file of await this.#content.files()) {
      if (!used.has(file)) await this.#content.remove(file);
    }
  }

  async blob(at: BlobAddress): Promise<Blob | undefined> {
    const key = blobKey(at);
    const row = await this.#store.document('blob', key);
    return row === undefined ? undefined : blobFrom(key, row);
  }

  /** Blobs whose keys start with the prefix, with their keys. */
  async blobs(prefix: string): Promise<readonly (readonly [key: string, blob: Blob])[]> {
    const rows = await this.#store.documents('blob', prefix);
    return rows.filter(([key]) => isBlobKey(key)).map(([key, row]) => [key, blobFrom(key, row)] as const);
  }

  async container(account: string, name: string): Promise<Container | undefined> {
    const key = containerKey(account, name);
    const row = await this.#store.document('blob', key);
    return row === undefined ? undefined : containerFrom(key, row);
  }

  async containers(account: string, prefix: string): Promise<readonly Container[]> {
    const rows = await this.#store.documents('blob', containerKey(account, prefix));
    return rows.map(([key, row]) => containerFrom(key, row));
  }

  async document(key: string): Promise<Json | undefined> {
    return this.#store.document('blob', key);
  }

  /** The content of a staged block. */
  async stagedFile(at: BlobAddress, id: string): Promise<string | undefined> {
    const key = stagedKey(at, id);
    const row = await this.#store.document('blob', key);
    return row === undefined ? undefined : stagedFrom(key, row).file;
  }

  /** Writes rows, all or none, with the small contents that they name first and without those that nothing names. */
  async commit(
    rows: readonly RowWrite[],
    named: readonly string[] = [],
    gone: readonly string[] = [],
  ): Promise<void> {
    const contents = [
      ...gone.filter((file) => small.test(file)).map((file) => ({ key: file, value: undefined })),
      ...named.flatMap((file) => {
        const bytes = this.#fresh.get(file);
        return bytes ? [{ key: file, value: Buffer.from(bytes).toString('base64') }] : [];
      }),
    ];
    const documents = [
      ...rows.map((row): DocumentWrite => ({ space: 'blob', ...row })),
      ...contents.map((row): DocumentWrite => ({ space: 'content', ...row })),
    ];
    try {
      await this.#store.commit({ change: { writes: [], deletes: [] }, documents });
    } finally {
      for (const file of named) this.#fresh.delete(file);
    }
  }

  /** Returns the blocks that a blob is made of; nothing where it is not, or where it changed meanwhile. */
  async parts(blob: Blob): Promise<readonly Block[] | undefined> {
    if (blob.blocks === undefined) return undefined;
    const known = this.#parts.get(blob.file);
    if (known) return known;
    const key = partsKey(blob.file);
    const row = await this.#store.document('blob', key);
    if (row === undefined) return undefined;
    const parts = partsFrom(key, row);
    const [oldest] = this.#parts.keys();
    if (this.#parts.size >= mostParts && oldest !== undefined) this.#parts.delete(oldest);
    this.#parts.set(blob.file, parts);
    return parts;
  }

  /** Returns every content of a blob. */
  async files(blob: Blob): Promise<readonly string[]> {
    if (blob.blocks === undefined) return [blob.file];
    return ((await this.parts(blob)) ?? []).map(({ file }) => file);
  }

  /** Writes the content of a block. */
  async write(bytes: Bytes): Promise<string> {
    return this.#content.write(bytes);
  }

  /** Writes the content of a blob. A small one is in memory until a commit names it. */
  async writeWhole(bytes: Bytes): Promise<string> {
    const all = await wholeUpTo(bytes, smallSize);
    if (!(all instanceof Uint8Array) || all.length > smallSize) return this.#content.write(all);
    const file = `=${randomBytes(16).toString('hex')}`;
    this.#fresh.set(file, all);
    return file;
  }

  /** Reads a blob. Answers nothing where its content is gone. */
  async read(blob: Blob, range: ByteRange | undefined): Promise<Bytes | undefined> {
    if (small.test(blob.file)) {
      const bytes = await this.#small(blob.file);
      return range ? bytes?.subarray(range.from, range.to + 1) : bytes;
    }
    const parts = blob.blocks === undefined ? [blob] : await this.parts(blob);
    return parts && this.#content.read(spansOf(parts, range));
  }

  async #small(file: string): Promise<Uint8Array | undefined> {
    const text = await this.#store.document('content', file);
    if (text !== undefined && typeof text !== 'string') throw new Error(`the content ${file} is damaged`);
    return text === undefined ? undefined : Buffer.from(text, 'base64');
  }

  /** Writes the content of a block, or of a blob without blocks, a second time. */
  async copy(part: Part): Promise<string | undefined> {
    const isSmall = small.test(part.file);
    const bytes = await (isSmall ? this.#small(part.file) : this.#content.read(spansOf([part], undefined)));
    return bytes && (isSmall ? this.writeWhole(bytes) : this.write(bytes));
  }

  /** Removes contents that no row names any more. A failure leaves orphans for the next opening. */
  async discard(files: Iterable<string>): Promise<void> {
    for (const file of files) {
      if (small.test(file)) this.#fresh.delete(file);
      else await this.#content.remove(file).catch(() => {});
    }
  }
}
