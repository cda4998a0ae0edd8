/**
 * Writes a state folder of this version as text, for the tests of later ones: `node bin/state-fixture.mjs FOLDER`.
 * Run once when the schema changes, before the change: FOLDER is `test/states/<version>`.
 */

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './ensure-built.mjs';

ensureBuilt();
const { default: Database } = await import('libsql');
const { defaultDeployer, defaultSubscription, firstResources, offlineSettings } = await import(
  '../dist/app/defaults.js'
);
const { handle } = await import('../dist/arm/api/router.js');
const { Engine } = await import('../dist/server/engine.js');
const { Blobs } = await import('../dist/services/blob/blobs.js');
const { Vaults } = await import('../dist/services/vault/vaults.js');
const { SqliteStore } = await import('../dist/store/sqlite.js');

const target = process.argv[2];
if (target === undefined) {
  process.stderr.write('usage: node bin/state-fixture.mjs FOLDER\n');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'cloister-fixture-'));
const store = await SqliteStore.open(folder);
const settings = offlineSettings(defaultSubscription);
const engine = await Engine.open(store, settings, firstResources(settings, defaultDeployer), console.error);
const group = `/subscriptions/${defaultSubscription}/resourceGroups/kept`;
const put = async (path, body) => {
  const query = new URLSearchParams('api-version=2023-09-01');
  const { status, body: said } = await handle(engine, {
    method: 'PUT',
    path,
    query,
    body: async () => body,
    caller: defaultDeployer,
  });
  if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(said)}`);
};
await put(group, { location: 'eastus', tags: { ünï: 'cödé' } });
await put(`${group}/providers/Microsoft.Network/virtualNetworks/vnet`, {
  location: 'eastus',
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
    subnets: [{ name: 'work', properties: { addressPrefix: '10.0.0.0/24' } }],
  },
});
await engine.keep({
  id: 'cut-off',
  resource: group,
  status: 'InProgress',
  startTime: '2026-01-01T00:00:00Z',
});
const blobs = new Blobs(store, join(folder, 'blobs'), () => Date.parse('2026-01-01T00:00:00Z'));
await blobs.open();
await blobs.createContainer('st', 'c');
await blobs.put({ account: 'st', container: 'c', name: 'a/b' }, Buffer.from('kept'));
await new Vaults(store).add(
  { vault: 'kv', kind: 'secrets', name: 'Mine' },
  { attributes: { enabled: true, created: 1, updated: 1 }, content: { value: 'kept, and no secret' } },
);
await engine.idle();
await store.close();

const db = new Database(join(folder, 'estate.db'));
const all = (sql) => db.prepare(sql).raw().all();
const [[version], [application]] = ['user_version', 'application_id'].map((it) => all(`PRAGMA ${it}`)[0]);
const quoted = (table, columns) => all(`SELECT ${columns.map((it) => `quote(${it})`)} FROM ${table}`);
const rows = (table, columns) =>
  quoted(table, columns).map((row) => `INSERT INTO ${table} (${columns}) VALUES (${row.join(', ')});`);
const lines = [
  ...all('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL').map(([sql]) => `${sql};`),
  ...rows('resource', ['seq', 'key', 'body']),
  ...rows('document', ['space', 'key', 'value']),
  `PRAGMA application_id = ${application};`,
  `PRAGMA user_version = ${version};`,
];
mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'estate.sql'), `${lines.join('\n')}\n`);
cpSync(join(folder, 'blobs'), join(target, 'blobs'), { recursive: true });
rmSync(folder, { recursive: true, force: true });
