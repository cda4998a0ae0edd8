/**
 * The flow log: what was decided about each new flow, as lines of JSON in the state folder. It is bounded: a file that is
 * full takes the place of the one before. A disk that takes nothing costs nobody an answer: lines wait in memory, up to a
 * limit, and the log says so.
 *
 * @module
 */

import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import type { FlowLine } from '../api/control.ts';

/** Where a log is, and how much it keeps. */
export interface FlowLogOptions {
  /** Undefined: in memory only. */
  readonly file: string | undefined;
  /** Bytes after which a file is full; there are two at most. 4 MiB unless told. */
  readonly fileSize?: number;
  /** Lines that wait for a disk at most. 10 000 unless told. */
  readonly mostWaiting?: number;
}

/** Lines that can be read. */
const mostRecent = 1_000;

/** A log. Nothing that it is asked rejects because of the disk. */
export class FlowLog {
  readonly #file: string | undefined;
  readonly #fileSize: number;
  readonly #mostWaiting: number;
  /** The last ones, the oldest first. */
  #recent: readonly FlowLine[] = [];
  /** What is not on disk. */
  #waiting: readonly string[] = [];
  #lost = 0;
  #problem: string | undefined;
  #last: Promise<void> = Promise.resolve();

  private constructor({ file, fileSize = 4 * 1024 * 1024, mostWaiting = 10_000 }: FlowLogOptions) {
    this.#file = file;
    this.#fileSize = fileSize;
    this.#mostWaiting = mostWaiting;
  }

  /** Goes on with what is in the file. */
  static async open(options: FlowLogOptions): Promise<FlowLog> {
    const log = new FlowLog(options);
    if (options.file === undefined) return log;
    const kept = await Promise.all([formerOf(options.file), options.file].map(readLines));
    log.#recent = kept.flat().slice(-mostRecent);
    return log;
  }

  /** The last lines, the oldest first. */
  get recent(): readonly FlowLine[] {
    return this.#recent;
  }

  /** What is wrong: lines that wait, and how many nobody wrote down since the log was opened. */
  get problem(): string | undefined {
    const waits = this.#problem === undefined ? [] : [`${this.#waiting.length} lines wait: ${this.#problem}`];
    const lost = this.#lost === 0 ? [] : [`${this.#lost} lines were not written`];
    return [...waits, ...lost].join('; ') || undefined;
  }

  /** Adds lines. They can be read at once, and are on disk when this resolves, or `problem` says why not. */
  add(lines: readonly FlowLine[]): Promise<void> {
    if (lines.length === 0) return this.#last;
    this.#recent = [...this.#recent, ...lines].slice(-mostRecent);
    const file = this.#file;
    if (file === undefined) return this.#last;
    this.#wait([...this.#waiting, ...lines.map((line) => JSON.stringify(line))]);
    this.#last = this.#last.then(() => this.#write(file));
    return this.#last;
  }

  async #write(file: string): Promise<void> {
    const lines = this.#waiting;
    if (lines.length === 0) return;
    this.#waiting = [];
    try {
      await append(file, `${lines.join('\n')}\n`, this.#fileSize);
      this.#problem = undefined;
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#wait([...lines, ...this.#waiting]);
    }
  }

  #wait(lines: readonly string[]): void {
    this.#lost += Math.max(lines.length - this.#mostWaiting, 0);
    this.#waiting = lines.slice(-this.#mostWaiting);
  }
}

/** The file that was full before. */
function formerOf(file: string): string {
  return file.replace(/(?:\.jsonl)?$/, '.1.jsonl');
}

/** Appends all of a text, or nothing, to a file that is not full. */
async function append(file: string, text: string, fileSize: number): Promise<void> {
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    if (size > 0 && size + text.length > fileSize) {
      await rename(file, formerOf(file));
      return await append(file, text, fileSize);
    }
    // A process that was killed may have left half a line.
    const whole = (await endsLine(handle, size)) ? text : `\n${text}`;
    try {
      await handle.appendFile(whole);
    } catch (error) {
      await handle.truncate(size);
      throw error;
    }
  } finally {
    await handle.close();
  }
}

async function endsLine(handle: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return true;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}

/** Whole lines of a file that may be missing, unreadable or damaged: what cannot be read is not in the log. */
async function readLines(file: string): Promise<FlowLine[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as FlowLine];
    } catch {
      return [];
    }
  });
}
