/** Questions about sets of flows, on networks small enough to see the answer. */

import { describe, expect, it } from 'vitest';
import type { Intervals } from '../../src/lib/intervals.ts';
import { formatIp, type Ip } from '../../src/lib/ip.ts';
import type { Network } from '../../src/net/model.ts';
import { Names } from '../../src/net/places.ts';
import { walk } from '../../src/net/walk.ts';
import { Prover } from '../../src/verify/reach/prover.ts';
import type { Aim, Answer, Question } from '../../src/verify/reach/question.ts';
import {
  balancer,
  dnsServer,
  flat,
  manager,
  natGateway,
  network,
  nsg,
  peered,
  peering,
  site,
  subnet,
  udr,
  vm,
  vnet,
} from '../support/network.ts';

const any: Aim = { kind: 'addresses', label: 'anywhere', addresses: [[0, 2 ** 32 - 1]] };

function ask(net: Network, from: string, to: string, more: Partial<Question> = {}): Answer {
  const names = new Names(net);
  const place = names.place(from);
  const aim = names.target(to);
  if (!place.ok || !aim.ok) throw new Error(`${from} -> ${to} names nothing`);
  const answer = new Prover().reach(net, { from: place.value, to: aim.value.target, ...more });
  for (const { example, trace } of answer.regions) expect(walk(net, example)).toEqual(trace);
  return answer;
}

/** `disposition by rule: field ranges` of every region. */
function told({ regions }: Answer): string[] {
  return regions.map(({ disposition, trace, ranges }) => {
    const { boxes } = ranges();
    const words = boxes.map((box) =>
      Object.entries(box)
        .map(([field, side]) => `${field} ${side ? text(field, side) : ''}`)
        .join(' '),
    );
    return `${disposition} by ${trace.steps.at(-1)?.rule}: ${words.join('; ')}`;
  });
}

function text(field: string, side: Intervals): string {
  const address = field === 'source' || field === 'destination';
  const one = (value: number): string => (address ? formatIp(value as Ip) : String(value));
  return side.map(([low, high]) => (low === high ? one(low) : `${one(low)}-${one(high)}`)).join(',');
}

const tcp = { protocols: ['tcp'] } as const;

