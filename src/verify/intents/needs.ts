/**
 * What an estate is for: every flow that must work, derived from what it contains.
 *
 * @module
 */

import { keyOf } from '../../lib/key.ts';
import type { Service } from '../../net/model.ts';
import { positionOf } from '../../net/position.ts';
import { flowTo, type Model, type Must } from '../model.ts';
import { requirements } from '../requirements.ts';

const rows = {
  workspace: requirements['client/workspace'],
  storage: requirements['client/storage'],
  vault: requirements['client/vault'],
  registry: requirements['client/registry'],
  endpoint: requirements['client/endpoint'],
  platform: undefined,
} as const;

/**
 * A machine is there to use what is private in its own network and in those it is peered with: for each service
 * with an approved or pending private endpoint there, and each of its names that the endpoint serves. A machine that
 * forwards packets or answers DNS is part of the network, not a client of it.
 */
export function needsOf(model: Model): readonly Must[] {
  const { network } = model;
  const servers = new Set(network.dnsServers.flatMap(({ at }) => (at === undefined ? [] : [keyOf(at)])));
  const needs: Must[] = [];
  for (const from of model.names.places()) {
    if (from.kind !== 'nic' || from.label.split('/').at(-2) !== 'vm') continue;
    const here = positionOf(network, from);
    if (!here || here.nic?.forwarding) continue;
    const machine = [...network.machines.values()].find(({ nics }) =>
      nics.some((nic) => keyOf(nic) === keyOf(from.nic)),
    );
    if (machine && servers.has(keyOf(machine.id))) continue;
    for (const { service, group } of servedNear(model, here.vnet.fact.id)) {
      const row = rows[service.fact.service];
      if (!row) continue;
      for (const surface of service.fact.surfaces) {
        if (surface.group === group) needs.push({ flow: flowTo(from, service, surface), requirement: row });
      }
    }
  }
  return needs;
}

/** Services with a private endpoint in a network or in one that it is peered with, on either side. */
function servedNear(model: Model, vnet: string): readonly { service: Service; group: string }[] {
  const { network } = model;
  const near = new Set([keyOf(vnet)]);
  for (const other of network.vnets.values()) {
    for (const peering of other.peerings) {
      if (keyOf(peering.vnet) === keyOf(vnet)) near.add(keyOf(peering.remote));
      if (keyOf(peering.remote) === keyOf(vnet)) near.add(keyOf(peering.vnet));
    }
  }
  const served = new Map<string, { service: Service; group: string }>();
  for (const endpoint of network.endpoints.values()) {
    const home = network.subnets.get(keyOf(endpoint.subnet));
    if (!home || !near.has(keyOf(home.vnet.fact.id))) continue;
    for (const service of network.services.values()) {
      const target = service.fact.behind ?? service.fact.id;
      if (keyOf(target) !== keyOf(endpoint.target)) continue;
      served.set(`${keyOf(service.fact.id)} ${endpoint.group}`, { service, group: endpoint.group });
    }
  }
  return [...served.values()];
}
