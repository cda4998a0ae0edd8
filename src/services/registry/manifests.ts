/**
 * Manifests, tags and repositories.
 *
 * @module
 */

import { whole } from '../bytes.ts';
import { RegistryError } from './error.ts';
import type { Layers } from './layers.ts';
import type { Ledger } from './ledger.ts';
import { type Descriptor, type Parsed, platformOf } from './manifest.ts';
import { parseReference } from './names.ts';
import {
  keys,
  type Manifest,
  manifestFrom,
  type Place,
  type Repository,
  type RowWrite,
  repositoryFrom,
  type Tag,
  tagFrom,
} from './rows.ts';

/** What a removal took along. */
export interface Removed {
  readonly manifests: readonly string[];
  readonly tags: readonly string[];
}

/** A configuration larger than this is not looked into. */
const largestConfig = 1024 * 1024;

/** Manifests of every registry. */
export class Manifests {
  readonly #ledger: Ledger;
  readonly #layers: Layers;
  readonly #now: () => number;

  constructor(ledger: Ledger, layers: Layers, now: () => number) {
    this.#ledger = ledger;
    this.#layers = layers;
    this.#now = now;
  }

  /** Writes a manifest, and a tag that points to it. Throws where something is missing that it names. */
  async put(at: Place, digest: string, bytes: Uint8Array, parsed: Parsed, tag?: string): Promise<Manifest> {
    await this.#requireAll(at, parsed);
    const known = await this.#details(at, parsed, bytes.length);
    return this.#ledger.withPart(
      bytes,
      (parts) =>
        this.#ledger.alone(at.registry, async () => {
          await this.#requireAll(at, parsed);
          const now = this.#now();
          const before = await this.byDigest(at, digest);
          const file = before?.file ?? parts[0]?.file ?? '';
          const own = { repository: at.repository, digest, file, size: bytes.length };
          const manifest: Manifest = before ?? { ...own, ...known, created: now };
          await this.#ledger.commit([
            { key: keys.manifest(at, digest), value: manifest },
            ...(await this.#tagged(at, digest, tag, now)),
            await this.#touched(at, now),
          ]);
          if (before) await this.#ledger.discard(parts.map((part) => part.file));
          return manifest;
        }),
      async (file) => (await this.byDigest(at, digest))?.file === file,
    );
  }

  /** Answers a manifest by tag or digest. */
  async find(at: Place, reference: string): Promise<Manifest | undefined> {
    const parsed = parseReference(reference);
    if (parsed.kind === 'digest') return this.byDigest(at, parsed.digest);
    const tag = await this.tag(at, parsed.tag);
    return tag && this.byDigest(at, tag.digest);
  }

  /** Answers the manifest with that digest. */
  async byDigest(at: Place, digest: string): Promise<Manifest | undefined> {
    return this.#ledger.row(keys.manifest(at, digest), manifestFrom);
  }

  /** Reads a manifest; nothing where it is gone since. */
  async bytes(manifest: Manifest): Promise<Uint8Array | undefined> {
    return this.#ledger.readWhole([manifest]);
  }

  /** Answers every manifest of a repository, by digest. */
  async all(at: Place): Promise<readonly Manifest[]> {
    return this.#ledger.rows(keys.manifest(at, ''), manifestFrom);
  }

  /** Answers a tag. */
  async tag(at: Place, name: string): Promise<Tag | undefined> {
    return this.#ledger.row(keys.tag(at, name), tagFrom);
  }

  /** Answers every tag of a repository, by name. */
  async tags(at: Place): Promise<readonly Tag[]> {
    return this.#ledger.rows(keys.tag(at, ''), tagFrom);
  }

  /** Answers a repository. */
  async repository({ registry, repository }: Place): Promise<Repository | undefined> {
    return this.#ledger.row(keys.repository(registry, repository), repositoryFrom);
  }

  /** Answers every repository of a registry, by name. */
  async repositories(registry: string): Promise<readonly Repository[]> {
    return this.#ledger.rows(keys.repository(registry, ''), repositoryFrom);
  }

  /** Removes a tag and leaves its manifest. Answers what it pointed to, or nothing where there is none. */
  async untag(at: Place, name: string): Promise<string | undefined> {
    return this.#ledger.alone(at.registry, async () => {
      const tag = await this.tag(at, name);
      if (!tag) return undefined;
      await this.#ledger.commit([
        { key: keys.tag(at, name), value: undefined },
        await this.#touched(at, this.#now()),
      ]);
      return tag.digest;
    });
  }

  /** Removes a manifest with its tags and with what is about it. Answers nothing where there is none. */
  async remove(at: Place, digest: string): Promise<Removed | undefined> {
    return this.#ledger.alone(at.registry, async () => {
      const all = await this.all(at);
      const gone = new Set<string>();
      let more = all.filter((each) => each.digest === digest);
      while (more.length > 0) {
        for (const each of more) gone.add(each.digest);
        more = all.filter((each) => gone.has(each.subject ?? '') && !gone.has(each.digest));
      }
      return gone.size === 0 ? undefined : this.#erase(at, all, gone);
    });
  }

  /** Removes a repository and all in it. Answers nothing where there is none. */
  async removeRepository(at: Place): Promise<Removed | undefined> {
    return this.#ledger.alone(at.registry, async () => {
      if (!(await this.repository(at))) return undefined;
      const all = await this.all(at);
      return this.#erase(at, all, new Set(all.map(({ digest }) => digest)));
    });
  }

  /** Removes manifests, their tags, and the layers that no other manifest of the repository names. */
  async #erase(at: Place, all: readonly Manifest[], gone: ReadonlySet<string>): Promise<Removed> {
    const manifests = all.filter(({ digest }) => gone.has(digest));
    const kept = all.filter(({ digest }) => !gone.has(digest));
    const tags = (await this.tags(at)).filter(({ digest }) => gone.has(digest));
    const named = new Set(kept.flatMap(({ layers }) => layers));
    const unnamed = manifests.flatMap(({ layers }) => layers).filter((digest) => !named.has(digest));
    const loosened = await this.#layers.loosen(at, unnamed);
    const repository =
      kept.length > 0
        ? await this.#touched(at, this.#now())
        : { key: keys.repository(at.registry, at.repository), value: undefined };
    await this.#ledger.commit([
      ...manifests.map(({ digest }) => ({ key: keys.manifest(at, digest), value: undefined })),
      ...tags.map(({ name }) => ({ key: keys.tag(at, name), value: undefined })),
      ...loosened.rows,
      repository,
    ]);
    await this.#ledger.discard([...manifests.map(({ file }) => file), ...loosened.files]);
    return { manifests: manifests.map(({ digest }) => digest), tags: tags.map(({ name }) => name) };
  }

  /** What a manifest refers to must be there; what it is about need not. */
  async #requireAll(at: Place, { config, layers, manifests }: Parsed): Promise<void> {
    for (const { digest, foreign } of [...(config ? [config] : []), ...layers]) {
      if (!foreign && !(await this.#layers.find(at, digest))) {
        throw new RegistryError('MANIFEST_BLOB_UNKNOWN', { detail: { digest } });
      }
    }
    for (const { digest } of manifests) {
      if (!(await this.byDigest(at, digest))) {
        throw new RegistryError('MANIFEST_BLOB_UNKNOWN', {
          message: 'manifest unknown to registry',
          detail: { digest },
        });
      }
    }
  }

  async #details(
    at: Place,
    parsed: Parsed,
    size: number,
  ): Promise<Omit<Manifest, 'repository' | 'digest' | 'file' | 'size' | 'created'>> {
    const { mediaType, artifactType, annotations, subject, config, layers, manifests } = parsed;
    const named = [...(config ? [config] : []), ...layers];
    return {
      mediaType,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(subject === undefined ? {} : { subject: subject.digest }),
      ...(config === undefined ? {} : { configMediaType: config.mediaType }),
      ...platformOf(await this.#read(at, config)),
      layers: named.map(({ digest }) => digest),
      imageSize: [...named, ...manifests].reduce((sum, each) => sum + each.size, size),
    };
  }

  async #read(at: Place, config: Descriptor | undefined): Promise<Uint8Array | undefined> {
    if (!config || !/image\.config|container\.image/.test(config.mediaType)) return undefined;
    const fetched = await this.#layers.get(async () => {
      const layer = await this.#layers.find(at, config.digest);
      return layer && layer.size <= largestConfig ? layer : undefined;
    });
    return fetched && whole(fetched.bytes);
  }

  async #tagged(at: Place, digest: string, name: string | undefined, now: number): Promise<RowWrite[]> {
    if (name === undefined) return [];
    const before = await this.tag(at, name);
    const created = before?.created ?? now;
    const value: Tag = { repository: at.repository, name, digest, created, modified: now };
    return [{ key: keys.tag(at, name), value }];
  }

  async #touched(at: Place, now: number): Promise<RowWrite> {
    const before = await this.repository(at);
    const value: Repository = { name: at.repository, created: before?.created ?? now, modified: now };
    return { key: keys.repository(at.registry, at.repository), value };
  }
}
