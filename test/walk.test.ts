/**
 * The table of flows: one row a fact of the reference, on networks written by hand. It must end in every
 * disposition that the code can produce, at every stage that can decide.
 */
import { describe, expect, it } from 'vitest';
import { Names } from '../src/net/places.ts';
import type { Trace } from '../src/net/trace.ts';
import { walk } from '../src/net/walk.ts';
import * as admin from './support/walks/admin.ts';
import * as balancers from './support/walks/balancers.ts';
import * as computes from './support/walks/computes.ts';
import * as doors from './support/walks/doors.ts';
import * as gates from './support/walks/gates.ts';
import * as managed from './support/walks/managed.ts';
import * as names from './support/walks/names.ts';
import * as peerings from './support/walks/peerings.ts';
import * as policies from './support/walks/policies.ts';
import * as routes from './support/walks/routes.ts';
import { endOf, type Walks, walkAll } from './support/walks/row.ts';

const all: readonly Walks[] = [
  routes,
  gates,
  admin,
  policies,
  balancers,
  peerings,
  names,
  doors,
  computes,
  managed,
].flatMap((module) => Object.values(module));
const traces: Trace[] = [];

for (const walks of all) {
  describe(walks.title, () => {
    for (const { row, trace } of walkAll(walks)) {
      const [why, flow, ...ends] = row;
      traces.push(trace);
      it(`${flow}: ${ends[0]} (${why})`, () => {
        expect(endOf(trace)).toEqual(ends);
        expect(isWellFormed(trace)).toBe(true);
      });
    }
  });
}

/** All steps pass but the last, which agrees with the disposition; what is delivered has nothing in its way. */
function isWellFormed({ steps, disposition, blockers }: Trace): boolean {
  const last = steps.at(-1)?.outcome;
  const expected = disposition === 'delivered' ? 'pass' : disposition === 'unknown' ? 'unknown' : 'stop';
  return (
    steps.slice(0, -1).every((step) => step.outcome === 'pass') &&
    last === expected &&
    (disposition !== 'delivered' || blockers.length === 0)
  );
}

describe('every place to every target', () => {
  for (const { title, network } of all) {
    it(`ends, in ${title}`, () => {
      const named = new Names(network);
      for (const from of named.places()) {
        for (const label of named.targets()) {
          const target = named.target(label);
          if (!target.ok) throw new Error(target.error.message);
          for (const port of [443, 22]) {
            const flow = { from, to: target.value.target, port, protocol: 'tcp' } as const;
            const trace = walk(network, flow);
            expect(trace, JSON.stringify(trace)).toSatisfy(isWellFormed);
            expect(walk(network, flow)).toEqual(trace);
          }
        }
      }
    });
  }
});

describe('the table', () => {
  it('ends in every disposition', () => {
    expect(count(traces.map((trace) => trace.disposition))).toEqual({
      delivered: 171,
      'dropped-by-gate': 44,
      'dropped-by-firewall': 2,
      'endpoint-not-approved': 6,
      'name-not-found': 17,
      'no-return-path': 16,
      'no-route': 52,
      'nothing-listening': 22,
      'refused-by-door': 45,
      'resolver-unreachable': 13,
      unauthenticated: 7,
      unauthorized: 12,
      unknown: 55,
    });
  });

  it('is decided at every stage', () => {
    expect(count(traces.map((trace) => trace.steps.at(-1)?.stage ?? 'nothing'))).toEqual({
      caller: 36,
      door: 146,
      egress: 22,
      endpoint: 6,
      forward: 34,
      ingress: 29,
      listener: 39,
      name: 38,
      outbound: 12,
      return: 66,
      route: 34,
    });
  });

  it('rests on every reading that is not verified', () => {
    expect(count(traces.flatMap((trace) => trace.assumed))).toEqual({
      'a-dns-server-takes-the-whole-chain': 1,
      'a-flow-stays-at-one-appliance': 1,
      'a-gateway-carries-dns': 2,
      'a-load-balancing-rule-is-a-way-out': 1,
      'a-machine-listens': 63,
      'a-peering-asks-replies-too': 1,
      'a-private-name-is-not-public': 1,
      'a-probed-machine-is-well': 2,
      'an-alias-comes-before-approval': 4,
      'an-appliance-forwards': 17,
      'an-appliance-keeps-the-source': 2,
      'an-appliance-translates-to-the-internet': 4,
      'another-type-is-an-empty-answer': 3,
      'default-outbound-access': 47,
      'the-internet-listens': 17,
      'the-most-specific-zone-answers': 2,
    });
  });
});

function count(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words.toSorted()) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
