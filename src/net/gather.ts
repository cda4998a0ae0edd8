/**
 * Sorts facts by what they are about, and names everything that one virtual network is compiled from.
 *
 * What did not change since last time is the very same list or map, so that whoever builds on it can tell by
 * comparing one pointer.
 *
 * @module
 */

import type { Ip } from '../lib/ip.ts';
import { type IdKey, keyOf } from '../lib/key.ts';
import { type Declared, DeclaredFacts } from './declared.ts';
import type {
  AssignmentFact,
  ConnectionFact,
  EndpointFact,
  Fact,
  GateFact,
  GateRuleFact,
  LinkFact,
  MachineFact,
  ManagedNetworkFact,
  NatGatewayFact,
  NicFact,
  OpaqueFact,
  PeeringFact,
  PrincipalFact,
  RecordFact,
  RoleFact,
  RouteFact,
  RouteTableFact,
  SiteFact,
  SubnetFact,
  VnetFact,
  WorkloadFact,
  ZoneFact,
} from './facts.ts';

type Kind = Exclude<Fact['kind'], Declared['kind']>;
type Of<K extends Kind> = Extract<Fact, { readonly kind: K }>;
type Lists = { readonly [K in Kind]: readonly Of<K>[] } & { readonly declared: readonly Declared[] };
type ById<T> = ReadonlyMap<IdKey, T>;
type Grouped<T> = ReadonlyMap<IdKey, readonly T[]>;

/** Facts by kind, keyed or grouped the way they are looked up. */
export interface Gathered {
  readonly lists: Lists;
  readonly vnets: ById<VnetFact>;
  readonly subnets: ById<SubnetFact>;
  readonly subnetsByVnet: Grouped<SubnetFact>;
  readonly nics: ById<NicFact>;
  readonly nicsBySubnet: Grouped<NicFact>;
  readonly publicAddresses: ById<Ip>;
  readonly natGateways: ById<NatGatewayFact>;
  readonly gates: ById<GateFact>;
  readonly gateRules: Grouped<GateRuleFact>;
  readonly tables: ById<RouteTableFact>;
  readonly routes: Grouped<RouteFact>;
  readonly peeringsByVnet: Grouped<PeeringFact>;
  readonly zones: ById<ZoneFact>;
  readonly records: Grouped<RecordFact>;
  readonly links: readonly LinkFact[];
  readonly endpoints: ById<EndpointFact>;
  readonly endpointsByVnet: Grouped<EndpointFact>;
  /** Subnets that hold private endpoints, by their virtual network; undefined: the estate does not have it. */
  readonly homesByVnet: Grouped<SubnetFact | undefined>;
  readonly connections: Grouped<ConnectionFact>;
  readonly assignments: ReadonlyMap<string, readonly AssignmentFact[]>;
  readonly roles: ById<RoleFact>;
  readonly machines: ById<MachineFact>;
  readonly workloads: ById<WorkloadFact>;
  /** By the workspace, or the deployment, that they are of. */
  readonly managed: ById<ManagedNetworkFact>;
  readonly identities: ById<string>;
  /** By object id. */
  readonly principals: ReadonlyMap<string, PrincipalFact>;
  readonly opaque: ById<OpaqueFact>;
  readonly sites: ReadonlyMap<string, SiteFact>;
  readonly declared: DeclaredFacts;
}

/** Sorts facts; what is as it was in `before` is taken over from there. */
export function gather(facts: Iterable<Fact>, before?: Gathered): Gathered {
  const lists = byKind(facts, before?.lists);
  const made = <K extends keyof Lists, N extends Exclude<keyof Gathered, 'lists'>>(
    name: N,
    kind: K,
    make: (list: Lists[K], old: Gathered[N] | undefined) => Gathered[N],
  ): Gathered[N] =>
    before && before.lists[kind] === lists[kind] ? before[name] : make(lists[kind], before?.[name]);

  const subnets = made('subnets', 'subnet', byId);
  const endpointsByVnet = made('endpointsByVnet', 'endpoint', (list, old) =>
    grouped(list, (fact) => [keyOf(vnetOfSubnet(fact.subnet))], old),
  );
  const isHome = before && before.subnets === subnets && before.endpointsByVnet === endpointsByVnet;
  return {
    lists,
    vnets: made('vnets', 'vnet', byId),
    subnets,
    subnetsByVnet: made('subnetsByVnet', 'subnet', (list, old) =>
      grouped(list, (fact) => [keyOf(fact.vnet)], old),
    ),
    nics: made('nics', 'nic', byId),
    nicsBySubnet: made('nicsBySubnet', 'nic', (list, old) => grouped(list, subnetsOf, old)),
    publicAddresses: made(
      'publicAddresses',
      'public-address',
      (list) => new Map(list.map((fact) => [keyOf(fact.id), fact.address])),
    ),
    natGateways: made('natGateways', 'nat-gateway', byId),
    gates: made('gates', 'gate', byId),
    gateRules: made('gateRules', 'gate-rule', (list, old) =>
      grouped(list, (fact) => [keyOf(fact.gate)], old),
    ),
    tables: made('tables', 'route-table', byId),
    routes: made('routes', 'route', (list, old) => grouped(list, (fact) => [keyOf(fact.table)], old)),
    peeringsByVnet: made('peeringsByVnet', 'peering', (list, old) =>
      grouped(list, (fact) => [keyOf(fact.vnet)], old),
    ),
    zones: made('zones', 'zone', byId),
    records: made('records', 'record', (list, old) => grouped(list, (fact) => [keyOf(fact.zone)], old)),
    links: lists.link,
    endpoints: made('endpoints', 'endpoint', byId),
    endpointsByVnet,
    homesByVnet: isHome ? before.homesByVnet : homes(endpointsByVnet, subnets, before?.homesByVnet),
    connections: made('connections', 'connection', (list, old) =>
      grouped(list, (fact) => [keyOf(fact.target)], old),
    ),
    assignments: made('assignments', 'assignment', (list, old) =>
      grouped(list, (fact) => [fact.principal.toLowerCase()], old),
    ),
    roles: made('roles', 'role', byId),
    machines: made('machines', 'machine', byId),
    workloads: made('workloads', 'workload', byId),
    managed: made(
      'managed',
      'managed-network',
      (list) => new Map(list.map((fact) => [keyOf(fact.of), fact])),
    ),
    identities: made(
      'identities',
      'identity',
      (list) => new Map(list.map((fact) => [keyOf(fact.resource), fact.principal])),
    ),
    principals: made('principals', 'principal', (list) => new Map(list.map((fact) => [fact.id, fact]))),
    opaque: made('opaque', 'opaque', byId),
    sites: made('sites', 'site', (list) => new Map(list.map((fact) => [fact.name, fact]))),
    declared: made('declared', 'declared', (list) => new DeclaredFacts(list)),
  };
}

