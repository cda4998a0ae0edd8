import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../arm/store.ts';
import { Cluster, missing } from './cluster.testing.ts';
import { conformance } from './conformance.testing.ts';
import { batch, blobs, vnet } from './estates.testing.ts';
import { PostgresStore } from './postgres.ts';

let cluster: Cluster;
beforeAll(async () => {
  if (missing === undefined) cluster = await Cluster.start();
});
afterAll(() => cluster?.remove());

const terminate = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'cloister %'`;

async function refusal(opening: Promise<unknown>): Promise<StoreError> {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

describe.skipIf(missing !== undefined)('PostgresStore', () => {
  conformance(
    async () => {
      await cluster.clear();
      return await PostgresStore.open(cluster.address);
    },
    async (store) => {
      await store.close();
      return await PostgresStore.open(cluster.address);
    },
  );
});

describe.skipIf(missing !== undefined)('a database', () => {
  beforeEach(() => cluster.clear());

  it('has one writer at a time, whose name the next one is told', async () => {
    const store = await PostgresStore.open(cluster.address);
    const second = await refusal(PostgresStore.open(cluster.address));
    expect(second.reason).toBe('in-use');
    expect(second.message).toMatch(new RegExp(`is in use by 'cloister ${process.pid} on .*'\\. Stop it`));
    await store.commit(batch([vnet('a')]));
    await store.close();
    const next = await PostgresStore.open(cluster.address);
    expect(await next.resources()).toEqual([vnet('a')]);
    await next.close();
  });

  it('syncs what it acknowledges, also where its own default is not to', async () => {
    await cluster.query('ALTER DATABASE postgres SET synchronous_commit = off');
    try {
      const store = await PostgresStore.open(cluster.address);
      await store.commit(batch([vnet('a')]));
      await cluster.end('SIGQUIT');
      await cluster.run();
      expect(await store.resources()).toEqual([vnet('a')]);
      await store.close();
    } finally {
      await cluster.query('ALTER DATABASE postgres RESET synchronous_commit');
    }
  });

  it('that does not sync at all is refused', async () => {
    await cluster.end();
    await cluster.run('fsync=off');
    try {
      expect((await refusal(PostgresStore.open(cluster.address))).message).toMatch(/Set fsync = on/);
    } finally {
      await cluster.end();
      await cluster.run();
    }
  });

  it('of a newer version is refused by name, and left as it is', async () => {
    await (await PostgresStore.open(cluster.address)).close();
    await cluster.query('UPDATE cloister.estate SET version = 99');
    const { reason, message } = await refusal(PostgresStore.open(cluster.address));
    expect([reason, message]).toEqual(['too-new', expect.stringMatching(/schema version 99/)]);
    expect(await cluster.query('SELECT version FROM cloister.estate')).toEqual([{ version: 99 }]);
  });

  it('that is read-only, or not there, is called so, and no password is told', async () => {
    await (await PostgresStore.open(cluster.address)).close();
    await cluster.query('ALTER DATABASE postgres SET default_transaction_read_only = on');
    try {
      const store = await PostgresStore.open(cluster.address);
      expect((await refusal(store.commit(batch([vnet('a')])))).reason).toBe('read-only');
      expect(await store.resources()).toEqual([]);
      await store.close();
    } finally {
      await cluster.query(
        'BEGIN READ WRITE; ALTER DATABASE postgres RESET default_transaction_read_only; COMMIT',
      );
    }
    const secret = cluster.address.replace('cloister@', 'cloister:hunter2@');
    const nowhere = await refusal(PostgresStore.open(secret.replace(/postgres$/, 'nowhere')));
    expect(nowhere.message).toMatch(/\/nowhere cannot be used now.*does not exist/);
    const unreachable = await refusal(PostgresStore.open('postgres://c:hunter2@127.0.0.1:1/x'));
    expect(unreachable.message).toMatch(/^postgres:\/\/127\.0\.0\.1:1\/x cannot be used now.*ECONNREFUSED/);
    const unreadable = await refusal(PostgresStore.open('hunter2'));
    for (const { message } of [nowhere, unreachable, unreadable]) expect(message).not.toContain('hunter2');
  });
});

describe.skipIf(missing !== undefined)('a connection that is lost', () => {
  let store: PostgresStore;
  beforeEach(async () => {
    await cluster.clear();
    store = await PostgresStore.open(cluster.address);
    return () => store.close();
  });

  it('between two writes is made again without a word', async () => {
    await store.commit(batch([vnet('a')]));
    await cluster.query(terminate);
    await store.commit(batch([vnet('b')]));
    await cluster.query(terminate);
    expect((await store.resources()).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('in the middle of writes loses none that was acknowledged, and makes none twice', async () => {
    const kept: number[] = [];
    let at = 0;
    let lost = 0;
    const client = async (): Promise<void> => {
      while (at < 400) {
        const turn = at++;
        const key = String(turn).padStart(4, '0');
        try {
          await store.commit(batch([vnet(`n${key}`)], [], [{ space: 'blob', key, value: turn }]));
          kept.push(turn);
        } catch (error) {
          expect(error).toMatchObject({ reason: 'unavailable' });
        }
      }
    };
    const killer = async (): Promise<void> => {
      for (let next = 10; at < 400; await new Promise((done) => setTimeout(done, 1))) {
        if (kept.length < next) continue;
        lost += (await cluster.query(terminate)).length;
        next = kept.length + 10;
      }
    };
    await Promise.all([client(), client(), client(), client(), killer()]);
    const rows = await store.documents('blob', '');
    const resources = (await store.resources()).map(({ name }) => name);
    const found = new Set(rows.map(([, value]) => value));
    expect(kept.filter((turn) => !found.has(turn))).toEqual([]);
    expect(resources.toSorted()).toEqual(rows.map(([key]) => `n${key}`));
    expect(lost).toBeGreaterThan(3);
    expect(kept.length).toBeGreaterThan(200);
  });

  it('for longer refuses by name, keeps nothing of it, and goes on when the server is back', async () => {
    await store.commit(batch([vnet('a')]));
    await cluster.end('SIGQUIT');
    const refused = await refusal(store.commit(batch([vnet('b')])));
    expect(refused).toMatchObject({
      reason: 'unavailable',
      message: expect.stringMatching(/cannot be used now/),
    });
    expect((await refusal(store.resources())).reason).toBe('unavailable');
    await cluster.run();
    expect(await store.resources()).toEqual([vnet('a')]);
    await store.commit(blobs({ c: 1 }));
    expect(await store.document('blob', 'c')).toBe(1);
  });

  it('while somebody else writes is not taken up again: what is in memory is no longer the estate', async () => {
    await store.commit(batch([vnet('a')]));
    await cluster.query(terminate);
    const other = await PostgresStore.open(cluster.address);
    await other.commit(batch([vnet('b')]));
    await other.close();
    const refused = await refusal(store.commit(batch([vnet('c')])));
    expect(refused).toMatchObject({ reason: 'in-use', message: expect.stringMatching(/somebody else/) });
    expect((await refusal(store.resources())).reason).toBe('in-use');
  });
});
