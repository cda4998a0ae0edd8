/**
 * Names of private endpoints as checks look at them: who asks, who answers, and what should be answered.
 *
 * @module
 */

import { type Fqdn, isWithin, relativeTo } from '../lib/fqdn.ts';
import type { Ip } from '../lib/ip.ts';
import { keyOf } from '../lib/key.ts';
import type { Zone, ZoneRecord } from '../net/model.ts';
import type { Model } from './model.ts';
import { groupsOf, type Link } from './private-link.ts';

/** A name that leads to a private endpoint. */
export interface EndpointName {
  readonly fqdn: Fqdn;
  readonly alias: Fqdn;
  /** Name of the zone that must hold the alias. */
  readonly zone: Fqdn;
  readonly address: Ip;
}

/** The names of a private endpoint with the addresses that they should have. */
export function namesOf(model: Model, { endpoint }: Link): readonly EndpointName[] {
  const group = groupsOf(model, endpoint.target).find(({ id }) => id === endpoint.group);
  return (group?.names ?? []).flatMap(({ fqdn, alias }) => {
    const zone = group?.zones.find((candidate) => isWithin(alias, candidate));
    const member = endpoint.members.find(({ fqdns }) => fqdns.some((name) => name.toLowerCase() === fqdn));
    return zone === undefined || member === undefined ? [] : [{ fqdn, alias, zone, address: member.address }];
  });
}

/** The private zone of an id, if the estate has it. */
export function zoneOf(model: Model, id: string): Zone | undefined {
  return [...model.network.zones.values()].flat().find((zone) => keyOf(zone.id) === keyOf(id));
}

/** Addresses that a zone answers for a name, by its own record or a wildcard; undefined: it has no record. */
export function answerOf(
  zone: Zone,
  name: Fqdn,
): { readonly record: ZoneRecord; readonly addresses: readonly Ip[] } | undefined {
  const relative = relativeTo(name, zone.name).toLowerCase();
  const wildcard = relative.replace(/^[^.]+/, '*');
  for (const at of [relative, wildcard]) {
    for (const record of zone.records.get(at) ?? []) {
      if (record.data.type === 'A') return { record, addresses: record.data.addresses };
    }
  }
  return undefined;
}
