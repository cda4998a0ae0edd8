/**
 * Mutants of the semantics: each is one plausible mistake about Azure, made in the facts or in the compiled tables.
 *
 * @module
 */

import { type IdKey, keyOf } from '../../src/lib/key.ts';
import type { Fact } from '../../src/net/facts.ts';
import type { CompiledGate } from '../../src/net/gates.ts';
import { link } from '../../src/net/link.ts';
import type { Network, Subnet, Vnet } from '../../src/net/model.ts';

/** What a mistaken program would have made of the facts. */
export type Mutant = (facts: readonly Fact[]) => Network;

/** What is right. */
export const compiled = (facts: readonly Fact[]): Network => link(facts).network;

/** A mistake about single facts. */
const ofFacts =
  (change: (fact: Fact) => Fact): Mutant =>
  (facts) =>
    compiled(facts.map(change));

/** A mistake about what a subnet's tables are. */
const ofSubnets =
  (change: (subnet: Subnet) => Subnet): Mutant =>
  (facts) => {
    const network = compiled(facts);
    const vnets = new Map<IdKey, Vnet>();
    const subnets = new Map(network.subnets);
    for (const [key, vnet] of network.vnets) {
      const changed = { ...vnet, subnets: vnet.subnets.map(change) };
      vnets.set(key, changed);
      for (const subnet of changed.subnets) subnets.set(keyOf(subnet.fact.id), { vnet: changed, subnet });
    }
    return { ...network, vnets, subnets };
  };

const ofGates = (change: (gate: CompiledGate) => CompiledGate): Mutant =>
  ofSubnets((subnet) => ({
    ...subnet,
    gate: subnet.gate && change(subnet.gate),
    nicGates: new Map([...subnet.nicGates].map(([key, gate]) => [key, change(gate)])),
  }));

/** How many addresses a route is for. */
const width = (subnet: Subnet, at: number): number => {
  const [first] = subnet.routes[at]?.match.destination ?? [];
  return first ? first[1] - first[0] : -1;
};

