import { describe, expect, it } from 'vitest';
import { formatIp, type Ip } from '../../src/lib/ip.ts';
import type { Fact } from '../../src/net/facts.ts';
import { link } from '../../src/net/link.ts';
import type { Place } from '../../src/net/position.ts';
import { walk } from '../../src/net/walk.ts';
import { type Change, difference } from '../../src/verify/diff.ts';
import { Prover } from '../../src/verify/reach/prover.ts';
import type { Aim } from '../../src/verify/reach/question.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { estate } from '../support/estates.ts';
import {
  type Facts,
  flat,
  ids,
  network,
  nsg,
  privateEndpoint,
  storage,
  subnet,
  vm,
  vnet,
  zone,
  link as zoneLink,
} from '../support/network.ts';

const tcp = { protocols: ['tcp'] } as const;

/** `possible vnet/net/a, vm/x -> storage/acct/blob: port 443`. */
function told(changes: readonly Change[]): string[] {
  return changes.map(({ turn, from, to, flows }) => {
    const words = flows.boxes.map((box) => {
      const { source = [], port = [] } = box;
      const addresses = source
        .map(([low, high]) => `${formatIp(low as Ip)}-${formatIp(high as Ip)} `)
        .join('');
      return `${addresses}${port.map(([low, high]) => (low === high ? low : `${low}-${high}`)).join(',')}`;
    });
    const places = from.map(({ label }) => label).toSorted();
    return `${turn} ${places.join(', ')} -> ${to.label}: ${words.join('; ')}`;
  });
}

/** A network with a web server; `lines` are the rules in front of it. */
function web(...lines: readonly string[]): Facts[] {
  return [
    nsg('web', ...lines, '200 Deny In * from * to *'),
    vnet(
      'net',
      '10.0.0.0/16',
      subnet('a', '10.0.1.0/24'),
      subnet('b', '10.0.2.0/24'),
      subnet('web', '10.0.3.0/24', { nsg: 'web' }),
    ),
    vm('server', 'net/web', '10.0.3.4'),
  ];
}

describe('a difference', () => {
  it('is nothing between an estate and itself', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const facts = flat(estate(new Dice(seed)));
      expect(difference(new Prover(), network(facts), link(facts).network)).toEqual({
        changes: [],
        undecided: [],
      });
    }
  });

  it('is the flows that a rule opens and shuts, grouped by target and by places that change alike', () => {
    const before = network(web('100 Allow In tcp 80 from * to *'));
    const after = network(web('100 Allow In tcp 443,8000-8080 from 10.0.0.0/16 to *'));
    expect(told(difference(new Prover(), before, after, { how: tcp }).changes)).toEqual([
      'possible vnet/net/a, vnet/net/b, vnet/net/web -> vm/server: 443,8000-8080',
      'impossible vnet/net/a, vnet/net/b, vnet/net/web -> vm/server: 80',
    ]);
  });

  it('names sources where it is not all of a place', () => {
    const before = network(web('100 Allow In tcp 80 from 10.0.1.0/28 to *'));
    const after = network(web('100 Allow In tcp 80 from 10.0.1.0/27 to *'));
    const { changes } = difference(new Prover(), before, after, { how: tcp });
    expect(told(changes)).toEqual(['possible vnet/net/a -> vm/server: 10.0.1.16-10.0.1.31 80']);
    expect(changes[0]?.before).toMatchObject({ disposition: 'dropped-by-gate' });
    expect(changes[0]?.after).toMatchObject({ disposition: 'delivered' });
  });

  it('says where nobody knows any more', () => {
    const before = network(web('100 Allow In tcp 80 from * to *'));
    const after = network(web('90 Deny In tcp 80 from Nonsense to *', '100 Allow In tcp 80 from * to *'));
    expect(told(difference(new Prover(), before, after, { how: tcp }).changes)).toEqual([
      'unclear vnet/net/a, vnet/net/b, vnet/net/web -> vm/server: 80',
    ]);
  });

  it('names what the budget left unseen, and takes none of it for unchanged', () => {
    const before = network(web('100 Allow In tcp 80 from * to *'));
    const after = network(web('100 Allow In tcp 443 from * to *'));
    const subnets = ['vnet/net/a', 'vnet/net/b', 'vnet/net/web'];
    const placesOf = (groups: readonly { from: readonly Place[]; to: Aim }[]): string[] =>
      groups
        .filter(({ to }) => to.label === 'vm/server')
        .flatMap(({ from }) => from.map(({ label }) => label));
    let decided = 0;
    let left = 0;
    for (const budget of [{ ways: 1 }, ...Array.from({ length: 40 }, (_, at) => ({ edges: at * 10 }))]) {
      const { changes, undecided } = difference(new Prover(budget), before, after, { how: tcp });
      const [told, named] = [placesOf(changes), placesOf(undecided)];
      expect([...told, ...named], JSON.stringify(budget)).toEqual(expect.arrayContaining(subnets));
      decided += told.length;
      left += named.length;
    }
    expect(decided).toBeGreaterThan(0);
    expect(left).toBeGreaterThan(0);
  });

  it('is about flows and not about lines: a private endpoint and a flag', () => {
    const blob = 'privatelink.blob.core.windows.net';
    const home = vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24'), subnet('pe', '10.0.2.0/24'));
    const before = network(home, storage('acct'));
    const after = network(
      home,
      storage('acct', { closed: true }),
      privateEndpoint('pe', 'net/pe', '10.0.2.5', ids.storage('acct'), 'blob'),
      zone(blob, {}, 'acct A 10.0.2.5'),
      zoneLink(blob, 'net'),
    );
    expect(told(difference(new Prover(), before, after, { how: tcp }).changes)).toEqual([
      'impossible internet -> storage/acct/blob: 443',
      'impossible internet, vnet/net/a, vnet/net/pe -> storage/acct/file: 443',
    ]);
  });

  it('holds for each flow that it lists: walked before, walked after', () => {
    let seen = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const facts = flat(estate(new Dice(seed)));
      const flipped = facts.map((fact): Fact => {
        if (fact.kind !== 'gate-rule') return fact;
        return { ...fact, rule: { ...fact.rule, access: fact.rule.access === 'Allow' ? 'Deny' : 'Allow' } };
      });
      const [before, after] = [network(facts), network(flipped)];
      for (const change of difference(new Prover(), before, after).changes) {
        seen++;
        const { turn, example } = change;
        const [then, later] = [before, after].map((net) => walk(net, example).disposition);
        const gone = ['delivered', 'unknown'];
        if (turn === 'possible') expect([gone.includes(then ?? ''), later]).toEqual([false, 'delivered']);
        if (turn === 'impossible') expect([then, gone.includes(later ?? '')]).toEqual(['delivered', false]);
        if (turn === 'unclear') expect([then === 'unknown', later === 'unknown']).toContain(true);
        if (turn === 'unclear') expect(then).not.toBe(later);
      }
    }
    expect(seen).toBeGreaterThan(40);
  });
});
