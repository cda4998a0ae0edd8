/**
 * One session at a PostgreSQL server with its statements. The only file that knows the estate's SQL in PostgreSQL.
 *
 * The statements of a transaction are sent in one go. Each transaction leaves a mark of its own, by which whoever
 * loses the connection in the middle of one finds out whether it was kept.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { StoreError } from '../arm/store.ts';
import type { Encoded } from './codec.ts';

/** Advisory lock of the one writer: 'Clst', and the kind of lock. */
const lock = '1131180916, 1';

/** Milliseconds: to connect, and for a session that was lost to let go of its lock. */
const patience = { connect: 5_000, lock: 2_000 } as const;

/** What makes an estate of one version out of one of the version before; never changed, only added to. */
export const migrations: readonly string[] = [
  `CREATE TABLE cloister.resource (
     seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key TEXT NOT NULL UNIQUE, body TEXT NOT NULL
   );
   CREATE TABLE cloister.document (
     space TEXT NOT NULL, key BYTEA NOT NULL, value TEXT NOT NULL, PRIMARY KEY (space, key)
   );`,
];

/** Which estate it is, how old its tables are, and what the last transaction left. */
interface State {
  readonly id: string;
  readonly version: number;
  readonly mark: string;
}

/** A session that holds the lock of the one writer. */
export class Session {
  /** Of the estate; made with it. */
  readonly id: string;
  /** Left by the last transaction that was kept. */
  mark: string;
  readonly #client: pg.Client;
  #lost = false;

  private constructor(client: pg.Client, { id, mark }: State) {
    this.#client = client;
    this.id = id;
    this.mark = mark;
    client.on('end', () => {
      this.#lost = true;
    });
    client.on('error', () => {
      this.#lost = true;
    });
  }

  /** Connects, takes the lock and brings the tables up to date. `where` is how people are told of the database. */
  static async open(address: string, where: string): Promise<Session> {
    const client = new pg.Client({
      connectionString: address,
      application_name: `cloister ${process.pid} on ${hostname()}`,
      connectionTimeoutMillis: patience.connect,
      keepAlive: true,
      pipeline: true,
    });
    // Whoever asks next is told; nobody else listens.
    client.on('error', () => {});
    try {
      await client.connect();
      await demandDurable(client, where);
      await demandLock(client, where);
      const session = new Session(client, await migrate(client, where));
      return session;
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
  }

  /** Reports whether the server has gone, or the way there. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Reports whether a statement failed because the session is over. What is left of it is ended then. */
  endedBy(error: unknown): boolean {
    const code = String((error as { readonly code?: unknown } | null)?.code ?? '');
    // What a server that goes says is the answer to a statement; the connection ends after it.
    if (/^(?:57P0|08)/.test(code)) this.#lost = true;
    if (this.#lost) this.#client.end().catch(() => {});
    return this.#lost;
  }

  /** Writes in one transaction that leaves the mark. Rejects and keeps nothing if any of it fails. */
  async write(encoded: Encoded, mark: string): Promise<void> {
    const [committed] = (
      await Promise.all([
        this.#client.query('BEGIN'),
        ...this.#put(encoded),
        this.#ask('UPDATE cloister.estate SET mark = $1', [mark]),
        this.#client.query('COMMIT'),
      ])
    ).slice(-1);
    if (committed?.command !== 'COMMIT') throw new Error(`the transaction ended with ${committed?.command}`);
    this.mark = mark;
  }

  /** Bodies of all resources, in the order of their first writing. */
  async resources(): Promise<readonly string[]> {
    const { rows } = await this.#ask('SELECT body FROM cloister.resource ORDER BY seq', []);
    return rows.map(({ body }: { readonly body: string }) => body);
  }

  /** Documents whose keys start with the prefix, by key. */
  async documents(
    space: string,
    prefix: string,
  ): Promise<readonly (readonly [key: string, value: string])[]> {
    const from = Buffer.from(prefix);
    // No UTF-8 contains 0xff, so this is just behind the last key with the prefix.
    const { rows } = await this.#ask(
      'SELECT key, value FROM cloister.document WHERE space = $1 AND key >= $2 AND key < $3 ORDER BY key',
      [space, from, Buffer.concat([from, Buffer.of(0xff)])],
    );
    return rows.map(({ key, value }: { readonly key: Buffer; readonly value: string }) => [
      key.toString(),
      value,
    ]);
  }

  async document(space: string, key: string): Promise<string | undefined> {
    const { rows } = await this.#ask('SELECT value FROM cloister.document WHERE space = $1 AND key = $2', [
      space,
      Buffer.from(key),
    ]);
    return (rows[0] as { readonly value: string } | undefined)?.value;
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  #put({ deletes, writes, documents }: Encoded): readonly Promise<pg.QueryResult>[] {
    const gone = documents.filter(({ text }) => text === undefined);
    const kept = documents.filter(({ text }) => text !== undefined);
    const columns = (list: typeof documents): unknown[] => [
      list.map(({ space }) => space),
      list.map(({ key }) => Buffer.from(key)),
    ];
    return [
      ...(deletes.size > 0
        ? [this.#ask('DELETE FROM cloister.resource WHERE key = ANY ($1)', [[...deletes]])]
        : []),
      ...(writes.size > 0
        ? [
            this.#ask(
              `INSERT INTO cloister.resource (key, body)
               SELECT key, body FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (key, body, at) ORDER BY at
               ON CONFLICT (key) DO UPDATE SET body = excluded.body`,
              [[...writes.keys()], [...writes.values()]],
            ),
          ]
        : []),
      ...(gone.length > 0
        ? [
            this.#ask(
              `DELETE FROM cloister.document
               WHERE (space, key) IN (SELECT space, key FROM unnest($1::text[], $2::bytea[]) AS gone (space, key))`,
              columns(gone),
            ),
          ]
        : []),
      ...(kept.length > 0
        ? [
            this.#ask(
              `INSERT INTO cloister.document (space, key, value)
               SELECT space, key, value FROM unnest($1::text[], $2::bytea[], $3::text[]) AS given (space, key, value)
               ON CONFLICT (space, key) DO UPDATE SET value = excluded.value`,
              [...columns(kept), kept.map(({ text }) => text)],
            ),
          ]
        : []),
    ];
  }

  /** A statement that the server keeps prepared; its text is its name. */
  #ask(text: string, values: unknown[]): Promise<pg.QueryResult> {
    return this.#client.query({ name: nameOf(text), text, values });
  }
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `s${names.size}`;
    names.set(text, name);
  }
  return name;
}

