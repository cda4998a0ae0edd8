/**
 * List Blobs and List Containers.
 *
 * @module
 */

import type { DataResponse } from '../data-plane.ts';
import { answer, StorageError } from './error.ts';
import { isLocked, type Lease, leaseState } from './lease.ts';
import { type Entry, type ListQuery, listQuery, type Page, pageOf } from './listing.ts';
import { type Call, templated } from './operation.ts';
import type { Blob, Container } from './row.ts';
import { type Xml, xml, xmlHead } from './xml.ts';

/** What blobs may be listed with. Of snapshots, versions and the like there are none, so that none is left out. */
const blobIncludes: ReadonlySet<string> = new Set([
  'copy',
  'deleted',
  'deletedwithversions',
  'immutabilitypolicy',
  'legalhold',
  'metadata',
  'permissions',
  'snapshots',
  'tags',
  'uncommittedblobs',
  'versions',
]);
const containerIncludes: ReadonlySet<string> = new Set(['deleted', 'metadata', 'system']);

/** A name that has blocks, and no blob yet. */
interface Uncommitted {
  readonly name: string;
  readonly uncommitted: true;
}

/** Lists the blobs of a container. */
export async function listBlobs(call: Call): Promise<DataResponse> {
  const { address, at, blobs, exists, request } = call;
  const query = listQuery(address.query, blobIncludes);
  if (!exists(await blobs.container(at.account, at.container))) throw new StorageError('ContainerNotFound');
  const committed = await blobs.list(at.account, at.container, query.prefix);
  const page = pageOf(await withUncommitted(call, query, committed), query);
  const entry = (each: Entry<Blob | Uncommitted>): Xml => {
    if (each.kind === 'prefix') return xml('BlobPrefix', [xml('Name', each.prefix)]);
    return 'uncommitted' in each.item ? uncommittedXml(each.item) : blobXml(each.item, query, request.now);
  };
  return listAnswer(call, query, page, xml('Blobs', page.entries.map(entry)), {
    ContainerName: at.container,
  });
}

