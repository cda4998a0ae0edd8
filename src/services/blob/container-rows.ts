/**
 * Keeps the containers of accounts, and what goes with all of one: blocks that wait, and what its service is set to.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import type { Store } from '../../arm/store.ts';
import type { Json } from '../../lib/json.ts';
import { MemoryContent } from '../content.ts';
import { FolderContent } from '../folder-content.ts';
import { type Blob, type Container, containerKey, partsKey, serviceKey, toJson } from './row.ts';
import { Rows, type RowWrite } from './rows.ts';
import { Scopes, scopeOf } from './scopes.ts';
import { Staged, stagedLife } from './staged.ts';

/** Refuses a change by throwing. What it is shown cannot change before the change is made. */
export type Check = (before: Blob | undefined, container: Container | undefined) => void;

const always: Check = () => {};

/** Containers of every account of an estate. */
export class Containers {
  protected readonly rows: Rows;
  protected readonly staged = new Staged();
  protected readonly now: () => number;
  /** When blocks were last removed that wait for too long. */
  protected swept: number;
  /** What a check saw still holds when the change is made: whatever would change it waits. */
  protected readonly scopes = new Scopes();

  /** Without a folder, contents are in memory. `now` is milliseconds since 1970. */
  constructor(store: Store, folder: string | undefined, now: () => number = Date.now) {
    this.rows = new Rows(store, folder === undefined ? new MemoryContent() : new FolderContent(folder));
    this.now = now;
    this.swept = now();
  }

  /** Removes what a crash left behind. To be awaited before anything else is asked. */
  async open(): Promise<void> {
    await this.rows.open(this.staged);
    await this.sweep();
  }

  /** Answers a container. */
  async container(account: string, name: string): Promise<Container | undefined> {
    return this.rows.container(account, name);
  }

  /** Lists the containers of an account whose names start with the prefix, by name. */
  async containers(account: string, prefix: string): Promise<readonly Container[]> {
    return [...(await this.rows.containers(account, prefix))].sort(byName);
  }

  /** Makes a container. Answers nothing where there is one already. */
  async createContainer(
    account: string,
    name: string,
    metadata: Readonly<Record<string, string>> = {},
  ): Promise<Container | undefined> {
    return this.editContainer(account, name, (before) =>
      before ? undefined : { name, etag: newEtag(), modified: this.now(), metadata },
    );
  }

  /** Changes a container, or makes it; `edit` may refuse by throwing. Answers nothing where it makes nothing of it. */
  async editContainer(
    account: string,
    name: string,
    edit: (before: Container | undefined) => Container | undefined,
  ): Promise<Container | undefined> {
    return this.scopes.alone(scopeOf(account, name), async () => {
      const container = edit(await this.container(account, name));
      if (container) {
        await this.rows.commit([{ key: containerKey(account, name), value: toJson(container) }]);
      }
      return container;
    });
  }

  /** Removes a container and all in it. Answers whether there was one. `check` is shown the container. */
  async removeContainer(account: string, name: string, check: Check = always): Promise<boolean> {
    return this.scopes.alone(scopeOf(account, name), async () => {
      const container = await this.container(account, name);
      check(undefined, container);
      if (!container) return false;
      await this.#erase([containerKey(account, name)], `${account}/${name}/`);
      return true;
    });
  }

  /** Removes all of an account, for when the account itself is deleted. */
  async clear(account: string): Promise<void> {
    await this.scopes.alone(scopeOf(account), async () => {
      const containers = await this.rows.containers(account, '');
      const keys = containers.map(({ name }) => containerKey(account, name));
      await this.#erase([...keys, serviceKey(account)], `${account}/`);
    });
  }

  /** Answers what an account's blob service is set to. */
  async service(account: string): Promise<Json | undefined> {
    return this.rows.document(serviceKey(account));
  }

  /** Keeps what an account's blob service is set to. */
  async setService(account: string, edit: (before: Json | undefined) => Json): Promise<void> {
    await this.scopes.alone(scopeOf(account), async () => {
      const value = edit(await this.service(account));
      await this.rows.commit([{ key: serviceKey(account), value }]);
    });
  }

  /** Removes blocks that nobody committed for a week. */
  async sweep(): Promise<void> {
    const now = this.now();
    this.swept = now;
    for (const at of this.staged.idle(now - stagedLife)) {
      await this.scopes.alone(scopeOf(at.account, at.container, at.name), async () => {
        const files = this.staged.files(at);
        await this.rows.commit(this.staged.keys(at).map(removal));
        this.staged.drop(at);
        await this.rows.discard(files);
      });
    }
  }

  /** Removes rows and all blobs below a prefix in one commit, then the contents. */
  async #erase(keys: readonly string[], prefix: string): Promise<void> {
    const rows = await this.rows.blobs(prefix);
    const waiting = this.staged.below(prefix);
    const files = await Promise.all(rows.map(([, blob]) => this.rows.files(blob)));
    const gone = [...files.flat(), ...waiting.flatMap((at) => this.staged.files(at))];
    const lists = rows.flatMap(([, blob]) => (blob.blocks === undefined ? [] : [partsKey(blob.file)]));
    const staged = waiting.flatMap((at) => this.staged.keys(at));
    const all = [...keys, ...rows.map(([key]) => key), ...lists, ...staged];
    await this.rows.commit(all.map(removal), [], gone);
    for (const at of waiting) this.staged.drop(at);
    await this.rows.discard(gone);
  }
}

/** Returns the write that removes a row. */
export function removal(key: string): RowWrite {
  return { key, value: undefined };
}

/** Orders by name. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** Returns an entity tag that no state had before. */
export function newEtag(): string {
  return `0x8D${randomBytes(7).toString('hex').slice(0, 13).toUpperCase()}`;
}
