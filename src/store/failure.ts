/**
 * What went wrong below a store, said as a StoreError that a person can act on.
 *
 * @module
 */

import { StoreError, saysOf, systemReason } from '../arm/store.ts';

/** Turns anything that libsql or `node:fs` throws into a StoreError about the file. */
export function storeError(error: unknown, file: string): StoreError {
  if (error instanceof StoreError) return error;
  const reason = reasonOf(error);
  const cause = error instanceof Error ? error.message : String(error);
  return new StoreError(reason, `${saysOf(reason, file)} (${cause})`, error);
}

/** Primary result codes (https://sqlite.org/rescode.html); the extended ones keep these in their lowest byte. */
const sqliteReasons: ReadonlyMap<number, StoreError['reason']> = new Map([
  [3, 'read-only'], // PERM
  [5, 'in-use'], // BUSY
  [6, 'in-use'], // LOCKED
  [8, 'read-only'], // READONLY
  [11, 'damaged'], // CORRUPT
  [13, 'full'], // FULL
  [26, 'damaged'], // NOTADB
]);

function reasonOf(error: unknown): StoreError['reason'] {
  const { rawCode, code } = error as { readonly rawCode?: unknown; readonly code?: unknown };
  if (typeof rawCode === 'number') return sqliteReasons.get(rawCode & 0xff) ?? 'unavailable';
  if (typeof code === 'string') return systemReason(code);
  // What we wrote ourselves and can no longer read.
  return error instanceof SyntaxError ? 'damaged' : 'unavailable';
}

/** SQLSTATE codes (https://www.postgresql.org/docs/15/errcodes-appendix.html), or the classes they begin with. */
const serverReasons: readonly (readonly [code: string, reason: StoreError['reason']])[] = [
  ['53100', 'full'],
  ['25006', 'read-only'],
  ['42501', 'read-only'],
  ['22', 'unstorable'],
  ['54', 'unstorable'],
  ['XX001', 'damaged'],
  ['XX002', 'damaged'],
];

/** Turns anything that a PostgreSQL server or the way there fails with into a StoreError about the database. */
export function serverError(error: unknown, where: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = String((error as { readonly code?: unknown } | null)?.code ?? '');
  const found = serverReasons.find(([beginning]) => code.startsWith(beginning))?.[1];
  const reason = error instanceof SyntaxError ? 'damaged' : (found ?? 'unavailable');
  const cause = error instanceof Error ? error.message || code : String(error);
  return new StoreError(reason, `${serverSentence(reason, where)} (${cause})`, error);
}

function serverSentence(reason: StoreError['reason'], where: string): string {
  switch (reason) {
    case 'full':
      return `the server has no space left for ${where}: nothing of this change was kept. Free some space and try again`;
    case 'read-only':
      return `${where} cannot be written by this user. Grant it the right to, or choose another --database`;
    case 'damaged':
      return `${where} is damaged. Restore a backup, or choose another --database`;
    case 'unstorable':
      return `${where} does not take this`;
    case 'in-use':
    case 'too-new':
    case 'unavailable':
      return `${where} cannot be used now. Try again when it answers`;
  }
}

/** Reports whether libsql failed because somebody else holds a lock. */
export function isBusy(error: unknown): boolean {
  return reasonOf(error) === 'in-use';
}
