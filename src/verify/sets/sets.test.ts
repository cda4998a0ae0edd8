import { describe, expect, it } from 'vitest';
import { type Decision, decide, type Point } from '../../net/table.ts';
import { Algebra } from './algebra.ts';
import { boxesOf, sizeOf, witness } from './boxes.ts';
import { type Asking, box, compile, Workshop } from './first-match.ts';
import { type Outcome, Outcomes } from './outcomes.ts';
import { Dice, randomPoint, randomTable } from './rules.testing.ts';
import type { Point5 } from './space.ts';
import { BudgetExceeded, everything, nothing } from './store.ts';

const same = (a: string, b: string): boolean => a === b;
const label = ({ action }: { readonly action: string }): string => action;

/** What `decide` says, in the words of a diagram. */
function said(decision: Decision<string>): Outcome {
  switch (decision.kind) {
    case 'row':
      return { kind: 'row', label: decision.row.action };
    case 'unknown':
      return { kind: 'unknown', missing: decision.missing };
    case 'none':
      return decision;
  }
}

/** A point as a flow; what the table is not asked about is 0. */
function flow({ source = 0 as never, sourcePort = 0, destination, protocol, port }: Point): Point5 {
  return { source, destination, protocol, port, sourcePort };
}

describe('a compiled table', () => {
  const ways: readonly [string, Asking, (point: Point) => Point][] = [
    ['as it is', {}, (point) => point],
    ['from an unknown source', { sourceUnknown: true }, (point) => ({ ...point, source: undefined })],
    ['with any source port', { anySourcePort: true }, (point) => ({ ...point, sourcePort: undefined })],
  ];

  it.each(ways)('answers what `decide` answers, %s', (_, asking, ask) => {
    const counts = new Map<string, number>();
    for (let seed = 1; seed <= 120; seed++) {
      const dice = new Dice(seed);
      const algebra = new Algebra(new Outcomes());
      const table = randomTable(dice, dice.below(24), seed % 3 === 0 ? 0 : 0.4);
      const diagram = compile(algebra, table, label, asking);
      for (let i = 0; i < 60; i++) {
        const point = ask(randomPoint(dice));
        const answer = algebra.outcomes.answerOf(algebra.at(diagram, flow(point)));
        expect([seed, point, answer]).toEqual([seed, point, said(decide(table, point, same))]);
        const key = answer.kind === 'row' ? answer.label : answer.kind;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    for (const key of ['allow', 'deny', 'unknown', 'none']) expect(counts.get(key) ?? 0).toBeGreaterThan(100);
  });

  it('is the same diagram whatever it was built from, and in every store the same function', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const dice = new Dice(seed);
      const algebra = new Algebra(new Outcomes());
      const table = randomTable(dice, 20);
      const diagram = compile(algebra, table, label);
      const halves = table.flatMap((row) => {
        const [first] = row.match.port ?? [];
        if (!first || first[0] === first[1]) return [row];
        const [low, high] = first;
        return [
          { ...row, match: { ...row.match, port: [[low, low] as const] } },
          { ...row, match: { ...row.match, port: [[low + 1, high] as const] } },
        ];
      });
      expect(compile(algebra, halves, label)).toBe(diagram);
      const workshop = new Workshop(algebra.outcomes);
      expect(workshop.compile(algebra, table, label)).toBe(diagram);
      expect(workshop.compile(algebra, halves, label)).toBe(diagram);
    }
  });
});

describe('sets', () => {
  const algebra = new Algebra(new Outcomes());
  const dice = new Dice(7);
  const sets = Array.from({ length: 24 }, () => {
    const diagram = compile(algebra, randomTable(dice, 8), label);
    return algebra.preimage(diagram, algebra.outcomes.outcome({ kind: 'row', label: 'allow' }));
  });
  const has = (set: (typeof sets)[number], point: Point5): boolean => algebra.at(set, point) === 1;

  it('are combined member by member', () => {
    let members = 0;
    for (const [i, a] of sets.entries()) {
      const b = sets[(i * 7 + 3) % sets.length] ?? a;
      const [both, either, less] = [algebra.intersect(a, b), algebra.union(a, b), algebra.subtract(a, b)];
      for (let n = 0; n < 200; n++) {
        const point = flow(randomPoint(dice));
        const [inA, inB] = [has(a, point), has(b, point)];
        members += inA ? 1 : 0;
        expect([has(both, point), has(either, point), has(less, point)]).toEqual([
          inA && inB,
          inA || inB,
          inA && !inB,
        ]);
      }
    }
    expect(members).toBeGreaterThan(500);
  });

  it('obey the laws of sets, as one comparison of numbers', () => {
    for (const [i, a] of sets.entries()) {
      const b = sets[(i + 5) % sets.length] ?? a;
      expect(algebra.union(a, b)).toBe(algebra.union(b, a));
      expect(algebra.intersect(a, b)).toBe(algebra.intersect(b, a));
      expect(algebra.union(algebra.intersect(a, b), algebra.subtract(a, b))).toBe(a);
      expect(algebra.subtract(everything, algebra.subtract(everything, a))).toBe(a);
      expect(algebra.intersect(a, algebra.subtract(everything, a))).toBe(nothing);
      expect(algebra.contains(a, algebra.intersect(a, b))).toBe(true);
      expect(algebra.contains(algebra.intersect(a, b), algebra.union(a, b))).toBe(a === b);
    }
  });

  it('are listed as boxes that make up the set, each flow in one', () => {
    for (const set of sets) {
      const { boxes, complete } = boxesOf(algebra, set, 100_000);
      expect(complete).toBe(true);
      const parts = boxes.map((sides) => box(algebra, sides));
      expect(parts.reduce((all, part) => algebra.union(all, part), nothing)).toBe(set);
      const sizes = parts.map((part) => sizeOf(algebra, part));
      expect(sizes.reduce((sum, size) => sum + size, 0) / (sizeOf(algebra, set) || 1)).toBeCloseTo(
        set === nothing ? 0 : 1,
        9,
      );
    }
  });

  it('say when they are not listed whole', () => {
    const set = sets.find((one) => boxesOf(algebra, one).boxes.length > 2) ?? nothing;
    expect(boxesOf(algebra, set, 2)).toMatchObject({ complete: false, boxes: [{}, {}] });
  });

  it('have a witness that people would pick, if they have any flow', () => {
    for (const set of sets) {
      const point = witness(algebra, set);
      expect(point === undefined).toBe(set === nothing);
      if (point) expect(has(set, point)).toBe(true);
    }
    const web = box(algebra, { port: [[0, 65535]] });
    expect(witness(algebra, web)).toMatchObject({ protocol: 6, port: 443, sourcePort: 49152 });
    expect(witness(algebra, algebra.subtract(web, box(algebra, { port: [[443, 443]] })))).toMatchObject({
      port: 80,
    });
    expect(witness(algebra, box(algebra, { protocol: [[17, 17]], port: [[7, 9]] }))).toMatchObject({
      protocol: 17,
      port: 7,
    });
  });

  it('stop at their budget, and go on with what they had', () => {
    const small = new Algebra(new Outcomes(), 40);
    const table = randomTable(new Dice(3), 40);
    const before = box(small, { port: [[1, 2]] });
    expect(() => compile(small, table, label)).toThrow(BudgetExceeded);
    expect(box(small, { port: [[1, 2]] })).toBe(before);
  });
});
