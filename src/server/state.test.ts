import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../arm/store.ts';
import { Cluster, missing } from '../store/cluster.testing.ts';
import { openStore } from './state.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-state-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Keeps what every installation has. */
async function use(store: Store): Promise<void> {
  await store.commit({
    change: { writes: [], deletes: [] },
    documents: [{ space: 'instance', key: 'keys', value: 'ours' }],
  });
  await store.close();
}

it('memory and a database exclude each other', async () => {
  const both = openStore(folder, { memory: true, database: 'postgres://h/d' });
  await expect(both).rejects.toThrow(/--database: leave it out/);
});

it('a note of a database that cannot be read is not taken for none', async () => {
  writeFileSync(join(folder, 'database.json'), '{"address":');
  await expect(openStore(folder, {})).rejects.toThrow(/database\.json is damaged/);
});

describe.skipIf(missing !== undefined)('rows in PostgreSQL, contents in the folder', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start();
  });
  afterAll(() => cluster.remove());
  beforeEach(() => cluster.clear());

  it('are found again without the flag, and the password is not written down', async () => {
    const database = cluster.address.replace('cloister@', 'cloister:hunter2@');
    await use(await openStore(folder, { database }));
    const file = join(folder, 'database.json');
    expect(readFileSync(file, 'utf8')).not.toContain('hunter2');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await openStore(folder, {});
    expect(await again.document('instance', 'keys')).toBe('ours');
    await again.close();
  });

  it('are refused where they are of two estates', async () => {
    const database = cluster.address;
    await use(await openStore(folder, { database }));
    const other = mkdtempSync(join(tmpdir(), 'cloister-state-'));
    try {
      await expect(openStore(other, { database })).rejects.toThrow(/are not in .*Choose the --state/);
      await cluster.clear();
      await expect(openStore(folder, {})).rejects.toThrow(/contents .* of another estate/);
      await use(await openStore(other, {}));
      await expect(openStore(other, { database })).rejects.toThrow(/has an estate in a file/);
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
    // Who was refused has let go of the database.
    rmSync(join(folder, 'database.json'));
    await use(await openStore(folder, { database }));
  });
});
