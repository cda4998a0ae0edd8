/**
 * The images of every registry of an estate.
 *
 * @module
 */

import type { Store } from '../../arm/store.ts';
import { MemoryContent } from '../content.ts';
import { FolderContent } from '../folder-content.ts';
import { Layers } from './layers.ts';
import { Ledger } from './ledger.ts';
import { Manifests } from './manifests.ts';
import { filesOf, keys, type RowWrite, uploadFrom } from './rows.ts';
import { staleAfter, Uploads } from './uploads.ts';

/** Keeps images. */
export class Images {
  readonly layers: Layers;
  readonly uploads: Uploads;
  readonly manifests: Manifests;
  readonly #ledger: Ledger;
  readonly #now: () => number;

  /** Without a folder, contents are in memory. `now` is milliseconds since 1970. */
  constructor(store: Store, folder: string | undefined, now: () => number = Date.now) {
    this.#ledger = new Ledger(store, folder === undefined ? new MemoryContent() : new FolderContent(folder));
    this.#now = now;
    this.layers = new Layers(this.#ledger);
    this.uploads = new Uploads(this.#ledger, this.layers, now);
    this.manifests = new Manifests(this.#ledger, this.layers, now);
  }

  /** Removes what a crash left behind, and stale uploads. To be awaited before anything else is asked. */
  async open(): Promise<void> {
    const oldest = this.#now() - staleAfter;
    const used = new Set<string>();
    const stale: RowWrite[] = [];
    for (const [key, value] of await this.#ledger.raw('')) {
      const isUpload = key.split('/')[1] === 'upload';
      if (isUpload && uploadFrom(key, value).modified < oldest) stale.push({ key, value: undefined });
      else for (const file of filesOf(key, value)) used.add(file);
    }
    if (stale.length > 0) await this.#ledger.commit(stale);
    await this.#ledger.discard((await this.#ledger.content.files()).filter((file) => !used.has(file)));
  }

  /** Removes all of a registry, for when the registry itself is deleted. */
  async clear(registryName: string): Promise<void> {
    const registry = registryName.toLowerCase();
    await this.#ledger.alone(registry, async () => {
      const rows = await this.#ledger.raw(keys.all(registry));
      await this.#ledger.commit(rows.map(([key]) => ({ key, value: undefined })));
      await this.#ledger.discard(rows.flatMap(([key, value]) => filesOf(key, value)));
    });
  }
}
