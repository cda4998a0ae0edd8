/**
 * What is kept about a blob and a container beside the content: rows in the store.
 *
 * @module
 */

import { isObject, type Json } from '../../lib/json.ts';
import type { Lease } from './lease.ts';

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
  readonly tags?: Readonly<Record<string, string>>;
  /** Of the last copy that made this blob. */
  readonly copy?: CopyRecord;
}

/** A copy that is done. */
export interface CopyRecord {
  readonly id: string;
  readonly source: string;
  /** Milliseconds since 1970. */
  readonly completed: number;
}

/** One blob. */
export interface Blob extends BlobDetails {
  readonly name: string;
  /** Where the content lies, below the folder of contents; of one made of blocks, the name of its list of them. */
  readonly file: string;
  /** How many blocks it is made of, where it is. */
  readonly blocks?: number;
  /** As a client sees it in `ETag`, without the quotes. */
  readonly etag: string;
  readonly size: number;
  /** Base64. Empty where nobody said: that of blocks is what the client says. */
  readonly md5: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly modified: number;
  readonly lease?: Lease;
}

/** A block, committed or not. */
export interface Block {
  /** Base64, as the client named it. */
  readonly id: string;
  readonly size: number;
  /** Where its content lies. */
  readonly file: string;
}

/** A block that belongs to no blob yet. */
export interface StagedBlock extends Block {
  /** Milliseconds since 1970. */
  readonly staged: number;
}

/** A stored access policy: what a signature with `si` leaves out. */
export interface Policy {
  readonly id: string;
  readonly start: string;
  readonly expiry: string;
  readonly permission: string;
}

/** One container. */
export interface Container {
  readonly name: string;
  readonly etag: string;
  readonly modified: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly policies?: readonly Policy[];
  readonly lease?: Lease;
}

/** Returns the key of a blob's row. */
export function blobKey({ account, container, name }: BlobAddress): string {
  return `${account}/${container}/${name}`;
}

/** Returns the key of a container's row: no blob has it, because no container's name is empty. */
export function containerKey(account: string, container: string): string {
  return `${account}//${container}`;
}

/** Keys of staged blocks begin so: no account's name is empty. */
export const stagedPrefix = '/block/';
/** Keys of lists of committed blocks begin so. */
export const partsPrefix = '/parts/';

/** Returns the key of a staged block's row: no segment of a blob's name is empty. */
export function stagedKey(at: BlobAddress, id: string): string {
  return `${stagedPrefix}${blobKey(at)}//${Buffer.from(id).toString('hex')}`;
}

/** Returns the key of the blob that a staged block is for. */
export function stagedFor(key: string): string {
  return key.slice(stagedPrefix.length, key.lastIndexOf('//'));
}

/** Returns the key of a list of committed blocks. */
export function partsKey(file: string): string {
  return `${partsPrefix}${file}`;
}

/** Returns the key of what an account's blob service is set to. */
export function serviceKey(account: string): string {
  return `/service/${account}`;
}

/** Reports whether a key is that of a blob's row. */
export function isBlobKey(key: string): boolean {
  return /^[^/]+\/[^/]/.test(key);
}

/** Returns the row as a document. */
export function toJson(row: Blob | Container | StagedBlock): Json {
  return { ...row } as unknown as Json;
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

/** Reads a staged block's row back. Throws where it is not one that was written here. */
export function stagedFrom(key: string, value: Json): StagedBlock {
  if (isObject(value) && typeof value.file === 'string' && typeof value.staged === 'number') {
    return value as unknown as StagedBlock;
  }
  throw new Error(`the row of block ${key} is damaged`);
}

/** Reads a list of committed blocks back. Throws where it is not one that was written here. */
export function partsFrom(key: string, value: Json): readonly Block[] {
  if (Array.isArray(value) && value.every((part) => isObject(part) && typeof part['file'] === 'string')) {
    return value as unknown as readonly Block[];
  }
  throw new Error(`the row of blocks ${key} is damaged`);
}
