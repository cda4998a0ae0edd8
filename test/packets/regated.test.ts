/** A plan that takes over from the one before is the plan that is made from nothing, whatever changed between them. */

import { expect, it } from 'vitest';
import { printPlan } from '../../src/enforce/plan/print.ts';
import { planOf } from '../../src/enforce/plan.ts';
import type { Fact } from '../../src/net/facts.ts';
import { link } from '../../src/net/link.ts';
import type { Network } from '../../src/net/model.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { estate } from '../support/estates.ts';
import { flat } from '../support/network.ts';

const probesIn = (net: Network): readonly string[] =>
  [...net.subnets.values()].map(({ subnet }) => subnet.fact.id);

/** One fact is another or gone: mostly a rule of a gate. */
function changed(dice: Dice, facts: readonly Fact[]): readonly Fact[] {
  const rules = facts.filter(({ kind }) => kind === 'gate-rule');
  const chosen = dice.pick(rules.length > 0 && dice.chance(0.7) ? rules : facts);
  if (dice.chance(0.2)) return facts.filter((fact) => fact !== chosen);
  return facts.map((fact): Fact => {
    if (fact !== chosen) return fact;
    if (fact.kind === 'nic') return { ...fact, forwarding: !fact.forwarding };
    if (fact.kind === 'connection') return { ...fact, status: 'Rejected' };
    if (fact.kind !== 'gate-rule') return { ...fact };
    return { ...fact, rule: { ...fact.rule, access: fact.rule.access === 'Allow' ? 'Deny' : 'Allow' } };
  });
}

it('a plan after a change is the same, from the plan before and from nothing', () => {
  let taken = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const dice = new Dice(seed);
    let facts: readonly Fact[] = flat(estate(dice));
    let linked = link(facts);
    let plan = planOf(linked.network, probesIn(linked.network));
    for (let at = 0; at < 6; at++) {
      facts = changed(dice, facts);
      linked = link(facts, linked);
      const probes = probesIn(linked.network);
      const next = planOf(linked.network, probes, plan);
      const anew = planOf(linked.network, probes);
      expect(printPlan(next)).toBe(printPlan(anew));
      expect([next.places, next.senders, next.lacks]).toEqual([anew.places, anew.senders, anew.lacks]);
      if (next.wires === plan.wires) taken++;
      plan = next;
    }
  }
  expect(taken).toBeGreaterThan(20);
});
