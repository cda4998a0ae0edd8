/**
 * What providers say about one resource, before anything is joined. Each fact is a function of one resource
 * alone, so an unchanged resource never needs to be read again (docs/adr/0004).
 *
 * Ids are spelled as stored; maps are keyed by `keyOf(id)`.
 *
 * @module
 */

import type { Fqdn } from '../lib/fqdn.ts';
import type { Ip, Prefix } from '../lib/ip.ts';
import type { Permission, Plane } from '../lib/rights.ts';
import type { Declared } from './declared.ts';
import type { BalancerFact } from './facts/balancers.ts';
import type { FirewallCollectionFact, FirewallFact, FirewallPolicyFact } from './facts/firewall.ts';
import type { GateFact, GateRuleFact } from './facts/gates.ts';
import type { ManagedNetworkFact, ManagedRuleFact } from './facts/managed.ts';
import type {
  AdminCollectionFact,
  AdminCommitFact,
  AdminRuleFact,
  GroupMemberFact,
  ManagerFact,
  NetworkGroupFact,
} from './facts/managers.ts';
import type {
  DnsServerFact,
  ForwardingRuleFact,
  LinkFact,
  RecordFact,
  ResolverInboundFact,
  ResolverOutboundFact,
  RulesetFact,
  RulesetLinkFact,
  ZoneFact,
} from './facts/names.ts';
import type {
  GatewayFact,
  LocalNetworkFact,
  NatGatewayFact,
  ServicePolicyDefinitionFact,
  ServicePolicyFact,
  SiteFact,
  TunnelFact,
} from './facts/outside.ts';
import type { PolicyAssignmentFact, PolicySetFact, ZonePolicyFact } from './facts/policies.ts';
import type { PublicTag } from './tags.ts';

export type * from './facts/balancers.ts';
export type * from './facts/firewall.ts';
export type * from './facts/gates.ts';
export type * from './facts/managed.ts';
export type * from './facts/managers.ts';
export type * from './facts/names.ts';
export type * from './facts/outside.ts';
export type * from './facts/policies.ts';

/** A virtual network. */
export interface VnetFact {
  readonly kind: 'vnet';
  readonly id: string;
  readonly location: string;
  readonly prefixes: readonly Prefix[];
  /** Empty: Azure's own resolver. */
  readonly dnsServers: readonly Ip[];
  /** Azure made it for a workspace, and nobody else sees it. */
  readonly managed?: true;
}

/** A subnet. */
export interface SubnetFact {
  readonly kind: 'subnet';
  readonly id: string;
  readonly vnet: string;
  readonly prefixes: readonly Prefix[];
  readonly gate: string | undefined;
  readonly routes: string | undefined;
  readonly natGateway: string | undefined;
  /** Which halves of the network policies apply to private endpoints in it (docs/semantics/network-policies.md). */
  readonly endpointPolicies: { readonly gates: boolean; readonly routes: boolean };
  readonly serviceEndpoints: readonly { readonly service: string; readonly locations: readonly string[] }[];
  /** Service endpoint policies: which accounts the service endpoints lead to. */
  readonly servicePolicies: readonly string[];
  readonly defaultOutbound: boolean;
}

/** One address of a network interface. */
export interface NicConfiguration {
  readonly subnet: string;
  readonly address: Ip;
  readonly publicAddress: string | undefined;
  /** Application security groups that the address belongs to. */
  readonly groups: readonly string[];
  /** Pools of load balancers that it is in, and inbound NAT rules that lead to it. */
  readonly balanced?: readonly string[];
}

/** A network interface, of a machine or of a private endpoint. */
export interface NicFact {
  readonly kind: 'nic';
  readonly id: string;
  readonly configurations: readonly NicConfiguration[];
  readonly gate: string | undefined;
  readonly dnsServers: readonly Ip[];
  /** It accepts packets that are not addressed to it, to pass them on. */
  readonly forwarding: boolean;
  /** The private endpoint that it belongs to. */
  readonly endpoint: string | undefined;
  /** What Azure runs behind it, where it is not a machine's: nothing starts a flow there. */
  readonly runs?: 'resolver' | 'firewall' | 'balancer';
}

