/**
 * The range of bytes that a read asks for.
 *
 * @module
 */

import type { ByteRange } from '../content.ts';
import { invalidHeader, StorageError } from './error.ts';

/**
 * Returns the range that is asked for, or nothing where all is. Storage knows `bytes=a-b` and `bytes=a-`; its own
 * header goes before `Range`.
 */
export function rangeOf(
  headers: Readonly<Record<string, string | undefined>>,
  size: number,
): ByteRange | undefined {
  const name = headers['x-ms-range'] === undefined ? 'range' : 'x-ms-range';
  const text = headers[name];
  if (text === undefined) return undefined;
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})?$/.exec(text) ?? [];
  const from = Number(first);
  const to = last === undefined ? size - 1 : Math.min(Number(last), size - 1);
  if (first === undefined || (last !== undefined && Number(last) < from)) {
    throw invalidHeader(name, text, 'A range is written bytes=first-last or bytes=first-.');
  }
  if (from >= size) {
    throw new StorageError('InvalidRange', { headers: { 'content-range': `bytes */${size}` } });
  }
  return { from, to };
}
