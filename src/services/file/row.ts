/**
 * What is kept about a share, a directory or a file, and under which key. Case of names does not count.
 *
 * @module
 */

import type { Json } from '../../lib/json.ts';

/** Texts by name. */
type Texts = { readonly [name: string]: string };

/** A share. Times are milliseconds since 1970. */
export type Share = {
  readonly name: string;
  readonly etag: string;
  readonly modified: number;
  readonly metadata: Texts;
  /** GiB. */
  readonly quota: number;
};

/** Bytes that were written in one go. What no extent covers reads as zeros. */
export type Extent = {
  /** Where they begin in the file. */
  readonly at: number;
  readonly size: number;
  /** Name of the content, and how many of its bytes come before these. */
  readonly content: string;
  readonly skip: number;
};

/** What directories and files have in common. */
export type Entry = {
  /** Path below the share, as it was first written. */
  readonly path: string;
  /** Stands for the entry as long as it is there. */
  readonly id: string;
  readonly etag: string;
  readonly created: number;
  readonly modified: number;
  readonly metadata: Texts;
  readonly attributes: string;
};

/** A directory. */
export type Directory = Entry & { readonly kind: 'directory' };

/** A file. Extents are in order and do not overlap. */
export type File = Entry & {
  readonly kind: 'file';
  readonly size: number;
  readonly contentType: string;
  readonly http: Texts;
  readonly md5: string;
  readonly extents: readonly Extent[];
};

/** What is at a path. */
export type Node = Directory | File;

/** Where something is. The path is empty at the share's own root. */
export interface Place {
  readonly account: string;
  readonly share: string;
  readonly path: string;
}

/** Returns the key of a share, or the beginning of the keys of an account's. */
export function shareKey(account: string, share: string): string {
  return `share/${account}/${share}`;
}

/** Returns the key of what is at a path, or the beginning of the keys of all in a share. */
export function nodeKey({ account, share, path }: Place): string {
  return `node/${account}/${share}/${path.toLowerCase()}`;
}

/** Returns the path of the directory that a path is in. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Returns the last name of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A row as it is stored. */
export function toJson(row: Share | Node): Json {
  return row as unknown as Json;
}
