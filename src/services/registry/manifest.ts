/**
 * Reads manifests: docker's version 2 and OCI's, of one image or of several.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { notImplemented, RegistryError } from './error.ts';
import { parseDigest } from './names.ts';

/** What a manifest names. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  /** It is kept somewhere else, and need not be here. */
  readonly foreign: boolean;
}

/** A manifest, read. */
export interface Parsed {
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly config?: Descriptor;
  readonly layers: readonly Descriptor[];
  /** Of an index. */
  readonly manifests: readonly Descriptor[];
}

/** The media type of an index. */
export const ociIndex = 'application/vnd.oci.image.index.v1+json';

const kinds: Readonly<Record<string, 'image' | 'index' | 'dropped'>> = {
  'application/vnd.docker.distribution.manifest.v2+json': 'image',
  'application/vnd.docker.distribution.manifest.list.v2+json': 'index',
  'application/vnd.oci.image.manifest.v1+json': 'image',
  [ociIndex]: 'index',
  'application/vnd.docker.distribution.manifest.v1+json': 'dropped',
  'application/vnd.docker.distribution.manifest.v1+prettyjws': 'dropped',
  'application/vnd.oci.artifact.manifest.v1+json': 'dropped',
  'application/vnd.cncf.oras.artifact.manifest.v1+json': 'dropped',
};

/** Reads a manifest. Throws where it is none. */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): Parsed {
  const body = objectOf(bytes);
  const sent = contentType?.split(';')[0]?.trim().toLowerCase() || undefined;
  const own = body['mediaType'];
  if (own !== undefined && typeof own !== 'string') throw invalid('mediaType is no text');
  const mediaType = sent ?? own;
  if (mediaType === undefined) throw invalid('neither Content-Type nor mediaType says what it is');
  if (sent !== undefined && own !== undefined && sent !== own.toLowerCase()) {
    throw invalid(`Content-Type is ${sent}, but mediaType is ${own}`);
  }
  const kind = kinds[mediaType];
  if (kind === undefined) throw invalid(`a registry has no manifests of type ${mediaType}`);
  if (kind === 'dropped') throw notImplemented(`Push Manifest (${mediaType})`);
  if (body['schemaVersion'] !== 2) throw invalid('schemaVersion must be 2');
  const { artifactType, subject } = body;
  if (artifactType !== undefined && typeof artifactType !== 'string')
    throw invalid('artifactType is no text');
  const annotations = annotationsOf(body['annotations']);
  return {
    mediaType,
    ...(artifactType === undefined || artifactType === '' ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(subject === undefined ? {} : { subject: descriptorOf(subject, 'subject') }),
    ...(kind === 'image'
      ? {
          config: descriptorOf(body['config'], 'config'),
          layers: descriptorsOf(body['layers'], 'layers'),
          manifests: [],
        }
      : { layers: [], manifests: descriptorsOf(body['manifests'], 'manifests') }),
  };
}

/** What an image's configuration says that lists show. */
export function platformOf(config: Uint8Array | undefined): {
  readonly architecture?: string;
  readonly os?: string;
} {
  if (!config) return {};
  let read: JsonObject;
  try {
    read = objectOf(config);
  } catch {
    // Of an artifact it may be anything.
    return {};
  }
  const { architecture, os } = read;
  return {
    ...(typeof architecture === 'string' ? { architecture } : {}),
    ...(typeof os === 'string' ? { os } : {}),
  };
}

function objectOf(bytes: Uint8Array): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw invalid('it is no JSON');
  }
  if (!isObject(value)) throw invalid('it is no JSON object');
  return value;
}

function annotationsOf(value: Json | undefined): Readonly<Record<string, string>> | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) throw invalid('annotations is no object');
  const entries = Object.entries(value).map(([name, text]): [string, string] => {
    if (typeof text !== 'string') throw invalid(`annotation ${name} is no text`);
    return [name, text];
  });
  return Object.fromEntries(entries);
}

function descriptorsOf(value: Json | undefined, name: string): readonly Descriptor[] {
  if (!Array.isArray(value)) throw invalid(`${name} is no list`);
  return value.map((each: Json, at) => descriptorOf(each, `${name}[${at}]`));
}

function descriptorOf(value: Json | undefined, name: string): Descriptor {
  if (!isObject(value)) throw invalid(`${name} is missing`);
  const { mediaType, digest, size, urls } = value;
  if (typeof mediaType !== 'string') throw invalid(`${name}.mediaType is missing`);
  if (typeof digest !== 'string') throw invalid(`${name}.digest is missing`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(`${name}.size is no size`);
  }
  const foreign = /foreign|nondistributable/.test(mediaType) || (Array.isArray(urls) && urls.length > 0);
  return { mediaType, digest: parseDigest(digest), size, foreign };
}

function invalid(detail: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', { detail });
}
