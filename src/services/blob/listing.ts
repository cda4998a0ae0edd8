/**
 * Lists in pages: by name, folded at a delimiter, continued at a marker.
 *
 * @module
 */

import { StorageError } from './error.ts';

/** What a list is asked for with. */
export interface ListQuery {
  readonly prefix: string;
  readonly delimiter: string;
  /** As the client sent it. */
  readonly marker: string;
  /** Name at which the list goes on. */
  readonly from: string;
  readonly max: number;
  /** What the client named, where it did. */
  readonly maxGiven: boolean;
  readonly include: ReadonlySet<string>;
}

/** An entry of a page: an item, or a prefix that stands for several. */
export type Entry<T> =
  | { readonly kind: 'item'; readonly item: T }
  | { readonly kind: 'prefix'; readonly prefix: string };

/** A page of a list. */
export interface Page<T> {
  readonly entries: readonly Entry<T>[];
  /** Marker of the next page; empty at the end. */
  readonly next: string;
}

const largestPage = 5000;

/** Reads a list's query. `includes` are the values of `include` that are known. */
export function listQuery(query: URLSearchParams, includes: ReadonlySet<string>): ListQuery {
  const marker = query.get('marker') ?? '';
  const max = query.get('maxresults') ?? '';
  if (max !== '' && !/^-?\d{1,10}$/.test(max)) throw invalid('InvalidQueryParameterValue', 'maxresults', max);
  if (max !== '' && Number(max) < 1) throw invalid('OutOfRangeQueryParameterValue', 'maxresults', max);
  const include = (query.get('include') ?? '').split(',').filter((word) => word !== '');
  const unknown = include.find((word) => !includes.has(word));
  if (unknown !== undefined) throw invalid('InvalidQueryParameterValue', 'include', unknown);
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    marker,
    from: nameOfMarker(marker),
    max: max === '' ? largestPage : Math.min(Number(max), largestPage),
    maxGiven: max !== '',
    include: new Set(include),
  };
}

/** Returns the page that a query asks for, of items in the order of their names that all have the prefix. */
export function pageOf<T extends { readonly name: string }>(items: readonly T[], query: ListQuery): Page<T> {
  const { prefix, delimiter, from, max } = query;
  const entries: Entry<T>[] = [];
  let folded: string | undefined;
  for (const item of items) {
    if (item.name < from || (folded !== undefined && item.name.startsWith(folded))) continue;
    if (entries.length === max) return { entries, next: markerOf(item.name) };
    const end = delimiter === '' ? -1 : item.name.indexOf(delimiter, prefix.length);
    if (end < 0) {
      entries.push({ kind: 'item', item });
    } else {
      folded = item.name.slice(0, end + delimiter.length);
      entries.push({ kind: 'prefix', prefix: folded });
    }
  }
  return { entries, next: '' };
}

function markerOf(name: string): string {
  return Buffer.from(name, 'utf8').toString('base64url');
}

function nameOfMarker(marker: string): string {
  const name = Buffer.from(marker, 'base64url').toString('utf8');
  if (markerOf(name) !== marker) throw invalid('InvalidQueryParameterValue', 'marker', marker);
  return name;
}

function invalid(
  code: 'InvalidQueryParameterValue' | 'OutOfRangeQueryParameterValue',
  name: string,
  value: string,
): StorageError {
  const details = { QueryParameterName: name, QueryParameterValue: value };
  return new StorageError(code, { details });
}
