/**
 * Keeps blobs: content first, then the row that names it. A crash in between leaves a file without a row, which the
 * next opening removes; a row without its file cannot come about. A small content goes with its row.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import type { Json } from '../../lib/json.ts';
import { type Bytes, Tally } from '../bytes.ts';
import type { ByteRange } from '../content.ts';
import { byName, type Check, Containers, newEtag, removal } from './container-rows.ts';
import { afterWrite } from './lease.ts';
import {
  type Blob,
  type BlobAddress,
  type BlobDetails,
  type Block,
  blobKey,
  type Container,
  partsKey,
  type StagedBlock,
  stagedKey,
  toJson,
} from './row.ts';
import { scopeOf } from './scopes.ts';

/** A blob with its bytes, or those of the range that was asked for. They are to be read or let go of. */
export interface Fetched {
  readonly blob: Blob;
  readonly range: ByteRange | undefined;
  readonly bytes: Bytes;
}

/** The blocks of a blob. */
export interface BlobBlocks {
  readonly committed: readonly Block[];
  readonly staged: readonly StagedBlock[];
}

/** What a write puts in the place of a blob. */
type Fresh = BlobDetails & Pick<Blob, 'file' | 'size' | 'md5' | 'blocks'>;

const plain: BlobDetails = { contentType: 'application/octet-stream', http: {}, metadata: {} };
const always: Check = () => {};
const sweepEvery = 3600 * 1000;

