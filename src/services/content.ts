/**
 * Where the bytes of a service are: the port, and contents in memory.
 *
 * @module
 */

import { type Bytes, whole } from './bytes.ts';

/** Bytes from the first to the last one, both included. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** A content, or one of those that make up a larger one. */
export interface Part {
  /** Name of the content. */
  readonly file: string;
  readonly size: number;
}

/** Some bytes of a content. */
export interface Span extends ByteRange {
  readonly file: string;
}

/** Keeps contents by names that it gives out. */
export interface Content {
  /** Resolves with the name when the bytes survive a crash of process and machine. Whatever fails leaves nothing. */
  write(bytes: Bytes): Promise<string>;
  /**
   * Answers the bytes of spans, one after the other, or nothing where a content is not there. What is removed while
   * somebody reads it is there to the end.
   */
  read(spans: readonly Span[]): Promise<Bytes | undefined>;
  /** Is satisfied where there is nothing to remove. */
  remove(file: string): Promise<void>;
  /** Every content, whole or left half-written. */
  files(): Promise<readonly string[]>;
}

/** Returns which bytes of which parts make up a range of them all, or all of it. */
export function spansOf(parts: readonly Part[], range: ByteRange | undefined): readonly Span[] {
  const { from, to } = range ?? { from: 0, to: Number.POSITIVE_INFINITY };
  let start = 0;
  return parts.flatMap(({ file, size }) => {
    const span = { file, from: Math.max(from - start, 0), to: Math.min(to - start, size - 1) };
    start += size;
    return span.from > span.to ? [] : [span];
  });
}

/** How much is read, or written, at a time; no more than this is answered whole. */
export const pieceSize = 256 * 1024;

/** Returns how many bytes spans are. */
export function sizeOf(spans: readonly Span[]): number {
  return spans.reduce((size, { from, to }) => size + to - from + 1, 0);
}

/** Contents that end with the process. */
export class MemoryContent implements Content {
  readonly #contents = new Map<string, Uint8Array>();
  #written = 0;

  async write(bytes: Bytes): Promise<string> {
    const all = await whole(bytes);
    this.#written += 1;
    const file = String(this.#written);
    this.#contents.set(file, all === bytes ? all.slice() : all);
    return file;
  }

  async read(spans: readonly Span[]): Promise<Bytes | undefined> {
    const pieces = spans.map(({ file, from, to }) => this.#contents.get(file)?.subarray(from, to + 1));
    const there = pieces.filter((piece) => piece !== undefined);
    if (there.length < pieces.length) return undefined;
    const [only = new Uint8Array()] = there;
    if (there.length <= 1) return only;
    return sizeOf(spans) > pieceSize ? oneByOne(there) : Buffer.concat(there);
  }

  async remove(file: string): Promise<void> {
    this.#contents.delete(file);
  }

  async files(): Promise<readonly string[]> {
    return [...this.#contents.keys()];
  }
}

async function* oneByOne(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, void> {
  yield* pieces;
}
