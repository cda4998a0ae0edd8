/**
 * Get Blob and Get Blob Properties.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import type { DataResponse } from '../data-plane.ts';
import { rootContainer } from './address.ts';
import { checkRead } from './conditions.ts';
import { blobHeaders } from './details.ts';
import { answer, invalidHeader, StorageError } from './error.ts';
import type { Call } from './operation.ts';
import { rangeOf } from './range.ts';

/** A range's own digest is made for no more than this. */
const largestDigested = 4 * 1024 * 1024;

/** Answers a blob, or a range of it. */
export async function getBlob(call: Call): Promise<DataResponse> {
  const { request, at, blobs } = call;
  const { headers } = request;
  const wantsDigest = headers['x-ms-range-get-content-md5']?.toLowerCase() === 'true';
  const found = await blobs.get(at, (blob) => {
    checkRead(headers, blob);
    const range = rangeOf(headers, blob.size);
    if (wantsDigest && (!range || range.to - range.from >= largestDigested)) {
      throw invalidHeader('x-ms-range-get-content-md5', 'true', 'It needs a range of at most 4 MiB.');
    }
    return range;
  });
  if (!found) throw await missing(call);
  const { blob, range, bytes } = found;
  const own = { ...blobHeaders(blob), 'content-length': String(bytes.length) };
  if (!range) return answer(request, 200, { ...own, 'content-md5': blob.md5 }, bytes);
  const partial = {
    ...own,
    'content-range': `bytes ${range.from}-${range.to}/${blob.size}`,
    'x-ms-blob-content-md5': blob.md5,
    ...(wantsDigest ? { 'content-md5': createHash('md5').update(bytes).digest('base64') } : {}),
  };
  return answer(request, 206, partial, bytes);
}

/** Answers a blob's properties and metadata. */
export async function getBlobProperties(call: Call): Promise<DataResponse> {
  const { request, at, blobs } = call;
  const blob = await blobs.head(at);
  if (!blob) throw await missing(call);
  checkRead(request.headers, blob);
  const own = { 'content-length': String(blob.size), 'content-md5': blob.md5 };
  return answer(request, 200, { ...blobHeaders(blob), ...own });
}

/** Returns why there is no blob. */
async function missing({ at, blobs, exists }: Call): Promise<StorageError> {
  if (exists(await blobs.container(at.account, at.container))) return new StorageError('BlobNotFound');
  return new StorageError(at.container === rootContainer ? 'ResourceNotFound' : 'ContainerNotFound');
}
