/**
 * Contents in a folder, each a file that is written once and synced before anybody hears its name.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { access, type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { StoreError, saysOf, systemReason } from '../arm/store.ts';
import { type Bytes, whole } from './bytes.ts';
import { type ByteRange, type Content, pieceSize, type Span, sizeOf } from './content.ts';

const bucket = /^[0-9a-f]{2}$/;
/** Nothing else is ever removed from the folder, should it be the wrong one. */
const own = /^[0-9a-f]{32}$/;

/** Contents as files `<aa>/<random>`. */
export class FolderContent implements Content {
  readonly #folder: string;
  /** Folders that are there for good, or are being made. */
  readonly #made = new Map<string, Promise<void>>();
  /** How many read a content. */
  readonly #readers = new Map<string, number>();
  /** Contents that are removed as soon as nobody reads them. */
  readonly #leaving = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(bytes: Bytes): Promise<string> {
    try {
      return await this.#write(bytes);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      const reason = systemReason(code);
      if (reason === 'unavailable') throw error;
      throw new StoreError(reason, `${saysOf(reason, this.#folder)} (${code})`, error);
    }
  }

  async #write(bytes: Bytes): Promise<string> {
    const name = randomBytes(16).toString('hex');
    const file = `${name.slice(0, 2)}/${name}`;
    const path = join(this.#folder, file);
    await this.#makeFolder(dirname(path));
    // Nobody knows the name before all of it is there, so that no draft is needed.
    const handle = await open(path, 'wx', 0o600);
    try {
      try {
        await writeAll(handle, bytes);
        await Promise.all([handle.datasync(), syncFolder(dirname(path))]);
      } finally {
        await handle.close();
      }
    } catch (error) {
      await rm(path, { force: true }).catch(() => {});
      throw error;
    }
    return file;
  }

  async read(spans: readonly Span[]): Promise<Bytes | undefined> {
    const files = [...new Set(spans.map(({ file }) => file))];
    if (files.some((file) => this.#leaving.has(file))) return undefined;
    for (const file of files) this.#readers.set(file, (this.#readers.get(file) ?? 0) + 1);
    const reading = new Reading(this.#folder, spans, () => this.#release(files));
    try {
      if (sizeOf(spans) <= pieceSize) return await whole(reading);
      await Promise.all(files.map((file) => access(join(this.#folder, file))));
      return reading;
    } catch (error) {
      await reading.return();
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async remove(file: string): Promise<void> {
    this.#leaving.add(file);
    if (!this.#readers.has(file)) await this.#erase(file);
  }

  async files(): Promise<readonly string[]> {
    await this.#makeFolder(this.#folder);
    const buckets = (await readdir(this.#folder)).filter((name) => bucket.test(name));
    const each = await Promise.all(
      buckets.map(async (name) => {
        const inside = await readdir(join(this.#folder, name));
        return inside.filter((file) => own.test(file)).map((file) => `${name}/${file}`);
      }),
    );
    return each.flat();
  }

  async #erase(file: string): Promise<void> {
    try {
      await rm(join(this.#folder, file), { force: true });
    } finally {
      this.#leaving.delete(file);
    }
  }

  async #release(files: readonly string[]): Promise<void> {
    const gone = files.filter((file) => {
      const readers = (this.#readers.get(file) ?? 1) - 1;
      if (readers > 0) this.#readers.set(file, readers);
      else this.#readers.delete(file);
      return readers === 0 && this.#leaving.has(file);
    });
    // What cannot be removed is an orphan for the next opening, and no fault of who read it.
    await Promise.allSettled(gone.map((file) => this.#erase(file)));
  }

  async #makeFolder(folder: string): Promise<void> {
    let made = this.#made.get(folder);
    if (!made) {
      made = makeFolder(folder);
      this.#made.set(folder, made);
      made.catch(() => this.#made.delete(folder));
    }
    await made;
  }
}

/** Reads spans one after the other. */
class Reading implements AsyncIterableIterator<Uint8Array> {
  readonly #folder: string;
  readonly #spans: Span[];
  readonly #release: () => Promise<void>;
  #handle: FileHandle | undefined;
  #ended = false;

  /** `release` is called once, when nothing more is read. */
  constructor(folder: string, spans: readonly Span[], release: () => Promise<void>) {
    this.#folder = folder;
    this.#spans = [...spans];
    this.#release = release;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const [span] = this.#spans;
    if (span === undefined || this.#ended) return this.return();
    const length = Math.min(lengthOf(span), pieceSize);
    try {
      this.#handle ??= await open(join(this.#folder, span.file));
      const value = await readExactly(this.#handle, span.file, span.from, length);
      this.#spans[0] = { ...span, from: span.from + length };
      if (length === lengthOf(span)) {
        this.#spans.shift();
        await this.#close();
      }
      return { done: false, value };
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#ended) {
      this.#ended = true;
      await this.#close();
      await this.#release();
    }
    return { done: true, value: undefined };
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

function lengthOf({ from, to }: ByteRange): number {
  return to - from + 1;
}

async function readExactly(
  handle: FileHandle,
  file: string,
  from: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, length - at, from + at);
    if (bytesRead === 0) throw new Error(`the content ${file} is shorter than its row says`);
    at += bytesRead;
  }
  return bytes;
}

/** Writes bytes as they come. However small the pieces are, no more than two buffers are held. */
async function writeAll(handle: FileHandle, bytes: Bytes): Promise<void> {
  if (bytes instanceof Uint8Array) return handle.writeFile(bytes);
  let [filling, other] = [Buffer.allocUnsafe(pieceSize), Buffer.allocUnsafe(pieceSize)];
  let filled = 0;
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const piece of bytes) {
      for (let at = 0; at < piece.length; ) {
        const part = piece.subarray(at, at + pieceSize - filled);
        filling.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < pieceSize) continue;
        // One buffer is written while the next one fills.
        await writing;
        writing = handle.writeFile(filling);
        writing.catch(() => {});
        [filling, other, filled] = [other, filling, 0];
      }
    }
  } finally {
    await writing.catch(() => {});
  }
  await writing;
  await handle.writeFile(filling.subarray(0, filled));
}

/** Makes a folder, for its owner only, whose name survives a crash. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let at = resolve(folder); at !== top; at = dirname(at)) await syncFolder(dirname(at));
}

/** Makes the names in a folder survive a crash. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
