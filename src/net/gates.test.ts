import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { union } from '../lib/intervals.ts';
import { intervalOf, ip, prefix } from '../lib/ip.ts';
import { keyOf } from '../lib/key.ts';
import { azureDns } from './azure.ts';
import type { AddressSpec, SecurityRule } from './facts.ts';
import {
  type AddressContext,
  type CompiledGate,
  compileGate,
  type GateRows,
  missingGate,
  protocolSet,
} from './gates.ts';
import { decide } from './table.ts';

const context: AddressContext = {
  virtualNetwork: union([intervalOf(prefix('10.0.0.0/16'))], [[azureDns, azureDns]]),
  groups: new Map([[keyOf('/asg/Web'), [intervalOf(prefix('10.0.1.10/32'))]]]),
};
const spec = (more: Partial<AddressSpec>): AddressSpec => ({
  any: false,
  prefixes: [],
  tags: [],
  groups: [],
  ...more,
});
const rule = (priority: number, more: Partial<SecurityRule> = {}): SecurityRule => ({
  name: `r${priority}`,
  priority,
  direction: 'Outbound',
  access: 'Deny',
  protocol: undefined,
  source: spec({ any: true }),
  destination: spec({ any: true }),
  ports: [[0, 65535]],
  sourcePorts: [[0, 65535]],
  ...more,
});
const ask = (
  gate: CompiledGate,
  side: 'egress' | 'ingress',
  from: string,
  to: string,
  port = 443,
  protocol = 6,
): string => {
  const point = { source: ip(from), destination: ip(to), protocol, port, sourcePort: 49152 };
  const decision = decide(gate[side], point, (a, b) => a === b);
  return decision.kind === 'row' ? `${decision.row.action} ${decision.row.by.rule}` : decision.kind;
};
const gate = (...rules: SecurityRule[]): CompiledGate => compileGate({ id: '/nsg/x', rules }, context);

describe('default rules', () => {
  it.each([
    ['ingress', '10.0.9.9', '10.0.1.4', 'allow AllowVnetInBound'],
    ['ingress', '168.63.129.16', '10.0.1.4', 'allow AllowVnetInBound'],
    ['ingress', '168.63.129.16', '20.0.0.1', 'allow AllowAzureLoadBalancerInBound'],
    ['ingress', '203.0.113.10', '10.0.1.4', 'deny DenyAllInBound'],
    ['ingress', '10.1.0.1', '10.0.1.4', 'deny DenyAllInBound'],
    ['egress', '10.0.1.4', '10.0.9.9', 'allow AllowVnetOutBound'],
    ['egress', '10.0.1.4', '8.8.8.8', 'allow AllowInternetOutBound'],
    // Internet is what the public internet reaches: a private address outside the network is in neither tag.
    ['egress', '10.0.1.4', '10.1.0.1', 'deny DenyAllOutBound'],
    ['egress', '10.0.1.4', '100.64.0.1', 'deny DenyAllOutBound'],
    ['egress', '8.8.8.8', '10.0.1.4', 'deny DenyAllOutBound'],
  ] as const)('%s %s -> %s: %s', (side, from, to, answer) =>
    expect(ask(gate(), side, from, to)).toBe(answer),
  );
});

describe('rules', () => {
  it('are asked by priority, not in the order in which they were written', () => {
    const both = gate(rule(200, { access: 'Deny' }), rule(100, { access: 'Allow' }));
    expect(ask(both, 'egress', '10.0.1.4', '8.8.8.8')).toBe('allow r100');
  });

  it('of one direction say nothing about the other', () => {
    expect(ask(gate(rule(100)), 'ingress', '10.0.9.9', '10.0.1.4')).toBe('allow AllowVnetInBound');
  });

  it.each<[why: string, destination: AddressSpec, to: string, answer: string]>([
    [
      'prefixes and groups in one rule',
      spec({ prefixes: [prefix('8.8.8.0/24')], groups: ['/ASG/web'] }),
      '10.0.1.10',
      'deny r100',
    ],
    [
      'prefixes and groups in one rule',
      spec({ prefixes: [prefix('8.8.8.0/24')], groups: ['/ASG/web'] }),
      '8.8.8.8',
      'deny r100',
    ],
    ['a group without members', spec({ groups: ['/asg/empty'] }), '10.0.1.10', 'allow AllowVnetOutBound'],
    ['tags without case', spec({ tags: ['virtualnetwork'] }), '10.0.1.10', 'deny r100'],
    ['the load balancer', spec({ tags: ['AzureLoadBalancer'] }), '168.63.129.16', 'deny r100'],
    ['a tag that nobody knows', spec({ tags: ['AzureMystery'] }), '10.0.1.10', 'unknown'],
    ['nothing at all', spec({}), '10.0.1.10', 'allow AllowVnetOutBound'],
  ])('%s', (_, destination, to, answer) => {
    expect(ask(gate(rule(100, { destination })), 'egress', '10.0.1.4', to)).toBe(answer);
  });

  it('know which of them name platform traffic', () => {
    const named = gate(rule(100), rule(110, { destination: spec({ tags: ['azureplatformdns'] }) }));
    expect(named.platform.map((row) => row.by.rule)).toEqual(['r110']);
    expect(gate(rule(100)).platform).toEqual([]);
  });

  it('of a group that is not there are unknown, either way', () => {
    const missing = missingGate('/nsg/gone');
    expect(ask(missing, 'egress', '10.0.1.4', '10.0.1.5')).toBe('unknown');
    expect(ask(missing, 'ingress', '8.8.8.8', '10.0.1.5')).toBe('unknown');
  });
});