/** A public address resource. */
export interface PublicAddressFact {
  readonly kind: 'public-address';
  readonly id: string;
  readonly address: Ip;
}

/** Where a user-defined route sends packets. */
export type RouteHop =
  | 'VnetLocal'
  | 'Internet'
  | 'None'
  | 'VirtualNetworkGateway'
  | { readonly appliance: Ip };

/** A route table's name; its routes are facts of their own. */
export interface RouteTableFact {
  readonly kind: 'route-table';
  readonly id: string;
  /** Routes that gateways teach reach the subnets of this table. */
  readonly propagates: boolean;
}

/** One user-defined route: to a prefix, or to a service tag. */
export interface RouteFact {
  readonly kind: 'route';
  readonly id: string;
  readonly table: string;
  readonly to: Prefix | { readonly tag: string };
  readonly hop: RouteHop;
}

/** One side of a peering. */
export interface PeeringFact {
  readonly kind: 'peering';
  readonly id: string;
  readonly vnet: string;
  readonly remote: string;
  readonly access: boolean;
  readonly forwarded: boolean;
  /** The peer may use this network's gateway. */
  readonly transit: boolean;
  /** This network uses the peer's gateway. */
  readonly remoteGateways: boolean;
  readonly state: 'Initiated' | 'Connected' | 'Disconnected';
}

/** A private endpoint. */
export interface EndpointFact {
  readonly kind: 'endpoint';
  readonly id: string;
  readonly subnet: string;
  readonly target: string;
  readonly group: string;
  /** The connection's id on the target. */
  readonly connection: string;
  readonly members: readonly { readonly address: Ip; readonly fqdns: readonly string[] }[];
  /** It stands in a network that Azure made for a workspace. */
  readonly managed?: true;
}

/** A private endpoint connection, as the target sees it. */
export interface ConnectionFact {
  readonly kind: 'connection';
  readonly id: string;
  readonly target: string;
  readonly endpoint: string;
  readonly status: 'Approved' | 'Pending' | 'Rejected' | 'Disconnected';
  /** Azure made it for a network that it manages: nobody sees it, and the public name stays what it is. */
  readonly managed?: true;
}

/** The kinds of service that have doors. */
export type ServiceKind =
  | 'storage'
  | 'vault'
  | 'registry'
  | 'workspace'
  | 'endpoint'
  | 'relay'
  | 'cluster'
  | 'platform';

/** A name under which a service answers. */
export interface Surface {
  /** Group id of the private endpoint that serves it (`blob`, `vault`, ...). */
  readonly group: string;
  readonly name: Fqdn;
  /** What the public name becomes an alias of when there is private link (`<x>.privatelink...`). */
  readonly alias: Fqdn | undefined;
  readonly ports: readonly number[];
  /** What public DNS answers for the name where it is not the service's own address. */
  readonly published?: Ip | 'nothing';
}

/** The public door of a service. */
export interface DoorFact {
  readonly publicAccess: boolean;
  /** Property that shuts it, for blockers. */
  readonly flag: string;
  readonly defaultAllow: boolean;
  readonly defaultFlag: string;
  readonly addresses: readonly Prefix[];
  readonly addressesFlag: string;
  readonly subnets: readonly string[];
}

/** How a service decides whether a caller may do the least that it is for. */
export type AccessFact =
  | {
      readonly by: 'role';
      readonly operation: string;
      readonly plane: Plane;
      /** The setting that lets the service's own keys in beside roles, where it has such keys. */
      readonly keys?: { readonly flag: string; readonly allowed: boolean };
    }
  | { readonly by: 'policy'; readonly permission: string; readonly policies: readonly VaultPolicy[] }
  | { readonly by: 'key'; readonly operation: string }
  | { readonly by: 'token' }
  /** Everybody: it is where tokens come from. */
  | { readonly by: 'nothing' };

/** One access policy of a vault. */
export interface VaultPolicy {
  readonly objectId: string;
  readonly secrets: readonly string[];
}

