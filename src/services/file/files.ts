/**
 * Keeps shares, directories and files: content first, then the row that names it. A crash in between leaves a content
 * without a row, which the next opening removes.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import type { DocumentWrite, Store } from '../../arm/store.ts';
import type { Json } from '../../lib/json.ts';
import { StorageError } from '../blob/error.ts';
import { type Bytes, letGo, Tally } from '../bytes.ts';
import { type ByteRange, type Content, MemoryContent } from '../content.ts';
import { FolderContent } from '../folder-content.ts';
import { cover, hole, joined, runsOf } from './extents.ts';
import { type File, type Node, nodeKey, type Place, parentOf, type Share, shareKey, toJson } from './row.ts';

/** A row to write; without a value it is to be removed. */
interface RowWrite {
  readonly key: string;
  readonly value: Json | undefined;
}

/** Files of every account of an estate. Refuses by throwing a StorageError. */
export class Files {
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
    const used = new Set((await this.#nodes('node/')).flatMap(contentsOf));
    for (const file of await this.#content.files()) if (!used.has(file)) await this.#content.remove(file);
  }

  /** Removes all of an account, for when the account itself is gone. */
  async clear(account: string): Promise<void> {
    await this.#alone(account, async () => {
      const shares = await this.#store.documents('file', shareKey(account, ''));
      await this.#commit(shares.map(([key]) => ({ key, value: undefined })));
      await this.#remove(`node/${account}/`);
    });
  }

  async shares(account: string): Promise<readonly Share[]> {
    const rows = await this.#store.documents('file', shareKey(account, ''));
    return rows.map(([, row]) => row as unknown as Share);
  }

  /** The share that a place is in. */
  async share({ account, share }: Place): Promise<Share> {
    const row = await this.#store.document('file', shareKey(account, share));
    if (row === undefined) throw new StorageError('ShareNotFound');
    return row as unknown as Share;
  }

  /** Makes a share; answers nothing where there is one already. */
  async createShare(
    account: string,
    name: string,
    given: Pick<Share, 'metadata' | 'quota'> = { metadata: {}, quota: 5120 },
  ): Promise<Share | undefined> {
    return this.#alone(account, async () => {
      const key = shareKey(account, name);
      if ((await this.#store.document('file', key)) !== undefined) return undefined;
      const share: Share = { ...given, name, etag: newEtag(), modified: this.#now() };
      await this.#commit([{ key, value: toJson(share) }]);
      return share;
    });
  }

  /** Changes what is said about a share. */
  async editShare(place: Place, change: Partial<Pick<Share, 'metadata' | 'quota'>>): Promise<Share> {
    return this.#alone(place.account, async () => {
      const before = await this.share(place);
      const share = { ...before, ...change, etag: newEtag(), modified: this.#now() };
      await this.#commit([{ key: shareKey(place.account, place.share), value: toJson(share) }]);
      return share;
    });
  }

