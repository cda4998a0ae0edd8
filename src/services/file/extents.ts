/**
 * The bytes of a file as extents: what is written covers what was there, what is cleared becomes a hole.
 *
 * @module
 */

import { type Bytes, letGo, piecesOf } from '../bytes.ts';
import type { ByteRange } from '../content.ts';
import type { Extent } from './row.ts';

/** Zeros are given out in pieces of this size. */
const zeros = new Uint8Array(64 * 1024);

/** Returns the extents without a range of bytes. */
export function cut(extents: readonly Extent[], { from, to }: ByteRange): readonly Extent[] {
  return extents.flatMap((extent) => {
    const { at, size, skip } = extent;
    const last = at + size - 1;
    if (last < from || at > to) return [extent];
    const before = at < from ? [{ ...extent, size: from - at }] : [];
    const rest = last - to;
    const after = rest > 0 ? [{ ...extent, at: to + 1, size: rest, skip: skip + to + 1 - at }] : [];
    return [...before, ...after];
  });
}

/** Returns the extents with one put over what was there. */
export function cover(extents: readonly Extent[], extent: Extent): readonly Extent[] {
  const range = { from: extent.at, to: extent.at + extent.size - 1 };
  return [...cut(extents, range), extent].toSorted((a, b) => a.at - b.at);
}

/** A run of bytes: of an extent, or zeros. */
export type Run = { readonly size: number; readonly extent?: Extent };

/** Returns what a range reads, in order. */
export function runsOf(extents: readonly Extent[], { from, to }: ByteRange): readonly Run[] {
  const runs: Run[] = [];
  let next = from;
  for (const extent of extents) {
    const first = Math.max(extent.at, from);
    const last = Math.min(extent.at + extent.size - 1, to);
    if (first > last) continue;
    if (first > next) runs.push({ size: first - next });
    const size = last - first + 1;
    runs.push({ size, extent: { ...extent, at: first, size, skip: extent.skip + first - extent.at } });
    next = last + 1;
  }
  if (next <= to) runs.push({ size: to - next + 1 });
  return runs;
}

/** Returns the ranges that hold bytes, neighbours joined. */
export function rangesOf(extents: readonly Extent[]): readonly ByteRange[] {
  const ranges: ByteRange[] = [];
  for (const { at, size } of extents) {
    const last = ranges.at(-1);
    const to = at + size - 1;
    if (last && last.to + 1 === at) ranges[ranges.length - 1] = { from: last.from, to };
    else ranges.push({ from: at, to });
  }
  return ranges;
}

/** Returns so many zeros. */
export async function* hole(size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let left = size; left > 0; left -= zeros.length) yield zeros.subarray(0, Math.min(left, zeros.length));
}

/** Returns bytes one after the other. Lets go of those that nobody comes to. */
export async function* joined(all: readonly Bytes[]): AsyncGenerator<Uint8Array, void, void> {
  let at = 0;
  try {
    for (; at < all.length; at++) yield* piecesOf(all[at] ?? new Uint8Array());
  } finally {
    for (const each of all.slice(at + 1)) await letGo(each);
  }
}
