/**
 * An estate in one SQLite file, the default: what was committed survives a crash of process and machine.
 *
 * @module
 */

import { join } from 'node:path';
import type { Resource } from '../arm/resource.ts';
import { type Batch, type Space, type Store, StoreError } from '../arm/store.ts';
import type { Json } from '../lib/json.ts';
import { type Encoded, jsonOf, resourceOf } from './codec.ts';
import { Connection } from './connection.ts';
import { storeError } from './failure.ts';
import { makeFile, makeFolder } from './folder.ts';
import { Group } from './group.ts';

/** Keeps an estate in `estate.db` of a folder. Whoever opens it should hold the folder's lock (`lockFolder`). */
export class SqliteStore implements Store {
  readonly #file: string;
  #connection: Connection | undefined;
  readonly #group = new Group((encoded) => this.#write(encoded));
  #closing = false;

  private constructor(file: string, connection: Connection) {
    this.#file = file;
    this.#connection = connection;
  }

  /** Opens the estate of a folder; makes folder and file where there are none. Rejects with a StoreError. */
  static async open(folder: string): Promise<SqliteStore> {
    const file = join(folder, 'estate.db');
    await makeFolder(folder);
    await makeFile(file);
    try {
      return new SqliteStore(file, await Connection.open(file));
    } catch (error) {
      throw storeError(error, file);
    }
  }

  async resources(): Promise<readonly Resource[]> {
    return this.#ask((connection) => connection.resources().map(resourceOf));
  }

  async documents(space: Space, prefix: string): Promise<readonly (readonly [key: string, value: Json])[]> {
    return this.#ask((connection) =>
      connection.documents(space, prefix).map(([key, text]) => [key, jsonOf(text)] as const),
    );
  }

  async document(space: Space, key: string): Promise<Json | undefined> {
    return this.#ask((connection) => {
      const text = connection.document(space, key);
      return text === undefined ? undefined : jsonOf(text);
    });
  }

  async commit(...batches: readonly Batch[]): Promise<void> {
    if (this.#closing) throw this.#closed();
    await this.#group.commit(batches);
  }

  /** Commits what still waits, then moves everything into the one file. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await this.#group.idle();
    const connection = this.#connection;
    this.#connection = undefined;
    try {
      await connection?.close();
    } catch (error) {
      throw storeError(error, this.#file);
    }
  }

  async #write(encoded: Encoded): Promise<StoreError | undefined> {
    try {
      await this.#demandOpen().write(encoded);
      return undefined;
    } catch (error) {
      return storeError(error, this.#file);
    }
  }

  #ask<T>(question: (connection: Connection) => T): T {
    const connection = this.#demandOpen();
    try {
      return question(connection);
    } catch (error) {
      throw storeError(error, this.#file);
    }
  }

  #demandOpen(): Connection {
    if (!this.#connection) throw this.#closed();
    return this.#connection;
  }

  #closed(): StoreError {
    return new StoreError('unavailable', `${this.#file} has been closed`);
  }
}
