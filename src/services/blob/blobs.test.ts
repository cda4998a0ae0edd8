/**
 * Blobs are kept: whole and in ranges, one change after the other, and over every crash.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, asyncProperty, nat, uint8Array } from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Batch, type Store, StoreError } from '../../arm/store.ts';
import { MemoryStore } from '../../store/memory.ts';
import { type Bytes, whole } from '../bytes.ts';
import { Blobs } from './blobs.ts';
import { held, textOf } from './harness.testing.ts';

const at = { account: 'acct', container: 'data', name: 'a/b c.txt' };
const text = (bytes: Bytes | undefined) => bytes && textOf(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

let folder: string;
let store: MemoryStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-blobs-'));
  store = new MemoryStore();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Every file below the folder. */
async function files(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Every content, in the folder and in the store. */
async function contents(): Promise<string[]> {
  return [...(await files()), ...(await store.documents('content', '')).map(([key]) => key)];
}

/** More than goes with a row. */
const large = (value: string) => bytes(value.padEnd(16 * 1024 + 1));

/** A store that fails its next commits, before or after they are made. */
function failing(inner: Store, when: 'before' | 'after'): Store {
  return {
    resources: () => inner.resources(),
    documents: (space, prefix) => inner.documents(space, prefix),
    document: (space, key) => inner.document(space, key),
    commit: async (batch: Batch) => {
      if (when === 'after') await inner.commit(batch);
      throw new StoreError('unavailable', 'the connection was lost');
    },
    close: () => inner.close(),
  };
}

describe.each(['in a folder', 'in memory'])('kept %s', (where) => {
  let blobs: Blobs;
  beforeEach(async () => {
    blobs = new Blobs(store, where === 'in memory' ? undefined : join(folder, 'blobs'), () => 1000);
    await blobs.open();
  });

  test('put, head, get, list, remove', async () => {
    const put = await blobs.put(at, bytes('hello'));
    expect(put).toEqual({
      name: 'a/b c.txt',
      contentType: 'application/octet-stream',
      http: {},
      metadata: {},
      file: expect.any(String),
      etag: expect.stringMatching(/^0x8D[0-9A-F]{13}$/),
      size: 5,
      md5: createHash('md5').update('hello').digest('base64'),
      created: 1000,
      modified: 1000,
    });
    expect(await blobs.head(at)).toEqual(put);
    expect(await blobs.get(at)).toEqual({ blob: put, range: undefined, bytes: expect.anything() });
    expect(text((await blobs.get(at))?.bytes)).toBe('hello');
    expect(await blobs.list('acct', 'data', 'a/')).toEqual([put]);
    expect(await blobs.list('acct', 'data', 'b')).toEqual([]);
    expect(await blobs.list('acct', 'dat', '')).toEqual([]);
    expect(await blobs.remove(at)).toBe(true);
    expect(await blobs.remove(at)).toBe(false);
    expect([await blobs.head(at), await blobs.get(at)]).toEqual([undefined, undefined]);
  });

  test('what is overwritten changes its tag and keeps its birth', async () => {
    const first = await blobs.put(at, bytes('one'));
    const second = await blobs.put(at, bytes('two'));
    expect(second.etag).not.toBe(first.etag);
    expect(second.created).toBe(first.created);
    expect(text((await blobs.get(at))?.bytes)).toBe('two');
  });

  test('metadata is replaced without touching the content', async () => {
    const first = await blobs.put(at, bytes('one'));
    const second = await blobs.edit(at, (before) => before && { ...before, metadata: { a: 'b' } });
    expect(second).toEqual({ ...first, metadata: { a: 'b' } });
    expect(await blobs.head(at)).toEqual(second);
    expect(text((await blobs.get(at))?.bytes)).toBe('one');
    expect(await blobs.edit({ ...at, name: 'none' }, (before) => before)).toBeUndefined();
  });

  test('any content comes back, whole and in any range', async () => {
    await assert(
      asyncProperty(uint8Array({ minLength: 1, maxLength: 300 }), nat(), nat(), async (content, a, b) => {
        const [from = 0, to = 0] = [a % content.length, b % content.length].sort((x, y) => x - y);
        await blobs.put(at, content);
        expect(new Uint8Array(held((await blobs.get(at))?.bytes))).toEqual(content);
        const part = await blobs.get(at, () => ({ from, to }));
        expect(new Uint8Array(held(part?.bytes))).toEqual(content.slice(from, to + 1));
      }),
      { numRuns: 30 },
    );
  });

  test('of many that write only what is not there, one does', async () => {
    const tries = Array.from({ length: 12 }, (_, index) =>
      blobs.put(at, bytes(`try ${index}`), undefined, (before) => {
        if (before) throw new Error('there is one');
      }),
    );
    const done = await Promise.allSettled(tries);
    expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(done[0]?.status).toBeDefined();
    expect(await blobs.list('acct', 'data', '')).toHaveLength(1);
  });

  test('a reader gets one whole state while writers go on', async () => {
    await blobs.put(at, bytes('start'));
    const writes = Array.from({ length: 40 }, (_, index) => blobs.put(at, bytes(`state ${index}`)));
    const reads = Array.from({ length: 40 }, () => blobs.get(at));
    for (const read of await Promise.all(reads)) {
      expect(createHash('md5').update(held(read?.bytes)).digest('base64')).toBe(read?.blob.md5);
    }
    await Promise.all(writes);
  });

  test('containers, and all that goes with one', async () => {
    expect(await blobs.createContainer('acct', 'data', { a: 'b' })).toMatchObject({ name: 'data' });
    expect(await blobs.createContainer('acct', 'data')).toBeUndefined();
    await blobs.createContainer('acct', 'data-2');
    await blobs.createContainer('other', 'data');
    await blobs.put(at, bytes('x'));
    await blobs.put({ ...at, container: 'data-2' }, bytes('y'));
    expect((await blobs.containers('acct', '')).map(({ name }) => name)).toEqual(['data', 'data-2']);
    expect((await blobs.containers('acct', 'data-')).map(({ name }) => name)).toEqual(['data-2']);
    expect(await blobs.removeContainer('acct', 'data')).toBe(true);
    expect(await blobs.removeContainer('acct', 'data')).toBe(false);
    expect(await blobs.head(at)).toBeUndefined();
    expect(text((await blobs.get({ ...at, container: 'data-2' }))?.bytes)).toBe('y');
    await blobs.clear('acct');
    expect(await store.documents('blob', '')).toEqual([['other//data', expect.anything()]]);
  });

  test('a seed makes its container, and the same one again changes nothing', async () => {
    await blobs.seed('acct', 'data', 'x', bytes('one'));
    const first = await blobs.head({ ...at, name: 'x' });
    await blobs.seed('acct', 'data', 'x', bytes('one'));
    expect(await blobs.head({ ...at, name: 'x' })).toEqual(first);
    await blobs.seed('acct', 'data', 'x', bytes('two'));
    expect(text((await blobs.get({ ...at, name: 'x' }))?.bytes)).toBe('two');
    expect(await blobs.container('acct', 'data')).toBeDefined();
  });

  test('an empty blob is one too', async () => {
    expect(await blobs.put(at, bytes(''))).toMatchObject({ size: 0, md5: '1B2M2Y8AsgTpgAmY7PhCfg==' });
    expect((await blobs.get(at))?.bytes).toHaveLength(0);
  });
});

describe('crashes', () => {
  const open = async (kept: Store = store): Promise<Blobs> => {
    const blobs = new Blobs(kept, folder);
    await blobs.open();
    return blobs;
  };

  test('a file is for its owner only, and holds the bytes as they are', async () => {
    await (await open()).put(at, large('hello'));
    const [file = ''] = await files();
    expect(file).toMatch(/\/([0-9a-f]{2})\/\1[0-9a-f]{30}$/);
    expect((await readFile(file, 'utf8')).trim()).toBe('hello');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('what has no row is removed at the next opening; what is not ours is left alone', async () => {
    const blobs = await open();
    await blobs.put(at, large('kept'));
    const kept = await files();
    const orphan = 'ab'.repeat(16);
    await mkdir(join(folder, 'ab'), { recursive: true });
    await mkdir(join(folder, 'photos'));
    const strays = [join(folder, 'ab', orphan)];
    const foreign = [join(folder, 'ab', 'notes.txt'), join(folder, 'photos', orphan), join(folder, 'x')];
    for (const file of [...strays, ...foreign]) await writeFile(file, '');
    await open();
    expect((await files()).sort()).toEqual([...kept, ...foreign].sort());
  });

  test('the file is there, whole and under its name, when its row is committed', async () => {
    const seen: string[] = [];
    const watching: Store = {
      ...failing(store, 'before'),
      commit: async (batch) => {
        for (const { value } of batch.documents) {
          const { file } = value as { file: string };
          seen.push((await readFile(join(folder, file), 'utf8')).trim());
        }
        await store.commit(batch);
      },
    };
    await new Blobs(watching, folder).put(at, large('hello'));
    expect(seen).toEqual(['hello']);
  });

  test('a folder that cannot be written refuses, and works when it can again', async () => {
    const inner = join(folder, 'inner');
    await writeFile(inner, 'in the way');
    const blobs = new Blobs(store, inner);
    await expect(blobs.put(at, large('x'))).rejects.toThrow();
    expect(await blobs.head(at)).toBeUndefined();
    await rm(inner);
    await blobs.put(at, large('x'));
    expect(existsSync(inner)).toBe(true);
  });

  test('a row whose file somebody took away is said to be damaged', async () => {
    const blobs = await open();
    await blobs.put(at, large('x'));
    for (const file of await files()) await rm(file);
    await expect(blobs.get(at)).rejects.toThrow('the content of blob acct/data/a/b c.txt is missing');
  });
});

test('bytes that come in pieces are one content, small or large', async () => {
  const blobs = new Blobs(store, folder);
  for (const [count, where] of [
    [4, 0],
    [40, 1],
  ] as const) {
    let ended = 0;
    const pieces = async function* () {
      try {
        for (let piece = 0; piece < count; piece++) yield new Uint8Array(1024).fill(piece);
      } finally {
        ended++;
      }
    };
    await blobs.put(at, pieces());
    const all = Buffer.concat(Array.from({ length: count }, (_, piece) => Buffer.alloc(1024, piece)));
    expect(Buffer.from(await whole((await blobs.get(at))?.bytes ?? bytes(''))).equals(all)).toBe(true);
    const range = { from: 1023, to: 1024 };
    expect((await blobs.get(at, () => range))?.bytes).toEqual(Buffer.of(0, 1));
    expect([ended, await files()]).toEqual([1, expect.objectContaining({ length: where })]);
  }
});

test('changes of one blob take turns, those of others do not wait, and a container waits for its blobs', async () => {
  const done: string[] = [];
  const release: (() => void)[] = [];
  const slow: Store = {
    ...failing(store, 'before'),
    commit: async (batch) => {
      await new Promise<void>((resolve) => release.push(resolve));
      await store.commit(batch);
    },
  };
  const made = new Blobs(store, folder);
  await made.createContainer('acct', 'data');
  const blobs = new Blobs(slow, folder);
  const say = (name: string) => () => done.push(name);
  const all = [
    blobs.put(at, bytes('1')).then(say('first')),
    blobs.put(at, bytes('2')).then(say('second')),
    blobs.put({ ...at, name: 'other' }, bytes('3')).then(say('other')),
  ];
  for (const together of [2, 1, 1]) {
    await vi.waitFor(() => expect(release).toHaveLength(together), { timeout: 60_000 });
    if (together === 2) all.push(blobs.removeContainer('acct', 'data').then(say('container')));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(release).toHaveLength(together);
    for (const go of release.splice(0)) go();
  }
  await Promise.all(all);
  expect(done.slice(-2)).toEqual(['second', 'container']);
  expect([await made.head(at), await contents()]).toEqual([undefined, []]);
});

describe.each([
  ['small', bytes],
  ['large', large],
])('%s contents', (_size, sized) => {
  const open = async () => {
    const blobs = new Blobs(store, folder);
    await blobs.open();
    return blobs;
  };

  test('content outlives the process', async () => {
    const put = await (await open()).put(at, sized('hello'));
    const again = await open();
    expect(await again.head(at)).toEqual(put);
    expect(text((await again.get(at))?.bytes)?.trim()).toBe('hello');
  });

  test('a commit that fails leaves neither row nor file, and what was there as it was', async () => {
    const first = await (await open()).put(at, sized('first'));
    const broken = new Blobs(failing(store, 'before'), folder);
    await expect(broken.put(at, sized('second'))).rejects.toThrow('the connection was lost');
    await expect(broken.remove(at)).rejects.toThrow('the connection was lost');
    const blobs = await open();
    expect(await blobs.head(at)).toEqual(first);
    expect(text((await blobs.get(at))?.bytes)?.trim()).toBe('first');
    expect(await contents()).toHaveLength(1);
  });

  test('a commit that was made but not confirmed keeps the file that its row names', async () => {
    await (await open()).put(at, sized('first'));
    const broken = new Blobs(failing(store, 'after'), folder);
    await expect(broken.put(at, sized('second'))).rejects.toThrow('the connection was lost');
    const blobs = await open();
    expect(text((await blobs.get(at))?.bytes)?.trim()).toBe('second');
    expect(await contents()).toHaveLength(1);
  });

  test('a write that is refused leaves no file', async () => {
    const blobs = await open();
    const refuse = () => {
      throw new Error('refused');
    };
    await expect(blobs.put(at, sized('x'), undefined, refuse)).rejects.toThrow('refused');
    expect(await contents()).toEqual([]);
  });

  test('overwriting and removing leave no file behind', async () => {
    const blobs = await open();
    for (const value of ['one', 'two', 'three']) await blobs.put(at, sized(value));
    expect(await contents()).toHaveLength(1);
    await blobs.remove(at);
    expect(await contents()).toEqual([]);
  });

  test.each([
    ['overwritten', (blobs: Blobs) => blobs.put(at, sized('second')), 'second'],
    ['removed', (blobs: Blobs) => blobs.remove(at), undefined],
  ])(
    'a blob that is %s between its row and its content is read as it is then',
    async (_, change, expected) => {
      const blobs = await open();
      await blobs.put(at, sized('first'));
      let changed = false;
      const racing: Store = {
        ...failing(store, 'before'),
        document: async (space, key) => {
          const row = await store.document(space, key);
          if (!changed) {
            changed = true;
            await change(blobs);
          }
          return row;
        },
      };
      expect(text((await new Blobs(racing, folder).get(at))?.bytes)?.trim()).toBe(expected);
    },
  );
});