describe('reach', () => {
  it('says which ports a group lets through, and from which addresses', () => {
    const net = network(
      nsg('web', '100 Allow In tcp 80,8000-8080 from 10.0.1.0/28 to *', '200 Deny In * from * to *'),
      vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24'), subnet('b', '10.0.2.0/24', { nsg: 'web' })),
      vm('server', 'net/b', '10.0.2.4'),
    );
    const answer = ask(net, 'vnet/net/a', 'vm/server', tcp);
    expect(told(answer)).toContain(
      'delivered by routes: source 10.0.1.4-10.0.1.15 destination 10.0.2.4 protocol 6 port 80,8000-8080',
    );
    expect(answer.denied.map(({ disposition }) => disposition)).toEqual(['dropped-by-gate']);
    expect(answer.unknown).toEqual([]);
  });

  it('names what is missing, for the flows that depend on it and no others', () => {
    const net = network(
      nsg('web', '100 Deny In tcp 22 from Nonsense to *', '200 Allow In tcp 22-23 from * to *'),
      vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24'), subnet('b', '10.0.2.0/24', { nsg: 'web' })),
      vm('server', 'net/b', '10.0.2.4'),
    );
    const answer = ask(net, 'vnet/net/a', 'vm/server', { ...tcp, ports: [[22, 23]] });
    expect(told(answer)).toEqual([
      expect.stringMatching(/^unknown by DenyIn100: .* port 22$/),
      expect.stringMatching(/^delivered by routes: .* port 23$/),
    ]);
    expect(answer.unknown[0]?.trace.steps.at(-1)?.says).toContain("service tag 'Nonsense'");
  });

  it('follows the reply: a route back that only some sources have', () => {
    const net = network(
      udr('lost', '10.0.1.0/28 -> None'),
      vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24'), subnet('b', '10.0.2.0/24', { udr: 'lost' })),
      vm('server', 'net/b', '10.0.2.4'),
    );
    expect(told(ask(net, 'vnet/net/a', 'vm/server', { ...tcp, ports: [[22, 22]] }))).toEqual([
      expect.stringMatching(/^no-return-path by routes: source 10.0.1.4-10.0.1.15 /),
      expect.stringMatching(/^delivered by routes: source 10.0.1.16-10.0.1.254 /),
    ]);
  });

  it('resolves names as each source can: half a subnet reaches the DNS server', () => {
    const net = network(
      nsg('dns', '100 Deny In udp 53 from 10.0.1.128/25 to *'),
      vnet('net', '10.0.0.0/16', { dns: '10.0.2.9' }, subnet('a', '10.0.1.0/24'), subnet('b', '10.0.2.0/24')),
      vm('dns', 'net/b', '10.0.2.9', { nsg: 'dns' }),
      vm('web', 'net/b', '10.0.2.4'),
      dnsServer('dns', { at: 'dns' }, [], ['web.corp.example 10.0.2.4']),
    );
    const answer = ask(net, 'vnet/net/a', 'web.corp.example:80', { ...tcp, ports: [[80, 80]] });
    expect(told(answer)).toEqual([
      'delivered by routes: source 10.0.1.4-10.0.1.127 protocol 6 port 80',
      'resolver-unreachable by dnsServers: source 10.0.1.128-10.0.1.254 protocol 6 port 80',
    ]);
  });

  it('divides all addresses by how they are reached', () => {
    const net = network(
      peered('hub', 'spoke'),
      peering('hub', 'far', { state: 'Disconnected' }),
      vnet('hub', '10.0.0.0/16', subnet('a', '10.0.1.0/24')),
      vnet('spoke', '10.1.0.0/16', subnet('b', '10.1.1.0/24')),
      vm('server', 'spoke/b', '10.1.1.4'),
    );
    const names = new Names(net);
    const from = names.place('vnet/hub/a');
    if (!from.ok) throw new Error('no place');
    const answer = new Prover().reach(net, { from: from.value, to: any, ...tcp, ports: [[22, 22]] });
    expect(new Set(answer.regions.map(({ disposition }) => disposition))).toEqual(
      new Set(['delivered', 'no-route', 'nothing-listening']),
    );
    const inside = answer.delivered.flatMap(({ ranges }) =>
      ranges().boxes.flatMap((b) => b.destination ?? []),
    );
    expect(inside).toContainEqual([0x0a010104, 0x0a010104]);
  });

  it('answers `unknown: budget` and never guesses', () => {
    const net = network(
      vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24'), subnet('b', '10.0.2.0/24')),
      vm('server', 'net/b', '10.0.2.4'),
    );
    const names = new Names(net);
    const from = names.place('vnet/net/a');
    if (!from.ok) throw new Error('no place');
    for (const budget of [{ ways: 1 }, { edges: 8 }]) {
      const answer = new Prover(budget).reach(net, { from: from.value, to: any });
      expect(answer.budget).toBe(true);
    }
    expect(new Prover().reach(net, { from: from.value, to: any }).budget).toBe(false);
  });

  it('tells protocols apart that a NAT gateway does not carry', () => {
    const net = network(
      natGateway('gw', 'gw-ip'),
      vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24', { nat: 'gw' })),
    );
    const { regions } = ask(net, 'vnet/net/a', '8.8.8.8', { ports: [[443, 443]] });
    const ends = regions.map((one) => [one.disposition, one.ranges().boxes.map(({ protocol }) => protocol)]);
    expect(ends).toEqual([
      [
        'delivered',
        [
          [
            [6, 6],
            [17, 17],
          ],
        ],
      ],
      [
        'no-route',
        [
          [
            [1, 1],
            [50, 51],
          ],
        ],
      ],
    ]);
    expect(
      ask(net, 'vnet/net/a', '8.8.8.8', { protocols: ['icmp'] }).regions.map((one) => one.disposition),
    ).toEqual(['no-route']);
  });

  it('tells protocols apart that a proxy is not for', () => {
    const office = flat(site('office', '192.168.0.0/24', 'internet')).map((fact) =>
      fact.kind === 'site'
        ? {
            ...fact,
            proxy: {
              address: 'http://192.168.0.20:3128',
              dns: undefined,
              bypass: [],
              deny: ['management.azure.com'],
              inspect: undefined,
              credentials: false,
            },
          }
        : fact,
    );
    const { regions } = ask(network(office), 'site/office', 'management.azure.com');
    const refused = regions.filter(({ disposition }) => disposition === 'refused-by-proxy');
    const protocols = refused.flatMap((one) => one.ranges().boxes.map(({ protocol }) => protocol));
    expect(protocols.length).toBeGreaterThan(0);
    expect(new Set(protocols.flat(2))).toEqual(new Set([6]));
  });

  it('ends where a constant that is asked makes another coordinate irrelevant', () => {
    const net = network(
      manager(
        'm',
        ['net'],
        {},
        '10 Allow In * 53 from * to *',
        '20 AlwaysAllow In * 443 from Internet to VirtualNetwork',
      ),
      vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24'), subnet('b', '10.0.2.0/24')),
      balancer('lb', {
        frontends: ['f 10.0.1.9 in net/a'],
        pools: ['p'],
        rules: ['all: f * * -> p probe 80'],
      }),
      vm('one', 'net/b', '10.0.2.4', { behind: ['lb/p'] }),
      vm('two', 'net/b', '10.0.2.5', { behind: ['lb/p'] }),
    );
    const { budget, regions } = ask(net, 'vm/one', 'lb/lb');
    expect(budget).toBe(false);
    // It may be picked for its own packet, or the other one is.
    expect(new Set(regions.map(({ disposition }) => disposition))).toEqual(
      new Set(['unknown', 'nothing-listening']),
    );
  });
});
