/**
 * Reads archives as layers are: POSIX ustar with PAX headers, and GNU's long names.
 *
 * Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html, https://www.gnu.org/software/tar/manual/html_node/Standard.html
 *
 * @module
 */

import { ImageError } from './image-error.ts';

/** What an entry is. `other`: a device or a pipe. */
export type EntryKind = 'file' | 'folder' | 'symlink' | 'link' | 'other';

/** An entry. Its body is to be read before the next entry is asked for; what is left of it is passed over. */
export interface Entry {
  readonly kind: EntryKind;
  readonly path: string;
  /** Where a link leads. */
  readonly target: string;
  readonly mode: number;
  readonly size: number;
  readonly body: AsyncGenerator<Uint8Array, void, void>;
}

const block = 512;
/** A header of names is read into memory. */
const largestHeader = 2 ** 20;

const kinds: Readonly<Record<string, EntryKind>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'link',
  '2': 'symlink',
  '5': 'folder',
  '3': 'other',
  '4': 'other',
  '6': 'other',
};

/** Reads entries, in their order. Throws ImageError where it is no archive. */
export async function* entriesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Entry, void, void> {
  const input = new Input(pieces);
  let told: ReadonlyMap<string, string> = new Map();
  for (;;) {
    const header = await input.take(block, 'a header', true);
    // Two empty blocks are the end; what follows them, and an end without them, is passed over by all who read these.
    if (!header || header.every((byte) => byte === 0)) return input.finish();
    checkSum(header);
    const type = String.fromCharCode(header[156] ?? 0);
    const length = Number(told.get('size') ?? numberAt(header, 124, 12));
    if (!Number.isSafeInteger(length) || length < 0) throw new ImageError('a header has no size');
    if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
      if (length > largestHeader) throw new ImageError('a header is too large');
      const text = decode((await input.take(length, 'a header')) ?? new Uint8Array());
      await input.pass(padding(length));
      // What holds for all entries is nothing that an entry needs.
      if (type !== 'g') told = new Map([...told, ...namesIn(type, text)]);
      continue;
    }
    const kind = kinds[type];
    if (kind === undefined) throw new ImageError(`an entry has the unknown type ${JSON.stringify(type)}`);
    const size = kind === 'file' ? length : 0;
    let left = size;
    const body = (async function* () {
      while (left > 0) {
        const piece = await input.some(left);
        left -= piece.length;
        yield piece;
      }
    })();
    yield {
      kind,
      path: told.get('path') ?? pathIn(header),
      target: told.get('linkpath') ?? textAt(header, 157, 100),
      mode: numberAt(header, 100, 8) & 0o777,
      size,
      body,
    };
    await input.pass(left + padding(size));
    told = new Map();
  }
}

/** Bytes that come in pieces. */
class Input {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** At least one byte, and not more than so many. */
  async some(most: number): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const next = await this.#pieces.next();
      if (next.done === true) throw new ImageError('a layer ends in the middle of an entry');
      this.#rest = next.value;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** So many bytes. At the end nothing, where that may be. */
  async take(length: number, what: string, mayEnd = false): Promise<Uint8Array | undefined> {
    const pieces: Uint8Array[] = [];
    for (let left = length; left > 0; ) {
      while (this.#rest.length === 0) {
        const next = await this.#pieces.next();
        if (next.done !== true) this.#rest = next.value;
        else if (mayEnd && left === length) return undefined;
        else throw new ImageError(`a layer ends in the middle of ${what}`);
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  /** Reads to the end: whoever gives the bytes may have something to say there. */
  async finish(): Promise<void> {
    for (let next = await this.#pieces.next(); next.done !== true; ) next = await this.#pieces.next();
  }

  async pass(length: number): Promise<void> {
    for (let left = length; left > 0; ) left -= (await this.some(left)).length;
  }
}

function padding(length: number): number {
  return (block - (length % block)) % block;
}

function checkSum(header: Uint8Array): void {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (numberAt(header, 148, 8) !== sum) throw new ImageError('a layer is no tar archive');
}

/** A number in octal digits, or in GNU's binary form. */
function numberAt(header: Uint8Array, at: number, length: number): number {
  const field = header.subarray(at, at + length);
  if ((field[0] ?? 0) >= 0x80) {
    return field.subarray(1).reduce((value, byte) => value * 256 + byte, (field[0] ?? 0) & 0x7f);
  }
  const digits = decode(field).replaceAll('\0', ' ').trim();
  if (!/^[0-7]*$/.test(digits)) throw new ImageError('a layer is no tar archive');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function textAt(header: Uint8Array, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return decode(end < 0 ? field : field.subarray(0, end));
}

function pathIn(header: Uint8Array): string {
  const name = textAt(header, 0, 100);
  const prefix = textAt(header, 257, 6) === 'ustar' ? textAt(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Names that hold for the next entry: lines `length name=value`, or GNU's one name. */
function namesIn(type: string, text: string): (readonly [string, string])[] {
  if (type === 'L') return [['path', text.replace(/\0.*$/s, '')]];
  if (type === 'K') return [['linkpath', text.replace(/\0.*$/s, '')]];
  const names: (readonly [string, string])[] = [];
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    const length = Number(/^(\d{1,7}) /.exec(rest.toString('latin1'))?.[1]);
    const [, name, value] = /^\d+ ([^=]+)=(.*)\n$/s.exec(rest.subarray(0, length).toString()) ?? [];
    if (name === undefined || value === undefined) throw new ImageError('a header cannot be read');
    names.push([name, value]);
    rest = rest.subarray(length);
  }
  return names;
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
