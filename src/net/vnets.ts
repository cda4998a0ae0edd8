/**
 * Compiles one virtual network: routes and gates of its subnets, and what has its addresses.
 *
 * Subnets with the same route table share what depends on nothing else, and a compilation takes over from the one
 * before it whatever was made from the same facts.
 *
 * @module
 */

import { type Intervals, union } from '../lib/intervals.ts';
import { type Ip, intervalOf } from '../lib/ip.ts';
import { type IdKey, keyOf } from '../lib/key.ts';
import { type AdminGate, compileAdmin, isAdministered } from './admin-rules.ts';
import { azureDns } from './azure.ts';
import type { EndpointFact, GateRuleFact, NicFact, RouteFact, SubnetFact } from './facts.ts';
import { type CompiledGate, compileGate, type GateRows, missingGate } from './gates.ts';
import { type Gathered, isOpen, sameItems } from './gather.ts';
import type { Attachment, Subnet, Vnet } from './model.ts';
import type { FactsOfVnet } from './parts.ts';
import { compileRoutes, type EndpointRoutes, type NextHop, type RouteInputs } from './routes.ts';
import type { Table } from './table.ts';

/** A virtual network, and the parts of it that a later compilation may take over. */
export interface Compiled {
  readonly vnet: Vnet;
  readonly part: FactsOfVnet;
  readonly groups: ReadonlyMap<IdKey, Intervals>;
  readonly ways: ReadonlyMap<IdKey, Ways>;
}

/** What subnets have in common that have the same route table, or none. */
interface Ways {
  readonly userDefined: readonly RouteFact[] | undefined;
  readonly missing: string | undefined;
  /** Its subnets learn what gateways teach. */
  readonly propagates: boolean;
  readonly virtualNetwork: Intervals;
  readonly admin: AdminGate | undefined;
  /** By subnet where service endpoints make routes of its own; all others have those under the empty key. */
  readonly routes: Map<IdKey, { readonly subnet: SubnetFact; readonly table: Table<NextHop> }>;
  readonly gates: Map<
    IdKey,
    {
      readonly rules: readonly GateRuleFact[] | undefined;
      readonly gate: CompiledGate;
      readonly rows: GateRows;
    }
  >;
}

/** Ways in the making, and those of last time that may be taken over. */
interface Making {
  readonly ways: Ways;
  readonly routes: Ways['routes'] | undefined;
  readonly gates: Ways['gates'] | undefined;
}

/** Compiles a virtual network. */
export function compileVnet(part: FactsOfVnet, all: Gathered, before?: Compiled): Compiled {
  const { vnet } = part;
  const space = union(vnet.prefixes.map(intervalOf));
  const peers = part.peers.filter(({ peering }) => isOpen(peering));
  const reachable = union(
    space,
    ...peers.map((peer) => union(peer.vnet.prefixes.map(intervalOf))),
    ...part.gateways.map(({ behind }) => behind),
  );
  const surroundings = {
    vnet,
    strangers: part.strangers,
    peers: peers.map(({ peering, vnet: peer }) => ({ peering, prefixes: peer.prefixes })),
    endpoints: part.endpoints.flat().map((endpoint) => endpointRoutes(endpoint, all)),
    gateways: part.gateways,
  };
  const moved = before && !sameItems(before.part.surroundings, part.surroundings);
  const groups = groupsOf(part, before);
  const makings = new Map<IdKey, Making>();
  const makingOf = (table: string | undefined): Making => {
    const key = keyOf(table ?? '');
    const known = makings.get(key);
    if (known) return known;
    const userDefined = all.routes.get(key);
    const missing = table === undefined || all.tables.has(key) ? undefined : table;
    const propagates = all.tables.get(key)?.propagates ?? true;
    const old = moved ? undefined : before?.ways.get(key);
    const alike =
      old?.userDefined === userDefined && old?.missing === missing && old?.propagates === propagates;
    const same = alike ? old : undefined;
    const virtualNetwork = same?.virtualNetwork ?? virtualNetworkOf(reachable, userDefined ?? []);
    const admin =
      same && before?.part.admin === part.admin ? same.admin : compileAdmin(part.admin, virtualNetwork);
    const making = {
      ways: { userDefined, missing, propagates, virtualNetwork, admin, routes: new Map(), gates: new Map() },
      routes: same?.routes,
      gates: before?.groups === groups ? same?.gates : undefined,
    };
    makings.set(key, making);
    return making;
  };
  const subnets = part.subnets.map((subnet, at): Subnet => {
    const making = makingOf(subnet.routes);
    const compile = (id: string): CompiledGate => gateOf(id, making, groups, all);
    const nicGates = new Map<IdKey, CompiledGate>();
    for (const { gate: id } of part.nics[at] ?? []) {
      if (id === undefined || nicGates.has(keyOf(id))) continue;
      nicGates.set(keyOf(id), compile(id));
    }
    return {
      fact: subnet,
      routes: routesOf(subnet, making, surroundings),
      admin: isAdministered(subnet) ? making.ways.admin : undefined,
      gate: subnet.gate === undefined ? undefined : compile(subnet.gate),
      nicGates,
      virtualNetwork: making.ways.virtualNetwork,
    };
  });
  const peerings = [...part.peers.map((peer) => peer.peering), ...part.strangers];
  const attachments = attachmentsOf(part, before);
  const ways = new Map([...makings].map(([key, making]) => [key, making.ways]));
  const { gateways } = part;
  return { vnet: { fact: vnet, space, subnets, attachments, peerings, gateways }, part, groups, ways };
}

