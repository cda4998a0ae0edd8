/**
 * One open SQLite file with its statements. The only file that knows the estate's SQL.
 *
 * Parameters are always handed to libsql as one array: a lone Buffer would be taken for a set of named parameters,
 * which ends the process.
 *
 * @module
 */

import Database from 'libsql';
import type { EncodedBatch } from './codec.ts';
import { migrate } from './schema.ts';

/** How long SQLite waits for a lock of another process, in milliseconds; the event loop stands still meanwhile. */
const patience = 2000;

type Statement = ReturnType<Database.Database['prepare']>;

/** Opens an estate file, sets it to survive power loss and brings its tables up to date. */
export class Connection {
  readonly #db: Database.Database;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #putResource: Statement;
  readonly #dropResource: Statement;
  readonly #putDocument: Statement;
  readonly #dropDocument: Statement;
  readonly #resources: Statement;
  readonly #documents: Statement;
  readonly #document: Statement;

  constructor(file: string) {
    const db = new Database(file, { timeout: patience });
    this.#db = db;
    migrate(db, file);
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#putResource = db.prepare(
      'INSERT INTO resource (key, body) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body',
    );
    this.#dropResource = db.prepare('DELETE FROM resource WHERE key = ?');
    this.#putDocument = db.prepare(
      'INSERT INTO document (space, key, value) VALUES (?, ?, ?) ' +
        'ON CONFLICT (space, key) DO UPDATE SET value = excluded.value',
    );
    this.#dropDocument = db.prepare('DELETE FROM document WHERE space = ? AND key = ?');
    this.#resources = db.prepare('SELECT body FROM resource ORDER BY seq').raw();
    this.#documents = db
      .prepare('SELECT key, value FROM document WHERE space = ? AND key >= ? AND key < ? ORDER BY key')
      .raw();
    this.#document = db.prepare('SELECT value FROM document WHERE space = ? AND key = ?').raw();
  }

  /** Writes batches in one transaction, synced when this returns. Throws and keeps nothing if one of them fails. */
  write(batches: readonly EncodedBatch[]): void {
    try {
      this.#begin.run([]);
      for (const batch of batches) this.#put(batch);
      this.#commit.run([]);
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** Bodies of all resources, in the order of their first writing. */
  resources(): readonly string[] {
    const rows = this.#resources.all([]) as readonly (readonly [body: string])[];
    return rows.map(([body]) => body);
  }

  /** Documents whose keys start with the prefix, by key. */
  documents(space: string, prefix: string): readonly (readonly [key: string, value: string])[] {
    const from = Buffer.from(prefix);
    // No UTF-8 contains 0xff, so this is just behind the last key with the prefix.
    const rows = this.#documents.all([space, from, Buffer.concat([from, Buffer.of(0xff)])]);
    return (rows as readonly (readonly [Buffer, string])[]).map(([key, value]) => [key.toString(), value]);
  }

  document(space: string, key: string): string | undefined {
    const row = this.#document.get([space, Buffer.from(key)]) as readonly [value: string] | undefined;
    return row?.[0];
  }

  /**
   * Moves everything into the one file, for whoever copies it. Where that cannot be (a full disk), nothing is lost:
   * the next one to open it reads the log beside it. libsql lets go of the file when it collects the statements.
   */
  close(): void {
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
    } finally {
      this.#db.close();
    }
  }

  #put({ deletes, writes, documents }: EncodedBatch): void {
    for (const key of deletes) this.#dropResource.run([key]);
    for (const [key, text] of writes) this.#putResource.run([key, text]);
    for (const { space, key, text } of documents) {
      const bytes = Buffer.from(key);
      if (text === undefined) this.#dropDocument.run([space, bytes]);
      else this.#putDocument.run([space, bytes, text]);
    }
  }
}
