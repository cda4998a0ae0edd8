/**
 * Joins facts into a Network, a virtual network at a time. A virtual network whose facts are the same objects as
 * last time is taken over as it is, so one changed resource recompiles what it is part of and nothing else.
 *
 * @module
 */

import type { Fqdn } from '../lib/fqdn.ts';
import type { Ip } from '../lib/ip.ts';
import { type IdKey, keyOf } from '../lib/key.ts';
import { type AdminRules, adminRulesOf } from './admin-rules.ts';
import { platformServices } from './azure.ts';
import { linkBalancers } from './balancers.ts';
import type { ConnectionFact, Fact, ServiceFact } from './facts.ts';
import { linkFirewalls } from './firewalls.ts';
import { linkGateways } from './gateways.ts';
import { type Gathered, gather, sameItems } from './gather.ts';
import { withManagedNetworks } from './managed-networks.ts';
import type { Attachment, Network, PublicRecord, Service, Subnet, Vnet } from './model.ts';
import { withNamedRules } from './named-rules.ts';
import { byVnet } from './parts.ts';
import { writtenByPolicies, zonePolicies } from './policies.ts';
import { linkResolvers } from './resolvers.ts';
import { linkServicePolicies } from './service-policies.ts';
import { publicAddressOf } from './tags.ts';
import { type Compiled, compileVnet } from './vnets.ts';
import { linkZones } from './zones.ts';

/** A Network, and what a later compilation can take over from it. */
export interface Linked {
  readonly network: Network;
  /** How many virtual networks were compiled anew. */
  readonly compiled: number;
  readonly memo: {
    readonly all: Gathered;
    readonly vnets: ReadonlyMap<IdKey, Compiled>;
    readonly admin: ReadonlyMap<IdKey, AdminRules>;
  };
}

/** What lies behind gateways is made of these. */
const gatewayKinds = ['gateway', 'local-network', 'tunnel', 'site', 'vnet'] as const;

/** Compiles facts into a Network. */
export function link(facts: Iterable<Fact>, previous?: Linked): Linked {
  const all = gather(withManagedNetworks(facts), previous?.memo.all);
  const parts = new Map<IdKey, Compiled>();
  let compiled = 0;
  const lists = previous?.memo.all.lists;
  const gateways =
    lists && gatewayKinds.every((kind) => lists[kind] === all.lists[kind])
      ? previous.network.gateways
      : linkGateways(all);
  const admin = adminRulesOf(all, previous?.memo.admin);
  for (const part of byVnet(all, gateways, admin)) {
    const key = keyOf(part.vnet.id);
    const before = previous?.memo.vnets.get(key);
    if (before && sameItems(before.part.inputs, part.inputs)) {
      parts.set(key, before);
    } else {
      parts.set(key, compileVnet(part, all, before));
      compiled++;
    }
  }
  const vnets = new Map([...parts].map(([key, { vnet }]) => [key, vnet]));
  const network = withNamedRules(assemble(all, vnets, gateways, previous));
  return { network, compiled, memo: { all, vnets: parts, admin } };
}

