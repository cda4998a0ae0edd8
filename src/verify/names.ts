/**
 * Names of private endpoints as checks look at them: who asks, who answers, and what should be answered.
 *
 * @module
 */

import { type Fqdn, isWithin, relativeTo } from '../lib/fqdn.ts';
import type { Ip } from '../lib/ip.ts';
import { keyOf } from '../lib/key.ts';
import { azureDns } from '../net/azure.ts';
import type { Zone, ZoneRecord } from '../net/model.ts';
import { type Place, positionOf } from '../net/position.ts';
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

/** Virtual networks whose zones decide what a place is answered; none where a server answers that nobody described. */
export function resolvingVnets(model: Model, place: Place): readonly string[] {
  const { network } = model;
  const here = positionOf(network, place);
  if (!here) return [];
  const own = here.nic?.dnsServers ?? [];
  const servers = own.length > 0 ? own : here.vnet.fact.dnsServers;
  if (servers.length === 0 || servers.includes(azureDns)) return [here.vnet.fact.id];
  return servers.flatMap((address) => {
    const home = [...network.vnets.values()].find(({ attachments }) => attachments.has(address));
    if (!home) return [];
    if (network.resolvers.has(address)) return [home.fact.id];
    const machine = home.attachments.get(address)?.nic.id;
    const server = network.dnsServers.find(
      ({ address: at, at: id }) => at === address || (id !== undefined && machineHas(model, id, machine)),
    );
    return server?.forward.some(({ suffix, to }) => suffix === '.' && to.includes(azureDns))
      ? [home.fact.id]
      : [];
  });
}

function machineHas(model: Model, machine: string, nic: string | undefined): boolean {
  const found = model.network.machines.get(keyOf(machine));
  return found?.nics.some((id) => keyOf(id) === keyOf(nic ?? '')) === true;
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
