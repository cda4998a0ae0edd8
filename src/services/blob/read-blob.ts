/**
 * Get Blob, Get Blob Properties and Get Blob Metadata.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { whole } from '../bytes.ts';
import type { DataResponse } from '../data-plane.ts';
import { checkRead } from './conditions.ts';
import { blobHeaders, metadataHeaders, stateHeaders } from './details.ts';
import { answer, invalidHeader } from './error.ts';
import { checkLeaseToRead } from './lease.ts';
import { type Call, leaseIdOf, missing, readBlob } from './operation.ts';
import { rangeOf } from './range.ts';
import type { Blob } from './row.ts';

/** A range's own digest is made for no more than this. */
const largestDigested = 4 * 1024 * 1024;

/** Answers a blob, or a range of it. */
export async function getBlob(call: Call): Promise<DataResponse> {
  const { request, at, blobs } = call;
  const { headers, now } = request;
  const wantsDigest = headers['x-ms-range-get-content-md5']?.toLowerCase() === 'true';
  const found = await blobs.get(at, (blob) => {
    demandReadable(call, blob);
    const range = rangeOf(headers, blob.size);
    if (wantsDigest && (!range || range.to - range.from >= largestDigested)) {
      throw invalidHeader('x-ms-range-get-content-md5', 'true', 'It needs a range of at most 4 MiB.');
    }
    return range;
  });
  if (!found) throw await missing(call);
  const { blob, range } = found;
  const own = blobHeaders(blob, now);
  if (!range) {
    return answer(
      request,
      200,
      { ...own, 'content-length': String(blob.size), ...md5Header(blob) },
      found.bytes,
    );
  }
  const digested = wantsDigest ? await whole(found.bytes) : undefined;
  const partial = {
    ...own,
    'content-length': String(range.to - range.from + 1),
    'content-range': `bytes ${range.from}-${range.to}/${blob.size}`,
    ...md5Header(blob, 'x-ms-blob-content-md5'),
    ...(digested && { 'content-md5': createHash('md5').update(digested).digest('base64') }),
  };
  return answer(request, 206, partial, digested ?? found.bytes);
}

/** Answers a blob's properties and metadata. */
export async function getBlobProperties(call: Call): Promise<DataResponse> {
  const { request } = call;
  const blob = await readBlob(call, (found) => demandReadable(call, found));
  const own = { 'content-length': String(blob.size), ...md5Header(blob) };
  return answer(request, 200, { ...blobHeaders(blob, request.now), ...own });
}

/** Answers a blob's metadata. */
export async function getBlobMetadata(call: Call): Promise<DataResponse> {
  const blob = await readBlob(call, (found) => demandReadable(call, found));
  return answer(call.request, 200, { ...stateHeaders(blob), ...metadataHeaders(blob.metadata) });
}

function demandReadable({ request }: Call, blob: Blob): void {
  checkRead(request.headers, blob);
  checkLeaseToRead(blob.lease, request.now, leaseIdOf(request.headers), 'blob');
}

function md5Header({ md5 }: Blob, name = 'content-md5'): Record<string, string> {
  return md5 === '' ? {} : { [name]: md5 };
}