function assemble(
  all: Gathered,
  vnets: ReadonlyMap<IdKey, Vnet>,
  gateways: Network['gateways'],
  previous: Linked | undefined,
): Network {
  const before = previous?.memo.all;
  const known = before && previous.network;
  const same = (...kinds: readonly (keyof Gathered['lists'])[]): boolean =>
    before !== undefined && kinds.every((kind) => before.lists[kind] === all.lists[kind]);
  const subnets = new Map<IdKey, { vnet: Vnet; subnet: Subnet }>();
  const publicAttachments = new Map<Ip, Attachment>();
  for (const vnet of vnets.values()) {
    for (const subnet of vnet.subnets) subnets.set(keyOf(subnet.fact.id), { vnet, subnet });
    for (const attachment of vnet.attachments.values()) {
      const { publicAddress } = attachment.configuration;
      const shown = publicAddress === undefined ? undefined : all.publicAddresses.get(keyOf(publicAddress));
      if (shown !== undefined) publicAttachments.set(shown, attachment);
    }
  }
  const policies =
    known && same('zone-policy', 'policy-set', 'policy-assignment', 'identity')
      ? known.policies
      : zonePolicies(all);
  const written = writtenByPolicies(all, policies);
  return {
    vnets,
    gateways,
    natGateways: all.natGateways,
    subnets,
    publicAttachments,
    publicAddresses: all.publicAddresses,
    nics: all.nics,
    machines: all.machines,
    workloads: all.workloads,
    managed: all.managed,
    policies,
    ...(known && same('zone', 'record', 'link', 'policy-assignment') && policies.length === 0
      ? pickZones(known)
      : linkZones(all, written.records)),
    ...(known && same('service', 'connection', 'endpoint') ? pickServices(known) : linkServices(all)),
    endpoints: all.endpoints,
    connections:
      known && same('connection')
        ? known.connections
        : new Map([...all.connections.values()].flat().map((fact) => [keyOf(fact.endpoint), fact])),
    assignments: all.assignments,
    roles: all.roles,
    identities: all.identities,
    principals: all.principals,
    opaque: all.opaque,
    sites: all.sites,
    dnsServers: all.lists['dns-server'],
    firewalls:
      known && same('firewall', 'firewall-policy', 'firewall-collection')
        ? known.firewalls
        : linkFirewalls(all),
    ...(known && same('balancer', 'nic', 'public-address')
      ? { balancers: known.balancers, publicFrontends: known.publicFrontends }
      : linkBalancers(all)),
    servicePolicies:
      known && same('service-policy', 'service-policy-definition')
        ? known.servicePolicies
        : linkServicePolicies(all),
    ...(known && same('resolver-inbound', 'resolver-outbound', 'ruleset', 'forwarding-rule', 'ruleset-link')
      ? { resolvers: known.resolvers, forwarding: known.forwarding }
      : linkResolvers(all)),
    gateRules: all.gateRules,
    routeTables: all.tables,
    routes: all.routes,
    declared: all.declared.with(written.groups),
  };
}

function pickZones({ zones, views }: Network): ReturnType<typeof linkZones> {
  return { zones, views };
}

function pickServices({ services, servedNames, publicNames, publicServices }: Network): ServiceMaps {
  return { services, servedNames, publicNames, publicServices };
}

type ServiceMaps = Pick<Network, 'services' | 'servedNames' | 'publicNames' | 'publicServices'>;

function linkServices(all: Gathered): ServiceMaps {
  const services = new Map<IdKey, Service>();
  const servedNames: Map<Fqdn, Service> = new Map();
  const publicNames = new Map<Fqdn, PublicRecord>();
  const publicServices = new Map<Ip, Service[]>();
  for (const fact of [...platformServices, ...all.lists.service]) {
    const found = all.connections.get(keyOf(fact.behind ?? fact.id)) ?? [];
    const connections = found.some(({ managed }) => managed)
      ? found.filter(({ managed }) => !managed)
      : found;
    const address = publicAddress(fact);
    const service: Service = { fact, address, connections };
    services.set(keyOf(fact.id), service);
    if (fact.surfaces.some(({ published }) => published === undefined)) {
      const sharing = publicServices.get(address);
      if (sharing) sharing.push(service);
      else publicServices.set(address, [service]);
    }
    for (const { group, name, alias, published } of fact.surfaces) {
      servedNames.set(name, service);
      if (published === 'nothing') continue;
      if (published !== undefined) publicNames.set(name, { a: published, service: fact.id });
      else if (
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

const publicAddresses = new WeakMap<ServiceFact, Ip>();

function publicAddress(fact: ServiceFact): Ip {
  let address = publicAddresses.get(fact);
  if (address === undefined) {
    address = publicAddressOf(fact.tag, fact.location, fact.behind ?? fact.id);
    publicAddresses.set(fact, address);
  }
  return address;
}

/** The public name becomes an alias once there is private link for its group (docs/semantics/private-endpoints.md). */
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