describe('protocols', () => {
  it.each([
    ['*', undefined],
    ['Any', undefined],
    ['Tcp', [[6, 6]]],
    ['UDP', [[17, 17]]],
    ['Icmp', [[1, 1]]],
    ['Esp', [[50, 50]]],
    ['Ah', [[51, 51]]],
    ['constructor', []],
  ])('%s', (word, set) => expect(protocolSet(word)).toEqual(set));
});

describe('compileGate', () => {
  it('takes over the rows of rules that it compiled there before', () => {
    const [kept, gone, added] = [rule(100), rule(110), rule(120)];
    const known: GateRows = new WeakMap();
    const before = compileGate({ id: '/nsg/x', rules: [kept, gone] }, context, known);
    const after = compileGate({ id: '/nsg/x', rules: [kept, added] }, context, known);
    const same = after.egress.map((row) => before.egress.includes(row));
    expect(same).toEqual([true, false, true, true, true]);
    expect(after).toEqual(compileGate({ id: '/nsg/x', rules: [kept, added] }, context));
  });

  it('agrees with a naive reading of the rules', () => {
    const side = fc.constantFrom('*', '10.0.1.0/24', '10.0.2.4/32', '8.8.8.0/24', '0.0.0.0/0');
    const rules = fc.uniqueArray(
      fc.record({
        priority: fc.integer({ min: 100, max: 4096 }),
        allow: fc.boolean(),
        from: side,
        to: side,
        low: fc.integer({ min: 0, max: 10 }),
        wide: fc.integer({ min: 0, max: 10 }),
        protocol: fc.constantFrom('*', 'tcp', 'udp'),
      }),
      { selector: (r) => r.priority, maxLength: 8 },
    );
    const address = fc.constantFrom('10.0.1.4', '10.0.2.4', '8.8.8.8', '9.9.9.9');
    const specOf = (text: string): AddressSpec =>
      text === '*' ? spec({ any: true }) : spec({ prefixes: [prefix(text)] });
    const inSide = (text: string, at: string): boolean => {
      const [low, high] = intervalOf(prefix(text === '*' ? '0.0.0.0/0' : text));
      return ip(at) >= low && ip(at) <= high;
    };
    fc.assert(
      fc.property(
        rules,
        address,
        address,
        fc.integer({ min: 0, max: 20 }),
        fc.boolean(),
        (list, from, to, port, tcp) => {
          const compiled = gate(
            ...list.map((r) =>
              rule(r.priority, {
                access: r.allow ? 'Allow' : 'Deny',
                source: specOf(r.from),
                destination: specOf(r.to),
                ports: [[r.low, r.low + r.wide]],
                protocol: protocolSet(r.protocol),
              }),
            ),
          );
          const hit = list
            .toSorted((a, b) => a.priority - b.priority)
            .find(
              (r) =>
                inSide(r.from, from) &&
                inSide(r.to, to) &&
                port >= r.low &&
                port <= r.low + r.wide &&
                (r.protocol === '*' || (r.protocol === 'tcp') === tcp),
            );
          const own = to.startsWith('10.') && from.startsWith('10.');
          const last = own
            ? 'allow AllowVnetOutBound'
            : to.startsWith('10.')
              ? 'deny DenyAllOutBound'
              : 'allow AllowInternetOutBound';
          const expected = hit ? `${hit.allow ? 'allow' : 'deny'} r${hit.priority}` : last;
          expect(ask(compiled, 'egress', from, to, port, tcp ? 6 : 17)).toBe(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});
