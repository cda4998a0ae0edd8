/**
 * The log of a job, as a file of its run: what was printed so far, bounded.
 *
 * @module
 */

/** Bytes kept at most: the file is written whole each time that it has grown. */
const mostBytes = 4 * 2 ** 20;

/** A text that grows, and is written somewhere now and then. */
export class LogFile {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;
  #written = -1;
  #last: Promise<void> = Promise.resolve();

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  add(piece: Uint8Array): void {
    if (this.#size >= mostBytes) return;
    const kept = piece.subarray(0, mostBytes - this.#size);
    this.#pieces.push(kept);
    this.#size += kept.length;
    if (this.#size < mostBytes) return;
    this.#pieces.push(Buffer.from(`\ncloister: the log is cut off here, after ${mostBytes} bytes\n`));
  }

  /** Writes what was added since the last time, once what is being written is. */
  flush(): Promise<void> {
    this.#last = this.#last.then(async () => {
      const size = this.#size;
      if (size === this.#written) return;
      await this.#write(Buffer.concat(this.#pieces));
      this.#written = size;
    });
    return this.#last;
  }
}