/** A service behind doors. */
export interface ServiceFact {
  readonly kind: 'service';
  readonly id: string;
  readonly service: ServiceKind;
  readonly location: string;
  readonly surfaces: readonly Surface[];
  /** Service tag whose prefixes hold its public address. */
  readonly tag: PublicTag;
  /** A service whose door and private endpoints are those of another (an online endpoint's workspace). */
  readonly behind: string | undefined;
  /** Undefined: the door of `behind`. */
  readonly door: DoorFact | undefined;
  readonly access: AccessFact;
  /** An alias exists only while a connection is approved (key vault), not as soon as there is one. */
  readonly aliasNeedsApproval: boolean;
}

/** A role assignment. */
export interface AssignmentFact {
  readonly kind: 'assignment';
  readonly id: string;
  readonly principal: string;
  readonly scope: string;
  readonly role: string;
}

/** A role definition. Its id is the GUID alone: the same role is written at many scopes. */
export interface RoleFact {
  readonly kind: 'role';
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly Permission[];
}

/** A machine with network interfaces. */
export interface MachineFact {
  readonly kind: 'machine';
  readonly id: string;
  readonly nics: readonly string[];
}

/**
 * What Azure runs for a workspace, or as a cluster: nodes of a compute, replicas of a deployment. Their interfaces are
 * Azure's own: it sends from any free address of its subnet.
 */
export interface WorkloadFact {
  readonly kind: 'workload';
  readonly id: string;
  readonly type: string;
  /** How people write it: `compute/<workspace>/<name>`, `cluster/<name>`. */
  readonly place: string;
  /** Undefined: it is where its workspace puts what has no subnet, its managed network or none. */
  readonly subnet: string | undefined;
  /** Undefined: a cluster's. */
  readonly workspace: string | undefined;
  readonly location: string;
  /** The property that gives its machines public addresses, where they have any. */
  readonly shownBy: string | undefined;
}

/** The identity of a resource. */
export interface IdentityFact {
  readonly kind: 'identity';
  readonly resource: string;
  readonly principal: string;
}

/** Somebody whom the directory has, or has in a group (cloister.yaml). */
export interface PrincipalFact {
  readonly kind: 'principal';
  /** Object id, in lower case. */
  readonly id: string;
  /** How people write it: `user/<upn>`, `group/<name>`, `app/<name>`. */
  readonly label: string | undefined;
  /** Object ids of the groups that it is in, directly or through others. */
  readonly groups: readonly string[];
}

/** A resource that is only stored: a walk through it is unknown. */
export interface OpaqueFact {
  readonly kind: 'opaque';
  readonly id: string;
  readonly type: string;
  /** It is also a place that sends, e.g. a compute. */
  readonly place: string | undefined;
}

/** Anything that a provider can say. */
export type Fact =
  | VnetFact
  | SubnetFact
  | NicFact
  | PublicAddressFact
  | GateFact
  | GateRuleFact
  | RouteTableFact
  | RouteFact
  | PeeringFact
  | ZoneFact
  | RecordFact
  | LinkFact
  | EndpointFact
  | ConnectionFact
  | ServiceFact
  | AssignmentFact
  | RoleFact
  | MachineFact
  | WorkloadFact
  | ManagedNetworkFact
  | ManagedRuleFact
  | IdentityFact
  | PrincipalFact
  | OpaqueFact
  | ZonePolicyFact
  | PolicySetFact
  | PolicyAssignmentFact
  | SiteFact
  | DnsServerFact
  | GatewayFact
  | NatGatewayFact
  | LocalNetworkFact
  | TunnelFact
  | FirewallFact
  | FirewallPolicyFact
  | FirewallCollectionFact
  | ResolverInboundFact
  | ResolverOutboundFact
  | RulesetFact
  | ForwardingRuleFact
  | RulesetLinkFact
  | ManagerFact
  | NetworkGroupFact
  | GroupMemberFact
  | AdminCollectionFact
  | AdminRuleFact
  | AdminCommitFact
  | BalancerFact
  | ServicePolicyFact
  | ServicePolicyDefinitionFact
  | Declared;
