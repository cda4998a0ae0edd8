/**
 * Bodies of requests: taken in within limits, held against the digests that came along.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { type Pieces, Tally } from '../bytes.ts';
import { invalidHeader, StorageError } from './error.ts';
import type { Call } from './operation.ts';

const mebibyte = 1024 * 1024;
/** The largest blob that one request may bring (docs: Put Blob, since version 2019-12-12). */
export const largestBlob = 5000 * mebibyte;
/** The largest block (docs: Put Block). */
export const largestBlock = 4000 * mebibyte;
/** The largest document: a list of 50 000 blocks. */
const largestDocument = 8 * mebibyte;

/** Returns the bytes of a body as they arrive. They end only if they are what their digests say. */
export function bodyOf({ request }: Pick<Call, 'request'>, limit: number): Pieces {
  const { headers } = request;
  const length = headers['content-length'];
  if (length === undefined) throw new StorageError('MissingContentLengthHeader');
  if (!/^\d{1,15}$/.test(length)) throw invalidHeader('Content-Length', length);
  if (Number(length) > limit) throw tooLarge(limit);
  const given = digestsOf(headers);
  if (given.length === 0) return request.pieces(limit);
  return new Tally(request.pieces(limit), 'md5', (tally) => compare(given, tally.digest('base64')));
}

/** Reads a body that is a document. */
export async function bodyText({ request }: Call): Promise<string> {
  const given = digestsOf({ 'content-md5': request.headers['content-md5'] });
  const bytes = await request.body(largestDocument);
  if (given.length > 0) compare(given, createHash('md5').update(bytes).digest('base64'));
  return Buffer.from(bytes).toString('utf8');
}

/** Returns the refusal of a body that is larger than so many bytes. */
export function tooLarge(limit: number): StorageError {
  return new StorageError('RequestBodyTooLarge', { details: { MaxLimit: String(limit) } });
}

/** Returns the digests that came along. */
function digestsOf(headers: Readonly<Record<string, string | undefined>>): readonly string[] {
  const given = ['content-md5', 'x-ms-blob-content-md5'].flatMap((name) => headers[name] ?? []);
  for (const text of given) checkMd5(text);
  return given;
}

function compare(given: readonly string[], digest: string): void {
  const wrong = given.find((text) => text !== digest);
  if (wrong === undefined) return;
  throw new StorageError('Md5Mismatch', {
    details: { UserSpecifiedMd5: wrong, ServerCalculatedMd5: digest },
  });
}

/** Throws where a text cannot be a digest. */
export function checkMd5(text: string): void {
  if (!/^[A-Za-z0-9+/]{22}==$/.test(text)) throw new StorageError('InvalidMd5');
}
