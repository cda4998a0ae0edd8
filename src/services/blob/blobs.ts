/**
 * Keeps blobs: content first, then the row that names it. A crash in between leaves a file without a row, which the
 * next opening removes; a row without its file cannot come about.
 *
 * @module
 */

import { createHash, randomBytes } from 'node:crypto';
import type { DocumentWrite, Store } from '../../arm/store.ts';
import type { Json } from '../../lib/json.ts';
import { type ByteRange, type Content, FolderContent, MemoryContent } from './content.ts';
import {
  type Blob,
  type BlobAddress,
  type BlobDetails,
  blobFrom,
  blobKey,
  type Container,
  containerFrom,
  containerKey,
  toJson,
} from './row.ts';

/** Refuses a change by throwing. What it is shown cannot change before the change is made. */
export type Check = (before: Blob | undefined, container: Container | undefined) => void;

/** A blob with its bytes, or those of the range that was asked for. */
export interface Fetched {
  readonly blob: Blob;
  readonly range: ByteRange | undefined;
  readonly bytes: Uint8Array;
}

const plain: BlobDetails = { contentType: 'application/octet-stream', http: {}, metadata: {} };
const always: Check = () => {};

/** Blobs of every account of an estate. */
export class Blobs {
  readonly #store: Store;
  readonly #content: Content;
  readonly #now: () => number;
  /** The last change of each account: the next one begins after it. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** Without a folder, contents are in memory. `now` is milliseconds since 1970. */
  constructor(store: Store, folder: string | undefined, now: () => number = Date.now) {
    this.#store = store;
    this.#content = folder === undefined ? new MemoryContent() : new FolderContent(folder);
    this.#now = now;
  }

  /** Removes what a crash left behind. To be awaited before anything else is asked. */
  async open(): Promise<void> {
    const rows = await this.#store.documents('blob', '');
    const used = new Set(rows.filter(([key]) => isBlobKey(key)).map(([key, row]) => blobFrom(key, row).file));
    for (const file of await this.#content.files()) {
      if (!used.has(file)) await this.#content.remove(file);
    }
  }

