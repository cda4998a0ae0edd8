/**
 * The Network: the compiled meaning of an estate, as immutable data.
 *
 * @module
 */

import type { RecordData } from '../lib/dns.ts';
import type { Fqdn } from '../lib/fqdn.ts';
import type { Intervals } from '../lib/intervals.ts';
import type { Ip } from '../lib/ip.ts';
import type { IdKey } from '../lib/key.ts';
import type { AdminGate } from './admin-rules.ts';
import type { Balancer } from './balancers.ts';
import type { DeclaredFacts } from './declared.ts';
import type {
  AssignmentFact,
  ConnectionFact,
  DnsServerFact,
  EndpointFact,
  ForwardingRuleFact,
  GateRuleFact,
  MachineFact,
  ManagedNetworkFact,
  NatGatewayFact,
  NicConfiguration,
  NicFact,
  OpaqueFact,
  PeeringFact,
  PrincipalFact,
  ResolverInboundFact,
  RoleFact,
  RouteFact,
  RouteTableFact,
  ServiceFact,
  SiteFact,
  SubnetFact,
  VnetFact,
  WorkloadFact,
  ZonePolicy,
} from './facts.ts';
import type { Firewall } from './firewalls.ts';
import type { CompiledGate } from './gates.ts';
import type { Gateway } from './gateways.ts';
import type { NextHop } from './routes.ts';
import type { ServicePolicy } from './service-policies.ts';
import type { Table } from './table.ts';

/** A subnet with its effective routes and gates. */
export interface Subnet {
  readonly fact: SubnetFact;
  readonly routes: Table<NextHop>;
  /** Admin rules of its network, which are asked before any gate. */
  readonly admin: AdminGate | undefined;
  readonly gate: CompiledGate | undefined;
  /** Gates of network interfaces in this subnet, compiled for it, by the id of the group. */
  readonly nicGates: ReadonlyMap<IdKey, CompiledGate>;
  /** The `VirtualNetwork` tag here: the network, its peers and the prefixes of the subnet's own routes. */
  readonly virtualNetwork: Intervals;
}

/** What an address inside a network belongs to. */
export interface Attachment {
  readonly nic: NicFact;
  readonly configuration: NicConfiguration;
}

/** A virtual network. */
export interface Vnet {
  readonly fact: VnetFact;
  readonly space: Intervals;
  readonly subnets: readonly Subnet[];
  readonly attachments: ReadonlyMap<Ip, Attachment>;
  readonly peerings: readonly PeeringFact[];
  /** Gateways whose routes its subnets learn. */
  readonly gateways: readonly Gateway[];
}

/** A record set in a private zone. */
export interface ZoneRecord {
  readonly id: string;
  readonly ttl: number;
  readonly data: RecordData;
}

/** A private zone with its records, by relative name. */
export interface Zone {
  readonly id: string;
  readonly name: Fqdn;
  readonly records: ReadonlyMap<string, readonly ZoneRecord[]>;
}

/** A zone as one virtual network sees it. */
export interface LinkedZone {
  readonly zone: Zone;
  readonly link: string;
  readonly fallback: boolean;
  /** Later links to zones of the same name: Azure refuses them, a template may ask for them. */
  readonly rivals: readonly { readonly zone: Zone; readonly link: string }[];
}

/** What the public internet answers for a name. */
export type PublicRecord =
  | { readonly cname: Fqdn; readonly service: string }
  | { readonly a: Ip; readonly service: string };

/** A service with its connections. */
export interface Service {
  readonly fact: ServiceFact;
  readonly address: Ip;
  readonly connections: readonly ConnectionFact[];
}

