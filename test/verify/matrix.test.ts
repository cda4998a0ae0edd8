/** Many places against many targets: together the same as one by one, and after a change the same as anew. */

import { describe, expect, it } from 'vitest';
import { fqdn } from '../../src/lib/fqdn.ts';
import { ip } from '../../src/lib/ip.ts';
import type { Fact } from '../../src/net/facts.ts';
import { link } from '../../src/net/link.ts';
import type { Network } from '../../src/net/model.ts';
import { Names } from '../../src/net/places.ts';
import { walk } from '../../src/net/walk.ts';
import { type Matrix, Prover } from '../../src/verify/reach/prover.ts';
import type { Aim, Answer } from '../../src/verify/reach/question.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { nothing } from '../../src/verify/sets/store.ts';
import { estate } from '../support/estates.ts';
import { flat, network, nsg, rule, storage, subnet, vm, vnet } from '../support/network.ts';

const aims: readonly Aim[] = [
  ...['acct.blob.core.windows.net', 'kv.vault.azure.net', 'web.corp.example', 'management.azure.com'].map(
    (name): Aim => ({ kind: 'name', label: name, name: fqdn(name) }),
  ),
  ...['10.1.1.4', '10.0.1.9', '10.1.2.5', '203.0.113.9'].map(
    (label): Aim => ({ kind: 'address', label, address: ip(label) }),
  ),
  { kind: 'addresses', label: 'hub', addresses: [[ip('10.0.0.0'), ip('10.0.255.255')]] },
];

/** The flows that each disposition has, which in one store is a number. */
function summary(prover: Prover, { from, to, regions }: Answer): unknown {
  const ends = new Map<string, typeof nothing>();
  for (const { disposition, flows } of regions) {
    ends.set(disposition, prover.algebra.union(ends.get(disposition) ?? nothing, flows));
  }
  return [from.label, to.label, Object.fromEntries([...ends].sort())];
}

const summaries = (prover: Prover, { answers }: Pick<Matrix, 'answers'>): unknown[] =>
  answers.map((answer) => JSON.stringify(summary(prover, answer))).sort();

const places = (net: Network): ReturnType<Names['places']> => new Names(net).places();

describe('a matrix', () => {
  it('says what each question says alone', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const net = network(...estate(new Dice(seed)));
      const prover = new Prover();
      const matrix = prover.matrix(net, places(net), aims);
      const alone = places(net).flatMap((from) => aims.map((to) => prover.reach(net, { from, to })));
      expect(summaries(prover, matrix)).toEqual(summaries(prover, { answers: alone }));
      for (const verdict of ['delivered', 'denied', 'unknown'] as const) {
        expect(matrix.count(verdict)).toBe(alone.filter((answer) => answer[verdict].length > 0).length);
      }
      for (const { regions } of matrix.answers) {
        for (const { example, trace, disposition } of regions) {
          expect(walk(net, example).disposition).toBe(disposition);
          expect(trace.from).toBe(example.from.label);
        }
      }
    }
  });

  it('works places of one role out together', () => {
    const rooms = Array.from({ length: 40 }, (_, at) =>
      subnet(`room${at}`, `10.0.${at}.0/24`, { nsg: 'room' }),
    );
    const net = network(
      nsg('room', '100 Deny Out tcp 443 from 10.0.7.0/24 to *'),
      vnet('net', '10.0.0.0/16', ...rooms, subnet('pool', '10.0.100.0/24')),
      Array.from({ length: 30 }, (_, at) => vm(`vm${at}`, 'net/pool', `10.0.100.${at + 4}`)),
      storage('acct'),
    );
    const prover = new Prover();
    const to: Aim = { kind: 'name', label: 'acct', name: fqdn('acct.blob.core.windows.net') };
    const matrix = prover.matrix(net, places(net), [to], { protocols: ['tcp'], ports: [[443, 443]] });
    expect(matrix.answers.length).toBe(1 + 41 + 30 + 30);
    expect(matrix.worked).toBe(4);
    const denied = matrix.answers.filter(({ delivered }) => delivered.length === 0);
    expect(denied.map(({ from }) => from.label)).toEqual(['vnet/net/room7']);
  });

  it('carries over what a changed rule does not touch', () => {
    const facts = flat([
      nsg('one', '100 Allow In tcp 22 from * to *'),
      vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24', { nsg: 'one' }), subnet('b', '10.0.2.0/24')),
      vm('x', 'net/a', '10.0.1.4'),
      vm('y', 'net/b', '10.0.2.4'),
    ]);
    const first = link(facts);
    const prover = new Prover();
    const to = ['10.0.1.4', '10.0.2.4'].map((label): Aim => ({ kind: 'address', label, address: ip(label) }));
    const before = prover.matrix(first.network, places(first.network), to);
    const second = link(facts.map(changed), first);
    const after = prover.matrix(second.network, places(second.network), to, {}, before);
    // Those who go to x, and not those who go to y.
    expect(after.worked).toBeGreaterThan(0);
    expect(after.worked).toBeLessThan(before.worked);
  });

  it('works out again only what a change touched, and says what it would say anew', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const facts = flat(estate(new Dice(seed)));
      const first = link(facts);
      const prover = new Prover();
      const before = prover.matrix(first.network, places(first.network), aims);
      const second = link(facts.map(changed), first);
      const after = prover.matrix(second.network, places(second.network), aims, {}, before);
      const anew = prover.matrix(second.network, places(second.network), aims);
      expect(summaries(prover, after)).toEqual(summaries(prover, anew));
      expect(after.worked).toBeLessThan(anew.worked);
      const again = prover.matrix(second.network, places(second.network), aims, {}, after);
      expect(again.answers.filter(({ regions }) => regions.length === 0)).toEqual([]);
    }
  });
});

/** One rule of one group says something else. */
function changed(fact: Fact): Fact {
  if (fact.kind !== 'gate-rule' || !fact.id.includes('/one/') || fact.rule.priority !== 100) return fact;
  return { ...fact, rule: { ...rule('100 Deny In tcp 22-90 from 10.1.0.0/17 to *'), name: fact.rule.name } };
}
