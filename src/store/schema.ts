/**
 * The tables of an estate in SQLite, and how files of earlier versions become files of this one.
 *
 * @module
 */

import type Database from 'libsql';
import { StoreError } from '../arm/store.ts';

/** 'Clst': tells our files from those of other programs. */
const application = 0x436c7374;

/**
 * What makes a file of one version out of a file of the version before; never changed, only added to.
 *
 * `seq` is given at the first writing and kept by updates. Keys of documents are UTF-8 bytes and not text, because
 * libsql ends text at the first NUL when it reads; their order is that of code points.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE resource (seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT;
   CREATE TABLE document (
     space TEXT NOT NULL, key BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (space, key)
   ) STRICT;`,
];

/** Makes the file a durable one of this version, or leaves it as it was and throws. */
export function migrate(db: Database.Database, file: string, steps: readonly string[] = migrations): void {
  demandOurs(db, file, steps.length);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  if (Number(pragma(db, 'user_version')) === steps.length) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    // Read again: somebody else may have done it while we waited for the lock.
    for (const step of steps.slice(Number(pragma(db, 'user_version')))) db.exec(step);
    db.exec(`PRAGMA application_id = ${application}; PRAGMA user_version = ${steps.length}; COMMIT`);
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function demandOurs(db: Database.Database, file: string, version: number): void {
  const found = Number(pragma(db, 'user_version'));
  const id = Number(pragma(db, 'application_id'));
  const empty = pragma(db, 'schema_version') === 0;
  if (!empty && id !== application) {
    throw new StoreError(
      'damaged',
      `${file} is the database of another program. Move it away, or choose another --state`,
    );
  }
  if (found <= version) return;
  throw new StoreError(
    'too-new',
    `${file} has schema version ${found}, this Cloister knows ${version}. Use the version of Cloister that wrote it, ` +
      'or choose another --state',
  );
}

function pragma(db: Database.Database, name: string): unknown {
  return (db.prepare(`PRAGMA ${name}`).raw().get() as readonly unknown[] | undefined)?.[0];
}
