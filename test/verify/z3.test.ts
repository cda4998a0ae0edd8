/**
 * An oracle that shares nothing with us: Z3 decides whether two lists of rules are equivalent, and whether one lets
 * through no more than the other, over bit-vectors. The diagrams and the split boxes must say the same.
 */

import { beforeAll, describe, expect, it } from 'vitest';
import { init } from 'z3-solver';
import type { Intervals } from '../../src/lib/intervals.ts';
import type { Match, Row } from '../../src/net/table.ts';
import { Algebra } from '../../src/verify/sets/algebra.ts';
import { compile } from '../../src/verify/sets/first-match.ts';
import { Outcomes } from '../../src/verify/sets/outcomes.ts';
import { Dice, randomTable } from '../../src/verify/sets/rules.testing.ts';
import { fields } from '../../src/verify/sets/space.ts';
import { difference } from '../../src/verify/sets/split.ts';

type Rules = readonly Row<'allow' | 'deny'>[];

const bits = { source: 32, destination: 32, protocol: 8, port: 16, sourcePort: 16 } as const;
const label = ({ action }: Row<string>): string => action;

/** Whether a list allows a flow, in SMT-LIB: the first row that matches decides, and none denies. */
function allows(rules: Rules): string {
  return rules.reduceRight(
    (rest, { match, action }) => `(ite ${matches(match)} ${action === 'allow'} ${rest})`,
    'false',
  );
}

function matches(match: Match): string {
  const sides = fields.flatMap((field) => {
    const set = match[field];
    return set ? [within(field, set)] : [];
  });
  return sides.length === 0 ? 'true' : `(and true ${sides.join(' ')})`;
}

function within(field: keyof typeof bits, set: Intervals): string {
  const number = (value: number): string => `(_ bv${value} ${bits[field]})`;
  const parts = set.map(
    ([low, high]) => `(and (bvule ${number(low)} ${field}) (bvule ${field} ${number(high)}))`,
  );
  return `(or false ${parts.join(' ')})`;
}

describe('Z3 agrees', { timeout: 300_000 }, () => {
  let z3: Awaited<ReturnType<typeof init>>;

  beforeAll(async () => {
    z3 = await init();
  });

  /** Reports whether a formula over the coordinates has a model. */
  async function isSatisfiable(formula: string): Promise<boolean> {
    const { Solver } = z3.Context('rules');
    const solver = new Solver();
    const declared = fields.map((field) => `(declare-const ${field} (_ BitVec ${bits[field]}))`);
    solver.fromString(`${declared.join('')}(assert ${formula})`);
    const answer = await solver.check();
    solver.release();
    if (answer === 'unknown') throw new Error('Z3 does not know');
    return answer === 'sat';
  }

  it('on equivalence and containment of lists of rules', async () => {
    const seen = { equivalent: 0, contained: 0, neither: 0 };
    for (let seed = 1; seed <= 60; seed++) {
      const dice = new Dice(seed);
      const algebra = new Algebra(new Outcomes());
      const one = randomTable(dice, 14);
      const other = variant(dice, one);
      const allow = algebra.outcomes.outcome({ kind: 'row', label: 'allow' });
      const [a, b] = [one, other].map((rules) => algebra.preimage(compile(algebra, rules, label), allow)) as [
        ReturnType<Algebra['preimage']>,
        ReturnType<Algebra['preimage']>,
      ];
      const [x, y] = [allows(one), allows(other)];
      expect([seed, a !== b]).toEqual([seed, await isSatisfiable(`(xor ${x} ${y})`)]);
      expect([seed, !algebra.contains(a, b)]).toEqual([seed, await isSatisfiable(`(and ${y} (not ${x}))`)]);
      const closed = { match: {}, action: 'deny', by: { resource: 'nsg', rule: 'end' } } as const;
      expect([seed, difference([...one, closed], [...other, closed], label) !== undefined]).toEqual([
        seed,
        a !== b,
      ]);
      seen[a === b ? 'equivalent' : algebra.contains(a, b) ? 'contained' : 'neither']++;
    }
    console.log(seen);
    expect(Math.min(seen.equivalent, seen.contained, seen.neither)).toBeGreaterThan(3);
  });
});

/** The same rules with one cut in two, one narrowed, one turned round, or one left out. */
function variant(dice: Dice, rules: Rules): Rules {
  const at = dice.below(rules.length);
  const row = rules[at] as Rules[number];
  const cut = (high: boolean): Rules[number] => {
    const middle = 2 ** 31;
    const half: Intervals = high ? [[middle, 2 ** 32 - 1]] : [[0, middle - 1]];
    return row.match.source ? row : { ...row, match: { ...row.match, source: half } };
  };
  switch (dice.below(4)) {
    case 0:
      return rules.toSpliced(at, 1, cut(true), cut(false));
    case 1:
      return rules.map((one) => (one.action === 'allow' && one === row ? cut(true) : one));
    case 2:
      return rules.with(at, { ...row, action: row.action === 'allow' ? 'deny' : 'allow' });
    default:
      return rules.toSpliced(at, 1);
  }
}
