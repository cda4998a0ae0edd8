/**
 * Lists of shares, and of what is in a directory, in pages.
 *
 * @module
 */

import { answer, StorageError } from '../blob/error.ts';
import { xml, xmlHead } from '../blob/xml.ts';
import type { DataResponse } from '../data-plane.ts';
import type { Call } from './call.ts';
import { nameOf } from './row.ts';

const mostInPage = 5000;

/** A page of a list, and the marker of the next one, empty where this is the last. */
export interface Page<T> {
  readonly found: readonly T[];
  readonly marker: string;
  readonly next: string;
  readonly most: number;
}

/** Cuts out the page that a query asks for. Its marker is the name that the next page begins with. */
export function pageOf<T>(all: readonly T[], query: URLSearchParams, name: (item: T) => string): Page<T> {
  const text = query.get('maxresults') ?? String(mostInPage);
  const most = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (most < 1) {
    const details = { QueryParameterName: 'maxresults', QueryParameterValue: text };
    throw new StorageError('OutOfRangeQueryParameterValue', { details });
  }
  const size = Math.min(most, mostInPage);
  const marker = query.get('marker') ?? '';
  const sorted = all.toSorted((a, b) => (name(a) < name(b) ? -1 : 1)).filter((item) => name(item) >= marker);
  const after = sorted[size];
  return { found: sorted.slice(0, size), marker, next: after === undefined ? '' : name(after), most: size };
}

/** Lists what is directly in a directory, or in the share itself. */
export async function listDirectory({ request, at, files, query }: Call): Promise<DataResponse> {
  const prefix = query.get('prefix') ?? '';
  const all = (await files.children(at)).filter(({ path }) =>
    nameOf(path).toLowerCase().startsWith(prefix.toLowerCase()),
  );
  const { found, marker, next, most } = pageOf(all, query, ({ path }) => nameOf(path));
  const entries = found.map((node) =>
    node.kind === 'directory'
      ? xml('Directory', [xml('Name', nameOf(node.path)), xml('Properties')])
      : xml('File', [
          xml('Name', nameOf(node.path)),
          xml('Properties', [xml('Content-Length', String(node.size))]),
        ]),
  );
  const body = xml(
    'EnumerationResults',
    [
      xml('Prefix', prefix),
      xml('Marker', marker),
      xml('MaxResults', String(most)),
      xml('Entries', entries),
      xml('NextMarker', next),
    ],
    { ServiceEndpoint: `https://${request.host}/`, ShareName: at.share, DirectoryPath: at.path },
  );
  return answer(request, 200, { 'content-type': 'application/xml' }, `${xmlHead}${body}`);
}
