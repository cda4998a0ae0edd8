import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityOf, recipeOf } from './config.ts';
import { makeMountPoint } from './folder.ts';
import { type Made, tarOf } from './tar.testing.ts';
import { Unpacker } from './unpack.ts';

let folder = '';
let root = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clt-image-'));
  root = join(folder, 'root');
  mkdirSync(root);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function* inPieces(bytes: Uint8Array, size = 700): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpacked(...layers: (readonly Made[])[]): Promise<Unpacker> {
  const unpacker = new Unpacker(root, { bytes: 10_000, entries: 50 });
  for (const layer of layers) await unpacker.add(inPieces(tarOf(layer)));
  return unpacker;
}

const text = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('layers', () => {
  it('lie one over the other, and hide what is below', async () => {
    await unpacked(
      [
        { path: 'etc/', kind: 'folder' },
        { path: 'etc/name', text: 'old' },
        { path: './etc/gone', text: 'x' },
        { path: 'opt/all/a', text: 'x' },
        { path: 'bin', kind: 'symlink', target: 'usr/bin' },
        { path: 'usr/bin/tool', text: 'run', mode: 0o4750 },
      ],
      [
        { path: 'etc/name', text: 'new' },
        { path: 'etc/.wh.gone', text: '' },
        { path: 'opt/all/b', text: 'mine' },
        { path: 'opt/all/.wh..wh..opq', text: '' },
        { path: 'bin/other', text: 'through a link' },
        { path: 'usr/bin/same', kind: 'link', target: 'bin/tool' },
      ],
    );
    expect(readlinkSync(join(root, 'bin'))).toBe('usr/bin');
    const shown = ['etc', 'opt', 'opt/all', 'usr/bin'].map((path) => readdirSync(join(root, path)).sort());
    expect(shown).toEqual([['name'], ['all'], ['b'], ['other', 'same', 'tool']]);
    expect([text('etc/name'), text('usr/bin/other'), text('usr/bin/same')]).toEqual([
      'new',
      'through a link',
      'run',
    ]);
    expect(statSync(join(root, 'usr/bin/tool')).mode & 0o7777).toBe(0o755);
  });

  it('write nothing outside, whatever they are called and wherever their links lead', async () => {
    writeFileSync(join(folder, 'outside'), 'mine');
    await unpacked([
      { path: '../outside', text: 'theirs' },
      { path: '/../../outside2', text: 'theirs' },
      { path: 'up', kind: 'symlink', target: '../../../../../../..' },
      { path: `up${folder}/outside`, text: 'theirs' },
      { path: 'there', kind: 'symlink', target: folder },
      { path: 'there/outside', text: 'theirs' },
      { path: 'file', kind: 'symlink', target: join(folder, 'outside') },
      { path: 'file', text: 'a file in place of a link' },
      { path: 'there/.wh.outside', text: '' },
    ]);
    expect(readFileSync(join(folder, 'outside'), 'utf8')).toBe('mine');
    expect(readdirSync(folder).sort()).toEqual(['outside', 'root']);
    expect([text('outside'), text('outside2'), text('file')]).toEqual([
      'theirs',
      'theirs',
      'a file in place of a link',
    ]);
  });

  it('link to files of the image only', async () => {
    writeFileSync(join(folder, 'secret'), 'secret');
    await expect(unpacked([{ path: 'a', kind: 'link', target: join(folder, 'secret') }])).rejects.toThrow(
      'no file of the image',
    );
    await expect(
      unpacked([
        { path: 'b', kind: 'symlink', target: join(folder, 'secret') },
        { path: 'c', kind: 'link', target: 'b' },
      ]),
    ).rejects.toThrow('no file of the image');
  });

  it('make no devices and no pipes', async () => {
    await unpacked([
      { path: 'dev/sda', kind: 'device' },
      { path: 'dev/pipe', kind: 'pipe' },
    ]);
    expect(readdirSync(join(root, 'dev'))).toEqual([]);
  });

  it.each([
    ['larger than there is room', [{ path: 'a', text: 'x'.repeat(10_001) }], /larger than 10000 bytes/],
    [
      'more than there is room for',
      Array.from({ length: 51 }, (_, at) => ({ path: `f${at}`, text: '' })),
      /more than 50 files/,
    ],
    [
      'links in a circle',
      [
        { path: 'a', kind: 'symlink', target: 'b' },
        { path: 'b', kind: 'symlink', target: 'a' },
        { path: 'a/x', text: '' },
      ],
      /in circles/,
    ],
    [
      'a file where a folder would have to be',
      [
        { path: 'a', text: '' },
        { path: 'a/b', text: '' },
      ],
      /\/a is no folder/,
    ],
    ['a whiteout of nothing', [{ path: 'a/.wh...', text: '' }], /no name|has a name/],
  ] as const)('are refused for %s', async (_, layer, message) => {
    await expect(unpacked(layer as readonly Made[])).rejects.toThrow(message);
  });

  it('are refused where they are cut off, or are no archives', async () => {
    const whole = tarOf([{ path: 'a', text: 'x'.repeat(1000) }]);
    for (const length of [100, 600, 1200]) {
      await expect(new Unpacker(root).add(inPieces(whole.subarray(0, length)))).rejects.toThrow(
        /ends in the middle/,
      );
    }
    await expect(new Unpacker(root).add(inPieces(Buffer.alloc(2048, 'x')))).rejects.toThrow(/no tar archive/);
  });

  it('are read as tar writes them, long names and all', async () => {
    const made = join(folder, 'made');
    const long = `${'deep/'.repeat(30)}${'name'.repeat(40)}`;
    mkdirSync(join(made, 'deep/'.repeat(30)), { recursive: true });
    writeFileSync(join(made, long), 'found');
    writeFileSync(join(made, 'kafé'), 'crème');
    symlinkSync(`/${long}`, join(made, 'link'));
    for (const format of ['gnu', 'pax', 'v7', 'ustar']) {
      if (format === 'v7' || format === 'ustar') rmSync(join(made, 'deep'), { recursive: true, force: true });
      if (format === 'v7' || format === 'ustar') rmSync(join(made, 'link'), { force: true });
      const bytes = execFileSync('tar', ['--format', format, '-C', made, '-cf', '-', '.']);
      rmSync(root, { recursive: true });
      mkdirSync(root);
      await new Unpacker(root).add(inPieces(bytes, 333));
      expect([format, readdirSync(root, { recursive: true }).sort()]).toEqual([
        format,
        readdirSync(made, { recursive: true }).sort(),
      ]);
      expect(text('kafé')).toBe('crème');
      if (existsSync(join(made, 'link')))
        expect([readlinkSync(join(root, 'link')), text(long)]).toEqual([`/${long}`, 'found']);
    }
  });

  it('never write outside, however they are made', async () => {
    const part = fc.constantFrom('..', '.', 'a', 'b', '.wh.a', '.wh..wh..opq', '');
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const entry = fc.record({
      path,
      kind: fc.constantFrom('file', 'folder', 'symlink', 'link', 'device'),
      target: fc.oneof(
        path,
        path.map((each) => `/${each}`),
        fc.constant(tmpdir()),
      ),
      text: fc.constant('x'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 12 }), async (entries) => {
        rmSync(root, { recursive: true, force: true });
        mkdirSync(root);
        await new Unpacker(root).add(inPieces(tarOf(entries as readonly Made[]))).catch((error: Error) => {
          if (error.name !== 'ImageError') throw error;
        });
        expect(readdirSync(folder)).toEqual(['root']);
        expect(lstatSync(root).isDirectory()).toBe(true);
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

describe('mount points', () => {
  it('are made in place of links, inside', () => {
    symlinkSync(folder, join(root, 'tmp'));
    makeMountPoint(root, '/tmp', 'folder');
    makeMountPoint(root, '/var/model', 'folder');
    makeMountPoint(root, '/etc/hosts', 'file');
    expect([
      lstatSync(join(root, 'tmp')).isDirectory(),
      statSync(join(root, 'var/model')).isDirectory(),
    ]).toEqual([true, true]);
    expect(text('etc/hosts')).toBe('');
  });
});

describe('a configuration', () => {
  it('says what is run, where and as whom', () => {
    const config = {
      Env: ['A=b=c', 'D'],
      Entrypoint: ['/run'],
      Cmd: ['-x'],
      WorkingDir: '/srv',
      User: 'app',
    };
    expect(recipeOf({ config })).toEqual({
      command: ['/run', '-x'],
      environment: { A: 'b=c', D: '' },
      folder: '/srv',
      user: 'app',
    });
    expect(() => recipeOf({ config: {} })).toThrow('neither Entrypoint nor Cmd');
    expect(() => recipeOf({ config: { Cmd: 'sh' } })).toThrow('Cmd of its configuration');
  });

  it('names users by number or as the image knows them', () => {
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\napp:x:1234:56::/:/bin/sh\n');
    writeFileSync(join(root, 'etc/group'), 'staff:x:78:\n');
    expect(['', 'app', '1234', '7', 'app:staff', '5:6'].map((user) => identityOf(root, user))).toEqual([
      { uid: 0, gid: 0 },
      { uid: 1234, gid: 56 },
      { uid: 1234, gid: 56 },
      { uid: 7, gid: 0 },
      { uid: 1234, gid: 78 },
      { uid: 5, gid: 6 },
    ]);
    expect(() => identityOf(root, 'nobody-here')).toThrow('does not have');
  });
});
