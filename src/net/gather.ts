/**
 * Sorts facts by what they are about, and names everything that one virtual network is compiled from.
 *
 * @module
 */

import type { Ip } from '../lib/ip.ts';
import { type IdKey, keyOf } from '../lib/key.ts';
import type {
  AssignmentFact,
  ConnectionFact,
  DnsServerFact,
  EndpointFact,
  Fact,
  GateFact,
  GateRuleFact,
  LinkFact,
  MachineFact,
  NicFact,
  OpaqueFact,
  PeeringFact,
  RecordFact,
  RoleFact,
  RouteFact,
  RouteTableFact,
  ServiceFact,
  SiteFact,
  SubnetFact,
  VnetFact,
  ZoneFact,
} from './facts.ts';

/** Facts by kind, keyed or grouped the way they are looked up. */
export class Gathered {
  readonly vnets = new Map<IdKey, VnetFact>();
  readonly subnets = new Map<IdKey, SubnetFact>();
  readonly subnetsByVnet = new Map<IdKey, SubnetFact[]>();
  readonly nics = new Map<IdKey, NicFact>();
  readonly nicsBySubnet = new Map<IdKey, NicFact[]>();
  readonly publicAddresses = new Map<IdKey, Ip>();
  readonly gates = new Map<IdKey, GateFact>();
  readonly gateRules = new Map<IdKey, GateRuleFact[]>();
  readonly tables = new Map<IdKey, RouteTableFact>();
  readonly routes = new Map<IdKey, RouteFact[]>();
  readonly peeringsByVnet = new Map<IdKey, PeeringFact[]>();
  readonly zones = new Map<IdKey, ZoneFact>();
  readonly records = new Map<IdKey, RecordFact[]>();
  readonly links: LinkFact[] = [];
  readonly endpoints = new Map<IdKey, EndpointFact>();
  readonly endpointsByVnet = new Map<IdKey, EndpointFact[]>();
  readonly connections = new Map<IdKey, ConnectionFact[]>();
  readonly services: ServiceFact[] = [];
  readonly assignments = new Map<string, AssignmentFact[]>();
  readonly roles = new Map<IdKey, RoleFact>();
  readonly machines = new Map<IdKey, MachineFact>();
  readonly identities = new Map<IdKey, string>();
  readonly opaque = new Map<IdKey, OpaqueFact>();
  readonly sites = new Map<string, SiteFact>();
  readonly dnsServers: DnsServerFact[] = [];

  /** Files one fact. */
  add(fact: Fact): void {
    switch (fact.kind) {
      case 'vnet':
        this.vnets.set(keyOf(fact.id), fact);
        return;
      case 'subnet':
        this.subnets.set(keyOf(fact.id), fact);
        push(this.subnetsByVnet, keyOf(fact.vnet), fact);
        return;
      case 'nic':
        this.nics.set(keyOf(fact.id), fact);
        for (const subnet of new Set(fact.configurations.map((c) => keyOf(c.subnet)))) {
          push(this.nicsBySubnet, subnet, fact);
        }
        return;
      case 'public-address':
        this.publicAddresses.set(keyOf(fact.id), fact.address);
        return;
      case 'gate':
        this.gates.set(keyOf(fact.id), fact);
        return;
      case 'gate-rule':
        push(this.gateRules, keyOf(fact.gate), fact);
        return;
      case 'route-table':
        this.tables.set(keyOf(fact.id), fact);
        return;
      case 'route':
        push(this.routes, keyOf(fact.table), fact);
        return;
      case 'peering':
        push(this.peeringsByVnet, keyOf(fact.vnet), fact);
        return;
      case 'zone':
        this.zones.set(keyOf(fact.id), fact);
        return;
      case 'record':
        push(this.records, keyOf(fact.zone), fact);
        return;
      case 'link':
        this.links.push(fact);
        return;
      case 'endpoint':
        this.endpoints.set(keyOf(fact.id), fact);
        push(this.endpointsByVnet, keyOf(vnetOfSubnet(fact.subnet)), fact);
        return;
      case 'connection':
        push(this.connections, keyOf(fact.target), fact);
        return;
      case 'service':
        this.services.push(fact);
        return;
      case 'assignment':
        push(this.assignments, fact.principal.toLowerCase(), fact);
        return;
      case 'role':
        this.roles.set(keyOf(fact.id), fact);
        return;
      case 'machine':
        this.machines.set(keyOf(fact.id), fact);
        return;
      case 'identity':
        this.identities.set(keyOf(fact.resource), fact.principal);
        return;
      case 'opaque':
        this.opaque.set(keyOf(fact.id), fact);
        return;
      case 'site':
        this.sites.set(fact.name, fact);
        return;
      case 'dns-server':
        this.dnsServers.push(fact);
        return;
    }
  }
}

