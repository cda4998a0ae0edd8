/**
 * Keeps the secrets and keys of every vault of an estate. A change is one commit, durable before it is answered.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import type { DocumentWrite, Store } from '../../arm/store.ts';
import { deletedConflict, deletedNotFound, notFound } from './error.ts';
import {
  addressOf,
  type Draft,
  type Head,
  headFrom,
  headKey,
  headsPrefix,
  type ItemAddress,
  type ItemKind,
  toJson,
  type Version,
  versionFrom,
  versionKey,
  versionsPrefix,
} from './row.ts';

/** An item with one of its versions. */
export interface Found {
  readonly head: Head;
  readonly version: Version;
}

type Row = Omit<DocumentWrite, 'space'>;

const daySeconds = 86_400;

/** Secrets and keys of all vaults. Refuses by throwing a VaultError. */
export class Vaults {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #random: (bytes: number) => Uint8Array;
  /** The last change of each vault: the next one begins after it. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** `now` is milliseconds since 1970; `random` makes the ids of versions and the salt of signatures. */
  constructor(
    store: Store,
    now: () => number = Date.now,
    random: (bytes: number) => Uint8Array = randomBytes,
  ) {
    this.#store = store;
    this.#now = now;
    this.#random = random;
  }

  /** Removes for good what was deleted longer ago than it is retained. To be awaited before anything else. */
  async open(): Promise<void> {
    for (const [key, row] of await this.#store.documents('vault', headsPrefix())) {
      if (this.#isOver(headFrom(row))) await this.#commit(await this.#erasing(addressOf(key)));
    }
  }

  /** Removes all of a vault, for when the vault itself is purged. */
  async clear(vault: string): Promise<void> {
    await this.#alone(vault, async () => {
      const heads = await this.#store.documents('vault', headsPrefix(vault));
      const versions = await this.#store.documents('vault', versionsPrefix(vault));
      await this.#commit([...heads, ...versions].map(([key]) => ({ key, value: undefined })));
    });
  }

  /** Returns the seconds since 1970, as attributes have them. */
  seconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  /** Returns random bytes. */
  random(bytes: number): Uint8Array {
    return this.#random(bytes);
  }

  /** Returns an item with a version, the current one unless told. */
  async get(at: ItemAddress, id = ''): Promise<Found> {
    const head = await this.#head(at);
    const version = head && !head.deleted ? await this.#version(at, id || head.current) : undefined;
    if (!head || !version) throw notFound(at, id);
    return { head, version };
  }

  /** Returns all versions of an item, the oldest first. */
  async versions(at: ItemAddress): Promise<readonly Version[]> {
    const head = await this.#head(at);
    if (!head || head.deleted) return [];
    const rows = await this.#store.documents('vault', versionsPrefix(at.vault, at));
    return rows.map(([, row]) => versionFrom(row)).sort((a, b) => a.number - b.number);
  }

  /** Returns the items of a kind by name: those that live, or those that are deleted. */
  async heads(vault: string, kind: ItemKind, deleted: boolean): Promise<readonly Head[]> {
    const rows = await this.#store.documents('vault', headsPrefix(vault, kind));
    return rows
      .map(([, row]) => headFrom(row))
      .filter((head) => !this.#isOver(head) && (head.deleted !== undefined) === deleted);
  }

  /** Returns a deleted item with its current version. */
  async getDeleted(at: ItemAddress): Promise<Found> {
    const head = await this.#head(at);
    const version = head?.deleted ? await this.#version(at, head.current) : undefined;
    if (!head || !version) throw deletedNotFound(at);
    return { head, version };
  }

  /** Refuses a name that something deleted still has. */
  async demandFree(at: ItemAddress): Promise<void> {
    if ((await this.#head(at))?.deleted) throw deletedConflict(at);
  }

  /** Makes a version, which becomes the current one. */
  async add(at: ItemAddress, draft: Draft): Promise<Found> {
    return this.#alone(at.vault, async () => {
      await this.demandFree(at);
      const before = await this.#head(at);
      // What a name had before it was deleted for good must not come back as its versions.
      const over = before ? [] : await this.#erasing(at);
      const id = Buffer.from(this.#random(16)).toString('hex');
      const number = (before?.versions ?? 0) + 1;
      const version: Version = { ...draft, id, number };
      const head: Head = { name: before?.name ?? at.name, current: id, versions: number, deleted: undefined };
      await this.#commit([...over, headRow(at, head), versionRow(at, version)]);
      return { head, version };
    });
  }

  /** Changes a version, the current one unless told. `change` may refuse by throwing. */
  async update(at: ItemAddress, id: string, change: (version: Version) => Draft): Promise<Found> {
    return this.#alone(at.vault, async () => {
      const { head, version: before } = await this.get(at, id);
      const version: Version = { ...change(before), id: before.id, number: before.number };
      await this.#commit([versionRow(at, version)]);
      return { head, version };
    });
  }

  /** Deletes an item. It can be had back for so many days; with none it is gone for good. */
  async remove(at: ItemAddress, days: number): Promise<Found> {
    return this.#alone(at.vault, async () => {
      const { head: before, version } = await this.get(at);
      if (days === 0) {
        await this.#commit(await this.#erasing(at));
        return { head: before, version };
      }
      const now = this.seconds();
      const head: Head = { ...before, deleted: { at: now, purge: now + days * daySeconds } };
      await this.#commit([headRow(at, head)]);
      return { head, version };
    });
  }

  /** Undoes a deletion. */
  async recover(at: ItemAddress): Promise<Found> {
    return this.#alone(at.vault, async () => {
      const { head: before, version } = await this.getDeleted(at);
      const head: Head = { ...before, deleted: undefined };
      await this.#commit([headRow(at, head)]);
      return { head, version };
    });
  }

  /** Removes a deleted item for good. `allow` may refuse by throwing. */
  async purge(at: ItemAddress, allow: () => void): Promise<void> {
    await this.#alone(at.vault, async () => {
      await this.getDeleted(at);
      allow();
      await this.#commit(await this.#erasing(at));
    });
  }

  async #head(at: ItemAddress): Promise<Head | undefined> {
    const row = await this.#store.document('vault', headKey(at));
    const head = row === undefined ? undefined : headFrom(row);
    return head && this.#isOver(head) ? undefined : head;
  }

  async #version(at: ItemAddress, id: string): Promise<Version | undefined> {
    const row = await this.#store.document('vault', versionKey(at, id));
    return row === undefined ? undefined : versionFrom(row);
  }

  /** Reports whether an item was deleted longer ago than it is retained. */
  #isOver({ deleted }: Head): boolean {
    return deleted !== undefined && deleted.purge <= this.seconds();
  }

  /** Returns the rows that remove an item with all its versions. */
  async #erasing(at: ItemAddress): Promise<readonly Row[]> {
    const versions = await this.#store.documents('vault', versionsPrefix(at.vault, at));
    return [headKey(at), ...versions.map(([key]) => key)].map((key) => ({ key, value: undefined }));
  }

  /** Writes rows in one transaction; of a key that is there twice, the last counts. */
  async #commit(rows: readonly Row[]): Promise<void> {
    const last = new Map(rows.map((row) => [row.key, row]));
    const documents = [...last.values()].map((row): DocumentWrite => ({ space: 'vault', ...row }));
    await this.#store.commit({ change: { writes: [], deletes: [] }, documents });
  }

  /** Runs one change of a vault after the other, so that what it saw still holds. */
  async #alone<T>(name: string, change: () => Promise<T>): Promise<T> {
    const vault = name.toLowerCase();
    const turn = (this.#turns.get(vault) ?? Promise.resolve()).then(change);
    const done = turn.catch(() => {});
    this.#turns.set(vault, done);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(vault) === done) this.#turns.delete(vault);
    }
  }
}

function headRow(at: ItemAddress, head: Head): Row {
  return { key: headKey(at), value: toJson(head) };
}

function versionRow(at: ItemAddress, version: Version): Row {
  return { key: versionKey(at, version.id), value: toJson(version) };
}
