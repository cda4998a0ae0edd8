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