/** The `VirtualNetwork` tag: what is reachable, and the prefixes of the subnet's own routes. */
function virtualNetworkOf(reachable: Intervals, userDefined: readonly RouteFact[]): Intervals {
  const own = userDefined.flatMap((route) => ('base' in route.to ? [intervalOf(route.to)] : []));
  return union(reachable, own, [[azureDns, azureDns]]);
}

/** Only service endpoints make the routes of two subnets with the same table differ. */
function routesOf(
  subnet: SubnetFact,
  { ways, routes: old }: Making,
  surroundings: Omit<RouteInputs, 'subnet' | 'userDefined' | 'missing'>,
): Table<NextHop> {
  const own = subnet.serviceEndpoints.length > 0;
  const key = keyOf(own ? subnet.id : '');
  const known = ways.routes.get(key) ?? old?.get(key);
  const { userDefined = [], missing, propagates } = ways;
  const gateways = propagates ? surroundings.gateways : [];
  const table =
    known && (!own || known.subnet === subnet)
      ? known.table
      : compileRoutes({ ...surroundings, gateways, subnet, userDefined, missing });
  ways.routes.set(key, { subnet, table });
  return table;
}

function gateOf(
  id: string,
  { ways, gates: old }: Making,
  groups: ReadonlyMap<IdKey, Intervals>,
  all: Gathered,
): CompiledGate {
  const key = keyOf(id);
  const fact = all.gates.get(key);
  if (!fact) return missingGate(id);
  const rules = all.gateRules.get(key);
  const found = ways.gates.get(key) ?? old?.get(key);
  const known = found?.gate.id === fact.id ? found : undefined;
  const rows: GateRows = known?.rows ?? new WeakMap();
  const { virtualNetwork } = ways;
  const gate =
    known && known.rules === rules
      ? known.gate
      : compileGate(
          { id: fact.id, rules: (rules ?? []).map(({ rule }) => rule) },
          { virtualNetwork, groups },
          rows,
        );
  ways.gates.set(key, { rules, gate, rows });
  return gate;
}

function endpointRoutes(endpoint: EndpointFact, all: Gathered): EndpointRoutes {
  const subnet = all.subnets.get(keyOf(endpoint.subnet));
  const vnet = subnet && all.vnets.get(keyOf(subnet.vnet));
  return { endpoint, obeysRoutes: subnet?.endpointPolicies.routes ?? false, space: vnet?.prefixes ?? [] };
}

function attachmentsOf({ nics }: FactsOfVnet, before: Compiled | undefined): ReadonlyMap<Ip, Attachment> {
  if (before && sameItems(before.part.nics, nics)) return before.vnet.attachments;
  const attachments = new Map<Ip, Attachment>();
  for (const nic of distinct(nics)) {
    for (const configuration of nic.configurations)
      attachments.set(configuration.address, { nic, configuration });
  }
  return attachments;
}

/** An interface may have addresses in several subnets. */
function distinct(nics: readonly (readonly NicFact[])[]): ReadonlySet<NicFact> {
  return new Set(nics.flat());
}

/** Addresses of each application security group; the map of last time where they are the same. */
function groupsOf(part: FactsOfVnet, before: Compiled | undefined): ReadonlyMap<IdKey, Intervals> {
  const { nics, subnets } = part;
  if (before && before.part.subnets === subnets && sameItems(before.part.nics, nics)) return before.groups;
  const groups = groupAddresses(distinct(nics), subnets);
  return before && sameGroups(before.groups, groups) ? before.groups : groups;
}

/** A private endpoint is a member only where its subnet's security groups apply to it (docs/semantics/network-policies.md). */
function groupAddresses(nics: Iterable<NicFact>, subnets: readonly SubnetFact[]): Map<IdKey, Intervals> {
  const ungated = new Set(subnets.filter((s) => !s.endpointPolicies.gates).map((s) => keyOf(s.id)));
  const members = new Map<IdKey, [Ip, Ip][]>();
  for (const { configurations, endpoint } of nics) {
    for (const { address, subnet, groups } of configurations) {
      if (endpoint !== undefined && ungated.has(keyOf(subnet))) continue;
      for (const group of groups) {
        const known = members.get(keyOf(group));
        if (known) known.push([address, address]);
        else members.set(keyOf(group), [[address, address]]);
      }
    }
  }
  return new Map([...members].map(([group, addresses]) => [group, union(addresses)]));
}

function sameGroups(a: ReadonlyMap<IdKey, Intervals>, b: ReadonlyMap<IdKey, Intervals>): boolean {
  return a.size === b.size && [...a].every(([group, set]) => sameSet(set, b.get(group)));
}

function sameSet(a: Intervals, b: Intervals | undefined): boolean {
  return b !== undefined && sameItems(a.flat(), b.flat());
}
