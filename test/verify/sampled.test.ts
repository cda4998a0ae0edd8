/**
 * The proof and the walk, on random estates: every flow of a region ends as the region says, and every flow is in
 * exactly one. Which seeds: CLOISTER_SEED, from which as many estates as CLOISTER_ESTATES says.
 */

import { describe, expect, it } from 'vitest';
import type { Disposition, Stage, Step } from '../../src/net/trace.ts';
import { walk } from '../../src/net/walk.ts';
import { Prover } from '../../src/verify/reach/prover.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { nothing } from '../../src/verify/sets/store.ts';
import { estate, question } from '../support/estates.ts';
import { network } from '../support/network.ts';
import { anyOf } from '../support/sampled.ts';

const first = Number(process.env['CLOISTER_SEED'] ?? 1);
const estates = Number(process.env['CLOISTER_ESTATES'] ?? 60);

/** Dispositions that no sampled estate has the means for. */
const absent: readonly Disposition[] = ['dropped-by-firewall', 'refused-by-proxy'];

/** Flows of a region that are walked: more where regions are rare, so that each disposition has its share. */
const often: Partial<Record<Disposition, number>> = {
  'no-return-path': 16,
  'name-not-found': 10,
  unauthorized: 10,
  'endpoint-not-approved': 8,
  'resolver-unreachable': 8,
  'dropped-by-gate': 6,
  'refused-by-door': 4,
  unauthenticated: 4,
};

describe('proof and walk', () => {
  it('agree on random flows of random estates', { timeout: 300_000 }, () => {
    const ends = new Map<string, number>();
    const deciders = new Map<string, number>();
    let flows = 0;
    let regions = 0;
    for (let seed = first; seed < first + estates; seed++) {
      const dice = new Dice(seed);
      const net = network(...estate(dice));
      const prover = new Prover();
      for (let asked = 0; asked < 24; asked++) {
        const one = question(dice, net);
        const answer = prover.reach(net, one);
        expect(answer.budget).toBe(false);
        let all = nothing;
        for (const region of answer.regions) {
          expect(prover.algebra.intersect(all, region.flows)).toBe(nothing);
          all = prover.algebra.union(all, region.flows);
          regions++;
          for (let i = 0; i < (often[region.disposition] ?? 1); i++) {
            const flow = anyOf(prover, region, dice);
            const { disposition, steps } = walk(net, flow);
            const stop = steps.at(-1);
            const said = region.trace.steps.at(-1);
            const context = `seed ${seed}: ${one.from.label} -> ${one.to.label} ${JSON.stringify(flow)}`;
            expect([context, disposition, stop?.stage, resourceOf(stop)]).toEqual([
              context,
              region.disposition,
              said?.stage,
              resourceOf(said),
            ]);
            flows++;
            count(ends, disposition);
            if (disposition !== 'delivered' && stop) count(deciders, stop.stage);
          }
        }
      }
    }
    const share = (n: number): string => `${n} (${((100 * n) / flows).toFixed(1)} %)`;
    console.log(
      `${flows} flows of ${regions} regions, seeds ${first} to ${first + estates - 1}\n`,
      Object.fromEntries([...ends].map(([key, n]) => [key, share(n)])),
      Object.fromEntries(deciders),
    );
    if (estates < 60) return;
    for (const disposition of dispositions.filter((one) => !absent.includes(one))) {
      expect((ends.get(disposition) ?? 0) / flows, disposition).toBeGreaterThan(0.03);
    }
    for (const stage of stages) expect(deciders.get(stage) ?? 0, stage).toBeGreaterThanOrEqual(100);
  });
});

const dispositions: readonly Disposition[] = [
  'delivered',
  'name-not-found',
  'resolver-unreachable',
  'no-route',
  'dropped-by-gate',
  'dropped-by-firewall',
  'refused-by-proxy',
  'endpoint-not-approved',
  'no-return-path',
  'nothing-listening',
  'refused-by-door',
  'unauthenticated',
  'unauthorized',
  'unknown',
];
const stages: readonly Stage[] = [
  'name',
  'route',
  'egress',
  'forward',
  'outbound',
  'ingress',
  'endpoint',
  'listener',
  'door',
  'caller',
  'return',
];

/** The resource that decided. Where only an address did, that is the flow's own. */
function resourceOf(step: Step | undefined): string | undefined {
  return step?.resource.startsWith('/') ? step.resource : undefined;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
