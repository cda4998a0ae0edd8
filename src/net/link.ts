/**
 * Joins facts into a Network, a virtual network at a time. A virtual network whose facts are the same objects as
 * last time is taken over as it is, so one changed resource recompiles what it is part of and nothing else.
 *
 * @module
 */

import type { Fqdn } from '../lib/fqdn.ts';
import { type Intervals, union } from '../lib/intervals.ts';
import { type Ip, intervalOf } from '../lib/ip.ts';
import { type IdKey, keyOf } from '../lib/key.ts';
import { azureDns, platformServices } from './azure.ts';
import type { ConnectionFact, EndpointFact, Fact, NicFact, SubnetFact, VnetFact } from './facts.ts';
import { type CompiledGate, compileGate, missingGate } from './gates.ts';
import { byVnet, type FactsOfVnet, type Gathered, gather, isOpen } from './gather.ts';
import type { Attachment, Network, PublicRecord, Service, Subnet, Vnet } from './model.ts';
import { compileRoutes, type EndpointRoutes } from './routes.ts';
import { publicAddressOf } from './tags.ts';
import { linkZones } from './zones.ts';

/** A Network, and what a later compilation can take over from it. */
export interface Linked {
  readonly network: Network;
  /** How many virtual networks were compiled anew. */
  readonly compiled: number;
  readonly memo: ReadonlyMap<IdKey, { readonly inputs: readonly unknown[]; readonly vnet: Vnet }>;
}

