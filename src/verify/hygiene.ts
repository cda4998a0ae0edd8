/**
 * Rules of a table that do nothing, and why: what people leave behind in security groups.
 *
 * - `never`: it matches no flow (an empty application security group).
 * - `shadowed`: earlier rules decide every flow that it matches. `contradicts` says that one of them decides otherwise.
 * - `redundant`: without it the table would answer the same; later rules say so too.
 *
 * Rules that only may match (an unknown tag) shadow nothing, and are shadowed only if all that they may match is.
 *
 * @module
 */

import { union } from '../lib/intervals.ts';
import type { Match, Row, Source, Table } from '../net/table.ts';
import { Algebra } from './sets/algebra.ts';
import { box, multiply } from './sets/first-match.ts';
import { Outcomes } from './sets/outcomes.ts';
import { remainder } from './sets/split.ts';
import { type Diagram, nothing } from './sets/store.ts';

/** A rule that does nothing. */
export interface Idle {
  readonly rule: Source;
  readonly kind: 'never' | 'shadowed' | 'redundant';
  /** The earlier rules that take its flows, first to last; for a redundant one the later rules that do its work. */
  readonly by: readonly Source[];
  /** One of those decides otherwise than this rule says. */
  readonly contradicts: boolean;
}

/** Lists the rules of a table that do nothing. Azure's own rules are not reported, and count like any others. */
export function idleRules(table: Table<string>): readonly Idle[] {
  const algebra = new Algebra(new Outcomes());
  const rest = suffixes(algebra, table);
  const found: Idle[] = [];
  let taken: Diagram = nothing;
  for (const [at, row] of table.entries()) {
    const reach = possible(row);
    const own = box(algebra, reach);
    if (row.builtIn !== true) {
      const earlier = table.slice(0, at);
      const left = isCovered(reach, earlier) ? nothing : algebra.subtract(own, taken);
      if (own === nothing) found.push({ rule: row.by, kind: 'never', by: [], contradicts: false });
      else if (left === nothing)
        found.push({ rule: row.by, kind: 'shadowed', ...takers(algebra, row, own, earlier) });
      else if (says(algebra, left, rest[at + 1] ?? nothing, row.action)) {
        found.push({ rule: row.by, kind: 'redundant', ...takers(algebra, row, left, table.slice(at + 1)) });
      }
    }
    taken = algebra.union(taken, box(algebra, row.match));
  }
  return found;
}

/** What the rows from each one on come to. */
function suffixes(algebra: Algebra, table: Table<string>): readonly Diagram[] {
  const all = [nothing];
  for (const row of table.toReversed()) {
    all.unshift(algebra.before(multiply(algebra, [row], labelOf), all[0] ?? nothing));
  }
  return all;
}

/** Reports whether a diagram says the same for every flow of a set, without doubt. */
function says(algebra: Algebra, flows: Diagram, diagram: Diagram, label: string): boolean {
  const value = algebra.outcomes.outcome({ kind: 'row', label });
  return algebra.keep(flows, diagram, value) === flows;
}

function labelOf(row: Row<string>): string {
  return row.action;
}

/** All that a row may match: what it matches, and what it might if more were known. */
function possible({ match, unknown }: Row<unknown>): Match {
  if (!unknown) return match;
  const { source, destination } = unknown;
  return {
    ...match,
    ...(match.source && source ? { source: union(match.source, source.within) } : {}),
    ...(match.destination && destination
      ? { destination: union(match.destination, destination.within) }
      : {}),
  };
}

/** Splitting boxes answers for most rows at once; the diagrams answer for the others. */
function isCovered(reach: Match, earlier: Table<unknown>): boolean {
  return (
    remainder(
      reach,
      earlier.map((row) => row.match),
    ) === undefined
  );
}

/** Which of some rules take the flows of a row, in their order. */
function takers(
  algebra: Algebra,
  row: Row<string>,
  flows: Diagram,
  others: Table<string>,
): Pick<Idle, 'by' | 'contradicts'> {
  let rest = flows;
  const by: Source[] = [];
  let contradicts = false;
  for (const other of others) {
    const left = algebra.subtract(rest, box(algebra, other.match));
    if (left === rest) continue;
    rest = left;
    by.push(other.by);
    contradicts ||= other.action !== row.action;
  }
  return { by, contradicts };
}
