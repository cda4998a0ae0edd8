/**
 * What a writer says about a blob, from headers and back.
 *
 * @module
 */

import { notImplemented, StorageError } from './error.ts';
import type { Blob, BlobDetails } from './row.ts';

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
  'x-ms-if-tags': 'blob tags',
  'x-ms-immutability-policy-until-date': 'immutability policies',
  'x-ms-lease-id': 'leases',
  'x-ms-legal-hold': 'legal holds',
  'x-ms-range-get-content-crc64': 'x-ms-range-get-content-crc64',
  'x-ms-structured-body': 'structured bodies',
  'x-ms-tags': 'blob tags',
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

/** Reads what a writer says about a blob. */
export function detailsOf(headers: Headers): BlobDetails {
  const given = (name: string): string | undefined => headers[`x-ms-blob-${name}`] || headers[name];
  const http = httpNames.flatMap((name) => {
    const value = given(name);
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return {
    contentType: given('content-type') || 'application/octet-stream',
    http: Object.fromEntries(http),
    metadata: metadataOf(headers),
  };
}

/** Reads metadata. Names are in lower case: that is how requests reach us, and HTTP does not mind. */
export function metadataOf(headers: Headers): Readonly<Record<string, string>> {
  const pairs = Object.entries(headers).flatMap(([header, value]) =>
    header.startsWith(prefix) && value !== undefined ? [[header.slice(prefix.length), value] as const] : [],
  );
  for (const [name, value] of pairs) {
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

/** Returns the headers of a blob's properties. */
export function blobHeaders(blob: Blob): Record<string, string> {
  return {
    ...stateHeaders(blob),
    ...blob.http,
    'content-type': blob.contentType,
    'accept-ranges': 'bytes',
    'x-ms-creation-time': new Date(blob.created).toUTCString(),
    'x-ms-blob-type': 'BlockBlob',
    'x-ms-lease-status': 'unlocked',
    'x-ms-lease-state': 'available',
    'x-ms-server-encrypted': 'true',
    ...metadataHeaders(blob.metadata),
  };
}
