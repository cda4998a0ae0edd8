/**
 * Names in Azure are compared without case; a key is such a name in lower case.
 *
 * @module
 */

import type { Brand } from './brand.ts';

/** A resource id in lower case: what maps are keyed by. */
export type IdKey = Brand<string, 'IdKey'>;

const keys = new Map<string, IdKey>();

/** Returns the key of an id. Remembered, because the same few thousand ids are asked for all the time. */
export function keyOf(id: string): IdKey {
  let key = keys.get(id);
  if (key === undefined) {
    if (keys.size > 200_000) keys.clear();
    key = id.toLowerCase() as IdKey;
    keys.set(id, key);
  }
  return key;
}

/** Returns the last segment of an id: the resource's own name. */
export function nameOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
