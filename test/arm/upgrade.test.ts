/** State folders of every version that ever was are opened by this one, with all that is in them. */

import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { afterEach, describe, expect, it } from 'vitest';
import {
  defaultDeployer,
  defaultSubscription,
  firstResources,
  offlineSettings,
} from '../../src/app/defaults.ts';
import { Engine } from '../../src/server/engine.ts';
import { Blobs } from '../../src/services/blob/blobs.ts';
import { whole } from '../../src/services/bytes.ts';
import { Vaults } from '../../src/services/vault/vaults.ts';
import { migrations } from '../../src/store/schema.ts';
import { SqliteStore } from '../../src/store/sqlite.ts';
import { temporaryFolder } from '../support/running.ts';

const states = fileURLToPath(new URL('../states', import.meta.url));
const versions = readdirSync(states).map(Number);
const folder = temporaryFolder();
afterEach(() => rmSync(folder.path, { recursive: true, force: true }));

it('there is a folder of every version', () => {
  expect(versions.toSorted()).toEqual(migrations.map((_, at) => at + 1));
});

describe.each(versions)('a folder of version %i', (version) => {
  it('is opened with its rows and contents, and goes on', async () => {
    cpSync(join(states, String(version)), folder.path, { recursive: true });
    const db = new Database(join(folder.path, 'estate.db'));
    db.exec(readFileSync(join(folder.path, 'estate.sql'), 'utf8'));
    db.close();

    const store = await SqliteStore.open(folder.path);
    const settings = offlineSettings(defaultSubscription);
    const first = firstResources(settings, defaultDeployer);
    const engine = await Engine.open(store, settings, first, () => {});
    const group = `/subscriptions/${defaultSubscription}/resourceGroups/kept`;
    expect(engine.plane.estate.get(group)?.tags).toEqual({ ünï: 'cödé' });
    const vnet = engine.plane.estate.get(`${group}/providers/Microsoft.Network/virtualNetworks/vnet`);
    expect(vnet?.properties['addressSpace']).toEqual({ addressPrefixes: ['10.0.0.0/16'] });
    expect([...engine.network.subnets.values()].map(({ subnet }) => subnet.fact.id)).toHaveLength(1);
    expect(await engine.operation('cut-off')).toMatchObject({ status: 'Failed' });

    const blobs = new Blobs(store, join(folder.path, 'blobs'));
    await blobs.open();
    const blob = await blobs.get({ account: 'st', container: 'c', name: 'a/b' });
    expect(blob && Buffer.from(await whole(blob.bytes)).toString()).toBe('kept');
    const vaults = new Vaults(store);
    await vaults.open();
    const found = await vaults.get({ vault: 'kv', kind: 'secrets', name: 'mine' });
    expect(found.version.content).toEqual({ value: 'kept, and no secret' });
    await store.close();
    const again = new Database(join(folder.path, 'estate.db'));
    expect(again.prepare('PRAGMA user_version').raw().get()).toEqual([migrations.length]);
    again.close();
  });
});