/** What is acknowledged must survive: that is the server's to do, so it must not have been told otherwise. */
async function demandDurable(client: pg.Client, where: string): Promise<void> {
  await client.query('SET synchronous_commit = on');
  const { rows } = await client.query('SHOW fsync');
  if ((rows[0] as { readonly fsync: string }).fsync === 'on') return;
  throw new StoreError(
    'unavailable',
    `${where} runs with fsync = off: what it commits does not survive a crash. Set fsync = on`,
  );
}

/** Takes the lock that one session at a time has. A session that was lost may need a moment to let go of it. */
async function demandLock(client: pg.Client, where: string): Promise<void> {
  for (const end = performance.now() + patience.lock; ; await sleep(50)) {
    const { rows } = await client.query(`SELECT pg_try_advisory_lock(${lock}) AS taken`);
    if ((rows[0] as { readonly taken: boolean }).taken) return;
    if (performance.now() < end) continue;
    const [classid, objid] = lock.split(', ');
    const { rows: holders } = await client.query(
      `SELECT application_name AS name FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE locktype = 'advisory' AND granted AND classid = $1 AND objid = $2
         AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [classid, objid],
    );
    const [holder] = holders as readonly { readonly name: string }[];
    const who = holder === undefined ? 'another process' : `'${holder.name}'`;
    throw new StoreError(
      'in-use',
      `${where} is in use by ${who}. Stop it ('cloister down'), or choose another --database`,
    );
  }
}

/** Makes the tables those of this version, in one transaction, and answers what they say of themselves. */
async function migrate(client: pg.Client, where: string): Promise<State> {
  const { rows } = await client.query(`SELECT to_regclass('cloister.estate') IS NOT NULL AS there`);
  const there = (rows[0] as { readonly there: boolean }).there;
  if (!there) await client.query(firstTables());
  const state = await stateIn(client);
  if (state.version > migrations.length) {
    throw new StoreError(
      'too-new',
      `${where} has schema version ${state.version}, this Cloister knows ${migrations.length}. Use the version of Cloister that wrote it, or choose another --database`,
    );
  }
  if (state.version === migrations.length) return state;
  const steps = migrations.slice(state.version).join('\n');
  // Without parameters several statements go as one message, and that is one transaction.
  await client.query(`${steps} UPDATE cloister.estate SET version = ${migrations.length}`);
  return stateIn(client);
}

function firstTables(): string {
  return `CREATE SCHEMA IF NOT EXISTS cloister;
    CREATE TABLE cloister.estate (id TEXT NOT NULL, version INTEGER NOT NULL, mark TEXT NOT NULL);
    INSERT INTO cloister.estate VALUES ('${randomUUID()}', 0, '')`;
}

async function stateIn(client: pg.Client): Promise<State> {
  const { rows } = await client.query('SELECT id, version, mark FROM cloister.estate');
  return rows[0] as State;
}
