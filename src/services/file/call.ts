/**
 * A request to the file service that was let in, and what every answer says of a share, a directory or a file.
 *
 * @module
 */

import { metadataHeaders, stateHeaders } from '../blob/details.ts';
import type { DataRequest } from '../data-plane.ts';
import type { Files } from './files.ts';
import type { Directory, File, Place, Share } from './row.ts';

/** What an operation works with. */
export interface Call {
  readonly request: DataRequest;
  readonly at: Place;
  readonly query: URLSearchParams;
  readonly files: Files;
}

/** Returns the headers of a share's properties. */
export function shareHeaders(share: Share): Record<string, string> {
  return {
    ...stateHeaders(share),
    'x-ms-share-quota': String(share.quota),
    'x-ms-access-tier': 'TransactionOptimized',
    'x-ms-lease-status': 'unlocked',
    'x-ms-lease-state': 'available',
    ...metadataHeaders(share.metadata),
  };
}

/** Returns what a write of a directory or a file answers. */
export function entryHeaders(entry: Directory | File): Record<string, string> {
  const time = (value: number): string => new Date(value).toISOString().replace('Z', '0000Z');
  return {
    ...stateHeaders(entry),
    'x-ms-file-attributes': entry.attributes,
    'x-ms-file-creation-time': time(entry.created),
    'x-ms-file-last-write-time': time(entry.modified),
    'x-ms-file-change-time': time(entry.modified),
    'x-ms-file-id': entry.id,
    'x-ms-request-server-encrypted': 'true',
  };
}

/** Returns the headers of a file's properties. */
export function fileHeaders(file: File): Record<string, string> {
  return {
    ...entryHeaders(file),
    ...file.http,
    'content-type': file.contentType,
    ...(file.md5 === '' ? {} : { 'content-md5': file.md5 }),
    'accept-ranges': 'bytes',
    'x-ms-type': 'File',
    'x-ms-server-encrypted': 'true',
    'x-ms-lease-status': 'unlocked',
    'x-ms-lease-state': 'available',
    ...metadataHeaders(file.metadata),
  };
}
