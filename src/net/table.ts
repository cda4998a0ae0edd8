/**
 * The one shape of every rule: an ordered table of rows, the first match decides.
 *
 * Security groups, route tables and doors all compile into it; `walk` asks it about a point, the proof about
 * sets, and a driver prints it.
 *
 * @module
 */

import type { Arrival } from '../lib/arrival.ts';
import { has, type Intervals, intersect, subtract, union } from '../lib/intervals.ts';
import type { Ip } from '../lib/ip.ts';
import type { IdKey } from '../lib/key.ts';
import { publicAddresses } from './azure.ts';

/** Who decided: a resource, and the rule or property in it. */
export interface Source {
  readonly resource: string;
  readonly rule: string;
}

/** How a connection came, as a door tells ways apart. `within-region`: publicly, and storage that is near sees a private address. */
export type Via = Arrival['via'] | 'within-region';

/** What a row matches. A coordinate that is absent matches everything. */
export interface Match {
  readonly source?: Intervals;
  readonly destination?: Intervals;
  readonly protocol?: Intervals;
  readonly port?: Intervals;
  readonly sourcePort?: Intervals;
  /** How the connection came; doors only. */
  readonly via?: Via;
  /** Subnets whose identity a service endpoint showed; doors only. */
  readonly subnets?: ReadonlySet<IdKey>;
}

/** What is missing before a set of addresses is known, and where its unknown members can lie. */
export interface Gap {
  readonly missing: string;
  readonly within: Intervals;
}

/** One row. */
export interface Row<A> {
  readonly match: Match;
  readonly action: A;
  readonly by: Source;
  /** Addresses that the row may match beyond what `match` says. */
  readonly unknown?: { readonly source?: Gap; readonly destination?: Gap };
  /** What it matches once its destination is in the `VirtualNetwork` tag, where that makes a difference; gates only. */
  readonly joined?: Match;
  /** The row names platform traffic (DNS, instance metadata), which every other row lets through (N-8). */
  readonly platform?: boolean;
  /** The row is Azure's own: nobody wrote it and nobody can delete it. */
  readonly builtIn?: boolean;
}

/** Rows in the order in which they are asked. */
export type Table<A> = readonly Row<A>[];

/** What is asked about. A source that is undefined is a public address that nobody knows beforehand. */
export interface Point {
  readonly source: Ip | undefined;
  readonly destination: Ip;
  /** IANA protocol number. */
  readonly protocol: number;
  readonly port: number;
  /** Undefined: every rule's source ports count as any (docs/semantics/network-policies.md). */
  readonly sourcePort: number | undefined;
  readonly via?: Via;
  readonly subnet?: IdKey;
}

/** The row that decided; or the row that would, if what is missing were known. */
export type Decision<A> =
  | { readonly kind: 'row'; readonly row: Row<A> }
  | { readonly kind: 'unknown'; readonly row: Row<A>; readonly missing: string }
  | { readonly kind: 'none' };

/** `yes`, `no`, or what is missing to say which. */
export type Fit = 'yes' | 'no' | { readonly missing: string };

/**
 * Returns the first row that matches.
 *
 * Rows that only may match do not decide, and do not matter either where all of them and the row after them come
 * to the same action: then that action is the answer. Otherwise the answer is `unknown`, naming what is missing.
 */
export function decide<A>(table: Table<A>, point: Point, same: (a: A, b: A) => boolean): Decision<A> {
  let maybe: { row: Row<A>; missing: string } | undefined;
  let rival: { row: Row<A>; missing: string } | undefined;
  for (const row of table) {
    const fit = fits(row, point);
    if (fit === 'no') continue;
    if (fit !== 'yes') {
      if (!maybe) maybe = { row, missing: fit.missing };
      else if (!rival && !same(maybe.row.action, row.action)) rival = { row, missing: fit.missing };
      continue;
    }
    if (maybe && !same(maybe.row.action, row.action)) return { kind: 'unknown', ...maybe };
    return rival ? { kind: 'unknown', ...rival } : { kind: 'row', row };
  }
  return maybe ? { kind: 'unknown', ...maybe } : { kind: 'none' };
}

function fits<A>({ match, unknown }: Row<A>, point: Point): Fit {
  if (match.port && !has(match.port, point.port)) return 'no';
  if (match.protocol && !has(match.protocol, point.protocol)) return 'no';
  if (match.sourcePort && point.sourcePort !== undefined && !has(match.sourcePort, point.sourcePort))
    return 'no';
  if (match.via && match.via !== point.via) return 'no';
  if (match.subnets && (point.subnet === undefined || !match.subnets.has(point.subnet))) return 'no';
  const destination = side(match.destination, unknown?.destination, point.destination);
  if (destination === 'no') return 'no';
  const source = side(match.source, unknown?.source, point.source);
  if (source === 'no' || destination === 'yes') return source;
  return destination;
}

/** An address outside the known part of a set may still be in its unknown part; so may any unknown address. */
export function side(set: Intervals | undefined, gap: Gap | undefined, address: Ip | undefined): Fit {
  if (!set) return 'yes';
  if (address === undefined) {
    if (intersect(publicAddresses, union(set, gap?.within ?? [])).length === 0) return 'no';
    if (subtract(publicAddresses, set).length === 0) return 'yes';
    return { missing: gap?.missing ?? 'the address that the connection leaves from' };
  }
  if (has(set, address)) return 'yes';
  return gap && has(gap.within, address) ? { missing: gap.missing } : 'no';
}
