/**
 * Unpacks layers, one over the other, into a folder: an image's root as its programs see it.
 *
 * Whoever made the image is not trusted. Nothing is written outside of the folder, no device or pipe is made, and no
 * program gets rights by being started. All is readable by all: whoever runs it is one user, and may be another one
 * than who unpacked it.
 *
 * Source: https://github.com/opencontainers/image-spec/blob/main/layer.md
 *
 * @module
 */

import { createWriteStream, linkSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { nameIn } from './folder.ts';
import { ImageError } from './image-error.ts';
import { type Entry, entriesOf } from './tar.ts';

/** What an image may hold. */
export interface Room {
  /** Bytes, in all layers. */
  readonly bytes: number;
  readonly entries: number;
}

/** Where nothing else is said. */
export const usualRoom: Room = { bytes: 16 * 2 ** 30, entries: 10 ** 6 };

const whiteout = '.wh.';
const opaque = '.wh..wh..opq';

/** Unpacks into one folder. */
export class Unpacker {
  readonly #root: string;
  readonly #room: Room;
  #bytes = 0;
  #entries = 0;

  /** The folder is there, and is nobody else's. */
  constructor(root: string, room: Room = usualRoom) {
    this.#root = root;
    this.#room = room;
  }

  /** Unpacks the next layer. Throws ImageError where it cannot be. */
  async add(pieces: AsyncIterable<Uint8Array>): Promise<void> {
    /** What this layer put there: it hides what lower ones have, and not its own. */
    const own = new Set<string>();
    for await (const entry of entriesOf(pieces)) {
      this.#count(entry);
      const path = nameIn(this.#root, entry.path);
      const name = basename(path);
      if (path === this.#root) continue;
      if (name === opaque) this.#empty(dirname(path), own);
      else if (name.startsWith(whiteout)) this.#hide(path, name.slice(whiteout.length));
      else if (entry.kind !== 'other') {
        await this.#put(path, entry);
        own.add(path);
      }
    }
  }

  #count({ size }: Entry): void {
    this.#bytes += size;
    this.#entries += 1;
    if (this.#bytes > this.#room.bytes) {
      throw new ImageError(`it is larger than ${this.#room.bytes} bytes when it is unpacked`);
    }
    if (this.#entries > this.#room.entries)
      throw new ImageError(`it has more than ${this.#room.entries} files`);
  }

  async #put(path: string, { kind, target, mode, body }: Entry): Promise<void> {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (kind === 'folder') {
      if (!there?.isDirectory()) {
        if (there) rmSync(path);
        mkdirSync(path, { mode: 0o755 });
      }
      return;
    }
    if (there) rmSync(path, { recursive: true });
    if (kind === 'symlink') {
      if (target === '' || target.includes('\0')) throw new ImageError('a link leads nowhere');
      symlinkSync(target, path);
      return;
    }
    if (kind === 'link') {
      const source = nameIn(this.#root, target);
      const found = lstatSync(source, { throwIfNoEntry: false });
      if (!found?.isFile()) throw new ImageError(`a link leads to ${target}, which is no file of the image`);
      linkSync(source, path);
      return;
    }
    await pipeline(body, createWriteStream(path, { flags: 'wx' }));
    await chmod(path, (mode & 0o100) === 0 ? 0o644 : 0o755);
  }

  #hide(path: string, name: string): void {
    if (name === '' || name === '.' || name === '..')
      throw new ImageError('a layer hides nothing that has a name');
    rmSync(join(dirname(path), name), { recursive: true, force: true });
  }

  /** Takes out what lower layers have put into a folder. */
  #empty(folder: string, own: ReadonlySet<string>): void {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const kept = [...own].some((each) => each === path || each.startsWith(`${path}/`));
      if (!kept) rmSync(path, { recursive: true, force: true });
      else if (lstatSync(path).isDirectory()) this.#empty(path, own);
    }
  }
}
