/**
 * What clients ask for when they list assets: a view of archived ones, an order, a number.
 *
 * @module
 */

import type { ListQuery } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';

export type Query = ListQuery;

/** A flag in a query; undefined where it is not given. */
export function truth(text: string | null): boolean | undefined {
  return text === null ? undefined : text.toLowerCase() === 'true';
}

/** The first so many. */
export function count<T>(found: readonly T[], limit: string | null): readonly T[] {
  const number = Number(limit ?? Number.NaN);
  return Number.isInteger(number) && number > 0 ? found.slice(0, number) : found;
}

/** Those that the view asks for: without a view, the ones that are not archived. */
export function inView(found: readonly Resource[], query: Query): readonly Resource[] {
  const view = query('listViewType')?.toLowerCase() ?? 'activeonly';
  if (view === 'all') return found;
  return found.filter(({ properties }) => (properties['isArchived'] === true) === (view === 'archivedonly'));
}

/** Versions in the order of their numbers; those without one stand first, as they were made. */
export function byVersion(found: readonly Resource[]): readonly Resource[] {
  const number = ({ name }: Resource): number => (/^\d+$/.test(name) ? Number(name) : -1);
  return found.toSorted((a, b) => number(a) - number(b));
}

/** Versions as a client asks for them. */
export function versions(found: readonly Resource[], query: Query): readonly Resource[] {
  const hash = query('hash');
  const seen = inView(found, query).filter(
    ({ properties }) => hash === null || hashOf(properties['properties']) === hash,
  );
  const ordered = byVersion(seen);
  const descending = /\bdesc\b/i.test(query('$orderBy') ?? 'desc');
  return count(descending ? ordered.toReversed() : ordered, query('$top'));
}

function hashOf(properties: unknown): unknown {
  return typeof properties === 'object' && properties !== null && 'hash_sha256' in properties
    ? properties.hash_sha256
    : undefined;
}
