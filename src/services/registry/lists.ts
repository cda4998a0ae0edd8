/**
 * Lists in pages, and what Azure's own interface tells about repositories, tags and manifests.
 *
 * @module
 */

import type { Json, JsonObject } from '../../lib/json.ts';
import type { DataResponse } from '../data-plane.ts';
import { jsonAnswer, RegistryError } from './error.ts';
import { parseDigest } from './names.ts';
import type { Call } from './operation.ts';
import type { Manifest, Repository, Tag } from './rows.ts';
import { loginServer } from './tokens.ts';

/** A page, and the header that leads to the next one. */
interface Page<T> {
  readonly items: readonly T[];
  readonly headers: Readonly<Record<string, string>>;
}

/** How a list is sorted and cut. */
interface Listed {
  readonly name: string;
  readonly modified: number;
}

const defaultPage = 100;
const largestPage = 1000;

/** Lists repositories. */
export async function listRepositories(call: Call): Promise<DataResponse> {
  const { items, headers } = pageOf(call, await call.images.manifests.repositories(call.at.registry));
  return jsonAnswer(call.request, 200, { repositories: items.map(({ name }) => name) }, headers);
}

/** Lists tags as every registry does. */
export async function listTags(call: Call): Promise<DataResponse> {
  await repositoryOf(call);
  const tags = await call.images.manifests.tags(call.at);
  const { items, headers } = pageOf(call, tags, Number.POSITIVE_INFINITY);
  const body = { name: call.at.repository, tags: items.map(({ name }) => name) };
  return jsonAnswer(call.request, 200, body, headers);
}

/** Tells about a repository. */
export async function showRepository(call: Call): Promise<DataResponse> {
  const { created, modified } = await repositoryOf(call);
  const manifests = await call.images.manifests.all(call.at);
  const tags = await call.images.manifests.tags(call.at);
  return jsonAnswer(call.request, 200, {
    ...named(call),
    ...times(created, modified),
    manifestCount: manifests.length,
    tagCount: tags.length,
    changeableAttributes: { ...attributes, teleportEnabled: false },
  });
}

/** Removes a repository and all in it. */
export async function deleteRepository(call: Call): Promise<DataResponse> {
  const removed = await call.images.manifests.removeRepository(call.at);
  if (!removed) throw new RegistryError('NAME_UNKNOWN', { detail: { name: call.at.repository } });
  const { manifests, tags } = removed;
  return jsonAnswer(call.request, 202, { manifestsDeleted: manifests, tagsDeleted: tags });
}

/** Tells about every tag. */
export async function showTags(call: Call): Promise<DataResponse> {
  await repositoryOf(call);
  const { items, headers } = pageOf(call, await call.images.manifests.tags(call.at));
  return jsonAnswer(call.request, 200, { ...named(call), tags: items.map(tagJson) }, headers);
}

/** Tells about a tag. */
export async function showTag(call: Call): Promise<DataResponse> {
  await repositoryOf(call);
  const tag = await call.images.manifests.tag(call.at, call.reference);
  if (!tag) throw new RegistryError('TAG_UNKNOWN');
  return jsonAnswer(call.request, 200, { ...named(call), tag: tagJson(tag) });
}

/** Tells about every manifest. */
export async function showManifests(call: Call): Promise<DataResponse> {
  await repositoryOf(call);
  const tags = await call.images.manifests.tags(call.at);
  const all = await call.images.manifests.all(call.at);
  const { items, headers } = pageOf(
    call,
    all.map((manifest) => ({ name: manifest.digest, modified: modifiedOf(manifest, tags), manifest })),
  );
  const manifests = items.map(({ manifest }) => manifestJson(manifest, tags));
  return jsonAnswer(call.request, 200, { ...named(call), manifests }, headers);
}

/** Tells about a manifest. */
export async function showManifest(call: Call): Promise<DataResponse> {
  await repositoryOf(call);
  const manifest = await call.images.manifests.byDigest(call.at, parseDigest(call.reference));
  if (!manifest) throw new RegistryError('MANIFEST_UNKNOWN');
  const tags = await call.images.manifests.tags(call.at);
  return jsonAnswer(call.request, 200, { ...named(call), manifest: manifestJson(manifest, tags) });
}

const attributes = { deleteEnabled: true, writeEnabled: true, readEnabled: true, listEnabled: true };

async function repositoryOf({ images, at }: Call): Promise<Repository> {
  const repository = await images.manifests.repository(at);
  if (repository) return repository;
  throw new RegistryError('NAME_UNKNOWN', { detail: { name: at.repository } });
}

function named({ request, at }: Call): JsonObject {
  return { registry: loginServer(request.resource), imageName: at.repository };
}

function times(created: number, modified: number): JsonObject {
  return {
    createdTime: new Date(created).toISOString(),
    lastUpdateTime: new Date(modified).toISOString(),
  };
}

function tagJson({ name, digest, created, modified }: Tag): Json {
  return { name, digest, ...times(created, modified), signed: false, changeableAttributes: attributes };
}

function manifestJson(manifest: Manifest, tags: readonly Tag[]): Json {
  const { digest, imageSize, created, architecture, os, mediaType, configMediaType, artifactType } = manifest;
  const own = tags.filter((tag) => tag.digest === digest).map(({ name }) => name);
  return {
    digest,
    imageSize,
    ...times(created, modifiedOf(manifest, tags)),
    ...(architecture === undefined ? {} : { architecture }),
    ...(os === undefined ? {} : { os }),
    mediaType,
    ...(configMediaType === undefined ? {} : { configMediaType }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(own.length === 0 ? {} : { tags: own }),
    changeableAttributes: attributes,
  };
}

/** Tagging a manifest counts as a change of it. */
function modifiedOf({ digest, created }: Manifest, tags: readonly Tag[]): number {
  return tags.reduce((last, tag) => (tag.digest === digest ? Math.max(last, tag.modified) : last), created);
}

/** Cuts a list by `n`, `last` and `orderby`. */
function pageOf<T extends Listed>(
  { request, query }: Call,
  all: readonly T[],
  whole: number = defaultPage,
): Page<T> {
  const size = sizeOf(query.get('n'), whole);
  const order = query.get('orderby') ?? '';
  const sign = order === 'timedesc' ? -1 : order === 'timeasc' ? 1 : 0;
  const sorted = [...all].sort((a, b) => sign * (a.modified - b.modified) || compare(a.name, b.name));
  const last = query.get('last') || undefined;
  const found = sorted.findIndex(({ name }) => name === last);
  // By name, it need not be there any more.
  const after =
    found < 0 && sign === 0 && last !== undefined
      ? sorted.filter(({ name }) => compare(name, last) > 0)
      : sorted.slice(found + 1);
  const items = after.slice(0, size);
  const end = items.at(-1);
  if (!end || items.length === after.length) return { items, headers: {} };
  const [path = ''] = request.target.split('?');
  const next = `last=${encodeURIComponent(end.name)}&n=${size}&orderby=${encodeURIComponent(order)}`;
  return { items, headers: { link: `<${path}?${next}>; rel="next"` } };
}

function sizeOf(text: string | null, whole: number): number {
  if (text === null || text === '') return whole;
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), largestPage);
  throw new RegistryError('PAGINATION_NUMBER_INVALID', { detail: { n: text } });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