/** Blobs of every account of an estate. */
export class Blobs extends Containers {
  /** Writes a blob, over the one that may be there. Resolves when it survives a crash. */
  async put(
    at: BlobAddress,
    bytes: Bytes,
    details: BlobDetails = plain,
    check: Check = always,
  ): Promise<Blob> {
    const tally = new Tally(bytes, 'md5');
    const file = await this.rows.writeWhole(tally);
    const content = { file, size: tally.size, md5: tally.digest('base64') };
    return this.#guarded(at, [file], () =>
      this.#alone(at, async () => {
        const before = await this.#before(at, check);
        return this.#replace(at, before, { ...details, ...content });
      }),
    );
  }

  /** Answers a blob with its bytes: all, or the range that `choose` makes of it. `choose` may refuse by throwing. */
  async get(
    at: BlobAddress,
    choose: (blob: Blob) => ByteRange | undefined = () => undefined,
  ): Promise<Fetched | undefined> {
    for (let blob = await this.head(at); blob; ) {
      const range = choose(blob);
      const bytes = await this.rows.read(blob, range);
      if (bytes) return { blob, range, bytes };
      blob = await this.#headAgain(at, blob);
    }
    return undefined;
  }

  /** Answers what is known about a blob. */
  async head(at: BlobAddress): Promise<Blob | undefined> {
    return this.rows.blob(at);
  }

  /** Changes what is said about a blob; `edit` may refuse by throwing. Answers nothing where it makes nothing of it. */
  async edit(
    at: BlobAddress,
    edit: (before: Blob | undefined, container: Container | undefined) => Blob | undefined,
  ): Promise<Blob | undefined> {
    return this.#alone(at, async () => {
      const before = await this.head(at);
      const blob = edit(before, await this.container(at.account, at.container));
      if (blob && blob !== before) await this.rows.commit([{ key: blobKey(at), value: toJson(blob) }]);
      return blob;
    });
  }

  /** Removes a blob. Answers whether there was one. */
  async remove(at: BlobAddress, check: Check = always): Promise<boolean> {
    return this.#alone(at, async () => {
      const before = await this.#before(at, check);
      if (!before) return false;
      await this.#commit(at, before, undefined);
      return true;
    });
  }

  /** Lists the blobs of a container whose names start with the prefix, by name. */
  async list(account: string, container: string, prefix: string): Promise<readonly Blob[]> {
    const rows = await this.rows.blobs(blobKey({ account, container, name: prefix }));
    return rows.map(([, blob]) => blob).sort(byName);
  }

  /** Lists the names in a container that start with the prefix and have blocks but no blob. */
  async uncommitted(account: string, container: string, prefix: string): Promise<readonly string[]> {
    const waiting = this.staged.below(blobKey({ account, container, name: prefix }));
    const names = await Promise.all(waiting.map(async (at) => ((await this.head(at)) ? [] : [at.name])));
    return names.flat().sort();
  }

  /** Stages a block, over the one of that id. `check` is shown what is staged already. */
  async stage(
    at: BlobAddress,
    id: string,
    bytes: Bytes,
    check: (
      blob: Blob | undefined,
      container: Container | undefined,
      staged: ReadonlyMap<string, Block>,
    ) => void,
  ): Promise<void> {
    if (this.now() - this.swept > sweepEvery) await this.sweep();
    const tally = new Tally(bytes);
    const file = await this.rows.write(tally);
    try {
      await this.#alone(at, async () => {
        const staged = this.staged.of(at);
        await this.#before(at, (blob, container) => check(blob, container, staged));
        const block: StagedBlock = { id, size: tally.size, file, staged: this.now() };
        const over = staged.get(id);
        await this.rows.commit([{ key: stagedKey(at, id), value: toJson(block) }]);
        this.staged.add(blobKey(at), block);
        if (over) await this.rows.discard([over.file]);
      });
    } catch (error) {
      // A commit that was rejected may have happened all the same; where that is not known, the next opening knows.
      const used = await this.rows.stagedFile(at, id).catch(() => file);
      if (used !== file) await this.rows.discard([file]);
      throw error;
    }
  }

  /** Answers the blocks of a blob, or of what may become one. */
  async blocks(at: BlobAddress, blob: Blob | undefined): Promise<BlobBlocks> {
    const committed = (blob && (await this.rows.parts(blob))) ?? [];
    return { committed, staged: [...this.staged.of(at).values()] };
  }

  /** Makes a blob of the blocks that `choose` picks; it may refuse by throwing. What is not picked goes. */
  async assemble(
    at: BlobAddress,
    choose: (blocks: BlobBlocks) => readonly Block[],
    details: BlobDetails & { readonly md5: string },
    check: Check = always,
  ): Promise<Blob> {
    return this.#alone(at, async () => {
      const before = await this.#before(at, check);
      const parts = choose(await this.blocks(at, before)).map(({ id, size, file }) => ({ id, size, file }));
      return this.#replace(at, before, { ...details, ...ofParts(parts) }, parts);
    });
  }

  /** Writes a blob over again elsewhere. `describe` says what the new one is, and may refuse by throwing. */
  async copy(
    from: BlobAddress,
    to: BlobAddress,
    describe: (source: Blob) => BlobDetails,
    check: Check = always,
  ): Promise<Blob | undefined> {
    for (let source = await this.head(from); source; ) {
      const { md5, size } = source;
      const details = describe(source);
      const parts = await this.rows.parts(source);
      // Where its list of blocks is gone, so is the content that has its name.
      const contents = parts ?? [source];
      const files: string[] = [];
      const whole = await this.#guarded(to, files, async () => {
        for (const part of contents) {
          const copied = await this.rows.copy(part);
          if (copied === undefined) return undefined;
          files.push(copied);
        }
        const [file = ''] = files;
        const copies = parts?.map((part, index) => ({ ...part, file: files[index] ?? '' }));
        const fresh = { ...details, ...(copies ? ofParts(copies) : { file, size }), md5 };
        return this.#alone(to, async () => this.#replace(to, await this.#before(to, check), fresh, copies));
      });
      if (whole) return whole;
      await this.rows.discard(files);
      source = await this.#headAgain(from, source);
    }
    return undefined;
  }

  /** Puts a file that the user's configuration brings, and its container; the same file again changes nothing. */
  async seed(account: string, container: string, name: string, bytes: Bytes): Promise<void> {
    await this.createContainer(account, container);
    const at = { account, container, name };
    const tally = new Tally(bytes, 'md5');
    const file = await this.rows.writeWhole(tally);
    const content = { file, size: tally.size, md5: tally.digest('base64') };
    await this.#guarded(at, [file], () =>
      this.#alone(at, async () => {
        const before = await this.#before(at, always);
        if (before?.md5 === content.md5 && before.size === content.size) await this.rows.discard([file]);
        else await this.#replace(at, before, { ...plain, ...content });
      }),
    );
  }

  #alone<T>({ account, container, name }: BlobAddress, change: () => Promise<T>): Promise<T> {
    return this.scopes.alone(scopeOf(account, container, name), change);
  }

  async #before(at: BlobAddress, check: Check): Promise<Blob | undefined> {
    const [before, container] = await Promise.all([this.head(at), this.container(at.account, at.container)]);
    check(before, container);
    return before;
  }

  /** A blob whose content was not there: overwritten or removed meanwhile, or damaged. */
  async #headAgain(at: BlobAddress, blob: Blob): Promise<Blob | undefined> {
    const again = await this.head(at);
    if (again?.file === blob.file) throw new Error(`the content of blob ${blobKey(at)} is missing`);
    return again;
  }

  async #replace(
    at: BlobAddress,
    before: Blob | undefined,
    fresh: Fresh,
    parts?: readonly Block[],
  ): Promise<Blob> {
    const now = this.now();
    const blob: Blob = {
      name: at.name,
      ...fresh,
      etag: newEtag(),
      created: before?.created ?? now,
      modified: now,
      ...afterWrite(before?.lease, now),
    };
    await this.#commit(at, before, blob, parts);
    return blob;
  }

  /** Puts a blob, or nothing, in the place of another; what was staged for it goes along. */
  async #commit(
    at: BlobAddress,
    before: Blob | undefined,
    blob: Blob | undefined,
    parts: readonly Block[] = [],
  ): Promise<void> {
    const kept = new Set(parts.map(({ file }) => file));
    const gone = [...(before ? await this.rows.files(before) : []), ...this.staged.files(at)];
    const left = gone.filter((file) => !kept.has(file));
    const rows = [
      { key: blobKey(at), value: blob && toJson(blob) },
      ...(before?.blocks === undefined ? [] : [removal(partsKey(before.file))]),
      ...(blob?.blocks === undefined ? [] : [{ key: partsKey(blob.file), value: parts as unknown as Json }]),
      ...this.staged.keys(at).map(removal),
    ];
    await this.rows.commit(rows, blob ? [blob.file] : [], left);
    this.staged.drop(at);
    await this.rows.discard(new Set(left));
  }

  /**
   * Discards new contents of a change that failed, unless the blob is made of them: a commit that was rejected may
   * have happened all the same, where the store is across a network.
   */
  async #guarded<T>(at: BlobAddress, files: readonly string[], change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } catch (error) {
      try {
        const blob = await this.head(at);
        const used = new Set(blob ? await this.rows.files(blob) : []);
        await this.rows.discard(files.filter((file) => !used.has(file)));
      } catch {
        // Whether they are used is not known now; the next opening knows.
      }
      throw error;
    }
  }
}

function ofParts(parts: readonly Block[]): Pick<Blob, 'file' | 'blocks' | 'size'> {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  return { file: randomBytes(16).toString('hex'), blocks: parts.length, size };
}
