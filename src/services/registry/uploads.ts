/**
 * Uploads: layers that arrive in one piece or several. Every piece that was answered survives a crash.
 *
 * @module
 */

import { createHash, type Hash, randomUUID } from 'node:crypto';
import { type Bytes, piecesOf, Tally } from '../bytes.ts';
import type { ByteRange, Part } from '../content.ts';
import { RegistryError } from './error.ts';
import type { Layers } from './layers.ts';
import type { Ledger } from './ledger.ts';
import { digestOf } from './names.ts';
import { keys, layerFrom, type Place, type RowWrite, type Upload, uploadFrom } from './rows.ts';

/** An upload that nothing was added to for so long is given up. */
export const staleAfter = 24 * 3_600_000;

/** A piece, and where its client says that it belongs: anywhere without. */
export interface Piece {
  readonly bytes: Bytes;
  readonly place?: ByteRange;
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
  async append(at: Place, id: string, piece: Piece): Promise<Upload> {
    const begun = await this.#expect(at, id, piece.place?.from);
    const hash = this.#hashOf(begun);
    return this.#ledger.withPart(
      tallied(piece, hash),
      (parts) =>
        this.#ledger.alone(at.registry, async () => {
          const before = await this.#expect(at, id, begun.size);
          if (parts.length === 0) return before;
          const size = before.size + sizeOf(parts);
          const after = { ...before, size, parts: [...before.parts, ...parts], modified: this.#now() };
          await this.#ledger.commit([{ key: keys.upload(at.registry, id), value: after }]);
          if (hash) this.#hashed.set(id, { hash, size });
          return after;
        }),
      (file) => this.#isUsed(at, id, file),
    );
  }

  /** Makes a layer of an upload and the last piece. A wrong digest ends the upload. */
  async finish(at: Place, id: string, piece: Piece, digest: string): Promise<void> {
    const begun = await this.#expect(at, id, piece.place?.from);
    const hash = this.#hashOf(begun) ?? (await this.#hashAgain(begun));
    const rejected = await this.#ledger.withPart(
      tallied(piece, hash),
      (parts) =>
        this.#ledger.alone(at.registry, async () => {
          const upload = await this.#expect(at, id, begun.size);
          const all = [...upload.parts, ...parts];
          const ended = { key: keys.upload(at.registry, id), value: undefined };
          const right = digestOf(hash) === digest;
          const { rows, files } = right
            ? await this.#layers.prepare(at, digest, all, this.#now())
            : { rows: [], files: all.map(({ file }) => file) };
          await this.#ledger.commit([ended, ...rows]);
          this.#hashed.delete(id);
          await this.#ledger.discard(files);
          return !right;
        }),
      (file) => this.#isUsed(at, digest, file),
    );
    if (rejected) throw new RegistryError('DIGEST_INVALID');
  }

  /** Makes a layer of bytes that come whole. */
  async whole(at: Place, bytes: Bytes, digest: string): Promise<void> {
    const tally = new Tally(bytes, 'sha256', (all) => {
      if (`sha256:${all.digest('hex')}` !== digest) throw new RegistryError('DIGEST_INVALID');
    });
    await this.#ledger.withPart(
      tally,
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

  /** A hash that has seen what has arrived; nothing where a restart forgot it. */
  #hashOf({ id, size }: Upload): Hash | undefined {
    if (size === 0) return createHash('sha256');
    const known = this.#hashed.get(id);
    return known?.size === size ? known.hash.copy() : undefined;
  }

  async #hashAgain({ id, parts }: Upload): Promise<Hash> {
    const bytes = await this.#ledger.read(parts, undefined);
    if (!bytes) throw new Error(`the content of upload ${id} is missing`);
    const hash = createHash('sha256');
    for await (const piece of piecesOf(bytes)) hash.update(piece);
    return hash;
  }

  /** Reports whether a layer or upload names the content. */
  async #isUsed(at: Place, name: string, file: string): Promise<boolean> {
    const layer = await this.#ledger.row(keys.layer(at.registry, name), layerFrom);
    const upload = await this.#ledger.row(keys.upload(at.registry, name), uploadFrom);
    return [...(layer?.parts ?? []), ...(upload?.parts ?? [])].some((part) => part.file === file);
  }
}

/** A piece that is hashed as it passes, and is as long as its place. */
function tallied({ bytes, place }: Piece, hash: Hash | undefined): Bytes {
  if (bytes instanceof Uint8Array && bytes.length === 0 && !place) return bytes;
  return new Tally(bytes, hash, ({ size }) => {
    if (!place || size === place.to - place.from + 1) return;
    throw new RegistryError('RANGE_INVALID', {
      detail: `Content-Range is ${place.from}-${place.to}, but ${size} bytes arrived.`,
    });
  });
}

function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

/** What has arrived, as clients are told. */
export function rangeOf({ size }: Upload): string {
  return `0-${Math.max(size - 1, 0)}`;
}
