/**
 * What an estate is for: every flow that must work, derived from what it contains.
 *
 * @module
 */

import { type IdKey, keyOf } from '../../lib/key.ts';
import type { Surface } from '../../net/facts.ts';
import type { Network, Service } from '../../net/model.ts';
import { advertisedBy } from '../../net/outside-in.ts';
import { gatewayOf, type Place, positionOf } from '../../net/position.ts';
import { flowTo, type Model, type Must } from '../model.ts';
import { requirements } from '../requirements.ts';

const rows = {
  workspace: requirements['client/workspace'],
  storage: requirements['client/storage'],
  vault: requirements['client/vault'],
  registry: requirements['client/registry'],
  endpoint: requirements['client/endpoint'],
  cluster: requirements['client/cluster'],
  // For clusters, not for people.
  relay: undefined,
  platform: undefined,
} as const;

/**
 * A machine is there to use what is private in its own network and in those it is peered with, and who is joined by a
 * gateway what is private in the networks that the gateway tells of: for each service with an approved or pending
 * private endpoint there, and each of its names that the endpoint serves. A machine that forwards packets or answers
 * DNS is part of the network, not a client of it.
 */
export function needsOf(model: Model): readonly Must[] {
  const needs: Must[] = [];
  for (const from of model.names.places()) {
    const near = networksOf(model, from);
    if (near.length === 0) continue;
    for (const { service, group } of servedIn(model, new Set(near))) {
      const row = rows[service.fact.service];
      if (!row) continue;
      for (const surface of usedSurfaces(service)) {
        if (surface.group === group) needs.push({ flow: flowTo(from, service, surface), requirement: row });
      }
    }
  }
  return [...needs, ...needsOfNodes(model)];
}

/** Credentials for a cluster name its API server by the private name, where it has one. */
function usedSurfaces({ fact }: Service): readonly Surface[] {
  return fact.service === 'cluster' ? fact.surfaces.slice(0, 1) : fact.surfaces;
}

/** Nodes ask the API server of their cluster for work. */
function* needsOfNodes(model: Model): Generator<Must> {
  for (const from of model.names.places()) {
    const service = from.kind === 'workload' ? model.service(from.workload) : undefined;
    if (service?.fact.service !== 'cluster') continue;
    for (const surface of usedSurfaces(service)) {
      yield { flow: flowTo(from, service, surface), requirement: requirements['cluster/api-server'] };
    }
  }
}

/** The networks whose private endpoints a place is there to use. */
function networksOf(model: Model, from: Place): readonly IdKey[] {
  const { network } = model;
  const gateway = gatewayOf(network, from);
  if (gateway) return advertisedBy(network, gateway).map(({ fact }) => keyOf(fact.id));
  if (from.kind !== 'nic' || from.label.split('/').at(-2) !== 'vm') return [];
  const here = positionOf(network, from);
  const machine = [...network.machines.values()].find(({ nics }) =>
    nics.some((nic) => keyOf(nic) === keyOf(from.nic)),
  );
  const answers = network.dnsServers.some(
    ({ at }) => at !== undefined && machine && keyOf(at) === keyOf(machine.id),
  );
  return !here || here.nic?.forwarding || answers ? [] : peersOf(network, here.vnet.fact.id);
}

/** A network and those that it is peered with, on either side. */
function peersOf(network: Network, vnet: string): readonly IdKey[] {
  const near = [keyOf(vnet)];
  for (const other of network.vnets.values()) {
    for (const peering of other.peerings) {
      if (keyOf(peering.vnet) === keyOf(vnet)) near.push(keyOf(peering.remote));
      if (keyOf(peering.remote) === keyOf(vnet)) near.push(keyOf(peering.vnet));
    }
  }
  return near;
}

/** Services with a private endpoint in one of some networks. */
function servedIn(
  { network }: Model,
  near: ReadonlySet<IdKey>,
): readonly { service: Service; group: string }[] {
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