/** Mutants by what they get wrong. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'egress and ingress are swapped': ofGates((gate) => ({
    ...gate,
    egress: gate.ingress,
    ingress: gate.egress,
  })),
  'the highest priority is asked last': ofGates((gate) => ({
    ...gate,
    egress: gate.egress.toReversed(),
    ingress: gate.ingress.toReversed(),
  })),
  'source ports are not looked at': ofFacts((fact) =>
    fact.kind === 'gate-rule' ? { ...fact, rule: { ...fact.rule, sourcePorts: [[0, 65535]] } } : fact,
  ),
  'a rule with an unknown tag matches nothing': ofGates((gate) => ({
    ...gate,
    egress: gate.egress.map(({ unknown: _, ...row }) => row),
    ingress: gate.ingress.map(({ unknown: _, ...row }) => row),
  })),
  'a rule that names the platform is like any other': ofGates((gate) => ({ ...gate, platform: [] })),
  'admin rules are not asked': ofSubnets((subnet) => ({ ...subnet, admin: undefined })),
  'admin rules need no commit in the region': ofFacts((fact) =>
    fact.kind === 'admin-commit' ? { ...fact, regions: undefined } : fact,
  ),
  'AlwaysAllow leaves it to the groups': ofFacts((fact) =>
    fact.kind === 'admin-rule' && fact.rule.access === 'AlwaysAllow'
      ? { ...fact, rule: { ...fact.rule, access: 'Allow' } }
      : fact,
  ),
  'Allow of an admin rule is final': ofFacts((fact) =>
    fact.kind === 'admin-rule' && fact.rule.access === 'Allow'
      ? { ...fact, rule: { ...fact.rule, access: 'AlwaysAllow' } }
      : fact,
  ),
  'the shortest prefix wins': ofSubnets((subnet) => ({
    ...subnet,
    routes: subnet.routes
      .map((row, at) => ({ row, width: width(subnet, at) }))
      .sort((a, b) => b.width - a.width)
      .map(({ row }) => row),
  })),
  'VirtualNetwork is without user-defined routes': (facts) => {
    const without = compiled(facts.filter(({ kind }) => kind !== 'route'));
    return ofSubnets((subnet) => {
      const twin = without.subnets.get(keyOf(subnet.fact.id))?.subnet;
      return twin ? { ...subnet, gate: twin.gate, nicGates: twin.nicGates } : subnet;
    })(facts);
  },
  'allowForwardedTraffic is ignored': ofFacts((fact) =>
    fact.kind === 'peering' ? { ...fact, forwarded: true } : fact,
  ),
  'allowVirtualNetworkAccess is ignored': ofFacts((fact) =>
    fact.kind === 'peering' ? { ...fact, access: true } : fact,
  ),
  'a peering needs one side only': ofFacts((fact) =>
    fact.kind === 'peering' ? { ...fact, state: 'Connected' } : fact,
  ),
  'every interface forwards': ofFacts((fact) => (fact.kind === 'nic' ? { ...fact, forwarding: true } : fact)),
  'a Pending connection is Approved': ofFacts((fact) =>
    fact.kind === 'connection' ? { ...fact, status: 'Approved' } : fact,
  ),
  'gates always apply to private endpoints': ofFacts((fact) =>
    fact.kind === 'subnet' ? { ...fact, endpointPolicies: { ...fact.endpointPolicies, gates: true } } : fact,
  ),
  'routes always apply to private endpoints': ofFacts((fact) =>
    fact.kind === 'subnet' ? { ...fact, endpointPolicies: { ...fact.endpointPolicies, routes: true } } : fact,
  ),
  'service endpoints do nothing': ofFacts((fact) =>
    fact.kind === 'subnet' ? { ...fact, serviceEndpoints: [] } : fact,
  ),
  'service endpoint policies do nothing': ofFacts((fact) =>
    fact.kind === 'subnet' ? { ...fact, servicePolicies: [] } : fact,
  ),
  'only the first service endpoint policy counts': ofFacts((fact) =>
    fact.kind === 'subnet' ? { ...fact, servicePolicies: fact.servicePolicies.slice(0, 1) } : fact,
  ),
  'an alias of a service endpoint policy lists nothing': ofFacts((fact) =>
    fact.kind === 'service-policy-definition'
      ? { ...fact, resources: fact.resources.filter((text) => !text.startsWith('/services/')) }
      : fact,
  ),
  'a load balancer leaves the port as it is': ofFacts((fact) =>
    fact.kind === 'balancer'
      ? {
          ...fact,
          rules: fact.rules.map(({ backendPort: _, ...rule }) => ({ ...rule, backendPort: undefined })),
        }
      : fact,
  ),
  'every machine behind a load balancer is well': ofFacts((fact) =>
    fact.kind === 'balancer'
      ? { ...fact, rules: fact.rules.map((rule) => ({ ...rule, probe: undefined })) }
      : fact,
  ),
  'a Standard load balancer is like a Basic one': ofFacts((fact) =>
    fact.kind === 'balancer' ? { ...fact, standard: false } : fact,
  ),
  'outbound rules do nothing': ofFacts((fact) =>
    fact.kind === 'balancer' ? { ...fact, outbound: [] } : fact,
  ),
  'one machine behind a load balancer is as good as the other': ofFacts((fact) =>
    fact.kind === 'nic' && fact.id.endsWith('/app-nic')
      ? { ...fact, configurations: fact.configurations.map(({ balanced: _, ...one }) => one) }
      : fact,
  ),
  'a NAT gateway shows no address': ofFacts((fact) =>
    fact.kind === 'nat-gateway' ? { ...fact, publicAddresses: [] } : fact,
  ),
  'the zone of a peered network is used': (facts) => {
    const network = compiled(facts);
    const views = new Map(network.views);
    for (const [key, vnet] of network.vnets) {
      const theirs = vnet.peerings.map(({ remote }) => network.views.get(keyOf(remote)) ?? []);
      views.set(key, new Map([...theirs.flatMap((view) => [...view]), ...(network.views.get(key) ?? [])]));
    }
    return { ...network, views };
  },
  'a zone that lacks a name always falls back': ofFacts((fact) =>
    fact.kind === 'link' ? { ...fact, fallback: true } : fact,
  ),
  'publicNetworkAccess is ignored': ofFacts((fact) =>
    fact.kind === 'service' && fact.door ? { ...fact, door: { ...fact.door, publicAccess: true } } : fact,
  ),
  'address rules are ignored': ofFacts((fact) =>
    fact.kind === 'service' && fact.door ? { ...fact, door: { ...fact.door, addresses: [] } } : fact,
  ),
  'who has a role passes the firewall': ofFacts((fact) =>
    fact.kind === 'service' && fact.door ? { ...fact, door: { ...fact.door, defaultAllow: true } } : fact,
  ),
  'an assignment is good at every scope': ofFacts((fact) =>
    fact.kind === 'assignment' ? { ...fact, scope: '' } : fact,
  ),
};