/** Compiles facts into a Network. */
export function link(facts: Iterable<Fact>, previous?: Linked): Linked {
  const all = gather(facts);
  const memo = new Map<IdKey, { inputs: readonly unknown[]; vnet: Vnet }>();
  let compiled = 0;
  for (const part of byVnet(all)) {
    const key = keyOf(part.vnet.id);
    const before = previous?.memo.get(key);
    if (before && sameItems(before.inputs, part.inputs)) {
      memo.set(key, before);
    } else {
      memo.set(key, { inputs: part.inputs, vnet: compileVnet(part, all) });
      compiled++;
    }
  }
  const vnets = new Map([...memo].map(([key, { vnet }]) => [key, vnet]));
  return { network: assemble(all, vnets), compiled, memo };
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

function compileVnet(part: FactsOfVnet, all: Gathered): Vnet {
  const { vnet } = part;
  const space = union(vnet.prefixes.map(intervalOf));
  const peers = part.peers.filter(({ peering }) => isOpen(peering));
  const reachable = union(space, ...peers.map((peer) => union(peer.vnet.prefixes.map(intervalOf))));
  const endpoints = part.endpoints.map((endpoint) => endpointRoutes(endpoint, all));
  const groups = groupAddresses(part.nics, part.subnets);
  const subnets = part.subnets.map((subnet): Subnet => {
    const userDefined = all.routes.get(keyOf(subnet.routes ?? '')) ?? [];
    const ownRoutes = userDefined.flatMap((route) => ('base' in route.to ? [intervalOf(route.to)] : []));
    const virtualNetwork = union(reachable, ownRoutes, [[azureDns, azureDns]]);
    const context = { virtualNetwork, groups };
    const compile = (id: string | undefined): CompiledGate | undefined => {
      if (id === undefined) return undefined;
      const gate = all.gates.get(keyOf(id));
      if (!gate) return missingGate(id);
      const rules = (all.gateRules.get(keyOf(id)) ?? []).map((fact) => fact.rule);
      return compileGate({ id: gate.id, rules }, context);
    };
    const nicGates = new Map<IdKey, CompiledGate>();
    for (const nic of part.nicsBySubnet.get(keyOf(subnet.id)) ?? []) {
      const gate = nic.gate !== undefined && !nicGates.has(keyOf(nic.gate)) ? compile(nic.gate) : undefined;
      if (gate) nicGates.set(keyOf(gate.id), gate);
    }
    return {
      fact: subnet,
      routes: compileRoutes({
        vnet,
        subnet,
        userDefined,
        missing:
          subnet.routes === undefined || all.tables.has(keyOf(subnet.routes)) ? undefined : subnet.routes,
        strangers: part.strangers,
        peers: peers.map(({ peering, vnet: peer }) => ({ peering, prefixes: peer.prefixes })),
        endpoints,
      }),
      gate: compile(subnet.gate),
      nicGates,
      virtualNetwork,
    };
  });
  const attachments = new Map<Ip, Attachment>();
  for (const nic of part.nics) {
    for (const configuration of nic.configurations)
      attachments.set(configuration.address, { nic, configuration });
  }
  const peerings = [...part.peers.map((peer) => peer.peering), ...part.strangers];
  return { fact: vnet, space, subnets, attachments, peerings };
}

function endpointRoutes(endpoint: EndpointFact, all: Gathered): EndpointRoutes {
  const subnet: SubnetFact | undefined = all.subnets.get(keyOf(endpoint.subnet));
  const vnet: VnetFact | undefined = subnet && all.vnets.get(keyOf(subnet.vnet));
  return { endpoint, obeysRoutes: subnet?.endpointPolicies.routes ?? false, space: vnet?.prefixes ?? [] };
}

/** A private endpoint is a member only where its subnet's security groups apply to it (private-endpoints.md section 5). */
function groupAddresses(nics: readonly NicFact[], subnets: readonly SubnetFact[]): Map<IdKey, Intervals> {
  const ungated = new Set(subnets.filter((s) => !s.endpointPolicies.gates).map((s) => keyOf(s.id)));
  const groups = new Map<IdKey, Intervals>();
  for (const { configurations, endpoint } of nics) {
    for (const { address, subnet, groups: members } of configurations) {
      if (endpoint !== undefined && ungated.has(keyOf(subnet))) continue;
      for (const group of members) {
        groups.set(keyOf(group), union(groups.get(keyOf(group)) ?? [], [[address, address]]));
      }
    }
  }
  return groups;
}

function assemble(all: Gathered, vnets: ReadonlyMap<IdKey, Vnet>): Network {
  const subnets = new Map<IdKey, { vnet: Vnet; subnet: Subnet }>();
  const publicAttachments = new Map<Ip, Attachment>();
  for (const vnet of vnets.values()) {
    for (const subnet of vnet.subnets) subnets.set(keyOf(subnet.fact.id), { vnet, subnet });
    for (const attachment of vnet.attachments.values()) {
      const shown = all.publicAddresses.get(keyOf(attachment.configuration.publicAddress ?? ''));
      if (shown !== undefined) publicAttachments.set(shown, attachment);
    }
  }
  return {
    vnets,
    subnets,
    publicAttachments,
    publicAddresses: all.publicAddresses,
    nics: all.nics,
    machines: all.machines,
    ...linkZones(all),
    ...linkServices(all),
    endpoints: all.endpoints,
    connections: new Map([...all.connections.values()].flat().map((fact) => [keyOf(fact.endpoint), fact])),
    assignments: all.assignments,
    roles: all.roles,
    identities: all.identities,
    opaque: all.opaque,
    sites: all.sites,
    dnsServers: all.dnsServers,
  };
}

type ServiceMaps = Pick<Network, 'services' | 'servedNames' | 'publicNames' | 'publicServices'>;

function linkServices(all: Gathered): ServiceMaps {
  const services = new Map<IdKey, Service>();
  const servedNames: Map<Fqdn, Service> = new Map();
  const publicNames = new Map<Fqdn, PublicRecord>();
  const publicServices = new Map<Ip, Service[]>();
  for (const fact of [...platformServices, ...all.services]) {
    const connections = all.connections.get(keyOf(fact.behind ?? fact.id)) ?? [];
    const address = publicAddressOf(fact.tag, fact.location, fact.behind ?? fact.id);
    const service: Service = { fact, address, connections };
    services.set(keyOf(fact.id), service);
    const sharing = publicServices.get(address);
    if (sharing) sharing.push(service);
    else publicServices.set(address, [service]);
    for (const { group, name, alias } of fact.surfaces) {
      servedNames.set(name, service);
      if (
        alias !== undefined &&
        connections.some((c) => givesAlias(c, fact.aliasNeedsApproval, group, all))
      ) {
        publicNames.set(name, { cname: alias, service: fact.id });
        publicNames.set(alias, { a: address, service: fact.id });
      } else {
        publicNames.set(name, { a: address, service: fact.id });
      }
    }
  }
  return { services, servedNames, publicNames, publicServices };
}

/** The public name becomes an alias once there is private link for its group (private-endpoints.md section 4). */
function givesAlias(
  connection: ConnectionFact,
  needsApproval: boolean,
  group: string,
  all: Gathered,
): boolean {
  const asked = all.endpoints.get(keyOf(connection.endpoint));
  if (asked && asked.group !== group) return false;
  return needsApproval ? connection.status === 'Approved' : connection.status !== 'Disconnected';
}
