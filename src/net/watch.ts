/**
 * What one network interface does with a packet, a mechanism at a time: the groups around it, and the
 * route it takes (docs/semantics/network-watcher.md). The tables, and how they are asked, are those of `walk`.
 *
 * @module
 */

import type { AdminVerdict } from './admin-rules.ts';
import { platformPorts } from './azure.ts';
import type { SecurityRule } from './facts.ts';
import { egress, ingress, isPlatformDenied, pointOf } from './filter.ts';
import type { Verdict } from './gates.ts';
import type { Position } from './position.ts';
import { type NextHop, sameHop } from './routes.ts';
import { type Decision, decide, type Point, type Row, type Table } from './table.ts';
import { type Packet, Recorder } from './trace.ts';

/** What the rules around an interface do. No row: nothing is asked, there being no group, or Azure's own traffic. */
export type GateAnswer =
  | {
      readonly kind: 'decided';
      readonly action: Verdict;
      readonly row: Row<Verdict | AdminVerdict> | undefined;
      /** The row is an admin rule's, and not a group's. */
      readonly admin: boolean;
    }
  | { readonly kind: 'unknown'; readonly says: string };

/** Keeps the rows that decided, in the order in which they were asked. */
class RowRecorder extends Recorder {
  readonly rows: Row<unknown>[] = [];

  override decide<A>(table: Table<A>, point: Point, same: (a: A, b: A) => boolean): Decision<A> {
    const decision = super.decide(table, point, same);
    if (decision.kind !== 'none') this.rows.push(decision.row);
    return decision;
  }
}

/** Asks the admin rules, and the groups of an interface and of its subnet, about a packet that leaves, or one that enters. */
export function askGates(at: Position, direction: SecurityRule['direction'], packet: Packet): GateAnswer {
  const rec = new RowRecorder();
  const platform = direction === 'Outbound' && platformPorts.has(packet.destination);
  if (platform) isPlatformDenied(at, packet, 'dropped-by-gate', 'egress', rec);
  else if (direction === 'Outbound') egress(at, packet, rec);
  else ingress(at, packet, rec);
  // Whatever is asked here is a gate.
  const rows = rec.rows as Row<Verdict | AdminVerdict>[];
  if (rec.disposition === 'unknown') return { kind: 'unknown', says: rec.steps.at(-1)?.says ?? '' };
  const action = rec.disposition === undefined ? 'allow' : 'deny';
  const last = platform ? undefined : rows.at(-1);
  const row = action === 'allow' ? last : rows.find((candidate) => candidate.action === 'deny');
  const { admin } = at.subnet;
  const isAdmin = [...(admin?.egress ?? []), ...(admin?.ingress ?? [])].some(
    (candidate) => candidate === row,
  );
  return { kind: 'decided', action, row, admin: isAdmin };
}

/** The route that a packet takes from a spot. */
export function askRoutes(at: Position, packet: Packet): Decision<NextHop> {
  return decide(at.subnet.routes, pointOf(packet), sameHop);
}
