/**
 * Bodies of requests: read within limits, held against the digests that came along.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { BodyTooLarge } from '../data-plane.ts';
import { invalidHeader, StorageError } from './error.ts';
import type { Call } from './operation.ts';

/** The largest blob, or block, that one request may bring. Azure's own limit is higher. */
export const largestBody = 64 * 1024 * 1024;
/** The largest document: a list of 50 000 blocks. */
const largestDocument = 8 * 1024 * 1024;

/** Reads a body of bytes. */
export async function bodyOf(call: Call, limit = largestBody): Promise<Uint8Array> {
  const { headers } = call.request;
  const length = headers['content-length'];
  if (length === undefined) throw new StorageError('MissingContentLengthHeader');
  if (!/^\d{1,15}$/.test(length)) throw invalidHeader('Content-Length', length);
  const bytes = await readUpTo(call, limit, Number(length));
  checkDigests(headers, bytes);
  return bytes;
}

/** Reads a body that is a document. */
export async function bodyText(call: Call): Promise<string> {
  const bytes = await readUpTo(call, largestDocument, 0);
  checkDigests({ 'content-md5': call.request.headers['content-md5'] }, bytes);
  return Buffer.from(bytes).toString('utf8');
}

async function readUpTo({ request }: Call, limit: number, announced: number): Promise<Uint8Array> {
  try {
    if (announced > limit) throw new BodyTooLarge(limit);
    return await request.body(limit);
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    throw new StorageError('RequestBodyTooLarge', {
      says: `Cloister takes blobs of up to ${limit / 1024 / 1024} MiB.`,
      details: { MaxLimit: String(limit) },
    });
  }
}

/** Compares the digests that came along with what arrived. */
function checkDigests(headers: Readonly<Record<string, string | undefined>>, bytes: Uint8Array): void {
  const given = ['content-md5', 'x-ms-blob-content-md5'].flatMap((name) => headers[name] ?? []);
  if (given.length === 0) return;
  const digest = createHash('md5').update(bytes).digest('base64');
  for (const text of given) {
    checkMd5(text);
    if (text !== digest) {
      throw new StorageError('Md5Mismatch', {
        details: { UserSpecifiedMd5: text, ServerCalculatedMd5: digest },
      });
    }
  }
}

/** Throws where a text cannot be a digest. */
export function checkMd5(text: string): void {
  if (!/^[A-Za-z0-9+/]{22}==$/.test(text)) throw new StorageError('InvalidMd5');
}
