/**
 * What survives: crashes, failures of the store, restarts in the middle of an upload, and registries that go.
 *
 * @module
 */

import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Batch, type Store, StoreError } from '../../arm/store.ts';
import { MemoryStore } from '../../store/memory.ts';
import { Bench, now, textOf, told } from './harness.testing.ts';
import { Images } from './images.ts';
import { digestOfBytes } from './names.ts';

const hello = digestOfBytes(new TextEncoder().encode('hello world'));

let folder: string;
let store: MemoryStore;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'clt-images-')), 'images');
  store = new MemoryStore();
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

async function files(): Promise<string[]> {
  const all = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return all.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Opens what is there as a new process does. */
async function opened(kept: Store = store): Promise<Bench> {
  const bench = new Bench(kept, folder);
  await bench.images.open();
  return bench;
}

/** A store whose next commit fails, before or after it was made. */
function failing(when: 'before' | 'after'): Store {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'commit') {
        return async (batch: Batch) => {
          if (when === 'after') await target.commit(batch);
          throw new StoreError('unavailable', 'the store is gone');
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('a content is a file for its owner only, with the bytes as they are', async () => {
  await (await opened()).layer('hello world');
  const [file = ''] = await files();
  expect(await readFile(file, 'utf8')).toBe('hello world');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('an image outlives the process', async () => {
  const digest = await (await opened()).image('v1', ['hello world']);
  const again = await opened();
  const manifest = await again.ask('GET /v2/app/manifests/v1');
  expect(manifest.headers['docker-content-digest']).toBe(digest);
  expect(textOf((await again.ask(`GET /v2/app/blobs/${hello}`)).body)).toBe('hello world');
});

test('an upload goes on after a restart', async () => {
  const first = await opened();
  const at = (await first.ask('POST /v2/app/blobs/uploads/')).headers['location'] ?? '';
  await first.ask(`PATCH ${at}`, { bytes: 'hello' });
  const second = await opened();
  expect((await second.ask(`GET ${at}`)).headers['range']).toBe('0-4');
  const headers = { 'content-range': '5-10' };
  expect(told(await second.ask(`PUT ${at}&digest=${hello}`, { bytes: ' world', headers }))).toBe('201');
  expect(textOf((await second.ask(`GET /v2/app/blobs/${hello}`)).body)).toBe('hello world');
});

test('what has no row is removed at the next opening; what is not ours is left alone', async () => {
  await (await opened()).image('v1');
  const kept = await files();
  await mkdir(join(folder, 'ab'), { recursive: true });
  await mkdir(join(folder, 'photos'));
  await writeFile(join(folder, 'ab', 'ab'.repeat(16)), 'x');
  const foreign = join(folder, 'photos', 'cat.jpg');
  await writeFile(foreign, 'x');
  await opened();
  expect((await files()).sort()).toEqual([...kept, foreign].sort());
});

describe('a stale upload', () => {
  const day = 24 * 3_600_000;

  async function stale(): Promise<void> {
    const bench = await opened();
    bench.time = now - day - 1000;
    const at = (await bench.ask('POST /v2/app/blobs/uploads/')).headers['location'];
    await bench.ask(`PATCH ${at}`, { bytes: 'hello' });
    bench.time = now - day + 1000;
    const young = (await bench.ask('POST /v2/app/blobs/uploads/')).headers['location'];
    await bench.ask(`PATCH ${young}`, { bytes: 'hello' });
    expect(await files()).toHaveLength(2);
  }

  test('is removed at the next opening', async () => {
    await stale();
    await opened();
    expect(await files()).toHaveLength(1);
    expect(await store.documents('image', '')).toHaveLength(1);
  });

  test('is removed when another begins', async () => {
    await stale();
    await new Bench(store, folder).ask('POST /v2/app/blobs/uploads/');
    expect(await files()).toHaveLength(1);
    expect(await store.documents('image', '')).toHaveLength(2);
  });
});

describe('a commit that fails', () => {
  test.each<['before' | 'after', number]>([
    ['before', 0],
    ['after', 1],
  ])('%s it was made leaves no orphan and loses nothing', async (when, kept) => {
    const broken = new Bench(failing(when), folder);
    await expect(broken.layer('hello world')).rejects.toThrow('the store is gone');
    expect(await files()).toHaveLength(kept);
    const bench = await opened();
    expect(await files()).toHaveLength(kept);
    expect(told(await bench.ask(`GET /v2/app/blobs/${hello}`))).toBe(kept === 1 ? '200' : '404 BLOB_UNKNOWN');
  });

  test('in the middle of an upload leaves what was answered before', async () => {
    const bench = await opened();
    const at = (await bench.ask('POST /v2/app/blobs/uploads/')).headers['location'];
    await bench.ask(`PATCH ${at}`, { bytes: 'hello' });
    const broken = new Bench(failing('before'), folder);
    await expect(broken.ask(`PATCH ${at}`, { bytes: ' world' })).rejects.toThrow('gone');
    await expect(broken.ask(`PUT ${at}&digest=${hello}`, { bytes: ' world' })).rejects.toThrow('gone');
    expect(await files()).toHaveLength(1);
    expect(told(await bench.ask(`PUT ${at}&digest=${hello}`, { bytes: ' world' }))).toBe('201');
  });

  test('of a manifest leaves no orphan', async () => {
    const bench = await opened();
    await bench.image('v1');
    const before = await files();
    const broken = new Bench(failing('before'), folder);
    const config = { mediaType: 'x', digest: digestOfBytes(new TextEncoder().encode('layer')), size: 5 };
    const type = 'application/vnd.oci.image.manifest.v1+json';
    const body = { schemaVersion: 2, mediaType: type, config, layers: [] };
    await expect(broken.manifest('v2', body)).rejects.toThrow('gone');
    expect((await files()).sort()).toEqual(before.sort());
    expect(told(await bench.ask('GET /v2/app/manifests/v2'))).toBe('404 MANIFEST_UNKNOWN');
  });
});

test('pulls and removals at the same time give the whole layer or none', async () => {
  const bench = await opened();
  for (let round = 0; round < 10; round += 1) {
    await bench.layer('hello world');
    const reads = Array.from({ length: 8 }, () => bench.ask(`GET /v2/app/blobs/${hello}`));
    const removal = bench.ask(`DELETE /v2/app/blobs/${hello}`);
    for (const answer of await Promise.all(reads)) {
      expect(['hello world', '404 BLOB_UNKNOWN']).toContain(
        answer.status === 200 ? textOf(answer.body) : told(answer),
      );
    }
    expect(told(await removal)).toBe('202');
  }
  expect(await files()).toEqual([]);
});

test('a registry that is deleted takes all along, and no other', async () => {
  const bench = await opened();
  await bench.image('v1');
  await bench.ask('POST /v2/app/blobs/uploads/');
  const images = new Images(store, folder, () => now);
  const at = { registry: 'reg10', repository: 'app' };
  await images.uploads.whole(at, new TextEncoder().encode('hello world'), hello);
  await images.clear('REG1');
  expect(await store.documents('image', '')).toEqual([[`reg10/layer/${hello}`, expect.anything()]]);
  expect(await files()).toHaveLength(1);
});
