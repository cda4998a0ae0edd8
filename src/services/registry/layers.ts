/**
 * Layers: what manifests name, by digest. Each is kept once a registry, and read through the repositories that have
 * it.
 *
 * @module
 */

import type { Bytes } from '../bytes.ts';
import type { ByteRange, Part } from '../content.ts';
import type { Ledger } from './ledger.ts';
import { keys, type Layer, layerFrom, type Place, type RowWrite } from './rows.ts';

/** A layer with its bytes, or those of the range that was asked for. They are to be read or let go of. */
export interface Fetched {
  readonly layer: Layer;
  readonly range: ByteRange | undefined;
  readonly bytes: Bytes;
}

/** What a change of layers comes to: rows to be committed, and contents that are of no use then. */
export interface Loosened {
  readonly rows: readonly RowWrite[];
  readonly files: readonly string[];
}

/** Layers of every registry. */
export class Layers {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Answers a layer that the repository has. */
  async find(at: Place, digest: string): Promise<Layer | undefined> {
    const layer = await this.any(at.registry, digest);
    return layer?.repositories.includes(at.repository) ? layer : undefined;
  }

  /** Answers a layer, whichever repository has it: for those whose right was checked in another way. */
  async any(registry: string, digest: string): Promise<Layer | undefined> {
    return this.#ledger.row(keys.layer(registry, digest), layerFrom);
  }

  /** Answers a layer with its bytes: all, or the range that `choose` makes of it. `choose` may refuse by throwing. */
  async get(
    find: () => Promise<Layer | undefined>,
    choose: (layer: Layer) => ByteRange | undefined = () => undefined,
  ): Promise<Fetched | undefined> {
    const layer = await find();
    if (!layer) return undefined;
    const range = choose(layer);
    const bytes = await this.#ledger.read(layer.parts, range);
    if (bytes) return { layer, range, bytes };
    // Removed between row and content: the row says so now.
    const again = await find();
    if (again && again.parts[0]?.file === layer.parts[0]?.file) {
      throw new Error(`the content of layer ${layer.digest} is missing`);
    }
    return this.get(find, choose);
  }

  /** Makes a layer of another repository one of this, too. Answers it, or nothing where the other has none. */
  async mount(at: Place, from: string, digest: string): Promise<Layer | undefined> {
    return this.#ledger.alone(at.registry, async () => {
      const layer = await this.find({ ...at, repository: from }, digest);
      if (!layer || layer.repositories.includes(at.repository)) return layer;
      const linked = { ...layer, repositories: [...layer.repositories, at.repository] };
      await this.#ledger.commit([{ key: keys.layer(at.registry, digest), value: linked }]);
      return linked;
    });
  }

  /** Takes a layer out of a repository. Answers whether it was there. */
  async remove(at: Place, digest: string): Promise<boolean> {
    return this.#ledger.alone(at.registry, async () => {
      if (!(await this.find(at, digest))) return false;
      const { rows, files } = await this.loosen(at, [digest]);
      await this.#ledger.commit(rows);
      await this.#ledger.discard(files);
      return true;
    });
  }

  /** Prepares a layer of parts that have arrived; parts of one that is there already are of no use. */
  async prepare(at: Place, digest: string, parts: readonly Part[], now: number): Promise<Loosened> {
    const key = keys.layer(at.registry, digest);
    const before = await this.any(at.registry, digest);
    if (before) {
      const repositories = [...new Set([...before.repositories, at.repository])];
      return { rows: [{ key, value: { ...before, repositories } }], files: parts.map(({ file }) => file) };
    }
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    const value: Layer = { digest, size, parts, repositories: [at.repository], created: now };
    return { rows: [{ key, value }], files: [] };
  }

  /** Prepares to take layers out of a repository; those that no other has are removed. */
  async loosen(at: Place, digests: Iterable<string>): Promise<Loosened> {
    const rows: RowWrite[] = [];
    const files: string[] = [];
    for (const digest of new Set(digests)) {
      const layer = await this.find(at, digest);
      if (!layer) continue;
      const repositories = layer.repositories.filter((name) => name !== at.repository);
      const gone = repositories.length === 0;
      rows.push({
        key: keys.layer(at.registry, digest),
        value: gone ? undefined : { ...layer, repositories },
      });
      if (gone) files.push(...layer.parts.map(({ file }) => file));
    }
    return { rows, files };
  }
}
