import { describe, expect, it } from 'vitest';
import {
  type Facts,
  flat,
  idOf,
  ids,
  manager,
  nsg,
  peered,
  privateEndpoint,
  storage,
  subnet,
  udr,
  vm,
  vnet,
  zone,
} from '../../test/support/network.ts';
import { flowOf } from '../../test/support/walks/row.ts';
import type { Fact } from './facts.ts';
import { link } from './link.ts';
import type { Network } from './model.ts';
import { Names } from './places.ts';
import { walk } from './walk.ts';

/** Three networks: b is peered with both others. */
const facts: readonly Fact[] = flat([
  vnet('a', '10.0.0.0/16', subnet('s', '10.0.1.0/24', { nsg: 'rules', udr: 'table' })),
  vnet('b', '10.1.0.0/16', subnet('s', '10.1.1.0/24'), subnet('pe', '10.1.2.0/24')),
  vnet('c', '10.2.0.0/16', subnet('s', '10.2.1.0/24')),
  peered('a', 'b'),
  peered('b', 'c'),
  nsg('rules', '100 Deny Out tcp 22 from * to *'),
  udr('table', '10.1.2.0/24 -> None'),
  vm('one', 'a/s', '10.0.1.4'),
  vm('two', 'b/s', '10.1.1.4'),
  vm('three', 'c/s', '10.2.1.4'),
  storage('acct'),
  privateEndpoint('pe', 'b/pe', '10.1.2.5', ids.storage('acct'), 'blob'),
  zone('privatelink.blob.core.windows.net', {}, 'acct A 10.1.2.5'),
]);

const web = idOf('Microsoft.Network/applicationSecurityGroups', 'web');

const flows = [
  'vm/one -> vm/two:22',
  'vm/one -> vm/two:80',
  'vm/one -> vm/three',
  'vm/two -> 10.1.2.5',
  'vm/one -> 10.1.2.5',
  'vm/three -> 10.1.2.5',
  'vm/three -> storage/acct/blob',
  'vm/one -> 10.9.0.1',
];
const ruled = (members: readonly string[]): Facts =>
  manager('m', members, {}, '1 Deny In tcp 80 from * to group:m');
const answers = (network: Network): unknown => {
  const names = new Names(network);
  return flows.map((flow) => walk(network, flowOf(names, flow)));
};
const without = (gone: (fact: Fact) => boolean): Fact[] => facts.filter((fact) => !gone(fact));

describe('link', () => {
  const before = link(facts);

  it('compiles every network once', () => expect(before.compiled).toBe(3));

  it('takes over what did not change', () => {
    const again = link([...facts], before);
    expect(again.compiled).toBe(0);
    expect(answers(again.network)).toEqual(answers(before.network));
  });

  it.each<[what: string, after: Facts, compiled: number]>([
    [
      'a rule is added: its network',
      [
        facts,
        flat(nsg('rules', '110 Deny Out tcp 80 from * to *')).filter((fact) => fact.kind === 'gate-rule'),
      ],
      1,
    ],
    ['a group disappears: its network', without((fact) => fact.kind === 'gate'), 1],
    ['a route table disappears: its network', without((fact) => fact.kind === 'route-table'), 1],
    ['a route disappears: its network', without((fact) => fact.kind === 'route'), 1],
    [
      'a subnet of endpoints obeys routes: its network and both peers',
      facts.map((fact) =>
        fact.kind === 'subnet' && fact.id.endsWith('/pe')
          ? { ...fact, endpointPolicies: { gates: true, routes: true } }
          : fact,
      ),
      3,
    ],
    [
      'a private endpoint disappears: its network and both peers',
      without((fact) => fact.kind === 'endpoint'),
      3,
    ],
    [
      'a network takes another prefix: it and its peer',
      facts.map((fact) =>
        fact.kind === 'vnet' && fact.id.endsWith('/c') ? { ...fact, prefixes: [...fact.prefixes] } : fact,
      ),
      2,
    ],
    [
      'a peer disappears: those that named it',
      without((fact) => fact.kind === 'vnet' && fact.id.endsWith('/c')),
      1,
    ],
    [
      'one side of a peering closes: that side',
      facts.map((fact) =>
        fact.kind === 'peering' && fact.id.endsWith('/a/virtualNetworkPeerings/to-b')
          ? { ...fact, access: false }
          : fact,
      ),
      1,
    ],
    [
      'a machine joins an application security group: its network',
      facts.map((fact) =>
        fact.kind === 'nic' && fact.id.endsWith('/one-nic')
          ? { ...fact, configurations: fact.configurations.map((one) => ({ ...one, groups: [web] })) }
          : fact,
      ),
      1,
    ],
    [
      'a subnet gets a service endpoint: its network',
      facts.map((fact) =>
        fact.kind === 'subnet' && fact.id.endsWith('/a/subnets/s')
          ? { ...fact, serviceEndpoints: [{ service: 'Microsoft.Storage', locations: [] }] }
          : fact,
      ),
      1,
    ],
    ['admin rules are committed: the networks of the group', [facts, ruled(['a', 'c'])], 2],
    ['a record changes: no network', without((fact) => fact.kind === 'record'), 0],
    [
      'a connection changes: no network',
      facts.map((fact) => (fact.kind === 'connection' ? { ...fact, status: 'Rejected' as const } : fact)),
      0,
    ],
  ])('%s', (_, after, compiled) => {
    const changed = flat(after);
    const next = link(changed, before);
    expect(next.compiled).toBe(compiled);
    // Whatever was taken over, the network is that of a fresh compilation; and so is the way back.
    expect(next.network).toEqual(link(changed).network);
    expect(link(facts, next).network).toEqual(before.network);
    if (next.network.vnets.size === 3) expect(answers(next.network)).toEqual(answers(link(changed).network));
  });

  it('takes admin rules over, and compiles anew what a change of them concerns', () => {
    const rules = flat(ruled(['a']));
    const first = link([...facts, ...rules]);
    expect(link([...facts, ...rules], first).compiled).toBe(0);
    const denied = rules.filter((fact) => fact.kind !== 'admin-rule');
    expect(link([...facts, ...denied], first).compiled).toBe(1);
    // The space of the group is that of all its members.
    expect(link([...facts, ...rules, ...flat(ruled(['a', 'c'])).slice(-1)], first).compiled).toBe(0);
    const [, , , joined] = flat(ruled(['a', 'c']));
    const next = link([...facts, ...rules, ...(joined ? [joined] : [])], first);
    expect(next.compiled).toBe(2);
    expect(next.network).toEqual(link([...facts, ...rules, ...(joined ? [joined] : [])]).network);
  });

  it('does not mind the order of the facts', () => {
    expect(answers(link(facts.toReversed()).network)).toEqual(answers(before.network));
  });

  it('does not mind how ids are spelled', () => {
    const shouted = facts.map((fact) =>
      'subnet' in fact && typeof fact.subnet === 'string'
        ? { ...fact, subnet: fact.subnet.toUpperCase() }
        : fact,
    );
    const decided = (network: Network): unknown => {
      const names = new Names(network);
      return flows.map((flow) => walk(network, flowOf(names, flow)).disposition);
    };
    expect(decided(link(shouted).network)).toEqual(decided(before.network));
  });
});
