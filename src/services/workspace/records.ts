/**
 * Keeps the rows of every workspace of an estate. A change is one commit, durable before it is answered.
 *
 * @module
 */

import type { DocumentWrite, Store } from '../../arm/store.ts';
import type { Json } from '../../lib/json.ts';
import type { Rows } from './row.ts';

/** A row to write; without a value it is to be removed. */
export type Write = {
  [K in keyof Rows]: {
    readonly kind: K;
    readonly names: readonly string[];
    readonly value: Rows[K] | undefined;
  };
}[keyof Rows];

/** What a change comes to. */
export interface Changed<T> {
  readonly result: T;
  readonly writes: readonly Write[];
}

/** Rows of all workspaces, by the id of the workspace. */
export class Records {
  readonly #store: Store;
  /** The last change of each workspace: the next one begins after it. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Returns a row. */
  async one<K extends keyof Rows>(
    workspace: string,
    kind: K,
    ...names: readonly string[]
  ): Promise<Rows[K] | undefined> {
    return (await this.#store.document('workspace', keyOf(workspace, kind, names))) as Rows[K] | undefined;
  }

  /** Returns the rows below some names, in the order of their keys. */
  async all<K extends keyof Rows>(
    workspace: string,
    kind: K,
    ...names: readonly string[]
  ): Promise<readonly Rows[K][]> {
    const rows = await this.#store.documents('workspace', `${keyOf(workspace, kind, names)}/`);
    return rows.map(([, value]) => value as unknown as Rows[K]);
  }

  /** Plans and commits one change of a workspace after the other, so that what the plan saw still holds. */
  async change<T>(workspace: string, plan: () => Promise<Changed<T>>): Promise<T> {
    const turn = (this.#turns.get(workspace) ?? Promise.resolve()).then(async () => {
      const { result, writes } = await plan();
      await this.#commit(writes.map(({ kind, names, value }) => [keyOf(workspace, kind, names), value]));
      return result;
    });
    const done = turn.catch(() => {});
    this.#turns.set(workspace, done);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(workspace) === done) this.#turns.delete(workspace);
    }
  }

  /** Removes all of a workspace, for when the workspace itself is deleted. */
  async clear(workspace: string): Promise<void> {
    const rows = await this.#store.documents('workspace', `${workspace.toLowerCase()}|`);
    await this.#commit(rows.map(([key]) => [key, undefined]));
  }

  async #commit(rows: readonly (readonly [key: string, value: Json | undefined])[]): Promise<void> {
    if (rows.length === 0) return;
    const documents = rows.map(([key, value]): DocumentWrite => ({ space: 'workspace', key, value }));
    await this.#store.commit({ change: { writes: [], deletes: [] }, documents });
  }
}

/** No id and no encoded name has a `|`, and no encoded name has a slash. */
function keyOf(workspace: string, kind: keyof Rows, names: readonly string[]): string {
  return [`${workspace.toLowerCase()}|${kind}`, ...names.map(encodeURIComponent)].join('/');
}