/** Sorts facts. */
export function gather(facts: Iterable<Fact>): Gathered {
  const all = new Gathered();
  for (const fact of facts) all.add(fact);
  return all;
}

/** Everything that one virtual network is compiled from. */
export interface FactsOfVnet {
  readonly vnet: VnetFact;
  readonly subnets: readonly SubnetFact[];
  readonly nics: readonly NicFact[];
  readonly nicsBySubnet: ReadonlyMap<IdKey, readonly NicFact[]>;
  readonly peers: readonly { readonly peering: PeeringFact; readonly vnet: VnetFact }[];
  /** Peerings that are open to networks which the estate does not have. */
  readonly strangers: readonly PeeringFact[];
  /** Private endpoints here and in connected peers: their addresses are routes here. */
  readonly endpoints: readonly EndpointFact[];
  /** All of it, flat: equal items mean an equal result. */
  readonly inputs: readonly unknown[];
}

/** Divides the facts by virtual network. */
export function* byVnet(all: Gathered): Generator<FactsOfVnet> {
  for (const [key, vnet] of all.vnets) {
    const subnets = all.subnetsByVnet.get(key) ?? [];
    const nics = new Set(subnets.flatMap((subnet) => all.nicsBySubnet.get(keyOf(subnet.id)) ?? []));
    const peerings = all.peeringsByVnet.get(key) ?? [];
    const peers = peerings.flatMap((peering) => {
      const remote = all.vnets.get(keyOf(peering.remote));
      return remote ? [{ peering, vnet: remote }] : [];
    });
    const strangers = peerings.filter((p) => isOpen(p) && !all.vnets.has(keyOf(p.remote)));
    const near = [key, ...peers.filter((peer) => isOpen(peer.peering)).map((peer) => keyOf(peer.vnet.id))];
    const endpoints = near.flatMap((id) => all.endpointsByVnet.get(id) ?? []);
    const endpointSubnets = endpoints.map((endpoint) => all.subnets.get(keyOf(endpoint.subnet)));
    const gates = new Set([...subnets, ...nics].map((item) => keyOf(item.gate ?? '')));
    const tables = new Set(subnets.map((subnet) => keyOf(subnet.routes ?? '')));
    yield {
      vnet,
      subnets,
      nics: [...nics],
      nicsBySubnet: all.nicsBySubnet,
      peers,
      strangers,
      endpoints,
      inputs: [
        vnet,
        ...subnets,
        ...nics,
        ...peers.flatMap((peer) => [peer.peering, peer.vnet]),
        ...strangers,
        ...endpoints,
        ...endpointSubnets,
        ...[...gates].flatMap((id) => [all.gates.get(id), ...(all.gateRules.get(id) ?? [])]),
        ...[...tables].flatMap((id) => [all.tables.get(id), ...(all.routes.get(id) ?? [])]),
      ],
    };
  }
}

/** Reports whether this side of a peering carries traffic: both sides exist, and it lets the peer in. */
export function isOpen(peering: PeeringFact): boolean {
  return peering.state === 'Connected' && peering.access;
}

/** The virtual network's id is the subnet's id without its last two segments. */
export function vnetOfSubnet(subnet: string): string {
  return subnet.split('/').slice(0, -2).join('/');
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
