/**
 * Ranges of bytes: of a layer that is read, and of a piece that arrives.
 *
 * @module
 */

import type { ByteRange } from '../content.ts';
import { RegistryError } from './error.ts';

/** Returns the range that is asked for, or nothing where all is. Several at once are answered with all. */
export function rangeOf(header: string | undefined, size: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const from = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const to = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < from) return undefined;
  if (from > to) {
    throw new RegistryError('RANGE_INVALID', {
      message: 'the requested range is not satisfiable',
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  return { from, to };
}

/** Returns where a piece has to be, or nothing where its client does not say. */
export function placeOf(header: string | undefined): ByteRange | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header.trim()) ?? [];
  if (first === undefined) {
    throw new RegistryError('RANGE_INVALID', { detail: `Content-Range is ${header}: write <first>-<last>.` });
  }
  return { from: Number(first), to: Number(last) };
}
