/**
 * What a writer says about a blob, from headers and back.
 *
 * @module
 */

import { notImplemented, StorageError } from './error.ts';
import { isLocked, type Lease, leaseState } from './lease.ts';
import type { Blob, BlobDetails, CopyRecord } from './row.ts';
import { tagsOfHeader } from './tags.ts';

type Headers = Readonly<Record<string, string | undefined>>;

const prefix = 'x-ms-meta-';
const largestMetadata = 8 * 1024;
const httpNames = ['content-encoding', 'content-language', 'content-disposition', 'cache-control'] as const;

/** Headers that ask for what is not here -> what that is. Ignoring one would be a silent difference to Azure. */
const unknownHeaders: Readonly<Record<string, string>> = {
  'x-ms-access-tier': 'Set Blob Tier',
  'x-ms-content-crc64': 'x-ms-content-crc64 (send Content-MD5)',
  'x-ms-encryption-key': 'customer-provided keys',
  'x-ms-encryption-scope': 'encryption scopes',
  'x-ms-if-tags': 'conditions on blob tags',
  'x-ms-source-if-tags': 'conditions on blob tags',
  'x-ms-immutability-policy-until-date': 'immutability policies',
  'x-ms-legal-hold': 'legal holds',
  'x-ms-range-get-content-crc64': 'x-ms-range-get-content-crc64',
  'x-ms-structured-body': 'structured bodies',
};

/** Query parameters likewise. */
const unknownParameters: Readonly<Record<string, string>> = {
  snapshot: 'blob snapshots',
  versionid: 'blob versions',
};

/** Refuses by name what a request asks for beyond the operation itself. */
export function refuseUnknown(headers: Headers, query: URLSearchParams): void {
  const header = Object.keys(unknownHeaders).find((name) => headers[name] !== undefined);
  const parameter = Object.keys(unknownParameters).find((name) => query.has(name));
  const feature = unknownHeaders[header ?? ''] ?? unknownParameters[parameter ?? ''];
  if (feature !== undefined) throw notImplemented(feature);
}

/** Reads what a writer says about a blob; what a request says of its own body counts only where that is the blob. */
export function detailsOf(headers: Headers, body: 'is the blob' | 'is not' = 'is not'): BlobDetails {
  const given = (name: string): string | undefined =>
    headers[`x-ms-blob-${name}`] || (body === 'is the blob' ? headers[name] : undefined);
  const tags = tagsOfHeader(headers['x-ms-tags']);
  const http = httpNames.flatMap((name) => {
    const value = given(name);
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return {
    contentType: given('content-type') || 'application/octet-stream',
    http: Object.fromEntries(http),
    metadata: metadataOf(headers),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
  };
}

/** Reads metadata. Names are in lower case: that is how requests reach us, and HTTP does not mind. */
export function metadataOf(headers: Headers): Readonly<Record<string, string>> {
  const pairs = Object.entries(headers).flatMap(([header, value]) =>
    header.startsWith(prefix) && value !== undefined ? [[header.slice(prefix.length), value] as const] : [],
  );
  for (const [name, value] of pairs) {
    if (name === '') throw new StorageError('EmptyMetadataKey');
    if (!/^[a-z_][a-z0-9_]*$/i.test(name) || !/^[\t -~]*$/.test(value)) {
      throw new StorageError('InvalidMetadata', { says: `It is '${prefix}${name}'.` });
    }
  }
  const size = pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > largestMetadata) throw new StorageError('MetadataTooLarge');
  return Object.fromEntries(pairs);
}

/** Returns metadata as headers. */
export function metadataHeaders(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`${prefix}${name}`, value]));
}

/** Returns what every answer about a blob or container says of its state. */
export function stateHeaders(state: Pick<Blob, 'etag' | 'modified'>): Record<string, string> {
  return { etag: `"${state.etag}"`, 'last-modified': new Date(state.modified).toUTCString() };
}

/** Returns what an answer says of a lease. */
export function leaseHeaders(lease: Lease | undefined, now: number): Record<string, string> {
  const state = leaseState(lease, now);
  return {
    'x-ms-lease-status': isLocked(lease, now) ? 'locked' : 'unlocked',
    'x-ms-lease-state': state,
    ...(state === 'leased' ? { 'x-ms-lease-duration': lease?.duration === -1 ? 'infinite' : 'fixed' } : {}),
  };
}

/** Returns the headers of a blob's properties. */
export function blobHeaders(blob: Blob, now: number): Record<string, string> {
  const { copy, tags = {} } = blob;
  const tagged = Object.keys(tags).length;
  return {
    ...stateHeaders(blob),
    ...blob.http,
    'content-type': blob.contentType,
    'accept-ranges': 'bytes',
    'x-ms-creation-time': new Date(blob.created).toUTCString(),
    'x-ms-blob-type': 'BlockBlob',
    ...leaseHeaders(blob.lease, now),
    'x-ms-server-encrypted': 'true',
    ...(tagged === 0 ? {} : { 'x-ms-tag-count': String(tagged) }),
    ...(copy ? copyHeaders(copy, blob.size) : {}),
    ...metadataHeaders(blob.metadata),
  };
}

function copyHeaders(copy: CopyRecord, size: number): Record<string, string> {
  return {
    'x-ms-copy-id': copy.id,
    'x-ms-copy-source': copy.source,
    'x-ms-copy-status': 'success',
    'x-ms-copy-progress': `${size}/${size}`,
    'x-ms-copy-completion-time': new Date(copy.completed).toUTCString(),
  };
}
