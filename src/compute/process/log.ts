/**
 * What replicas print: the last lines, bounded in number and size.
 *
 * @module
 */

import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Lines kept at most. */
export const maxLines = 10_000;

/** UTF-8 bytes kept at most, line ends included. */
export const maxBytes = 2 ** 20;

/** A longer line is broken here, so that output without line ends stays bounded too. In UTF-16 units. */
const maxLine = 2 ** 14;

/** A ring of lines. The newest displace the oldest. */
export class Log {
  #lines: string[] = [];
  /** Index of the oldest line that counts; what is before it was displaced and is cut off now and then. */
  #first = 0;
  #bytes = 0;

  /** Adds one line (without its line end). */
  add(line: string): void {
    this.#lines.push(line);
    this.#bytes += size(line);
    while (this.#lines.length - this.#first > maxLines || this.#bytes > maxBytes) {
      this.#bytes -= size(this.#lines[this.#first] ?? '');
      this.#first += 1;
    }
    if (this.#first >= maxLines) {
      this.#lines = this.#lines.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Adds what the stream carries, line by line, until it ends. */
  follow(stream: Readable): void {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    const take = (text: string): void => {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (; rest.length > maxLine; rest = rest.slice(maxLine)) lines.push(rest.slice(0, maxLine));
      for (const line of lines) this.add(line);
    };
    stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
    stream.on('error', () => {});
    stream.once('close', () => {
      take(decoder.end());
      if (rest !== '') this.add(rest);
    });
  }

  /** Returns the last lines, oldest first, each with its line end. */
  tail(count: number): string {
    const from = Math.max(this.#first, this.#lines.length - Math.max(0, Math.floor(count)));
    return this.#lines
      .slice(from)
      .map((line) => `${line}\n`)
      .join('');
  }
}

/** Bytes that a line takes with its line end. */
function size(line: string): number {
  return Buffer.byteLength(line) + 1;
}
