/**
 * The points at which a process kills itself, for the test of what survives. They are hooked around the store and
 * the contents where these are put together: nothing that runs in earnest knows of them.
 *
 * @module
 */

import type { Batch, Store } from '../arm/store.ts';
import { type Bytes, piecesOf } from '../services/bytes.ts';
import { FolderContent } from '../services/folder-content.ts';

/** What is being done. */
export const kinds = [
  'arm',
  'deployment',
  'operation',
  'blob',
  'block',
  'block list',
  'layer',
  'vault',
] as const;
export type Kind = (typeof kinds)[number];

/** What is answered to somebody: all but the operations that stand behind a deployment. */
export const answered = ['arm', 'deployment', 'blob', 'block', 'block list', 'layer', 'vault'] as const;

/** Every point, by name. */
export const points: readonly string[] = [
  ...kinds.flatMap((kind) => [`${kind}: before commit`, `${kind}: during commit`, `${kind}: after commit`]),
  'blobs: in a content',
  'blobs: between content and row',
  'images: in a content',
  'images: between content and row',
  ...answered.map((kind) => `${kind}: before the answer`),
  'after an answer',
];

/** Kills this process the n-th time that it comes by a point. */
export class Killer {
  readonly #point: string;
  #left: number;

  constructor(point: string, times: number) {
    this.#point = point;
    this.#left = times;
  }

  at(point: string): void {
    if (this.wants(point)) process.kill(process.pid, 'SIGKILL');
  }

  /** Counts, and reports whether this is the time. */
  wants(point: string): boolean {
    if (point !== this.#point) return false;
    this.#left -= 1;
    return this.#left === 0;
  }
}

/** Hooks a store. */
export function watchStore(store: Store, killer: Killer): Store {
  return {
    resources: () => store.resources(),
    documents: (space, prefix) => store.documents(space, prefix),
    document: (space, key) => store.document(space, key),
    close: () => store.close(),
    commit: async (...batches) => {
      const found = new Set(batches.flatMap(kindsOf));
      for (const kind of found) killer.at(`${kind}: before commit`);
      const during = [...found].some((kind) => killer.wants(`${kind}: during commit`));
      const committing = store.commit(...batches);
      if (during) killSoon();
      await committing;
      for (const kind of found) killer.at(`${kind}: after commit`);
    },
  };
}

/** Somewhere in what the disk and the threads do now: from at once to a millisecond. */
function killSoon(): void {
  const turns = Math.floor(Math.random() * 6);
  const next = (left: number): void => {
    if (left === 0) process.kill(process.pid, 'SIGKILL');
    else setImmediate(() => next(left - 1));
  };
  setImmediate(() => next(turns));
}

function kindsOf({ change, documents }: Batch): readonly Kind[] {
  return [
    ...change.writes.map(({ type }): Kind => (/\/deployments\b/i.test(type) ? 'deployment' : 'arm')),
    ...documents.flatMap(({ space, key }): readonly Kind[] => {
      if (space === 'operation') return ['operation'];
      if (space === 'vault') return ['vault'];
      if (space === 'image') return ['layer'];
      if (space !== 'blob') return [];
      return key.startsWith('/block/') ? ['block'] : key.startsWith('/parts/') ? ['block list'] : ['blob'];
    }),
  ];
}

/** Hooks every folder of contents. */
export function watchContents(killer: Killer): void {
  const write = FolderContent.prototype.write;
  FolderContent.prototype.write = async function (this: FolderContent, bytes: Bytes): Promise<string> {
    const where = contentFolders.get(this) ?? 'blobs';
    const file = await write.call(
      this,
      cutOff(bytes, () => killer.at(`${where}: in a content`)),
    );
    killer.at(`${where}: between content and row`);
    return file;
  };
  const files = FolderContent.prototype.files;
  FolderContent.prototype.files = async function (this: FolderContent): Promise<readonly string[]> {
    // Blobs are opened before images.
    if (!contentFolders.has(this)) contentFolders.set(this, seen++ === 0 ? 'blobs' : 'images');
    return files.call(this);
  };
}

const contentFolders = new WeakMap<FolderContent, 'blobs' | 'images'>();
let seen = 0;

/** Bytes in two pieces, with something between them. */
async function* cutOff(bytes: Bytes, between: () => void): AsyncGenerator<Uint8Array, void, void> {
  for await (const piece of piecesOf(bytes)) {
    const half = piece.length >> 1;
    yield piece.subarray(0, half);
    between();
    yield piece.subarray(half);
  }
}
