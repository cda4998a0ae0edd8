import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../arm/store.ts';
import { conformance } from './conformance.testing.ts';
import { batch, blobs, vnet } from './estates.testing.ts';
import { storeError } from './failure.ts';
import { migrate, migrations } from './schema.ts';
import { SqliteStore } from './sqlite.ts';

let base: string;
let folder: string;
let file: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'cloister-store-'));
  folder = join(base, 'deep', 'state');
  file = join(folder, 'estate.db');
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe('SqliteStore', () =>
  conformance(
    () => SqliteStore.open(folder),
    async (store) => {
      await store.close();
      return await SqliteStore.open(folder);
    },
  ));

const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

/** Makes an estate with enough in it to fill many pages. */
async function estate(): Promise<void> {
  const store = await SqliteStore.open(folder);
  await store.commit(batch(Array.from({ length: 300 }, (_, at) => vnet(`n${at}`))));
  await store.commit(blobs({ key: 'x'.repeat(100_000) }));
  await store.close();
}

describe('files', () => {
  it('are for their owner only, also those that were there', async () => {
    const umask = process.umask(0);
    try {
      const store = await SqliteStore.open(folder);
      await store.commit(blobs({ a: 1 }));
      const files = await readdir(folder);
      expect(files.sort()).toEqual(['estate.db', 'estate.db-shm', 'estate.db-wal']);
      expect(await mode(folder)).toBe('700');
      for (const name of files) expect(await mode(join(folder, name)), name).toBe('600');
      await store.close();
      await chmod(folder, 0o755);
      await chmod(file, 0o664);
      await (await SqliteStore.open(folder)).close();
      expect([await mode(folder), await mode(file)]).toEqual(['700', '600']);
    } finally {
      process.umask(umask);
    }
  });

  it('has everything in the one file after closing', async () => {
    await estate();
    const copy = join(base, 'copy');
    await mkdir(copy);
    await writeFile(join(copy, 'estate.db'), await readFile(file));
    const store = await SqliteStore.open(copy);
    expect((await store.resources()).length).toBe(300);
    await store.close();
  });

  it('commits what still waits when it is closed', async () => {
    const store = await SqliteStore.open(folder);
    const waiting = store.commit(batch([vnet('a')]));
    await Promise.all([store.close(), waiting]);
    const again = await SqliteStore.open(folder);
    expect(await again.resources()).toEqual([vnet('a')]);
    await again.close();
  });

  it('works where the folder is a link', async () => {
    await mkdir(join(base, 'real'));
    await symlink(join(base, 'real'), join(base, 'link'));
    await (await SqliteStore.open(join(base, 'link'))).close();
    expect(await readdir(join(base, 'real'))).toContain('estate.db');
  });

  it('syncs every commit before it is answered', async () => {
    const db = new Database(':memory:');
    const set: string[] = [];
    const exec = db.exec.bind(db);
    db.exec = (sql) => {
      set.push(sql);
      return exec(sql);
    };
    migrate(db, ':memory:');
    expect(set).toContain('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    expect(db.prepare('PRAGMA synchronous').raw().get()).toEqual([2]);
    db.close();
  });
});

describe('what cannot be used', () => {
  async function refusal(): Promise<StoreError> {
    const opening = SqliteStore.open(folder).then(async (store) => {
      try {
        await store.resources();
        await store.documents('blob', '');
      } finally {
        await store.close();
      }
    });
    const error = await opening.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StoreError);
    return error as StoreError;
  }

  it('a file of garbage is damaged, named, and left as it is', async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(file, 'garbage '.repeat(1000));
    const { reason, message } = await refusal();
    expect(reason).toBe('damaged');
    expect(message).toContain(`${file} is damaged`);
    expect(message).toContain('Put a copy back');
    expect(await readFile(file, 'utf8')).toBe('garbage '.repeat(1000));
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, 8192)],
    ['overwritten in the middle', (bytes: Buffer) => bytes.fill(0x5a, 4096, bytes.length - 4096)],
  ])('a file that was %s is damaged', async (_, spoil) => {
    await estate();
    await writeFile(file, spoil(await readFile(file)));
    expect(await refusal()).toMatchObject({ reason: 'damaged', message: expect.stringContaining(file) });
  });

  it('a row that is no JSON is damaged', async () => {
    await estate();
    const db = new Database(file);
    db.exec(`UPDATE resource SET body = substr(body, 2) WHERE seq = 7`);
    db.close();
    expect((await refusal()).reason).toBe('damaged');
  });

  it('a newer schema is too new, and the database of another program is not touched', async () => {
    await estate();
    let db = new Database(file);
    db.exec('PRAGMA user_version = 99');
    db.close();
    expect(await refusal()).toMatchObject({
      reason: 'too-new',
      message: expect.stringContaining('version 99'),
    });
    await rm(folder, { recursive: true });
    await mkdir(folder);
    db = new Database(file);
    db.exec('CREATE TABLE theirs (x)');
    db.close();
    const before = await readFile(file);
    expect((await refusal()).message).toContain('another program');
    expect(await readFile(file)).toEqual(before);
  });

  it('a folder that is a file, or below one, is unavailable', async () => {
    await mkdir(join(base, 'deep'));
    await writeFile(folder, '');
    expect(await refusal()).toMatchObject({
      reason: 'unavailable',
      message: expect.stringContaining(folder),
    });
  });

  it.runIf(existsSync('/proc/self'))('a folder below /proc is refused at once', async () => {
    folder = '/proc/cloister-state/deep';
    expect(await refusal()).toMatchObject({
      reason: 'unavailable',
      message: expect.stringContaining('/proc/cloister-state'),
    });
  });

  // Root may write anywhere, so for root the case is a read-only disk: crash.test.ts.
  if (process.getuid?.() !== 0) {
    it('a read-only folder', async () => {
      await estate();
      await chmod(folder, 0o500);
      expect((await refusal()).reason).toBe('read-only');
      await rm(file).catch(() => {});
      await chmod(folder, 0o700);
    });
  }

  it('says what SQLite says, in our words', () => {
    const db = new Database(':memory:');
    db.exec('CREATE TABLE t (x); PRAGMA max_page_count = 3');
    const failure = (sql: string): StoreError => {
      try {
        for (;;) db.exec(sql);
      } catch (error) {
        return storeError(error, 'F');
      }
    };
    expect(failure('INSERT INTO t VALUES (hex(zeroblob(3000)))')).toMatchObject({ reason: 'full' });
    db.exec('PRAGMA query_only = 1');
    expect(failure('DELETE FROM t')).toMatchObject({ reason: 'read-only' });
    expect(failure('DELETE FROM nowhere')).toMatchObject({ reason: 'unavailable' });
    db.close();
  });
});

describe('migrations', () => {
  const later = [...migrations, 'ALTER TABLE document ADD COLUMN extra TEXT'];
  const broken = [...later, 'CREATE TABLE half (x); INSERT INTO nowhere VALUES (1)'];
  const version = (db: Database.Database): unknown => db.prepare('PRAGMA user_version').raw().get();

  it('bring an older file up to date and keep what is in it', async () => {
    await estate();
    const db = new Database(file);
    migrate(db, file, later);
    expect(version(db)).toEqual([later.length]);
    expect(db.prepare('SELECT count(*) FROM resource').raw().get()).toEqual([300]);
    expect(db.prepare('SELECT extra FROM document').raw().get()).toEqual([null]);
    db.close();
  });

  it('leave the file as it was when one of them fails', async () => {
    await estate();
    const db = new Database(file);
    expect(() => migrate(db, file, broken)).toThrow(/nowhere/);
    expect(version(db)).toEqual([migrations.length]);
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'half'").all()).toEqual([]);
    db.close();
    const store = await SqliteStore.open(folder);
    expect((await store.resources()).length).toBe(300);
    await store.close();
  });
});
