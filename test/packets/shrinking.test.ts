/** Shrinking: a fault that is planted is found, and what is left of its estate is a few facts. */

import { describe, expect, it } from 'vitest';
import type { LinuxPlan } from '../../src/enforce/plan/model.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { noPackets } from '../support/kernel.ts';
import { Artist, endOf, walkOf } from './drawing.ts';
import { leaveOut, type Planner, shrink } from './shrinking.ts';

/** A router that does not ask gates about what leaves. */
const careless: Planner = (network, probes) => withoutEgress(planOf(network, probes));

function withoutEgress(plan: LinuxPlan): LinuxPlan {
  const namespaces = plan.namespaces.map((namespace) => {
    const { ruleset } = namespace;
    const chains = ruleset?.chains.map((chain) => {
      const rules = chain.rules.filter((rule) => !(chain.about.endsWith(' leaving') && /^jump/.test(rule)));
      return { ...chain, rules };
    });
    return ruleset && chains ? { ...namespace, ruleset: { ...ruleset, chains } } : namespace;
  });
  return { ...plan, namespaces };
}

describe('leaving out', () => {
  it('finds what matters, however it is spread', async () => {
    let tries = 0;
    const items = Array.from({ length: 200 }, (_, at) => at);
    const needs = [3, 77, 78, 199];
    const left = await leaveOut(items, async (some) => {
      tries++;
      return needs.every((need) => some.includes(need));
    });
    expect(left).toEqual(needs);
    expect(tries).toBeLessThan(80);
  });
});

describe.skipIf(noPackets !== undefined)('a planted fault', () => {
  it('is left with a few facts', async () => {
    const { facts, network, flows } = new Artist().draw(new Dice(1005), 40);
    const flow = flows.find(
      (drawn) => drawn.name === undefined && endOf(walkOf(network, drawn)) === 'dropped-by-gate at egress',
    );
    const drawn = flow ?? expect.fail('no flow is stopped on its way out');
    const small = await shrink(facts, drawn, careless);
    const kinds = small?.facts.map(({ kind }) => kind);
    console.log(`${facts.length} facts became ${kinds?.join(', ')} in ${small?.tries} tries: ${small?.says}`);
    expect(kinds?.length).toBeLessThanOrEqual(6);
    expect(kinds).toContain('subnet');
    expect(small?.says).toContain('dropped-by-gate');
    // Without the fault nothing is wrong with it.
    expect(await shrink(small?.facts ?? [], drawn)).toBeUndefined();
  });
});
