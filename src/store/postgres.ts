/**
 * An estate in a PostgreSQL database, one a database: what was committed survives as long as the server keeps it.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type { Resource } from '../arm/resource.ts';
import { type Batch, type Space, type Store, StoreError } from '../arm/store.ts';
import type { Json } from '../lib/json.ts';
import { type Encoded, jsonOf, resourceOf } from './codec.ts';
import { serverError } from './failure.ts';
import { Group } from './group.ts';
import { Session } from './session.ts';

/** Keeps an estate in the schema `cloister` of a database. One process at a time: the server holds the lock. */
export class PostgresStore implements Store {
  /** Of the estate; made with it. */
  readonly id: string;
  /** The database, as people are told of it: without a password. */
  readonly where: string;
  readonly #address: string;
  readonly #group = new Group((encoded) => this.#write(encoded));
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;
  /** Marks of the last transaction that was kept, and of one of which that is not known. */
  readonly #marks: { kept: string; doubtful: string | undefined };
  #closing = false;

  private constructor(address: string, where: string, session: Session) {
    this.#address = address;
    this.where = where;
    this.#session = session;
    this.#marks = { kept: session.mark, doubtful: undefined };
    this.id = session.id;
  }

  /** Opens the estate of a database `postgres://user@host:port/name`. Rejects with a StoreError. */
  static async open(address: string): Promise<PostgresStore> {
    const where = nameOf(address);
    try {
      return new PostgresStore(address, where, await Session.open(address, where));
    } catch (error) {
      throw serverError(error, where);
    }
  }

  resources(): Promise<readonly Resource[]> {
    return this.#ask(async (session) => (await session.resources()).map(resourceOf));
  }

  documents(space: Space, prefix: string): Promise<readonly (readonly [key: string, value: Json])[]> {
    return this.#ask(async (session) =>
      (await session.documents(space, prefix)).map(([key, text]) => [key, jsonOf(text)] as const),
    );
  }

  document(space: Space, key: string): Promise<Json | undefined> {
    return this.#ask(async (session) => {
      const text = await session.document(space, key);
      return text === undefined ? undefined : jsonOf(text);
    });
  }

  async commit(...batches: readonly Batch[]): Promise<void> {
    if (this.#closing) throw this.#closed();
    await this.#group.commit(batches);
  }

  /** Commits what still waits, and lets the next one in. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await this.#group.idle();
    await this.#session?.close().catch(() => {});
    this.#session = undefined;
  }

  /** Writes, over a new session where the last one was lost: its mark says what became of the transaction. */
  async #write(encoded: Encoded): Promise<StoreError | undefined> {
    const mark = randomUUID();
    for (let again = false; ; again = true) {
      let session: Session | undefined;
      try {
        session = await this.#demandSession();
        if (session.mark === mark) return undefined;
        this.#marks.doubtful = mark;
        await session.write(encoded, mark);
        this.#marks.kept = mark;
        return undefined;
      } catch (error) {
        if (session?.endedBy(error) && !again) continue;
        return serverError(error, this.where);
      }
    }
  }

  /** Asks, once more where the session turns out to be lost. */
  async #ask<T>(question: (session: Session) => Promise<T>): Promise<T> {
    if (this.#closing && !this.#session) throw this.#closed();
    for (let again = false; ; again = true) {
      let session: Session | undefined;
      try {
        session = await this.#demandSession();
        return await question(session);
      } catch (error) {
        if (session?.endedBy(error) && !again) continue;
        throw serverError(error, this.where);
      }
    }
  }

  async #demandSession(): Promise<Session> {
    if (this.#session && !this.#session.lost) return this.#session;
    this.#opening ??= this.#reopen().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Connects again. Nobody else may have written meanwhile: the estate in memory would no longer be this one. */
  async #reopen(): Promise<Session> {
    const session = await Session.open(this.#address, this.where);
    const { kept, doubtful } = this.#marks;
    if (session.id !== this.id || (session.mark !== kept && session.mark !== doubtful)) {
      await session.close();
      throw new StoreError(
        'in-use',
        `${this.where} was changed by somebody else while the connection was lost. Start Cloister again`,
      );
    }
    this.#marks.kept = session.mark;
    this.#session = session;
    return session;
  }

  #closed(): StoreError {
    return new StoreError('unavailable', `${this.where} has been closed`);
  }
}

/** Names a database without what is nobody's business. Throws a StoreError where it is no address. */
function nameOf(address: string): string {
  if (!/^postgres(?:ql)?:\/\//.test(address) || !URL.canParse(address)) {
    throw new StoreError(
      'unavailable',
      '--database is not an address: write postgres://user@host:port/database, with the password in PGPASSWORD',
    );
  }
  const { host, pathname } = new URL(address);
  return `postgres://${decodeURIComponent(host)}${pathname}`;
}
