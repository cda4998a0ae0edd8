/**
 * A query string as signatures see it: percent signs are decoded, a plus stays one.
 *
 * @module
 */

import { StorageError } from './error.ts';

/** Returns the parameters of a target, in their order; names are in lower case. */
export function parametersOf(target: string): readonly (readonly [name: string, value: string])[] {
  const mark = target.indexOf('?');
  if (mark < 0) return [];
  const pieces = target.slice(mark + 1).split('&');
  return pieces.flatMap((piece) => {
    if (piece === '') return [];
    const equals = piece.indexOf('=');
    const [name, value] = equals < 0 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)];
    return [[decoded(name).toLowerCase(), decoded(value)] as const];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new StorageError('InvalidUri', { says: 'Its query is not percent-encoded UTF-8.' });
  }
}
