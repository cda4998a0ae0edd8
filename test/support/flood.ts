/**
 * Bodies that nobody holds: made as they are sent, digested and forgotten as they arrive.
 */

import { createHash } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Session } from '../../src/api/control.ts';
import { secureAt } from './wire.ts';

const piece = Buffer.alloc(256 * 1024, 'cloister');

/** So many bytes, with their digests. The size is a multiple of 256 KiB. */
export function floodOf(size: number): { readonly md5: string; readonly sha256: string; body(): Readable } {
  const [md5, sha256] = [createHash('md5'), createHash('sha256')];
  const count = size / piece.length;
  for (let made = 0; made < count; made++) {
    md5.update(piece);
    sha256.update(piece);
  }
  const body = (): Readable => Readable.from(Array.from({ length: count }, () => piece));
  return { md5: md5.digest('base64'), sha256: sha256.digest('hex'), body };
}

/** What is asked. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable | string;
}

/** An answer whose body has not been read. */
export async function asking(session: Session, host: string, asked: Asked): Promise<IncomingMessage> {
  const socket = await secureAt(session, host);
  const { method, path, headers = {}, body = '' } = asked;
  const outgoing = request({ createConnection: () => socket, method, path, headers: { host, ...headers } });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject);
  });
  if (typeof body === 'string') outgoing.end(body);
  // Where the server answers early, the rest of the body is of no use to anybody.
  else pipeline(body, outgoing).catch(() => {});
  return answer;
}

/** An answer: what it said of itself, and how much there was. */
export interface Flooded {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly size: number;
  readonly sha256: string;
  /** Its first 64 KiB. */
  readonly text: string;
}

/** Reads an answer to its end. */
export async function drained(incoming: IncomingMessage): Promise<Flooded> {
  const hash = createHash('sha256');
  const start: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    if (size < 64 * 1024) start.push(chunk);
    hash.update(chunk);
    size += chunk.length;
  }
  const text = Buffer.concat(start).toString('utf8');
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    size,
    sha256: hash.digest('hex'),
    text,
  };
}

/** Asks, and reads the answer. */
export async function flood(session: Session, host: string, asked: Asked): Promise<Flooded> {
  return drained(await asking(session, host, asked));
}

/** By how many bytes the memory of this process grows at most while something is done. */
export async function growth(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const sampling = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 5);
  try {
    await work();
  } finally {
    clearInterval(sampling);
  }
  return Math.max(most, process.memoryUsage.rss()) - before;
}
