/**
 * What of files survives: rows with their contents, and no content without a row.
 *
 * @module
 */

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryStore } from '../../store/memory.ts';
import { whole } from '../bytes.ts';
import { Files } from './files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const place = { account: 'acct', share: 'share', path: 'a.txt' };
const contents = (): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;

async function filled(store: MemoryStore): Promise<Files> {
  const files = new Files(store, folder);
  await files.open();
  await files.createShare('acct', 'share');
  const none = { kind: 'file', contentType: '', http: {}, md5: '', extents: [] } as const;
  await files.create(place, (base) => ({ ...base, ...none, size: 4, metadata: {}, attributes: 'Archive' }));
  return files;
}

const read = async (files: Files): Promise<string> =>
  Buffer.from(await whole((await files.read(place, () => undefined)).bytes)).toString();

test('a restart finds what was written, and drops what nothing names', async () => {
  const store = new MemoryStore();
  const files = await filled(store);
  await files.write(place, { from: 0, to: 3 }, Buffer.from('abcd'));
  await files.write(place, { from: 1, to: 1 }, Buffer.from('X'));
  writeFileSync(join(folder, readdirSync(folder)[0] ?? '', 'f'.repeat(32)), 'left behind');
  const before = contents();
  const again = new Files(store, folder);
  await again.open();
  expect([await read(again), before, contents()]).toEqual(['aXcd', 3, 2]);
});

test('what is written over, cleared or removed leaves no content', async () => {
  const files = await filled(new MemoryStore());
  for (const text of ['abcd', 'efgh', 'ijkl'])
    await files.write(place, { from: 0, to: 3 }, Buffer.from(text));
  expect([await read(files), contents()]).toEqual(['ijkl', 1]);
  await files.remove(place, 'file');
  expect(contents()).toBe(0);
});

test('a write that is refused, or too short, leaves no content', async () => {
  const files = await filled(new MemoryStore());
  await expect(files.write(place, { from: 2, to: 5 }, Buffer.from('abcd'))).rejects.toThrow(/range/);
  await expect(files.write(place, { from: 0, to: 3 }, Buffer.from('abc'))).rejects.toThrow(/3 came/);
  await expect(files.write({ ...place, path: 'no' }, { from: 0, to: 0 }, Buffer.from('a'))).rejects.toThrow();
  expect([await read(files), contents()]).toEqual(['\0\0\0\0', 0]);
});

test('who reads while somebody writes reads it as it was', async () => {
  const files = await filled(new MemoryStore());
  await files.write(place, { from: 0, to: 1 }, Buffer.from('ab'));
  await files.write(place, { from: 2, to: 3 }, Buffer.from('cd'));
  const { bytes } = await files.read(place, () => undefined);
  await files.write(place, { from: 0, to: 3 }, Buffer.from('wxyz'));
  expect(Buffer.from(await whole(bytes)).toString()).toBe('abcd');
});

test('an account that is gone takes its shares along', async () => {
  const files = await filled(new MemoryStore());
  await files.write(place, { from: 0, to: 3 }, Buffer.from('abcd'));
  await files.clear('acct');
  expect([await files.shares('acct'), contents()]).toEqual([[], 0]);
});
