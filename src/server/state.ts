/**
 * Where the state of an instance is: rows in memory, in SQLite or in PostgreSQL, contents in the folder.
 *
 * @module
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../app/problem.ts';
import type { Store } from '../arm/store.ts';
import { isObject, type Json } from '../lib/json.ts';
import { MemoryStore } from '../store/memory.ts';
import { PostgresStore } from '../store/postgres.ts';
import { SqliteStore } from '../store/sqlite.ts';

/** Where a state is to be kept. */
export interface StateOptions {
  /** Keep nothing: the estate is gone when the instance is. */
  readonly memory?: boolean;
  /** Address of a PostgreSQL database that keeps the rows: `postgres://user@host:port/name`. */
  readonly database?: string;
}

/** What a folder says of the database that its rows are in. */
interface Note {
  /** Without the password. */
  readonly address: string;
  /** The estate whose contents are in the folder. */
  readonly estate: string;
}

/** Opens the rows of a state. Rejects with InputError or StoreError. */
export async function openStore(folder: string, { memory, database }: StateOptions): Promise<Store> {
  if (memory && database !== undefined)
    throw new InputError({ message: "--database: leave it out, or do not choose '--state memory'" });
  if (memory) return new MemoryStore();
  const file = join(folder, 'database.json');
  const note = noteIn(file);
  const address = database ?? note?.address;
  if (address === undefined) return SqliteStore.open(folder);
  if (existsSync(join(folder, 'estate.db')))
    throw new InputError({
      message: `${folder} has an estate in a file (estate.db). Choose another --state for the contents of a database`,
    });
  const store = await PostgresStore.open(address);
  try {
    await demandOne(store, folder, note);
    writeFileSync(file, JSON.stringify({ address: withoutPassword(address), estate: store.id }), {
      mode: 0o600,
    });
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Rows and contents must be of one estate: a row whose content is elsewhere could not be answered. */
async function demandOne(store: PostgresStore, folder: string, note: Note | undefined): Promise<void> {
  if (note?.estate === store.id) return;
  if (note)
    throw new InputError({
      message: `${folder} has the contents (blobs, layers) of another estate than ${store.where}. Choose another --state`,
    });
  if ((await store.document('instance', 'keys')) !== undefined)
    throw new InputError({
      message: `the contents (blobs, layers) of the estate in ${store.where} are not in ${folder}. Choose the --state that it was made with, or copy that folder here`,
    });
}

function noteIn(file: string): Note | undefined {
  if (!existsSync(file)) return undefined;
  const damaged = new InputError({ message: `${file} is damaged. Write what --database was, or remove it` });
  let note: Json;
  try {
    note = JSON.parse(readFileSync(file, 'utf8')) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged;
    throw error;
  }
  const { address, estate } = isObject(note) ? note : {};
  if (typeof address !== 'string' || typeof estate !== 'string') throw damaged;
  return { address, estate };
}

function withoutPassword(address: string): string {
  return address.replace(/^([a-z]+:\/\/[^:@/]*):[^@/]*@/, '$1@');
}
