/**
 * Copy Blob, Copy Blob From URL, Put Blob From URL and Put Block From URL: from the same account, at once.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { Tally } from '../bytes.ts';
import type { DataRequest, DataResponse } from '../data-plane.ts';
import { parseAddress } from './address.ts';
import { blockId, stageBlock } from './blocks.ts';
import { largestBlock } from './body.ts';
import { checkSource } from './conditions.ts';
import { detailsOf, stateHeaders } from './details.ts';
import { answer, invalidHeader, notImplemented, StorageError } from './error.ts';
import { checkLeaseToRead } from './lease.ts';
import { type Call, demandWritable, leaseIdOf, requireContainer } from './operation.ts';
import { rangeOf } from './range.ts';
import type { Blob, BlobAddress, BlobDetails } from './row.ts';
import { parseSas } from './sas.ts';
import { sasAccess } from './sas-access.ts';

const reads = { operation: 'blobServices/containers/blobs/read', plane: 'data' } as const;

/** Writes a blob over again; metadata are the source's where the request has none. */
export async function copyBlob(call: Call): Promise<DataResponse> {
  const { request } = call;
  const { headers } = request;
  const source = await sourceOf(call);
  const given = detailsOf(headers);
  const id = randomUUID();
  const blob = await copied(call, source, new StorageError('BlobNotFound'), (from) => ({
    contentType: from.contentType,
    http: from.http,
    metadata: Object.keys(given.metadata).length === 0 ? from.metadata : given.metadata,
    ...tagsOf(headers, given, from),
    copy: { id, source: source.url, completed: request.now },
  }));
  const status = headers['x-ms-requires-sync']?.toLowerCase() === 'true' ? { 'content-md5': blob.md5 } : {};
  return answer(request, 202, {
    ...stateHeaders(blob),
    ...(blob.md5 === '' ? {} : status),
    'x-ms-copy-id': id,
    'x-ms-copy-status': 'success',
  });
}

/** Writes a blob whose bytes come from another one. */
export async function putBlobFromUrl(call: Call): Promise<DataResponse> {
  const { request } = call;
  const { headers } = request;
  const type = headers['x-ms-blob-type'];
  if (type !== 'BlockBlob') throw invalidHeader('x-ms-blob-type', type ?? '');
  const source = await sourceOf(call, 'must be signed');
  const given = detailsOf(headers);
  const taken = headers['x-ms-copy-source-blob-properties']?.toLowerCase() !== 'false';
  const blob = await copied(call, source, gone(), (from) => ({
    ...given,
    ...(taken ? { contentType: from.contentType, http: { ...from.http, ...given.http } } : {}),
    ...(taken && headers['x-ms-blob-content-type'] !== undefined ? { contentType: given.contentType } : {}),
    ...tagsOf(headers, given, from),
  }));
  return answer(request, 201, {
    ...stateHeaders(blob),
    ...(blob.md5 === '' ? {} : { 'content-md5': blob.md5 }),
    'x-ms-request-server-encrypted': 'true',
  });
}

/** Stages a block whose bytes come from a blob. */
export async function putBlockFromUrl(call: Call): Promise<DataResponse> {
  const { request, address, blobs } = call;
  const { headers } = request;
  const id = blockId(address.query.get('blockid'));
  const source = await sourceOf(call, 'must be signed');
  const found = await blobs.get(source.at, (blob) => {
    checkSource(headers, blob);
    const range = rangeOf({ 'x-ms-range': headers['x-ms-source-range'] }, blob.size);
    const size = range ? range.to - range.from + 1 : blob.size;
    if (size > largestBlock) throw new StorageError('RequestBodyTooLarge');
    return range;
  });
  if (!found) throw gone();
  const { blob, range } = found;
  const { 'x-ms-source-content-md5': expected } = headers;
  const tally = new Tally(found.bytes, 'md5', (all) => {
    if (expected !== undefined && expected !== all.digest('base64')) throw new StorageError('Md5Mismatch');
  });
  await stageBlock(call, id, tally, range ? range.to - range.from + 1 : blob.size);
  const md5 = tally.digest('base64');
  return answer(request, 201, { 'content-md5': md5, 'x-ms-request-server-encrypted': 'true' });
}

interface Source {
  readonly at: BlobAddress;
  readonly url: string;
}

async function copied(
  call: Call,
  { at }: Source,
  absent: StorageError,
  describe: (source: Blob) => BlobDetails,
): Promise<Blob> {
  const { request, blobs } = call;
  const { headers, now } = request;
  const blob = await blobs.copy(
    at,
    call.at,
    (source) => {
      checkSource(headers, source);
      checkLeaseToRead(source.lease, now, leaseIdOf(headers, 'x-ms-source-lease-id'), 'blob');
      const { 'x-ms-source-content-md5': expected = source.md5 } = headers;
      if (source.md5 !== '' && expected !== source.md5) throw new StorageError('Md5Mismatch');
      return describe(source);
    },
    (before, container) => {
      requireContainer(call, container);
      demandWritable(call, before);
    },
  );
  if (blob) return blob;
  requireContainer(call, await blobs.container(call.at.account, call.at.container));
  throw absent;
}

/** The source is not there. */
function gone(): StorageError {
  return new StorageError('CannotVerifyCopySource', {
    status: 404,
    says: 'The specified blob does not exist.',
  });
}

/** Finds the blob that is to be copied, and proves that it may be read. */
async function sourceOf(call: Call, signs: 'must be signed' | 'may be' = 'may be'): Promise<Source> {
  const { request, world, keys, blobs, access } = call;
  const { headers, resource, host } = request;
  const text = headers['x-ms-copy-source'] ?? '';
  if (headers['x-ms-copy-source-authorization'] !== undefined) {
    throw notImplemented('x-ms-copy-source-authorization (sign the source with a SAS)');
  }
  if (!URL.canParse(text)) throw invalidHeader('x-ms-copy-source', text);
  const url = new URL(text);
  // Another account has a door of its own, which only the network can ask.
  if (url.host.toLowerCase() !== host) throw notImplemented('copying from another account or host');
  const target = targetOf(text);
  const { level, container, name, query } = parseAddress(target);
  if (level !== 'blob') throw new StorageError('InvalidSourceBlobUrl');
  if (query.has('snapshot') || query.has('versionid')) throw notImplemented('blob snapshots and versions');
  const need = { right: reads, letters: 'r', level, container };
  const signed = parseSas(target) && (await sasAccess({ ...request, target }, world, keys, blobs));
  // A signature speaks for its own blob, and Azure takes no key or token for both ends of these operations.
  if (!signed && (signs === 'must be signed' || access.by === 'signature')) {
    throw new StorageError('CannotVerifyCopySource', { says: 'Sign the source with a SAS.' });
  }
  (signed ?? access).demand(need);
  const at = { account: resource.name, container, name };
  return { at, url: text.split('?', 1)[0] ?? '' };
}

/** Path and query as they were written: what was signed is not to be normalised. */
function targetOf(url: string): string {
  const rest = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/#.*$/, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function tagsOf(headers: DataRequest['headers'], given: BlobDetails, from: Blob): Pick<BlobDetails, 'tags'> {
  const tags = headers['x-ms-copy-source-tag-option']?.toUpperCase() === 'COPY' ? from.tags : given.tags;
  return tags ? { tags } : {};
}