/** The compiled meaning of an estate. Maps are keyed by `keyOf(id)` unless said otherwise. */
export interface Network {
  readonly vnets: ReadonlyMap<IdKey, Vnet>;
  readonly subnets: ReadonlyMap<IdKey, { readonly vnet: Vnet; readonly subnet: Subnet }>;
  readonly nics: ReadonlyMap<IdKey, NicFact>;
  readonly machines: ReadonlyMap<IdKey, MachineFact>;
  readonly workloads: ReadonlyMap<IdKey, WorkloadFact>;
  /** Networks that Azure manages, by the workspace or the deployment that they are of. */
  readonly managed: ReadonlyMap<IdKey, ManagedNetworkFact>;
  /** Private zones by virtual network, then by zone name. */
  readonly views: ReadonlyMap<IdKey, ReadonlyMap<Fqdn, LinkedZone>>;
  /** Private zones by name: several may share one, for different networks. */
  readonly zones: ReadonlyMap<Fqdn, readonly Zone[]>;
  readonly publicNames: ReadonlyMap<Fqdn, PublicRecord>;
  /** Services by the names under which they answer. */
  readonly servedNames: ReadonlyMap<Fqdn, Service>;
  readonly services: ReadonlyMap<IdKey, Service>;
  /** Services by public address: several may share one. */
  readonly publicServices: ReadonlyMap<Ip, readonly Service[]>;
  /** Public addresses that are attached to network interfaces. */
  readonly publicAttachments: ReadonlyMap<Ip, Attachment>;
  readonly publicAddresses: ReadonlyMap<IdKey, Ip>;
  readonly endpoints: ReadonlyMap<IdKey, EndpointFact>;
  /** Connections by the private endpoint that asked for them. */
  readonly connections: ReadonlyMap<IdKey, ConnectionFact>;
  readonly assignments: ReadonlyMap<string, readonly AssignmentFact[]>;
  readonly roles: ReadonlyMap<IdKey, RoleFact>;
  /** Principal ids of resources' identities. */
  readonly identities: ReadonlyMap<IdKey, string>;
  /** Whom the directory knows, by object id. */
  readonly principals: ReadonlyMap<string, PrincipalFact>;
  readonly opaque: ReadonlyMap<IdKey, OpaqueFact>;
  readonly sites: ReadonlyMap<string, SiteFact>;
  readonly dnsServers: readonly DnsServerFact[];
  readonly firewalls: ReadonlyMap<IdKey, Firewall>;
  readonly gateways: ReadonlyMap<IdKey, Gateway>;
  readonly natGateways: ReadonlyMap<IdKey, NatGatewayFact>;
  readonly balancers: ReadonlyMap<IdKey, Balancer>;
  /** Load balancers by the public addresses of their frontends. */
  readonly publicFrontends: ReadonlyMap<Ip, Balancer>;
  readonly servicePolicies: ReadonlyMap<IdKey, ServicePolicy>;
  /** Inbound endpoints of private resolvers, by address. */
  readonly resolvers: ReadonlyMap<Ip, readonly ResolverInboundFact[]>;
  /** Forwarding rules that hold in a virtual network, longest suffix first. */
  readonly forwarding: ReadonlyMap<IdKey, readonly Forwarding[]>;
  /** Rules of security groups as they were written, by group: `Subnet.gate` has them compiled. */
  readonly gateRules: ReadonlyMap<IdKey, readonly GateRuleFact[]>;
  readonly routeTables: ReadonlyMap<IdKey, RouteTableFact>;
  /** User-defined routes as they are written, by their table. */
  readonly routes: ReadonlyMap<IdKey, readonly RouteFact[]>;
  /** What is no part of a flow's way, for the proof. */
  /** Policies in force that write zone groups. */
  readonly policies: readonly ZonePolicy[];
  readonly declared: DeclaredFacts;
}

/** A forwarding rule as one virtual network sees it. */
export interface Forwarding {
  readonly rule: ForwardingRuleFact;
  /** The link of the ruleset to the network. */
  readonly link: string;
  /** Subnet of the outbound endpoint that asks; undefined: the estate does not have it. */
  readonly from: string | undefined;
}
