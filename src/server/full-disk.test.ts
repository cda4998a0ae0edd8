/** A disk that fills up under a running instance, and has room again. */

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultDeployer, defaultSubscription, firstResources, offlineSettings } from '../app/defaults.ts';
import { handle } from '../arm/api/router.ts';
import { type Batch, StoreError } from '../arm/store.ts';
import { MemoryStore } from '../store/memory.ts';
import { bundle, run, type Script } from '../store/process.testing.ts';
import { Engine } from './engine.ts';

/** util-linux; a name of its own, because it is no package's command. */
const isolate = 'unshare';
const mounts = spawnSync(isolate, ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
if (!mounts) {
  const why = 'this user may not unshare and mount';
  if (process.env.CLOISTER_REQUIRE_ALL === '1') throw new Error(`a small disk is needed, and ${why}`);
  console.log(`skipped: a disk that fills up, because ${why}`);
}

describe.skipIf(!mounts)('a disk that is full', () => {
  let script: Script;
  beforeAll(async () => {
    script = await bundle(new URL('full-disk-child.testing.ts', import.meta.url));
  });
  afterAll(() => script.remove());

  it('refuses every kind of write by name, loses nothing, and takes them when there is room', async () => {
    const folder = join(script.folder, 'disk');
    mkdirSync(folder);
    const shell = 'mount -t tmpfs -o size=8m,mode=700 none "$1" && exec "$2" "$3" "$1"';
    const child = run(isolate, ['-Urm', 'sh', '-c', shell, 'sh', folder, process.execPath, script.file]);
    await child.ended;
    const { first, full, kept, again, found, lines } = JSON.parse(child.lines.join(''));
    expect(first).toEqual({ arm: 201, blob: 'done' });
    expect(full.arm).toMatchObject({
      status: 507,
      body: { error: { code: 'InsufficientStorage', message: expect.stringContaining(folder) } },
    });
    for (const kind of ['blob', 'layer', 'vault'])
      expect(full[kind], kind).toMatchObject({ reason: 'full', message: expect.stringContaining(folder) });
    expect(full.flows).toMatch(/^100 lines wait: ENOSPC/);
    expect(kept).toEqual({ rows: true, inMemory: 'before', blob: 1000, more: true });
    expect(again).toEqual({ arm: 200, blob: 'done', layer: 'done', vault: 'done' });
    expect(found).toBe(2);
    const each = (name: string) => Array.from({ length: 100 }, (_, at) => `${name}${at}`);
    expect(lines).toEqual(['before', 'full', 'again'].flatMap(each));
  });
});

describe('a store that refuses', () => {
  it.each([
    ['full', 507, 'InsufficientStorage'],
    ['unavailable', 503, 'ServiceUnavailable'],
    ['in-use', 503, 'ServiceUnavailable'],
    ['read-only', 500, 'InternalServerError'],
    ['damaged', 500, 'InternalServerError'],
  ] as const)('because it is %s is answered with %i and its own words', async (reason, status, code) => {
    class Refusing extends MemoryStore {
      refuses = false;
      override async commit(...batches: readonly Batch[]): Promise<void> {
        if (this.refuses) throw new StoreError(reason, `/state/estate.db is ${reason}`);
        await super.commit(...batches);
      }
    }
    const store = new Refusing();
    const logged: unknown[] = [];
    const settings = offlineSettings(defaultSubscription);
    const first = firstResources(settings, defaultDeployer);
    const engine = await Engine.open(store, settings, first, (error) => logged.push(error));
    const put = () =>
      handle(engine, {
        method: 'PUT',
        path: `/subscriptions/${defaultSubscription}/resourceGroups/rg`,
        query: new URLSearchParams('api-version=2024-03-01'),
        ifMatch: undefined,
        ifNoneMatch: undefined,
        body: async () => ({ location: 'eastus' }),
        caller: defaultDeployer,
      });
    store.refuses = true;
    const message = `/state/estate.db is ${reason}`;
    expect(await put()).toMatchObject({ status, body: { error: { code, message } } });
    await engine.idle();
    expect(logged).toMatchObject([{ reason }]);
    store.refuses = false;
    expect((await put()).status).toBe(201);
  });
});
