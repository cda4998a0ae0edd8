/**
 * An estate that lives as long as the process.
 *
 * @module
 */

import type { IdKey } from '../arm/id.ts';
import type { Resource } from '../arm/resource.ts';
import { type Batch, type Space, type Store, StoreError } from '../arm/store.ts';
import type { Json } from '../lib/json.ts';
import { encode, jsonOf, resourceOf } from './codec.ts';

/** Keeps an estate in memory, under the same rules as the stores that last. */
export class MemoryStore implements Store {
  /** A Map keeps the place of a key that is written again, and puts one at the end that was deleted in between. */
  readonly #resources = new Map<IdKey, string>();
  readonly #documents = new Map<Space, Map<string, string>>();
  #open = true;

  async resources(): Promise<readonly Resource[]> {
    this.#demandOpen();
    return [...this.#resources.values()].map(resourceOf);
  }

  async documents(space: Space, prefix: string): Promise<readonly (readonly [key: string, value: Json])[]> {
    this.#demandOpen();
    return [...this.#space(space)]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, text]) => ({ key, text, bytes: Buffer.from(key) }))
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
      .map(({ key, text }) => [key, jsonOf(text)] as const);
  }

  async document(space: Space, key: string): Promise<Json | undefined> {
    this.#demandOpen();
    const text = this.#space(space).get(key);
    return text === undefined ? undefined : jsonOf(text);
  }

  async commit(...batches: readonly Batch[]): Promise<void> {
    this.#demandOpen();
    const { deletes, writes, documents } = encode(batches);
    for (const key of deletes) this.#resources.delete(key);
    for (const [key, text] of writes) this.#resources.set(key, text);
    for (const { space, key, text } of documents) {
      if (text === undefined) this.#space(space).delete(key);
      else this.#space(space).set(key, text);
    }
  }

  async close(): Promise<void> {
    this.#open = false;
    this.#resources.clear();
    this.#documents.clear();
  }

  #space(space: Space): Map<string, string> {
    let documents = this.#documents.get(space);
    if (documents === undefined) {
      documents = new Map();
      this.#documents.set(space, documents);
    }
    return documents;
  }

  #demandOpen(): void {
    if (!this.#open) throw new StoreError('unavailable', 'the store has been closed');
  }
}
