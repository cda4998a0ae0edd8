/**
 * Where the bytes of a service are: in a folder, each content as a file that is written once, or in memory.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Bytes of a content, from the first to the last one, both included. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** Keeps contents by names that it gives out. */
export interface Content {
  /** Resolves with the name when the bytes survive a crash of process and machine. */
  write(bytes: Uint8Array): Promise<string>;
  /** Answers nothing where there is no such content. */
  read(file: string, range: ByteRange | undefined): Promise<Uint8Array | undefined>;
  /** Is satisfied where there is nothing to remove. */
  remove(file: string): Promise<void>;
  /** Every content, whole or left half-written. */
  files(): Promise<readonly string[]>;
}

const bucket = /^[0-9a-f]{2}$/;
/** Nothing else is ever removed from the folder, should it be the wrong one. */
const own = /^[0-9a-f]{32}(\.new)?$/;

/** Contents as files `<aa>/<random>`. */
export class FolderContent implements Content {
  readonly #folder: string;
  /** Folders that are there for good, or are being made. */
  readonly #made = new Map<string, Promise<void>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(bytes: Uint8Array): Promise<string> {
    const name = randomBytes(16).toString('hex');
    const file = `${name.slice(0, 2)}/${name}`;
    const path = join(this.#folder, file);
    await this.#makeFolder(dirname(path));
    try {
      const handle = await open(`${path}.new`, 'wx', 0o600);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(`${path}.new`, path);
      await syncFolder(dirname(path));
    } catch (error) {
      await Promise.allSettled([rm(`${path}.new`, { force: true }), rm(path, { force: true })]);
      throw error;
    }
    return file;
  }

  async read(file: string, range: ByteRange | undefined): Promise<Uint8Array | undefined> {
    const handle = await open(join(this.#folder, file)).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (!handle) return undefined;
    try {
      if (!range) return await handle.readFile();
      const bytes = new Uint8Array(range.to - range.from + 1);
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, range.from + at);
        if (bytesRead === 0) throw new Error(`the content ${file} is shorter than its row says`);
        at += bytesRead;
      }
      return bytes;
    } finally {
      await handle.close();
    }
  }

  async remove(file: string): Promise<void> {
    await rm(join(this.#folder, file), { force: true });
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

/** Contents that end with the process. */
export class MemoryContent implements Content {
  readonly #contents = new Map<string, Uint8Array>();
  #written = 0;

  async write(bytes: Uint8Array): Promise<string> {
    this.#written += 1;
    const file = String(this.#written);
    this.#contents.set(file, bytes.slice());
    return file;
  }

  async read(file: string, range: ByteRange | undefined): Promise<Uint8Array | undefined> {
    return this.#contents.get(file)?.slice(range?.from ?? 0, range && range.to + 1);
  }

  async remove(file: string): Promise<void> {
    this.#contents.delete(file);
  }

  async files(): Promise<readonly string[]> {
    return [...this.#contents.keys()];
  }
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