  /** Removes a share and all in it. */
  async removeShare(place: Place): Promise<void> {
    await this.#alone(place.account, async () => {
      await this.share(place);
      await this.#commit([{ key: shareKey(place.account, place.share), value: undefined }]);
      await this.#remove(nodeKey({ ...place, path: '' }));
    });
  }

  /** What is at a path, of that kind. */
  async node<K extends Node['kind']>(place: Place, kind: K): Promise<Extract<Node, { kind: K }>> {
    const found = await this.#at(place);
    if (!found) {
      await this.#demandParent(place);
      throw new StorageError('ResourceNotFound');
    }
    // A file is not found where a directory is asked for, and the other way round.
    if (found.kind !== kind) throw new StorageError('ResourceNotFound');
    return found as Extract<Node, { kind: K }>;
  }

  /** What is directly in a directory, by name. */
  async children(place: Place): Promise<readonly Node[]> {
    if (place.path === '') await this.share(place);
    else await this.node(place, 'directory');
    const prefix = nodeKey(place) + (place.path === '' ? '' : '/');
    const below = await this.#nodes(prefix);
    const deep = place.path === '' ? 0 : place.path.length + 1;
    return below.filter(({ path }) => !path.slice(deep).includes('/'));
  }

  /** Puts a directory or an empty file. A file takes the place of a file. */
  async create<T extends Node>(
    place: Place,
    make: (base: Pick<Node, 'path' | 'id' | 'etag' | 'created' | 'modified'>) => T,
  ): Promise<T> {
    return this.#alone(place.account, async () => {
      await this.#demandParent(place);
      const before = await this.#at(place);
      const now = this.#now();
      const path = before?.path ?? place.path;
      const node = make({ path, id: newId(), etag: newEtag(), created: now, modified: now });
      if (before && (before.kind === 'directory' || node.kind === 'directory')) {
        throw new StorageError(before.kind === node.kind ? 'ResourceAlreadyExists' : 'ResourceTypeMismatch');
      }
      await this.#replace(place, before, node);
      return node;
    });
  }

  /** Changes a directory or a file. */
  async edit<K extends Node['kind']>(
    place: Place,
    kind: K,
    change: (before: Extract<Node, { kind: K }>) => Partial<Extract<Node, { kind: K }>>,
  ): Promise<Extract<Node, { kind: K }>> {
    return this.#alone(place.account, async () => {
      const before = await this.node(place, kind);
      const node = { ...before, ...change(before), etag: newEtag(), modified: this.#now() };
      await this.#replace(place, before, node);
      return node;
    });
  }

  /** Writes bytes into a file at a place. They end only if they are what their digests say. */
  async write(place: Place, range: ByteRange, bytes: Bytes): Promise<File> {
    const size = range.to - range.from + 1;
    const content = await this.#content.write(
      new Tally(bytes, undefined, (tally) => {
        if (tally.size === size) return;
        throw new StorageError('InvalidHeaderValue', {
          says: `The range is ${size} bytes, and ${tally.size} came.`,
          details: { HeaderName: 'Content-Length', HeaderValue: String(tally.size) },
        });
      }),
    );
    try {
      return await this.edit(place, 'file', (file) => {
        if (range.to >= file.size) throw new StorageError('InvalidRange');
        return { extents: cover(file.extents, { at: range.from, size, content, skip: 0 }) };
      });
    } catch (error) {
      // Where it cannot be told whether the row is there, the content stays for the next opening.
      const kept = await this.#at(place).then(
        (node) => node && contentsOf(node).includes(content),
        () => true,
      );
      if (!kept) await this.#discard([content]);
      throw error;
    }
  }

  /** Answers a file with its bytes: all, or the range that `choose` makes of it. `choose` may refuse by throwing. */
  async read(
    place: Place,
    choose: (file: File) => ByteRange | undefined,
  ): Promise<{ readonly file: File; readonly range: ByteRange | undefined; readonly bytes: Bytes }> {
    for (let file = await this.node(place, 'file'); ; ) {
      const range = choose(file);
      const bytes = await this.#bytes(file, range ?? { from: 0, to: file.size - 1 });
      if (bytes) return { file, range, bytes };
      const again = await this.node(place, 'file');
      if (again.etag === file.etag) throw new Error(`a content of ${nodeKey(place)} is missing`);
      file = again;
    }
  }

  /** Removes a file, or a directory that is empty. */
  async remove(place: Place, kind: Node['kind']): Promise<void> {
    await this.#alone(place.account, async () => {
      const node = await this.node(place, kind);
      if (kind === 'directory' && (await this.children(place)).length > 0) {
        throw new StorageError('DirectoryNotEmpty');
      }
      await this.#replace(place, node, undefined);
    });
  }

  async #at(place: Place): Promise<Node | undefined> {
    return (await this.#store.document('file', nodeKey(place))) as unknown as Node | undefined;
  }

  async #nodes(prefix: string): Promise<readonly Node[]> {
    const rows = await this.#store.documents('file', prefix);
    return rows.map(([, row]) => row as unknown as Node);
  }

  async #demandParent(place: Place): Promise<void> {
    await this.share(place);
    const path = parentOf(place.path);
    if (path === '') return;
    const parent = await this.#at({ ...place, path });
    if (parent?.kind !== 'directory') throw new StorageError('ParentNotFound');
  }

  /** All pieces are opened first: what is written over meanwhile is read as it was. */
  async #bytes({ extents }: File, range: ByteRange): Promise<Bytes | undefined> {
    const opened: Bytes[] = [];
    for (const { size, extent } of runsOf(extents, range)) {
      const span = extent && { file: extent.content, from: extent.skip, to: extent.skip + size - 1 };
      const bytes = span ? await this.#content.read([span]) : hole(size);
      if (!bytes) {
        for (const each of opened) await letGo(each);
        return undefined;
      }
      opened.push(bytes);
    }
    const [only = new Uint8Array()] = opened;
    return opened.length <= 1 ? only : joined(opened);
  }

  async #replace(place: Place, before: Node | undefined, after: Node | undefined): Promise<void> {
    await this.#commit([{ key: nodeKey(place), value: after && toJson(after) }]);
    const kept = new Set(after ? contentsOf(after) : []);
    await this.#discard(before ? contentsOf(before).filter((content) => !kept.has(content)) : []);
  }

  async #remove(prefix: string): Promise<void> {
    const rows = await this.#store.documents('file', prefix);
    await this.#commit(rows.map(([key]) => ({ key, value: undefined })));
    await this.#discard(rows.flatMap(([, row]) => contentsOf(row as unknown as Node)));
  }

  /** A failure leaves an orphan for the next opening. */
  async #discard(contents: readonly string[]): Promise<void> {
    await Promise.allSettled([...new Set(contents)].map((content) => this.#content.remove(content)));
  }

  async #commit(rows: readonly RowWrite[]): Promise<void> {
    if (rows.length === 0) return;
    const documents = rows.map((row): DocumentWrite => ({ space: 'file', ...row }));
    await this.#store.commit({ change: { writes: [], deletes: [] }, documents });
  }

  /** Runs one change of an account after the other, so that what it saw still holds when it commits. */
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
}

function contentsOf(node: Node): readonly string[] {
  return node.kind === 'file' ? node.extents.map(({ content }) => content) : [];
}

function newEtag(): string {
  return `0x8D${randomBytes(7).toString('hex').toUpperCase()}`;
}

/** Ids of entries are 64-bit numbers. */
function newId(): string {
  return randomBytes(8).readBigUInt64BE().toString();
}
