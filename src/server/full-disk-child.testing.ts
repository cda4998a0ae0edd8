/**
 * Store, engine and services on a disk that fills up and is emptied again: `FOLDER`. Says what it was answered.
 *
 * @module
 */

import { readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { defaultDeployer, defaultSubscription, firstResources, offlineSettings } from '../app/defaults.ts';
import { handle } from '../arm/api/router.ts';
import { StoreError } from '../arm/store.ts';
import { Blobs } from '../services/blob/blobs.ts';
import { Images } from '../services/registry/images.ts';
import { Vaults } from '../services/vault/vaults.ts';
import { SqliteStore } from '../store/sqlite.ts';
import { Engine } from './engine.ts';
import { FlowLog } from './flow-log.ts';

const folder = process.argv[2] ?? '';
const place = { registry: 'cr', repository: 'app' };
const secret = { vault: 'kv', kind: 'secrets', name: 's' } as const;
const group = `/subscriptions/${defaultSubscription}/resourceGroups/full`;

const store = await SqliteStore.open(folder);
const settings = offlineSettings(defaultSubscription);
const engine = await Engine.open(store, settings, firstResources(settings, defaultDeployer), () => {});
const blobs = new Blobs(store, join(folder, 'blobs'));
await blobs.open();
const images = new Images(store, join(folder, 'images'));
await images.open();
const vaults = new Vaults(store);

async function arm(tag: string): Promise<unknown> {
  const { status, body } = await handle(engine, {
    method: 'PUT',
    path: group,
    query: new URLSearchParams('api-version=2024-03-01'),
    ifMatch: undefined,
    ifNoneMatch: undefined,
    body: async () => ({ location: 'eastus', tags: { tag } }),
    caller: defaultDeployer,
  });
  return status < 300 ? status : { status, body };
}

async function said(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return 'done';
  } catch (error) {
    return error instanceof StoreError ? { reason: error.reason, message: error.message } : String(error);
  }
}

const log = join(folder, 'flows.jsonl');
const flows = await FlowLog.open({ file: log });
const flow = {
  time: '2026-01-01T00:00:00.000Z',
  at: 'gateway',
  place: 'internet',
  protocol: 'tcp',
  source: null,
  sourcePort: null,
  port: 443,
  decision: 'passed',
  gate: null,
  rule: null,
} as const;

/** Lines of more than a page together, so that a full disk takes none or some of them. */
async function logged(name: string): Promise<string | undefined> {
  await flows.add(Array.from({ length: 100 }, (_, at) => ({ ...flow, destination: `${name}${at}` })));
  return flows.problem;
}

const attributes = { enabled: true, nbf: undefined, exp: undefined, created: 0, updated: 0 };
const blob = (name: string, size: number): Promise<unknown> =>
  blobs.put({ account: 'st', container: 'c', name }, Buffer.alloc(size, name));

/** Every kind of write. The value is large: a page that is there already takes a small one. */
async function writes(): Promise<Record<string, unknown>> {
  const value = 'v'.repeat(20_000);
  return {
    arm: await arm('x'.repeat(20_000)),
    blob: await said(blob('more', 50_000)),
    layer: await said(
      images.uploads
        .begin(place)
        .then(({ id }) => images.uploads.append(place, id, { bytes: Buffer.alloc(50_000) })),
    ),
    vault: await said(vaults.add(secret, { attributes, tags: undefined, content: { value } })),
  };
}

const first = { arm: await arm('before'), blob: await said(blob('first', 1000)) };
await logged('before');
const before = JSON.stringify(await store.resources());
const filler: string[] = [];
for (let size = 1_000_000; size >= 512; ) {
  const file = join(folder, `filler${filler.length}`);
  filler.push(file);
  try {
    writeFileSync(file, Buffer.alloc(size));
  } catch {
    size >>= 1;
  }
}
const full = { ...(await writes()), flows: await logged('full') };
const kept = {
  rows: JSON.stringify(await store.resources()) === before,
  inMemory: engine.plane.estate.get(group)?.tags?.['tag'],
  blob: (await blobs.get({ account: 'st', container: 'c', name: 'first' }))?.blob.size,
  more: (await blobs.head({ account: 'st', container: 'c', name: 'more' })) === undefined,
};
for (const file of filler) rmSync(file, { force: true });
const again = { ...(await writes()), flows: await logged('again') };
const written = readFileSync(log, 'utf8').trimEnd().split('\n');
const lines = written.map((line) => (JSON.parse(line) as { destination: string }).destination);
await engine.idle();
await store.close();
const reopened = await SqliteStore.open(folder);
const found = (await reopened.resources()).length;
await reopened.close();
writeSync(1, `${JSON.stringify({ first, full, kept, again, found, lines })}\n`);
process.exit(0);
