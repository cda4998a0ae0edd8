/** What gets out of a managed network, over all of the internet at once, and that `walk` agrees with every region. */

import { describe, expect, it } from 'vitest';
import { type Intervals, subtract, union } from '../../src/lib/intervals.ts';
import { publicAddresses } from '../../src/net/azure.ts';
import { Names } from '../../src/net/places.ts';
import { tagAddresses } from '../../src/net/tags.ts';
import { walk } from '../../src/net/walk.ts';
import { Prover } from '../../src/verify/reach/prover.ts';
import type { Region } from '../../src/verify/reach/question.ts';
import { managedNetworks } from '../support/walks/managed.ts';

const { network } = managedNetworks;
const names = new Names(network);
const internet = { kind: 'addresses', label: 'the internet', addresses: publicAddresses } as const;

/** Ends of what never left; a door that is shut was reached. */
const inside = new Set<string>(['dropped-by-gate', 'dropped-by-firewall', 'no-route']);

/** Addresses that TCP 443 from a compute leaves for, and those that it does not. */
function outOf(compute: string): { readonly left: Intervals; readonly kept: Intervals } {
  const from = names.place(compute);
  if (!from.ok) throw new Error(from.error.message);
  const question = { from: from.value, to: internet, protocols: ['tcp'], ports: [[443, 443]] } as const;
  const { regions, budget } = new Prover().reach(network, question);
  expect(budget).toBe(false);
  const addresses = (some: readonly Region[]): Intervals =>
    union(
      ...some.map(({ ranges }) => {
        const { boxes, complete } = ranges();
        expect(complete).toBe(true);
        return union(...boxes.map(({ destination }) => destination ?? publicAddresses));
      }),
    );
  return {
    left: addresses(regions.filter(({ disposition }) => !inside.has(disposition))),
    kept: addresses(regions.filter(({ disposition }) => inside.has(disposition))),
  };
}

const tag = (name: string): Intervals => tagAddresses(name) ?? [];

describe('data leaves a managed network', () => {
  it('for anywhere, where the internet is allowed', () => {
    expect(outOf('compute/wide/cpu')).toEqual({ left: publicAddresses, kept: [] });
  });

  it('for what tags approve, and nothing else', () => {
    const lake = subtract(tag('Storage'), tag('Storage.westeurope'));
    const left = union(tag('AzureActiveDirectory'), lake);
    expect(outOf('compute/tight/cpu')).toEqual({ left, kept: subtract(publicAddresses, left) });
  });

  it('for what a firewall passes without a name, and nothing else', () => {
    const left = tag('AzureActiveDirectory');
    expect(outOf('compute/named/cpu')).toEqual({ left, kept: subtract(publicAddresses, left) });
  });

  it('as the walk says, from every place to every name', () => {
    let regions = 0;
    const prover = new Prover();
    for (const from of names.places()) {
      for (const label of names.targets()) {
        const target = names.target(label);
        if (!target.ok) throw new Error(target.error.message);
        for (const region of prover.reach(network, { from, to: target.value.target }).regions) {
          expect(walk(network, region.example).disposition).toBe(region.disposition);
          regions++;
        }
      }
    }
    expect(regions).toBeGreaterThan(300);
  });
});
