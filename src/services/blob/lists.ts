/**
 * List Blobs and List Containers.
 *
 * @module
 */

import type { DataResponse } from '../data-plane.ts';
import { answer, StorageError } from './error.ts';
import { type Entry, type ListQuery, listQuery, type Page, pageOf } from './listing.ts';
import type { Call } from './operation.ts';
import type { Blob, Container } from './row.ts';
import { type Xml, xml, xmlHead } from './xml.ts';

/** What blobs may be listed with. Of all but metadata there is nothing here, so that nothing is left out. */
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

/** Lists the blobs of a container. */
export async function listBlobs(call: Call): Promise<DataResponse> {
  const { address, at, blobs, exists } = call;
  const query = listQuery(address.query, blobIncludes);
  if (!exists(await blobs.container(at.account, at.container))) throw new StorageError('ContainerNotFound');
  const page = pageOf(await blobs.list(at.account, at.container, query.prefix), query);
  const entry = (each: Entry<Blob>): Xml =>
    each.kind === 'prefix' ? xml('BlobPrefix', [xml('Name', each.prefix)]) : blobXml(each.item, query);
  return listAnswer(call, query, page, xml('Blobs', page.entries.map(entry)), {
    ContainerName: at.container,
  });
}

/** Lists the containers of an account. */
export async function listContainers(call: Call): Promise<DataResponse> {
  const { address, at, blobs } = call;
  const query = { ...listQuery(address.query, containerIncludes), delimiter: '' };
  const page = pageOf(await blobs.containers(at.account, query.prefix), query);
  const entries = page.entries.flatMap((each) =>
    each.kind === 'item' ? containerXml(each.item, query) : [],
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

function blobXml(blob: Blob, query: ListQuery): Xml {
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
    ['LeaseStatus', 'unlocked'],
    ['LeaseState', 'available'],
    ['ServerEncrypted', 'true'],
  ];
  return xml('Blob', [
    xml('Name', blob.name),
    xml(
      'Properties',
      properties.map(([name, value]) => xml(name, value)),
    ),
    ...metadataXml(blob.metadata, query),
  ]);
}

function containerXml(container: Container, query: ListQuery): Xml {
  return xml('Container', [
    xml('Name', container.name),
    xml('Properties', [
      xml('Last-Modified', new Date(container.modified).toUTCString()),
      xml('Etag', `"${container.etag}"`),
      xml('LeaseStatus', 'unlocked'),
      xml('LeaseState', 'available'),
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
