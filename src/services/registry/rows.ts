/**
 * What is kept of images beside their bytes, and under which keys: `<registry>/<kind>/<name>`. No name of a
 * repository has `@` or `:` in it, so no key is another's prefix by accident.
 *
 * @module
 */

import { isObject, type Json } from '../../lib/json.ts';
import type { Part } from '../content.ts';

/** Where an image is. */
export interface Place {
  /** In lower case. */
  readonly registry: string;
  readonly repository: string;
}

/** A layer, a configuration, or any other content that manifests name. */
export interface Layer {
  readonly digest: string;
  readonly size: number;
  /** In the order they came. */
  readonly parts: readonly Part[];
  /** Those that it was pushed to or mounted into: nobody reads it through another. */
  readonly repositories: readonly string[];
  readonly created: number;
}

/** A layer of which some has arrived. */
export interface Upload {
  readonly id: string;
  readonly repository: string;
  readonly size: number;
  readonly parts: readonly Part[];
  readonly started: number;
  readonly modified: number;
}

/** What is known about a manifest without reading it. */
export interface Manifest {
  readonly repository: string;
  readonly digest: string;
  readonly file: string;
  readonly size: number;
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly configMediaType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Digest of the manifest that this one is about. */
  readonly subject?: string;
  /** Digests of its configuration and layers. */
  readonly layers: readonly string[];
  /** Size of all that it names, itself included. */
  readonly imageSize: number;
  readonly architecture?: string;
  readonly os?: string;
  readonly created: number;
}

/** A tag. */
export interface Tag {
  readonly repository: string;
  readonly name: string;
  readonly digest: string;
  readonly created: number;
  readonly modified: number;
}

/** A repository: it is there while it has manifests. */
export interface Repository {
  readonly name: string;
  readonly created: number;
  readonly modified: number;
}

/** A row, and what names it. */
export interface RowWrite {
  readonly key: string;
  readonly value: Layer | Upload | Manifest | Tag | Repository | undefined;
}

/** Keys of rows. With an empty last name, the prefix of all such rows. */
export const keys = {
  all: (registry: string) => `${registry}/`,
  layer: (registry: string, digest: string) => `${registry}/layer/${digest}`,
  upload: (registry: string, id: string) => `${registry}/upload/${id}`,
  manifest: ({ registry, repository }: Place, digest: string) =>
    `${registry}/manifest/${repository}@${digest}`,
  tag: ({ registry, repository }: Place, name: string) => `${registry}/tag/${repository}:${name}`,
  repository: (registry: string, name: string) => `${registry}/repository/${name}`,
};

/** Reads a row back. Throws where it is not one that was written here. */
export function layerFrom(key: string, value: Json): Layer {
  return checked<Layer>(key, value, 'digest', 'size', 'parts', 'repositories');
}

/** Reads a row back. Throws where it is not one that was written here. */
export function uploadFrom(key: string, value: Json): Upload {
  return checked<Upload>(key, value, 'id', 'size', 'parts', 'modified');
}

/** Reads a row back. Throws where it is not one that was written here. */
export function manifestFrom(key: string, value: Json): Manifest {
  return checked<Manifest>(key, value, 'digest', 'file', 'mediaType', 'layers');
}

/** Reads a row back. Throws where it is not one that was written here. */
export function tagFrom(key: string, value: Json): Tag {
  return checked<Tag>(key, value, 'name', 'digest', 'created');
}

/** Reads a row back. Throws where it is not one that was written here. */
export function repositoryFrom(key: string, value: Json): Repository {
  return checked<Repository>(key, value, 'name', 'created', 'modified');
}

/** Returns the contents that a row of any kind names. */
export function filesOf(key: string, value: Json): readonly string[] {
  switch (key.split('/')[1]) {
    case 'layer':
      return layerFrom(key, value).parts.map(({ file }) => file);
    case 'upload':
      return uploadFrom(key, value).parts.map(({ file }) => file);
    case 'manifest':
      return [manifestFrom(key, value).file];
    default:
      return [];
  }
}

function checked<T extends object>(key: string, value: Json, ...names: readonly (keyof T & string)[]): T {
  if (isObject(value) && names.every((name) => value[name] !== undefined)) return value as unknown as T;
  throw new Error(`the row ${key} of the registries is damaged`);
}