async function withUncommitted(
  { at, blobs }: Call,
  query: ListQuery,
  committed: readonly Blob[],
): Promise<readonly (Blob | Uncommitted)[]> {
  if (!query.include.has('uncommittedblobs')) return committed;
  const names = await blobs.uncommitted(at.account, at.container, query.prefix);
  const all = [...committed, ...names.map((name) => ({ name, uncommitted: true }) as const)];
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Lists the containers of an account: those that clients made, and those of templates. */
export async function listContainers(call: Call): Promise<DataResponse> {
  const { address, at, blobs, request, world } = call;
  const query = { ...listQuery(address.query, containerIncludes), delimiter: '' };
  const rows = await blobs.containers(at.account, query.prefix);
  const made = new Set(rows.map(({ name }) => name));
  const named = world.read.below(`${request.resource.id}/blobServices/default`).map(({ name }) => name);
  const others = named.filter((name) => name.startsWith(query.prefix) && !made.has(name)).map(templated);
  const page = pageOf(
    [...rows, ...others].sort((a, b) => (a.name < b.name ? -1 : 1)),
    query,
  );
  const entries = page.entries.flatMap((each) =>
    each.kind === 'item' ? containerXml(each.item, query, request.now) : [],
  );
  return listAnswer(call, query, page, xml('Containers', entries), {});
}

function listAnswer(
  { request }: Call,
  query: ListQuery,
  page: Page<unknown>,
  entries: Xml,
  more: Readonly<Record<string, string>>,
): DataResponse {
  const asked = [
    ['Prefix', query.prefix],
    ['Marker', query.marker],
    ['MaxResults', query.maxGiven ? String(query.max) : ''],
    ['Delimiter', query.delimiter],
  ] as const;
  const body = xml(
    'EnumerationResults',
    [
      ...asked.filter(([, value]) => value !== '').map(([name, value]) => xml(name, value)),
      entries,
      xml('NextMarker', page.next),
    ],
    { ServiceEndpoint: `https://${request.host}/`, ...more },
  );
  return answer(request, 200, { 'content-type': 'application/xml' }, `${xmlHead}${body}`);
}

function blobXml(blob: Blob, query: ListQuery, now: number): Xml {
  const properties: readonly (readonly [string, string])[] = [
    ['Creation-Time', new Date(blob.created).toUTCString()],
    ['Last-Modified', new Date(blob.modified).toUTCString()],
    ['Etag', blob.etag],
    ['Content-Length', String(blob.size)],
    ['Content-Type', blob.contentType],
    ['Content-Encoding', blob.http['content-encoding'] ?? ''],
    ['Content-Language', blob.http['content-language'] ?? ''],
    ['Content-MD5', blob.md5],
    ['Cache-Control', blob.http['cache-control'] ?? ''],
    ['Content-Disposition', blob.http['content-disposition'] ?? ''],
    ['BlobType', 'BlockBlob'],
    ...leaseTexts(blob.lease, now),
    ['ServerEncrypted', 'true'],
    ...tagTexts(blob),
    ...(query.include.has('copy') ? copyTexts(blob) : []),
  ];
  return xml('Blob', [
    xml('Name', blob.name),
    xml(
      'Properties',
      properties.map(([name, value]) => xml(name, value)),
    ),
    ...metadataXml(blob.metadata, query),
    ...tagsXml(blob.tags ?? {}, query),
  ]);
}

function uncommittedXml({ name }: Uncommitted): Xml {
  const properties = [xml('Content-Length', '0'), xml('BlobType', 'BlockBlob')];
  return xml('Blob', [xml('Name', name), xml('Properties', properties)]);
}

type Texts = readonly (readonly [name: string, value: string])[];

function leaseTexts(lease: Lease | undefined, now: number): Texts {
  const state = leaseState(lease, now);
  const duration = lease?.duration === -1 ? 'infinite' : 'fixed';
  return [
    ['LeaseStatus', isLocked(lease, now) ? 'locked' : 'unlocked'],
    ['LeaseState', state],
    ...(state === 'leased' ? [['LeaseDuration', duration] as const] : []),
  ];
}

function tagTexts({ tags = {} }: Blob): Texts {
  const count = Object.keys(tags).length;
  return count === 0 ? [] : [['TagCount', String(count)]];
}

function copyTexts({ copy, size }: Blob): Texts {
  if (!copy) return [];
  return [
    ['CopyId', copy.id],
    ['CopySource', copy.source],
    ['CopyStatus', 'success'],
    ['CopyProgress', `${size}/${size}`],
    ['CopyCompletionTime', new Date(copy.completed).toUTCString()],
  ];
}

function tagsXml(tags: Readonly<Record<string, string>>, query: ListQuery): readonly Xml[] {
  const pairs = Object.entries(tags);
  if (!query.include.has('tags') || pairs.length === 0) return [];
  const set = pairs.map(([key, value]) => xml('Tag', [xml('Key', key), xml('Value', value)]));
  return [xml('Tags', [xml('TagSet', set)])];
}

function containerXml(container: Container, query: ListQuery, now: number): Xml {
  return xml('Container', [
    xml('Name', container.name),
    xml('Properties', [
      xml('Last-Modified', new Date(container.modified).toUTCString()),
      xml('Etag', `"${container.etag}"`),
      ...leaseTexts(container.lease, now).map(([name, value]) => xml(name, value)),
    ]),
    ...metadataXml(container.metadata, query),
  ]);
}

function metadataXml(metadata: Readonly<Record<string, string>>, query: ListQuery): readonly Xml[] {
  if (!query.include.has('metadata')) return [];
  return [
    xml(
      'Metadata',
      Object.entries(metadata).map(([name, value]) => xml(name, value)),
    ),
  ];
}
