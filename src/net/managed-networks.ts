/**
 * Networks that Azure manages for a workspace, printed as what they are made of: a virtual network with a security group,
 * private endpoints with their zones, and a firewall where host names are approved (docs/semantics/managed-networks.md).
 *
 * Nobody sees the addresses, and no network is peered with them.
 *
 * @module
 */

import { type IdKey, keyOf } from '../lib/key.ts';
import type { WorkspaceFact } from './declared/workspace.ts';
import type {
  DependenciesOut,
  Fact,
  ManagedNetworkFact,
  ManagedRuleFact,
  ServiceFact,
  SubnetFact,
} from './facts.ts';
import { grouped, sameItems } from './gather.ts';
import { endpointFacts, firewallFacts, gateFacts, homes, space } from './managed-parts.ts';
import type { Network } from './model.ts';

/** The id of the network that Azure manages for a workspace or a deployment. */
export function managedNetworkId(of: string): string {
  return `${of}/networks/managedNetwork`;
}

/** The subnet in which computes stand. */
export function managedSubnetId(of: string): string {
  return `${managedNetworkId(of)}/subnets/computes`;
}

/** What a network is printed from, and what came out: equal parts mean an equal result. */
interface Printed {
  readonly parts: readonly unknown[];
  readonly facts: readonly Fact[];
}

const printed = new WeakMap<ManagedNetworkFact, Printed>();

/** Adds what managed networks are made of. */
export function withManagedNetworks(facts: Iterable<Fact>): Iterable<Fact> {
  const all = [...facts];
  const networks = all.filter((fact) => fact.kind === 'managed-network');
  if (networks.length === 0) return all;
  const rules = grouped(
    all.filter((fact) => fact.kind === 'managed-rule'),
    ({ of }) => [keyOf(of)],
    undefined,
  );
  const services = grouped(
    all.filter((fact) => fact.kind === 'service'),
    ({ behind, id }) => [keyOf(behind ?? id)],
    undefined,
  );
  const workspaces = new Map(
    all.flatMap((fact) => (fact.kind === 'workspace' ? [[keyOf(fact.id), fact] as const] : [])),
  );
  const shared = new Set(
    networks.flatMap(({ of, lets }) =>
      lets.out === 'everything' || lets.out === 'approved' ? [keyOf(of)] : [],
    ),
  );
  const sources = { rules, services, workspaces, shared };
  return [...all, ...networks.flatMap((network) => printOnce(network, sources))];
}

/** A Network without what Azure manages in it: what its owner made, and can change. */
export function withoutManagedNetworks(network: Network): Network {
  if (network.managed.size === 0) return network;
  const inside = [...network.managed.values()].map(({ of }) => `${keyOf(managedNetworkId(of))}/`);
  const own = <T>(map: ReadonlyMap<IdKey, T>): ReadonlyMap<IdKey, T> =>
    new Map([...map].filter(([key]) => !inside.some((vnet) => `${key}/`.startsWith(vnet))));
  return {
    ...network,
    vnets: own(network.vnets),
    subnets: own(network.subnets),
    nics: own(network.nics),
    views: own(network.views),
    publicAddresses: own(network.publicAddresses),
    firewalls: own(network.firewalls),
    gateRules: own(network.gateRules),
    routeTables: own(network.routeTables),
    routes: own(network.routes),
    endpoints: new Map([...network.endpoints].filter(([, { managed }]) => !managed)),
  };
}

interface Sources {
  readonly rules: ReadonlyMap<IdKey, readonly ManagedRuleFact[]>;
  /** By what their private endpoints lead to. */
  readonly services: ReadonlyMap<IdKey, readonly ServiceFact[]>;
  readonly workspaces: ReadonlyMap<IdKey, WorkspaceFact>;
  /** Workspaces that have a network. */
  readonly shared: ReadonlySet<IdKey>;
}

