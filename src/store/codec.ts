/**
 * How a batch is written down: all stores keep the same JSON text, so that what one of them refuses or changes the
 * others do too, and nothing that a caller still holds is shared.
 *
 * @module
 */

import { type IdKey, keyOf } from '../arm/id.ts';
import type { Resource } from '../arm/resource.ts';
import { type Batch, type Space, StoreError } from '../arm/store.ts';
import type { Json } from '../lib/json.ts';

/** A document as text; without a text it is to be deleted. */
export interface EncodedDocument {
  readonly space: Space;
  readonly key: string;
  readonly text: string | undefined;
}

/**
 * What a sequence of batches comes to; it can no longer fail for what it contains. Deletes come before writes, as an
 * Estate applies them, and no key is written twice.
 */
export interface Encoded {
  readonly deletes: ReadonlySet<IdKey>;
  /** By key, in the order of first writing. */
  readonly writes: ReadonlyMap<IdKey, string>;
  readonly documents: readonly EncodedDocument[];
}

/** Turns batches into the text of what they come to. Throws a StoreError that names what is not JSON. */
export function encode(batches: readonly Batch[]): Encoded {
  return merge(
    batches.map(({ change, documents }) => ({
      deletes: new Set(change.deletes.map((id) => keyOf(wellFormed(id)))),
      writes: new Map(change.writes.map((it) => [keyOf(wellFormed(it.id)), textOf(it, it.id)])),
      documents: documents.map(({ space, key, value }) => ({
        space,
        key: wellFormed(key),
        text: value === undefined ? undefined : textOf(value, `${space} '${key}'`),
      })),
    })),
  );
}

/** Makes one of several that follow each other. */
export function merge(all: readonly Encoded[]): Encoded {
  const deletes = new Set<IdKey>();
  const writes = new Map<IdKey, string>();
  const documents = new Map<string, EncodedDocument>();
  for (const one of all) {
    for (const key of one.deletes) {
      deletes.add(key);
      writes.delete(key);
    }
    for (const [key, text] of one.writes) writes.set(key, text);
    for (const document of one.documents) documents.set(`${document.space} ${document.key}`, document);
  }
  return { deletes, writes, documents: [...documents.values()] };
}

/** Reads a resource that `encode` wrote. */
export function resourceOf(text: string): Resource {
  return JSON.parse(text) as Resource;
}

/** Reads a document that `encode` wrote. */
export function jsonOf(text: string): Json {
  return JSON.parse(text) as Json;
}

function textOf(value: unknown, what: string): string {
  try {
    return JSON.stringify(checked(value));
  } catch (error) {
    throw new StoreError(
      'unstorable',
      `${what} cannot be stored: ${error instanceof Error ? error.message : error}`,
      error,
    );
  }
}

/** Refuses what JSON.stringify would silently turn into something else; members may be undefined, that is absent. */
function checked<T>(value: T): T {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} is not a JSON value`);
  } else if (Array.isArray(value)) {
    // By index, because forEach would pass over holes.
    for (let at = 0; at < value.length; at++) checked(value[at]);
  } else if (typeof value === 'object') {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw new TypeError(`a ${value.constructor.name} is not a JSON value`);
    }
    for (const key in value) if (value[key] !== undefined) checked(value[key]);
  } else {
    throw new TypeError(`${typeof value} is not a JSON value`);
  }
  return value;
}

/** Half a surrogate pair has no UTF-8: two such keys would become one. */
function wellFormed<T extends string>(key: T): T {
  if (!/\p{Surrogate}/u.test(key)) return key;
  throw new StoreError('unstorable', `the key ${JSON.stringify(key)} is not well-formed Unicode`);
}
