/**
 * What is kept about a blob and a container beside the content: rows in the store.
 *
 * @module
 */

import { isObject, type Json } from '../../lib/json.ts';

/** Where a blob is. The name is decoded. */
export interface BlobAddress {
  readonly account: string;
  readonly container: string;
  readonly name: string;
}

/** What a writer says about a blob. */
export interface BlobDetails {
  readonly contentType: string;
  /** `content-encoding`, `content-language`, `content-disposition`, `cache-control`, where given. */
  readonly http: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** One blob. */
export interface Blob extends BlobDetails {
  readonly name: string;
  /** Where the content lies, below the folder of contents. */
  readonly file: string;
  /** As a client sees it in `ETag`, without the quotes. */
  readonly etag: string;
  readonly size: number;
  /** Base64. */
  readonly md5: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly modified: number;
}

/** One container. */
export interface Container {
  readonly name: string;
  readonly etag: string;
  readonly modified: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Returns the key of a blob's row. */
export function blobKey({ account, container, name }: BlobAddress): string {
  return `${account}/${container}/${name}`;
}

/** Returns the key of a container's row: no blob has it, because no container's name is empty. */
export function containerKey(account: string, container: string): string {
  return `${account}//${container}`;
}

/** Returns the row as a document. */
export function toJson(row: Blob | Container): Json {
  return { ...row };
}

/** Reads a blob's row back. Throws where it is not one that was written here. */
export function blobFrom(key: string, value: Json): Blob {
  if (isObject(value) && typeof value.file === 'string' && typeof value.size === 'number') {
    return value as unknown as Blob;
  }
  throw new Error(`the row of blob ${key} is damaged`);
}

/** Reads a container's row back. Throws where it is not one that was written here. */
export function containerFrom(key: string, value: Json): Container {
  if (isObject(value) && typeof value.name === 'string' && typeof value.etag === 'string') {
    return value as unknown as Container;
  }
  throw new Error(`the row of container ${key} is damaged`);
}
