/**
 * Bytes on their way: whole where they are few, piece by piece where they are many, so that a body or a content of
 * any size passes through little memory.
 *
 * @module
 */

import { type BinaryToTextEncoding, createHash, type Hash } from 'node:crypto';

/** Bytes that come when they are asked for. They are to be read to the end, or let go of by `return`. */
export type Pieces = AsyncIterable<Uint8Array>;

/** Few bytes, or many. */
export type Bytes = Uint8Array | Pieces;

/** Bytes that are had at once are given on in steps of this size, so that others get their turn between them. */
const step = 4 * 1024 * 1024;

/** Returns bytes as pieces. */
export async function* piecesOf(bytes: Bytes): AsyncGenerator<Uint8Array, void, void> {
  if (!(bytes instanceof Uint8Array)) return yield* bytes;
  for (let at = 0; at < bytes.length; at += step) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    yield bytes.subarray(at, at + step);
  }
}

/** Puts bytes together: for what is known to be small. */
export async function whole(bytes: Bytes): Promise<Uint8Array> {
  if (bytes instanceof Uint8Array) return bytes;
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  const [only, ...more] = pieces;
  return only && more.length === 0 ? only : Buffer.concat(pieces);
}

/** Returns bytes whole where they are at most so many, and as pieces where there are more. */
export async function wholeUpTo(bytes: Bytes, most: number): Promise<Bytes> {
  if (bytes instanceof Uint8Array) return bytes;
  const rest = bytes[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  for (let size = 0; size <= most; ) {
    const next = await rest.next();
    if (next.done) return Buffer.concat(first);
    first.push(next.value);
    size += next.value.length;
  }
  return joined(first, rest);
}

async function* joined(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** Lets go of bytes that nobody is going to read. */
export async function letGo(bytes: Bytes | string | undefined): Promise<void> {
  if (bytes === undefined || typeof bytes === 'string' || bytes instanceof Uint8Array) return;
  await bytes[Symbol.asyncIterator]().return?.();
}

/** Counts and digests bytes as they pass, once. What it says holds when all of them have passed. */
export class Tally implements Pieces {
  readonly #bytes: Bytes;
  readonly #hash: Hash | undefined;
  readonly #judge: (tally: Tally) => void;
  #size = 0;

  /** A hash may have seen what comes before. `judge` sees the end, and may refuse all of it by throwing. */
  constructor(bytes: Bytes, hash?: Hash | 'md5' | 'sha256', judge: (tally: Tally) => void = () => {}) {
    this.#bytes = bytes;
    this.#hash = typeof hash === 'string' ? createHash(hash) : hash;
    this.#judge = judge;
  }

  get size(): number {
    return this.#size;
  }

  /** Empty where nothing was to be digested. */
  digest(encoding: BinaryToTextEncoding): string {
    return this.#hash?.copy().digest(encoding) ?? '';
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for await (const piece of piecesOf(this.#bytes)) {
      this.#size += piece.length;
      this.#hash?.update(piece);
      yield piece;
    }
    this.#judge(this);
  }
}
