import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Store } from '../arm/store.ts';
import { bundle, run, type Script } from './process.testing.ts';
import { randomOf, seedOf } from './seed.testing.ts';
import { SqliteStore } from './sqlite.ts';

let script: Script;
beforeAll(async () => {
  script = await bundle();
});
afterAll(() => script.remove());

/** Demands that every acknowledged batch is there and every other one is there as a whole or not at all. */
async function demandWhole(store: Store, acknowledged: ReadonlySet<string>): Promise<number> {
  const documents = new Set((await store.documents('blob', '')).map(([key]) => key));
  const resources = await store.resources();
  const names = new Map(resources.map(({ name, etag }) => [name, etag]));
  expect([...acknowledged].filter((id) => !documents.has(id))).toEqual([]);
  const latest = new Map<string, string>();
  for (const id of documents) {
    expect([names.get(`${id}-0`), names.get(`${id}-1`)], id).toEqual([id, id]);
    const [round = 0, name = '', at = 0] = id.split('-');
    const [bestRound = -1, , bestAt = -1] = latest.get(name)?.split('-') ?? [];
    const newer = Number(round) - Number(bestRound) || Number(at) - Number(bestAt);
    if (newer > 0) latest.set(name, id);
  }
  for (const [name, id] of latest) expect(names.get(`latest-${name}`)).toBe(id);
  expect(resources.length).toBe(2 * documents.size + latest.size);
  return documents.size;
}

describe('a process that is killed', () => {
  it('has kept every acknowledged batch and no part of another, 20 times over', {
    timeout: 120_000,
  }, async () => {
    const seed = seedOf('kills at moments');
    const random = randomOf(seed);
    const folder = join(script.folder, 'killed');
    const acknowledged = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const child = run(process.execPath, [script.file, 'commit', folder, String(round)]);
      expect(await child.first).toBe('ready');
      const wanted = 10 + Math.floor(random() * 40);
      const more = () => expect(child.lines.length).toBeGreaterThan(wanted);
      await vi.waitFor(more, { timeout: 60_000, interval: 5 });
      await sleep(random() * 10);
      child.kill();
      await child.ended;
      for (const id of child.lines.slice(1)) acknowledged.add(id);
      const store = await SqliteStore.open(folder);
      try {
        const found = await demandWhole(store, acknowledged);
        // At most what its four clients were waiting for may be there without having been acknowledged.
        expect(found - acknowledged.size, `round ${round}, seed ${seed}`).toBeLessThanOrEqual(
          4 * (round + 1),
        );
      } finally {
        await store.close();
      }
    }
    expect(acknowledged.size).toBeGreaterThanOrEqual(200);
  });
});

/** util-linux; a name of its own, because it is no package's command. */
const isolate = 'unshare';

/** Runs a task of the child on a small disk of its own, which needs a mount namespace. */
async function onSmallDisk(prepare: string, task: string): Promise<string> {
  const folder = join(script.folder, task);
  await mkdir(folder);
  const shell = `mount -t tmpfs -o size=4m,mode=700 none "$1" && ${prepare} exec "$2" "$3" "$4" "$1"`;
  const child = run(isolate, ['-Urm', 'sh', '-c', shell, 'sh', folder, process.execPath, script.file, task]);
  await child.ended;
  return child.lines.join('\n');
}

const mounts = spawnSync(isolate, ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
if (!mounts) console.log('skipped: full and read-only disks, because this user may not unshare and mount');

describe.skipIf(!mounts)('a disk', () => {
  it('that is full refuses what does not fit, keeps the rest and takes what fits', async () => {
    const { reason, kept, found, outcomes } = JSON.parse(await onSmallDisk('', 'fill'));
    expect(reason).toBe('full');
    expect(kept).toBeGreaterThan(5);
    expect(outcomes).toEqual(['rejected', 'fulfilled']);
    expect(found).toEqual([kept + 1, kept, kept + 1, kept]);
  });

  it('that is read-only is called so, with and without an estate on it', async () => {
    const seal = 'mount -o remount,bind,ro "$1" &&';
    const made = `"$2" "$3" open "$1" && ${seal}`;
    expect(await onSmallDisk(made, 'open')).toMatch(/^opened\nread-only: .*estate\.db cannot be written/);
    expect(await onSmallDisk(seal, 'lock')).toMatch(/^read-only: .*lock/);
  });
});
