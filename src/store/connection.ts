/**
 * One open SQLite file with its statements. The only file that knows the estate's SQL in SQLite.
 *
 * Reads and writes have a connection each: a commit waits for the disk in a thread of libsql's, and whoever reads
 * meanwhile sees what was there before. Parameters are always handed to libsql as one array: a lone Buffer would be
 * taken for a set of named parameters, which ends the process.
 *
 * @module
 */

import Database from 'libsql';
import Background from 'libsql/promise';
import type { Encoded } from './codec.ts';
import { migrate } from './schema.ts';

/** How long SQLite waits for a lock of another process, in milliseconds; the event loop stands still meanwhile. */
const patience = 2000;

type Reading = ReturnType<Database.Database['prepare']>;

/** A prepared statement that writes. It runs at once: only the end of a transaction waits for the disk. */
interface Writing {
  run(parameters: readonly unknown[]): unknown;
}

interface Statements {
  readonly begin: Writing;
  readonly putResource: Writing;
  readonly dropResource: Writing;
  readonly putDocument: Writing;
  readonly dropDocument: Writing;
}

/** An estate file, set to survive power loss. */
export class Connection {
  readonly #reader: Database.Database;
  readonly #writer: Background;
  readonly #statements: Statements;
  readonly #resources: Reading;
  readonly #documents: Reading;
  readonly #document: Reading;

  private constructor(reader: Database.Database, writer: Background, statements: Statements) {
    this.#reader = reader;
    this.#writer = writer;
    this.#statements = statements;
    this.#resources = reader.prepare('SELECT body FROM resource ORDER BY seq').raw();
    this.#documents = reader
      .prepare('SELECT key, value FROM document WHERE space = ? AND key >= ? AND key < ? ORDER BY key')
      .raw();
    this.#document = reader.prepare('SELECT value FROM document WHERE space = ? AND key = ?').raw();
  }

  /** Opens a file and brings its tables up to date. */
  static async open(file: string): Promise<Connection> {
    const reader = new Database(file, { timeout: patience });
    migrate(reader, file);
    const writer = new Background(file, { timeout: patience });
    await writer.exec('PRAGMA synchronous = FULL');
    const statements: Statements = {
      begin: await writer.prepare('BEGIN IMMEDIATE'),
      putResource: await writer.prepare(
        'INSERT INTO resource (key, body) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body',
      ),
      dropResource: await writer.prepare('DELETE FROM resource WHERE key = ?'),
      putDocument: await writer.prepare(
        'INSERT INTO document (space, key, value) VALUES (?, ?, ?) ' +
          'ON CONFLICT (space, key) DO UPDATE SET value = excluded.value',
      ),
      dropDocument: await writer.prepare('DELETE FROM document WHERE space = ? AND key = ?'),
    };
    return new Connection(reader, writer, statements);
  }

  /** Writes in one transaction, synced when this resolves. Rejects and keeps nothing if any of it fails. */
  async write(encoded: Encoded): Promise<void> {
    try {
      this.#statements.begin.run([]);
      this.#put(encoded);
      await this.#writer.exec('COMMIT');
    } catch (error) {
      if (Reflect.get(this.#writer, 'inTransaction')) await this.#writer.exec('ROLLBACK');
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
  async close(): Promise<void> {
    try {
      await this.#writer.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
    } finally {
      this.#writer.close();
      this.#reader.close();
    }
  }

  #put({ deletes, writes, documents }: Encoded): void {
    const { dropResource, putResource, dropDocument, putDocument } = this.#statements;
    for (const key of deletes) dropResource.run([key]);
    for (const [key, text] of writes) putResource.run([key, text]);
    for (const { space, key, text } of documents) {
      const bytes = Buffer.from(key);
      if (text === undefined) dropDocument.run([space, bytes]);
      else putDocument.run([space, bytes, text]);
    }
  }
}