function byKind(facts: Iterable<Fact>, before: Lists | undefined): Lists {
  const lists: { readonly [K in Kind]: Of<K>[] } & { readonly declared: Declared[] } = {
    vnet: [],
    subnet: [],
    nic: [],
    'public-address': [],
    gate: [],
    'gate-rule': [],
    'route-table': [],
    route: [],
    peering: [],
    zone: [],
    record: [],
    link: [],
    endpoint: [],
    connection: [],
    service: [],
    assignment: [],
    role: [],
    machine: [],
    workload: [],
    'managed-network': [],
    'managed-rule': [],
    identity: [],
    principal: [],
    opaque: [],
    site: [],
    'dns-server': [],
    gateway: [],
    'nat-gateway': [],
    'local-network': [],
    tunnel: [],
    firewall: [],
    'firewall-policy': [],
    'firewall-collection': [],
    'resolver-inbound': [],
    'resolver-outbound': [],
    ruleset: [],
    'forwarding-rule': [],
    'ruleset-link': [],
    'zone-policy': [],
    'policy-set': [],
    'policy-assignment': [],
    manager: [],
    'network-group': [],
    'group-member': [],
    'admin-collection': [],
    'admin-rule': [],
    'admin-commit': [],
    balancer: [],
    'service-policy': [],
    'service-policy-definition': [],
    declared: [],
  };
  const known = lists as unknown as Readonly<Record<string, Fact[] | undefined>>;
  for (const fact of facts) (known[fact.kind] ?? (lists.declared as Fact[])).push(fact);
  if (!before) return lists;
  const entries = Object.entries(before).filter(([kind, old]) => sameItems(old, lists[kind as keyof Lists]));
  return { ...lists, ...Object.fromEntries(entries) };
}

/** Reports whether two lists hold the very same things. */
export function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

function byId<T extends { readonly id: string }>(list: readonly T[]): ById<T> {
  const map = new Map<IdKey, T>();
  for (const fact of list) map.set(keyOf(fact.id), fact);
  return map;
}

export function grouped<K, T>(
  list: Iterable<T>,
  keysOf: (item: T) => Iterable<K>,
  before: ReadonlyMap<K, readonly T[]> | undefined,
): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, readonly T[]>();
  for (const item of list) {
    for (const key of keysOf(item)) {
      const group = groups.get(key) as T[] | undefined;
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
  }
  for (const [key, old] of before ?? []) {
    const group = groups.get(key);
    if (group && sameItems(old, group)) groups.set(key, old);
  }
  return groups;
}

function subnetsOf({ configurations }: NicFact): Iterable<IdKey> {
  const [first] = configurations;
  if (first && configurations.length === 1) return [keyOf(first.subnet)];
  return new Set(configurations.map((configuration) => keyOf(configuration.subnet)));
}

function homes(
  endpoints: Grouped<EndpointFact>,
  subnets: ById<SubnetFact>,
  before: Grouped<SubnetFact | undefined> | undefined,
): Grouped<SubnetFact | undefined> {
  return new Map(
    [...endpoints].map(([key, list]) => {
      const found = [...new Set(list.map((endpoint) => subnets.get(keyOf(endpoint.subnet))))];
      const old = before?.get(key);
      return [key, old && sameItems(old, found) ? old : found];
    }),
  );
}

/** Reports whether this side of a peering carries traffic: both sides exist, and it lets the peer in. */
export function isOpen(peering: PeeringFact): boolean {
  return peering.state === 'Connected' && peering.access;
}

/** The virtual network's id is the subnet's id without its last two segments. */
export function vnetOfSubnet(subnet: string): string {
  return subnet.split('/').slice(0, -2).join('/');
}
