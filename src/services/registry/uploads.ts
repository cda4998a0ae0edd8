/**
 * Uploads: layers that arrive in one piece or several. Every piece that was answered survives a crash.
 *
 * @module
 */

import { createHash, type Hash, randomUUID } from 'node:crypto';
import { RegistryError } from './error.ts';
import type { Layers } from './layers.ts';
import type { Ledger } from './ledger.ts';
import { digestOf, hashMore } from './names.ts';
import { keys, layerFrom, type Place, type RowWrite, type Upload, uploadFrom } from './rows.ts';

/** An upload that nothing was added to for so long is given up. */
export const staleAfter = 24 * 3_600_000;

/** A piece, and where its client says that it belongs. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Where it has to begin; anywhere without. */
  readonly from?: number;
}

/** Uploads of every registry. */
export class Uploads {
  readonly #ledger: Ledger;
  readonly #layers: Layers;
  readonly #now: () => number;
  /** What is hashed already, so that no byte is read again. A restart forgets it. */
  readonly #hashed = new Map<string, { readonly hash: Hash; readonly size: number }>();

  constructor(ledger: Ledger, layers: Layers, now: () => number) {
    this.#ledger = ledger;
    this.#layers = layers;
    this.#now = now;
  }

  /** Begins an upload, and gives up the stale ones of the registry. */
  async begin(at: Place): Promise<Upload> {
    const now = this.#now();
    const id = randomUUID();
    const upload: Upload = {
      id,
      repository: at.repository,
      size: 0,
      parts: [],
      started: now,
      modified: now,
    };
    return this.#ledger.alone(at.registry, async () => {
      const others = await this.#ledger.rows(keys.upload(at.registry, ''), uploadFrom);
      const stale = others.filter(({ modified }) => modified < now - staleAfter);
      await this.#ledger.commit([
        { key: keys.upload(at.registry, id), value: upload },
        ...stale.map((each): RowWrite => ({ key: keys.upload(at.registry, each.id), value: undefined })),
      ]);
      await this.#forget(stale);
      return upload;
    });
  }

  /** Answers an upload of the repository. */
  async find(at: Place, id: string): Promise<Upload | undefined> {
    const upload = await this.#ledger.row(keys.upload(at.registry, id), uploadFrom);
    return upload?.repository === at.repository ? upload : undefined;
  }

  /** Adds a piece. */
  async append(at: Place, id: string, { bytes, from }: Piece): Promise<Upload> {
    await this.#expect(at, id, from);
    return this.#ledger.withPart(
      bytes,
      (parts) =>
        this.#ledger.alone(at.registry, async () => {
          const before = await this.#expect(at, id, from);
          if (parts.length === 0) return before;
          const size = before.size + bytes.length;
          const after = { ...before, size, parts: [...before.parts, ...parts], modified: this.#now() };
          await this.#ledger.commit([{ key: keys.upload(at.registry, id), value: after }]);
          await this.#note(before, bytes);
          return after;
        }),
      (file) => this.#isUsed(at, id, file),
    );
  }

  /** Makes a layer of an upload and the last piece. A wrong digest ends the upload. */
  async finish(at: Place, id: string, { bytes, from }: Piece, digest: string): Promise<void> {
    await this.#expect(at, id, from);
    const rejected = await this.#ledger.withPart(
      bytes,
      (parts) =>
        this.#ledger.alone(at.registry, async () => {
          const upload = await this.#expect(at, id, from);
          const whole = [...upload.parts, ...parts];
          const ended = { key: keys.upload(at.registry, id), value: undefined };
          const right = digestOf(await this.#hash(upload, bytes)) === digest;
          const { rows, files } = right
            ? await this.#layers.prepare(at, digest, whole, this.#now())
            : { rows: [], files: whole.map(({ file }) => file) };
          await this.#ledger.commit([ended, ...rows]);
          this.#hashed.delete(id);
          await this.#ledger.discard(files);
          return !right;
        }),
      (file) => this.#isUsed(at, digest, file),
    );
    if (rejected) throw new RegistryError('DIGEST_INVALID');
  }

  /** Makes a layer of bytes that came whole. */
  async whole(at: Place, bytes: Uint8Array, digest: string): Promise<void> {
    const hash = createHash('sha256');
    await hashMore(hash, bytes);
    if (digestOf(hash) !== digest) throw new RegistryError('DIGEST_INVALID');
    await this.#ledger.withPart(
      bytes,
      (parts) =>
        this.#ledger.alone(at.registry, async () => {
          const { rows, files } = await this.#layers.prepare(at, digest, parts, this.#now());
          await this.#ledger.commit(rows);
          await this.#ledger.discard(files);
        }),
      (file) => this.#isUsed(at, digest, file),
    );
  }

  /** Gives an upload up. */
  async cancel(at: Place, id: string): Promise<void> {
    await this.#ledger.alone(at.registry, async () => {
      const upload = await this.#expect(at, id, undefined);
      await this.#ledger.commit([{ key: keys.upload(at.registry, id), value: undefined }]);
      await this.#forget([upload]);
    });
  }

  async #expect(at: Place, id: string, from: number | undefined): Promise<Upload> {
    const upload = await this.find(at, id);
    if (!upload) throw new RegistryError('BLOB_UPLOAD_UNKNOWN');
    if (from === undefined || from === upload.size) return upload;
    throw new RegistryError('RANGE_INVALID', {
      detail: `The upload has ${upload.size} bytes; the next piece begins there.`,
      headers: { range: rangeOf(upload) },
    });
  }

  async #forget(uploads: readonly Upload[]): Promise<void> {
    for (const { id, parts } of uploads) {
      this.#hashed.delete(id);
      await this.#ledger.discard(parts.map(({ file }) => file));
    }
  }

  async #note(before: Upload, bytes: Uint8Array): Promise<void> {
    const known = this.#hashed.get(before.id) ?? { hash: createHash('sha256'), size: 0 };
    if (known.size !== before.size) return;
    await hashMore(known.hash, bytes);
    this.#hashed.set(before.id, { hash: known.hash, size: before.size + bytes.length });
  }

  async #hash(upload: Upload, last: Uint8Array): Promise<Hash> {
    const known = this.#hashed.get(upload.id);
    const hash = known?.size === upload.size ? known.hash.copy() : createHash('sha256');
    if (known?.size !== upload.size) {
      for (const part of upload.parts) {
        const bytes = await this.#ledger.read([part], undefined);
        if (!bytes) throw new Error(`the content of upload ${upload.id} is missing`);
        await hashMore(hash, bytes);
      }
    }
    await hashMore(hash, last);
    return hash;
  }

  /** Reports whether a layer or upload names the content. */
  async #isUsed(at: Place, name: string, file: string): Promise<boolean> {
    const layer = await this.#ledger.row(keys.layer(at.registry, name), layerFrom);
    const upload = await this.#ledger.row(keys.upload(at.registry, name), uploadFrom);
    return [...(layer?.parts ?? []), ...(upload?.parts ?? [])].some((part) => part.file === file);
  }
}

/** What has arrived, as clients are told. */
export function rangeOf({ size }: Upload): string {
  return `0-${Math.max(size - 1, 0)}`;
}
