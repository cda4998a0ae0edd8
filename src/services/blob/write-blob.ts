/**
 * Put Blob, Set Blob Metadata, Set Blob Properties and Delete Blob.
 *
 * @module
 */

import type { DataResponse } from '../data-plane.ts';
import { bodyOf, checkMd5, largestBlob } from './body.ts';
import { checkWrite } from './conditions.ts';
import { detailsOf, metadataOf, stateHeaders } from './details.ts';
import { answer, invalidHeader, notImplemented, StorageError } from './error.ts';
import { checkLeaseToWrite } from './lease.ts';
import { type Call, demandWritable, leaseIdOf, requireContainer, rewriteBlob } from './operation.ts';

/** Writes a block blob whole. */
export async function putBlob(call: Call): Promise<DataResponse> {
  const { request, at, blobs } = call;
  const { headers } = request;
  checkBlobType(headers['x-ms-blob-type']);
  const details = detailsOf(headers, 'is the blob');
  const blob = await blobs.put(at, bodyOf(call, largestBlob), details, (before, container) => {
    requireContainer(call, container);
    demandWritable(call, before);
  });
  return answer(request, 201, {
    ...stateHeaders(blob),
    'content-md5': blob.md5,
    'x-ms-request-server-encrypted': 'true',
  });
}

/** Replaces a blob's metadata. */
export async function setBlobMetadata(call: Call): Promise<DataResponse> {
  const metadata = metadataOf(call.request.headers);
  const blob = await rewriteBlob(call, () => ({ metadata }));
  return answer(call.request, 200, { ...stateHeaders(blob), 'x-ms-request-server-encrypted': 'true' });
}

const propertyHeaders = [
  'x-ms-blob-cache-control',
  'x-ms-blob-content-type',
  'x-ms-blob-content-md5',
  'x-ms-blob-content-encoding',
  'x-ms-blob-content-language',
  'x-ms-blob-content-disposition',
];

/** Replaces a blob's properties: all of them as soon as one is named. */
export async function setBlobProperties(call: Call): Promise<DataResponse> {
  const { request } = call;
  const { headers } = request;
  for (const page of ['x-ms-blob-content-length', 'x-ms-sequence-number-action']) {
    if (headers[page] !== undefined) throw notImplemented(`${page} (page blobs)`);
  }
  const md5 = headers['x-ms-blob-content-md5'] ?? '';
  if (md5 !== '') checkMd5(md5);
  const { contentType, http } = detailsOf(headers);
  const named = propertyHeaders.some((name) => headers[name] !== undefined);
  const blob = await rewriteBlob(call, () => (named ? { contentType, http, md5 } : {}));
  return answer(request, 200, stateHeaders(blob));
}

/** Deletes a blob. */
export async function deleteBlob(call: Call): Promise<DataResponse> {
  const { request, at, blobs } = call;
  const { headers, now } = request;
  const snapshots = headers['x-ms-delete-snapshots'];
  if (snapshots === 'only') throw notImplemented('blob snapshots');
  if (snapshots !== undefined && snapshots !== 'include') {
    throw invalidHeader('x-ms-delete-snapshots', snapshots);
  }
  await blobs.remove(at, (before, container) => {
    requireContainer(call, container);
    if (!before) throw new StorageError('BlobNotFound');
    checkWrite(headers, before);
    checkLeaseToWrite(before.lease, now, leaseIdOf(headers), 'blob');
  });
  return answer(request, 202, { 'x-ms-delete-type-permanent': 'true' });
}

function checkBlobType(type: string | undefined): void {
  if (type === undefined) {
    throw new StorageError('MissingRequiredHeader', { details: { HeaderName: 'x-ms-blob-type' } });
  }
  if (type === 'AppendBlob' || type === 'PageBlob') throw notImplemented(`Put Blob (${type})`);
  if (type !== 'BlockBlob') throw invalidHeader('x-ms-blob-type', type);
}