function printOnce(network: ManagedNetworkFact, sources: Sources): readonly Fact[] {
  const rules = rulesOf(network, sources);
  if (!rules) return [];
  const reached = rules.flatMap(({ to }): Reached[] => (to.kind === 'endpoint' ? [to] : []));
  const targets = reached.map(({ target }) => sources.services.get(keyOf(target)) ?? []);
  const workspace = network.lets.out === 'dependencies' ? [hostOf(network.lets, sources)] : rules;
  const parts = [...workspace, ...targets.flat()];
  const known = printed.get(network);
  if (known && sameItems(known.parts, parts)) return known.facts;
  const facts = print(network, rules, sources);
  printed.set(network, { parts, facts });
  return facts;
}

type Reached = Extract<ManagedRuleFact['to'], { readonly kind: 'endpoint' }>;

/** The rules of a network; undefined: it is that of another. */
function rulesOf(network: ManagedNetworkFact, sources: Sources): readonly ManagedRuleFact[] | undefined {
  const { of, lets } = network;
  switch (lets.out) {
    case 'as-hub':
      return undefined;
    case 'everything':
    case 'approved':
      return sources.rules.get(keyOf(of)) ?? [];
    case 'dependencies': {
      const host = hostOf(lets, sources);
      // A workspace that has a network has it for its deployments, too.
      if (host && sources.shared.has(keyOf(host.id))) return undefined;
      return host ? dependencyRules(of, lets, host) : [];
    }
  }
}

/** Where a workspace's dependencies and network are: a project uses those of its hub. */
function hostOf({ workspace }: DependenciesOut, { workspaces }: Sources): WorkspaceFact | undefined {
  const own = workspaces.get(keyOf(workspace));
  const hub = own?.flavour.toLowerCase() === 'project' ? own.hub : undefined;
  return hub === undefined ? own : workspaces.get(keyOf(hub));
}

/** What a workspace is made of, by id. */
export type Dependencies = Pick<WorkspaceFact, 'storage' | 'vault' | 'registry'>;

/** A rule that leads to a service by a private endpoint. */
export type EndpointRule = ManagedRuleFact & { readonly to: Reached };

/** A deployment that is shut in reaches its workspace and what that is made of, and nothing else. */
export function dependencyRules(
  of: string,
  { workspace, connections }: DependenciesOut,
  { storage, vault, registry }: Dependencies,
): readonly EndpointRule[] {
  const all: readonly (readonly [target: string | undefined, group: string])[] = [
    [workspace, 'amlworkspace'],
    [storage, 'blob'],
    [storage, 'file'],
    [registry, 'registry'],
    [vault, 'vault'],
  ];
  return all.flatMap(([target, group]): EndpointRule[] => {
    if (target === undefined) return [];
    const connection = `${target}/privateEndpointConnections/${group}.${connections}`;
    const to = { kind: 'endpoint', target, group, connection } as const;
    return [{ kind: 'managed-rule', id: `${of}/outboundRules/${group}`, of, name: group, to }];
  });
}

function print(
  network: ManagedNetworkFact,
  rules: readonly ManagedRuleFact[],
  { services }: Sources,
): readonly Fact[] {
  const { of, location, lets } = network;
  const vnet = managedNetworkId(of);
  const rulesId = `${vnet}/networkSecurityGroups/outboundRules`;
  const named = lets.out === 'approved' && rules.some(({ to }) => to.kind === 'name');
  const gate = lets.out === 'everything' || named ? undefined : rulesId;
  const routes = named ? `${vnet}/routeTables/firewall` : undefined;
  const subnet = (name: keyof typeof homes, more: Partial<SubnetFact> = {}): SubnetFact => ({
    kind: 'subnet',
    id: `${vnet}/subnets/${name}`,
    vnet,
    prefixes: [homes[name]],
    gate: undefined,
    routes: undefined,
    natGateway: undefined,
    endpointPolicies: { gates: false, routes: false },
    serviceEndpoints: [],
    servicePolicies: [],
    defaultOutbound: true,
    ...more,
  });
  return [
    { kind: 'vnet', id: vnet, location, prefixes: [space], dnsServers: [], managed: true },
    subnet('computes', { gate, routes }),
    subnet('endpoints'),
    ...(gate === undefined ? [] : gateFacts(gate, rules)),
    ...(routes === undefined
      ? []
      : [subnet('AzureFirewallSubnet'), ...firewallFacts(vnet, routes, rulesId, rules)]),
    ...endpointFacts(vnet, rules, services),
  ];
}
