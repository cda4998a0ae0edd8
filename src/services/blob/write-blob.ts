/**
 * Put Blob, Set Blob Metadata and Delete Blob.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { BodyTooLarge, type DataResponse } from '../data-plane.ts';
import { rootContainer } from './address.ts';
import { checkWrite } from './conditions.ts';
import { detailsOf, metadataOf, stateHeaders } from './details.ts';
import { answer, invalidHeader, notImplemented, StorageError } from './error.ts';
import type { Call } from './operation.ts';
import type { Blob, Container } from './row.ts';

/** The largest blob that one request may bring. Azure's own limit is higher; blocks come later. */
export const largestBody = 64 * 1024 * 1024;

/** Writes a block blob whole. */
export async function putBlob(call: Call): Promise<DataResponse> {
  const { request, at, blobs } = call;
  const { headers } = request;
  checkBlobType(headers['x-ms-blob-type']);
  const details = detailsOf(headers);
  const bytes = await bodyOf(call);
  checkDigests(headers, bytes);
  const onlyNew = headers['if-none-match']?.trim() === '*';
  const blob = await blobs.put(at, bytes, details, (before, container) => {
    requireContainer(call, container);
    if (before && onlyNew) throw new StorageError('BlobAlreadyExists');
    checkWrite(headers, before);
  });
  return answer(request, 201, {
    ...stateHeaders(blob),
    'content-md5': blob.md5,
    'x-ms-request-server-encrypted': 'true',
  });
}

/** Replaces a blob's metadata. */
export async function setBlobMetadata(call: Call): Promise<DataResponse> {
  const { request, at, blobs } = call;
  const metadata = metadataOf(request.headers);
  const blob = await blobs.annotate(at, metadata, checkExisting(call));
  if (!blob) throw new StorageError('BlobNotFound');
  return answer(request, 200, { ...stateHeaders(blob), 'x-ms-request-server-encrypted': 'true' });
}

/** Deletes a blob. */
export async function deleteBlob(call: Call): Promise<DataResponse> {
  const { request, at, blobs } = call;
  const snapshots = request.headers['x-ms-delete-snapshots'];
  if (snapshots === 'only') throw notImplemented('blob snapshots');
  if (snapshots !== undefined && snapshots !== 'include') {
    throw invalidHeader('x-ms-delete-snapshots', snapshots);
  }
  await blobs.remove(at, checkExisting(call));
  return answer(request, 202, { 'x-ms-delete-type-permanent': 'true' });
}

/** A check that the blob is there and the request's conditions hold. */
function checkExisting(call: Call): (before: Blob | undefined, container: Container | undefined) => void {
  return (before, container) => {
    requireContainer(call, container);
    if (!before) throw new StorageError('BlobNotFound');
    checkWrite(call.request.headers, before);
  };
}

function requireContainer({ at, exists }: Call, container: Container | undefined): void {
  if (exists(container)) return;
  throw new StorageError(at.container === rootContainer ? 'ResourceNotFound' : 'ContainerNotFound');
}

function checkBlobType(type: string | undefined): void {
  if (type === undefined) {
    throw new StorageError('MissingRequiredHeader', { details: { HeaderName: 'x-ms-blob-type' } });
  }
  if (type === 'AppendBlob' || type === 'PageBlob') throw notImplemented(`Put Blob (${type})`);
  if (type !== 'BlockBlob') throw invalidHeader('x-ms-blob-type', type);
}

async function bodyOf({ request }: Call): Promise<Uint8Array> {
  const length = request.headers['content-length'];
  if (length === undefined) throw new StorageError('MissingContentLengthHeader');
  if (!/^\d{1,15}$/.test(length)) throw invalidHeader('Content-Length', length);
  try {
    if (Number(length) > largestBody) throw new BodyTooLarge(largestBody);
    return await request.body(largestBody);
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    throw new StorageError('RequestBodyTooLarge', {
      says: `Cloister takes blobs of up to ${largestBody / 1024 / 1024} MiB.`,
      details: { MaxLimit: String(largestBody) },
    });
  }
}

/** Compares the digests that came along with what arrived. */
function checkDigests(headers: Readonly<Record<string, string | undefined>>, bytes: Uint8Array): void {
  const given = ['content-md5', 'x-ms-blob-content-md5'].flatMap((name) => headers[name] ?? []);
  if (given.length === 0) return;
  const digest = createHash('md5').update(bytes).digest('base64');
  for (const text of given) {
    if (!/^[A-Za-z0-9+/]{22}==$/.test(text)) throw new StorageError('InvalidMd5');
    if (text !== digest) {
      throw new StorageError('Md5Mismatch', {
        details: { UserSpecifiedMd5: text, ServerCalculatedMd5: digest },
      });
    }
  }
}
