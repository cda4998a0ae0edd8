/**
 * What of a Network can change an answer, so that a change of the estate costs what it touches.
 *
 * Most changes are to the rows of a table. Those of a Network that was linked with its predecessor are the very same
 * objects where nothing changed, so an answer stands while the structure is the same and every table that it asked is
 * still there.
 *
 * @module
 */

import type { Network } from '../../net/model.ts';

/** Everything but the tables of subnets and the rules behind them, flat: equal items mean an equal structure. */
export function structureOf(network: Network): readonly unknown[] {
  const { vnets, subnets: _, publicAttachments: __, gateRules: ___, ...rest } = network;
  return [
    ...Object.values(rest as Record<string, unknown>),
    ...[...vnets.values()].flatMap(({ fact, attachments, peerings, subnets }) => [
      fact,
      attachments,
      ...peerings,
      ...subnets.map((subnet) => subnet.fact),
    ]),
  ];
}

/** The tables of all subnets. */
export function tablesOf({ vnets }: Network): ReadonlySet<object> {
  const tables = new Set<object>();
  for (const { subnets } of vnets.values()) {
    for (const { routes, admin, gate, nicGates } of subnets) {
      tables.add(routes);
      if (admin) tables.add(admin.egress).add(admin.ingress);
      for (const one of gate ? [gate, ...nicGates.values()] : nicGates.values()) {
        tables.add(one.egress).add(one.ingress).add(one.platform);
      }
    }
  }
  return tables;
}

/** What the answers about one state of an estate rest on. */
export interface Fingerprint {
  readonly structure: readonly unknown[];
  readonly tables: ReadonlySet<object>;
}

/** Takes the fingerprint of a Network; one of the same structure as another that is known has its very list. */
export function fingerprintOf(network: Network, known: readonly Fingerprint[]): Fingerprint {
  const structure = structureOf(network);
  const twin = known.find((other) => sameItems(other.structure, structure));
  return { structure: twin?.structure ?? structure, tables: tablesOf(network) };
}

/** Reports whether an answer that read some tables in one state stands in another. */
export function stands(read: ReadonlySet<object>, then: Fingerprint, now: Fingerprint): boolean {
  if (then === now) return true;
  if (then.structure !== now.structure) return false;
  for (const table of read) if (then.tables.has(table) && !now.tables.has(table)) return false;
  return true;
}

/** Reports whether two lists have the very same items. */
export function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}
