/**
 * What is kept about a secret or a key: one row that says which version is current, and one row a version.
 *
 * @module
 */

import { asText, isObject, type Json, type JsonObject, member } from '../../lib/json.ts';

/** What a vault keeps by name. */
export type ItemKind = 'secrets' | 'keys';

/** Where an item is. Case of vault and name does not count. */
export interface ItemAddress {
  readonly vault: string;
  readonly kind: ItemKind;
  readonly name: string;
}

/** When something was deleted, and when it cannot be had back any more; seconds since 1970. */
export type Deleted = {
  readonly at: number;
  readonly purge: number;
};

/** A name that is in use. */
export interface Head {
  /** As it was first written. */
  readonly name: string;
  /** Version that is current. */
  readonly current: string;
  /** How many versions there are: the number of the current one. */
  readonly versions: number;
  readonly deleted: Deleted | undefined;
}

/** Whether and when a version may be used; times in seconds since 1970. */
export type Attributes = {
  readonly enabled: boolean;
  readonly nbf: number | undefined;
  readonly exp: number | undefined;
  readonly created: number;
  readonly updated: number;
};

/** What a writer says about a version. The content is the kind's own. */
export interface Draft {
  readonly attributes: Attributes;
  readonly tags: Readonly<Record<string, string>> | undefined;
  readonly content: JsonObject;
}

/** One version of an item. */
export interface Version extends Draft {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** The first has 1. */
  readonly number: number;
}

/** Returns the beginning of the keys of all heads, of a vault's, or of those of a kind. */
export function headsPrefix(vault?: string, kind?: ItemKind): string {
  if (vault === undefined) return 'head/';
  return kind === undefined ? `head/${vault.toLowerCase()}/` : `head/${vault.toLowerCase()}/${kind}/`;
}

/** Returns the beginning of the keys of all versions of a vault, or of an item. */
export function versionsPrefix(vault: string, at?: ItemAddress): string {
  const all = `version/${vault.toLowerCase()}/`;
  return at === undefined ? all : `${all}${at.kind}/${at.name.toLowerCase()}/`;
}

/** Returns the key of an item's head. */
export function headKey({ vault, kind, name }: ItemAddress): string {
  return `${headsPrefix(vault, kind)}${name.toLowerCase()}`;
}

/** Returns the key of a version. */
export function versionKey(at: ItemAddress, id: string): string {
  return `${versionsPrefix(at.vault, at)}${id.toLowerCase()}`;
}

/** Returns where the item of a head is. */
export function addressOf(key: string): ItemAddress {
  const [, vault = '', kind, name = ''] = key.split('/');
  return { vault, kind: kind === 'keys' ? 'keys' : 'secrets', name };
}

/** Returns a row as a document. */
export function toJson(row: Head | Version): Json {
  return { ...row };
}

/** Reads a head that `toJson` wrote. */
export function headFrom(row: Json): Head {
  const deleted = member(row, 'deleted');
  return {
    name: text(row, 'name'),
    current: text(row, 'current'),
    versions: number(row, 'versions') ?? 0,
    deleted: isObject(deleted)
      ? { at: number(deleted, 'at') ?? 0, purge: number(deleted, 'purge') ?? 0 }
      : undefined,
  };
}

/** Reads a version that `toJson` wrote. */
export function versionFrom(row: Json): Version {
  const attributes = member(row, 'attributes') ?? {};
  const tags = member(row, 'tags');
  const content = member(row, 'content');
  return {
    id: text(row, 'id'),
    number: number(row, 'number') ?? 0,
    attributes: {
      enabled: member(attributes, 'enabled') === true,
      nbf: number(attributes, 'nbf'),
      exp: number(attributes, 'exp'),
      created: number(attributes, 'created') ?? 0,
      updated: number(attributes, 'updated') ?? 0,
    },
    tags: isObject(tags) ? textsOf(tags) : undefined,
    content: isObject(content) ? content : {},
  };
}

/** Returns the members that are texts. */
function textsOf(value: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, it]) => (typeof it === 'string' ? [[key, it]] : [])),
  );
}

function text(row: Json, name: string): string {
  return asText(member(row, name)) ?? '';
}

function number(row: Json, name: string): number | undefined {
  const value = member(row, name);
  return typeof value === 'number' ? value : undefined;
}
