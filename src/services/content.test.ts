/**
 * Contents: bytes of any size, whole or not at all, and readers that are not disturbed.
 *
 * @module
 */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { array, assert, asyncProperty, nat, uint8Array } from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { letGo, Tally, whole } from './bytes.ts';
import { type Content, MemoryContent, pieceSize, spansOf } from './content.ts';
import { FolderContent } from './folder-content.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-content-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function* some(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield piece;
}

const large = (fill: number): Uint8Array => new Uint8Array(3 * pieceSize + 5).fill(fill);
const all = (file: string, size: number) => spansOf([{ file, size }], undefined);

describe.each(['in a folder', 'in memory'])('%s', (where) => {
  let content: Content;
  beforeEach(() => {
    content = where === 'in memory' ? new MemoryContent() : new FolderContent(folder);
  });

  test('pieces of any size are read back, in any range', async () => {
    const pieces = array(uint8Array({ maxLength: 40 }), { maxLength: 5 });
    await assert(
      asyncProperty(pieces, nat(100), nat(100), async (given, from, more) => {
        const parts = [];
        for (const piece of given) {
          const file = await content.write(some(piece.subarray(0, 7), piece.subarray(7)));
          parts.push({ file, size: piece.length });
        }
        const expected = Buffer.concat(given).subarray(from, from + more + 1);
        const bytes = await content.read(spansOf(parts, { from, to: from + more }));
        expect(bytes && Buffer.from(await whole(bytes))).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  test('pieces that fail leave nothing behind', async () => {
    const failing = new Tally(some(large(1), large(2)), undefined, () => {
      throw new Error('not what was announced');
    });
    await expect(content.write(failing)).rejects.toThrow('not what was announced');
    expect(await content.files()).toEqual([]);
  });

  test('what is removed is there to the end of who reads it, and for nobody else', async () => {
    const [first, second] = [large(1), large(2)];
    const parts = [];
    for (const each of [first, second]) parts.push({ file: await content.write(each), size: each.length });
    const bytes = await content.read(spansOf(parts, undefined));
    for (const { file } of parts) await content.remove(file);
    expect(await content.read(all(parts[1]?.file ?? '', second.length))).toBeUndefined();
    expect(bytes && Buffer.compare(await whole(bytes), Buffer.concat([first, second]))).toBe(0);
    await expect.poll(() => content.files()).toEqual([]);
  });

  test('nor does it stay because of who does not read', async () => {
    const file = await content.write(large(1));
    const bytes = await content.read(all(file, large(1).length));
    await content.remove(file);
    await letGo(bytes);
    await letGo(bytes);
    await expect.poll(() => content.files()).toEqual([]);
  });

  test('a part that is not there makes all of it not there', async () => {
    const file = await content.write(large(1));
    const gone = { file: `ab/${'ab'.repeat(16)}`, size: 1 };
    expect(await content.read(spansOf([{ file, size: 5 }, gone], undefined))).toBeUndefined();
    expect(await content.read(spansOf([{ file, size: large(1).length }, gone], undefined))).toBeUndefined();
    await content.remove(file);
    expect(await content.files()).toEqual([]);
  });
});

test('a reader that stops in the middle leaves no open file', async () => {
  const content = new FolderContent(folder);
  const file = await content.write(large(1));
  const bytes = await content.read(all(file, large(1).length));
  if (bytes === undefined || bytes instanceof Uint8Array) throw new Error('it is not in pieces');
  for await (const piece of bytes) {
    expect(piece.length).toBe(pieceSize);
    break;
  }
  await content.remove(file);
  expect(
    (await readdir(folder, { recursive: true, withFileTypes: true })).filter((it) => it.isFile()),
  ).toEqual([]);
});