  /** Writes a blob, over the one that may be there. Resolves when it survives a crash. */
  async put(
    at: BlobAddress,
    bytes: Uint8Array,
    details: BlobDetails = plain,
    check: Check = always,
  ): Promise<Blob> {
    const md5 = createHash('md5').update(bytes).digest('base64');
    const file = await this.#content.write(bytes);
    try {
      return await this.#alone(at.account, async () => {
        const before = await this.head(at);
        check(before, await this.container(at.account, at.container));
        const now = this.#now();
        const created = before?.created ?? now;
        const written = { file, etag: newEtag(), size: bytes.length, md5, created, modified: now };
        const blob: Blob = { name: at.name, ...details, ...written };
        await this.#commit([{ key: blobKey(at), value: toJson(blob) }]);
        if (before) await this.#discard(before.file);
        return blob;
      });
    } catch (error) {
      await this.#discardUnlessUsed(at, file);
      throw error;
    }
  }

  /** Answers a blob with its bytes: all, or the range that `choose` makes of it. `choose` may refuse by throwing. */
  async get(
    at: BlobAddress,
    choose: (blob: Blob) => ByteRange | undefined = () => undefined,
  ): Promise<Fetched | undefined> {
    for (let blob = await this.head(at); blob; ) {
      const range = choose(blob);
      const bytes = await this.#content.read(blob.file, range);
      if (bytes) return { blob, range, bytes };
      // Overwritten or removed between row and content: the row says so now.
      const again = await this.head(at);
      if (again?.file === blob.file) throw new Error(`the content of blob ${blobKey(at)} is missing`);
      blob = again;
    }
    return undefined;
  }

  /** Answers what is known about a blob. */
  async head(at: BlobAddress): Promise<Blob | undefined> {
    const key = blobKey(at);
    const row = await this.#store.document('blob', key);
    return row === undefined ? undefined : blobFrom(key, row);
  }

  /** Replaces a blob's metadata. Answers nothing where there is no such blob and the check does not mind. */
  async annotate(
    at: BlobAddress,
    metadata: Readonly<Record<string, string>>,
    check: Check = always,
  ): Promise<Blob | undefined> {
    return this.#alone(at.account, async () => {
      const before = await this.head(at);
      check(before, await this.container(at.account, at.container));
      if (!before) return undefined;
      const blob: Blob = { ...before, metadata, etag: newEtag(), modified: this.#now() };
      await this.#commit([{ key: blobKey(at), value: toJson(blob) }]);
      return blob;
    });
  }

  /** Removes a blob. Answers whether there was one. */
  async remove(at: BlobAddress, check: Check = always): Promise<boolean> {
    return this.#alone(at.account, async () => {
      const before = await this.head(at);
      check(before, await this.container(at.account, at.container));
      if (!before) return false;
      await this.#commit([{ key: blobKey(at), value: undefined }]);
      await this.#discard(before.file);
      return true;
    });
  }

  /** Lists the blobs of a container whose names start with the prefix, by name. */
  async list(account: string, container: string, prefix: string): Promise<readonly Blob[]> {
    const rows = await this.#store.documents('blob', blobKey({ account, container, name: prefix }));
    return rows.map(([key, row]) => blobFrom(key, row)).sort(byName);
  }

  /** Puts a file that the user's configuration brings, and its container; the same file again changes nothing. */
  async seed(account: string, container: string, name: string, bytes: Uint8Array): Promise<void> {
    await this.createContainer(account, container);
    const at = { account, container, name };
    const before = await this.head(at);
    const md5 = createHash('md5').update(bytes).digest('base64');
    if (before?.md5 === md5 && before.size === bytes.length) return;
    await this.put(at, bytes);
  }

  /** Answers a container. */
  async container(account: string, name: string): Promise<Container | undefined> {
    const key = containerKey(account, name);
    const row = await this.#store.document('blob', key);
    return row === undefined ? undefined : containerFrom(key, row);
  }

  /** Lists the containers of an account whose names start with the prefix, by name. */
  async containers(account: string, prefix: string): Promise<readonly Container[]> {
    const rows = await this.#store.documents('blob', containerKey(account, prefix));
    return rows.map(([key, row]) => containerFrom(key, row)).sort(byName);
  }

  /** Makes a container. Answers nothing where there is one already. */
  async createContainer(
    account: string,
    name: string,
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<Container | undefined> {
    return this.#alone(account, async () => {
      if (await this.container(account, name)) return undefined;
      const container: Container = { name, etag: newEtag(), modified: this.#now(), metadata };
      await this.#commit([{ key: containerKey(account, name), value: toJson(container) }]);
      return container;
    });
  }

  /** Removes a container and all in it. Answers whether there was one. `check` is shown the container. */
  async removeContainer(account: string, name: string, check: Check = always): Promise<boolean> {
    return this.#alone(account, async () => {
      const container = await this.container(account, name);
      check(undefined, container);
      if (!container) return false;
      const keys = [containerKey(account, name)];
      await this.#erase(keys, `${account}/${name}/`);
      return true;
    });
  }

  /** Removes all of an account, for when the account itself is deleted. */
  async clear(account: string): Promise<void> {
    await this.#alone(account, async () => {
      const containers = await this.#store.documents('blob', containerKey(account, ''));
      await this.#erase(
        containers.map(([key]) => key),
        `${account}/`,
      );
    });
  }

  /** Removes rows and all blobs below a prefix in one commit, then the contents. */
  async #erase(keys: readonly string[], prefix: string): Promise<void> {
    const rows = (await this.#store.documents('blob', prefix)).filter(([key]) => isBlobKey(key));
    await this.#commit([...keys, ...rows.map(([key]) => key)].map((key) => ({ key, value: undefined })));
    for (const [key, row] of rows) await this.#discard(blobFrom(key, row).file);
  }

  async #commit(rows: readonly { readonly key: string; readonly value: Json | undefined }[]): Promise<void> {
    const documents = rows.map((row): DocumentWrite => ({ space: 'blob', ...row }));
    await this.#store.commit({ change: { writes: [], deletes: [] }, documents });
  }

  /** Runs one change of an account after the other, so that what a check saw still holds. */
  async #alone<T>(account: string, change: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(account) ?? Promise.resolve()).then(change);
    const done = turn.catch(() => {});
    this.#turns.set(account, done);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(account) === done) this.#turns.delete(account);
    }
  }

  /** Removes content that no row names any more. A failure leaves an orphan for the next opening. */
  async #discard(file: string): Promise<void> {
    await this.#content.remove(file).catch(() => {});
  }

  /** A commit that was rejected may have happened all the same, where the store is across a network. */
  async #discardUnlessUsed(at: BlobAddress, file: string): Promise<void> {
    try {
      if ((await this.head(at))?.file !== file) await this.#discard(file);
    } catch {
      // Whether it is used is not known now; the next opening knows.
    }
  }
}

function isBlobKey(key: string): boolean {
  return !/^[^/]*\/\//.test(key);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function newEtag(): string {
  return `0x8D${randomBytes(7).toString('hex').slice(0, 13).toUpperCase()}`;
}
