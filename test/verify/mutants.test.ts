/**
 * Would the proof be noticed to be wrong? Each mutant is one plausible mistake about Azure, made in the facts or in
 * the compiled tables of random estates. The flows that the proof hands back must walk differently in each of them.
 */

import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { fqdn } from '../../src/lib/fqdn.ts';
import { ip } from '../../src/lib/ip.ts';
import { type IdKey, keyOf } from '../../src/lib/key.ts';
import type { Fact } from '../../src/net/facts.ts';
import type { CompiledGate } from '../../src/net/gates.ts';
import { link } from '../../src/net/link.ts';
import type { Network, Subnet, Vnet } from '../../src/net/model.ts';
import { Names } from '../../src/net/places.ts';
import { Recorder } from '../../src/net/trace.ts';
import { type Flow, walk } from '../../src/net/walk.ts';
import { Prover } from '../../src/verify/reach/prover.ts';
import type { Question } from '../../src/verify/reach/question.ts';
import { Surveyor } from '../../src/verify/reach/survey.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { estate, question } from '../support/estates.ts';
import { balancer, dnsServer, flat, network, nsg, subnet, vm, vnet } from '../support/network.ts';
import { anyOf } from '../support/sampled.ts';

interface Sampled {
  readonly facts: readonly Fact[];
  readonly flows: readonly { readonly flow: Flow; readonly disposition: string }[];
}

/** What a mistaken program would have made of the facts. */
type Mutant = (facts: readonly Fact[]) => Network;

const compiled = (facts: readonly Fact[]): Network => link(facts).network;

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

const mutants: Readonly<Record<string, Mutant>> = {
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

/** What few random estates come upon: ports that a load balancer changes, and probes that a group stops. */
const corner = flat([
  vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24'), subnet('b', '10.0.2.0/24', { nsg: 'picky' })),
  nsg('picky', '100 Deny In tcp 443,9000 from * to *'),
  balancer('lb', {
    frontends: ['f 10.0.1.50 in net/a'],
    pools: ['p', 'q'],
    rules: ['web: f tcp 443 -> 8443 p', 'sick: f tcp 80 -> 8080 q probe 9000'],
  }),
  vm('one', 'net/b', '10.0.2.4', { behind: ['lb/p', 'lb/q'] }),
]);

/** An estate, and a flow of every region of some questions about it. */
function sampleOf(seed: number): Sampled {
  const dice = new Dice(seed);
  const facts = flat(estate(dice));
  const network = compiled(facts);
  const questions = Array.from({ length: 16 }, () => question(dice, network));
  return sampleFrom(facts, questions, dice);
}

function sampleFrom(facts: readonly Fact[], questions: readonly Question[], dice: Dice): Sampled {
  const network = compiled(facts);
  const prover = new Prover();
  const flows = questions.flatMap((asked) =>
    prover
      .reach(network, asked)
      .regions.map((region) => ({ flow: anyOf(prover, region, dice), disposition: region.disposition })),
  );
  return { facts, flows };
}

describe('mutants of the semantics', () => {
  let sampled: readonly Sampled[] = [];

  beforeAll(() => {
    const label = '10.0.1.50';
    const questions = new Names(compiled(corner)).places().flatMap((from): Question[] =>
      [80, 443].map((port) => ({
        from,
        to: { kind: 'address', label, address: ip(label) },
        ports: [[port, port]],
      })),
    );
    sampled = [
      ...Array.from({ length: 40 }, (_, at) => sampleOf(at + 1)),
      sampleFrom(corner, questions, new Dice(1)),
    ];
  });

  it('no mutant: nothing differs', () => {
    for (const { facts, flows } of sampled) {
      const network = compiled(facts);
      expect(
        flows.filter(({ flow, disposition }) => walk(network, flow).disposition !== disposition),
      ).toEqual([]);
    }
  });

  it.each(Object.entries(mutants))('%s', (name, mutate) => {
    let killers = 0;
    for (const { facts, flows } of sampled) {
      const network = mutate(facts);
      killers += flows.filter(
        ({ flow, disposition }) => walk(network, flow).disposition !== disposition,
      ).length;
    }
    console.log(`${name}: killed by ${killers} flows`);
    expect(killers).toBeGreaterThan(0);
  });
});

/** The other way round: what the proof would get wrong if it did not write down all that a walk asks. */
describe('mutants of the proof', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each(['decide', 'isIn', 'find'] as const)('it forgets what was asked by %s', (method) => {
    vi.spyOn(Surveyor.prototype, method).mockImplementation(Recorder.prototype[method] as never);
    expect(mistakes()).toBeGreaterThan(0);
  });

  it('it forgets what was tried on the way, a query to a DNS server', () => {
    const half = network(
      nsg('dns', '100 Deny In udp 53 from 10.0.1.128/25 to *'),
      vnet('net', '10.0.0.0/16', { dns: '10.0.2.9' }, subnet('a', '10.0.1.0/24'), subnet('b', '10.0.2.0/24')),
      vm('dns', 'net/b', '10.0.2.9', { nsg: 'dns' }),
      dnsServer('dns', { at: 'dns' }, [], ['web.corp.example 10.0.2.9']),
    );
    const from = new Names(half).place('vnet/net/a');
    if (!from.ok) throw new Error('no place');
    const web = fqdn('web.corp.example');
    const dispositions = (): Set<string> => {
      const { regions } = new Prover().reach(half, {
        from: from.value,
        to: { kind: 'name', label: web, name: web },
        protocols: ['tcp'],
      });
      return new Set(regions.map(({ disposition }) => disposition));
    };
    expect(dispositions()).toEqual(new Set(['delivered', 'resolver-unreachable']));
    vi.spyOn(Surveyor.prototype, 'attempt').mockImplementation(() => new Surveyor());
    expect(dispositions()).toEqual(new Set(['delivered']));
  });

  function mistakes(): number {
    let found = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const { facts, flows } = sampleOf(seed);
      const network = compiled(facts);
      found += flows.filter(
        ({ flow, disposition }) => walk(network, flow).disposition !== disposition,
      ).length;
    }
    return found;
  }
});
