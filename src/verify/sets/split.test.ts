import { describe, expect, it } from 'vitest';
import type { Row } from '../../net/table.ts';
import { Algebra } from './algebra.ts';
import { box, compile } from './first-match.ts';
import { Outcomes } from './outcomes.ts';
import { Dice, randomTable } from './rules.testing.ts';
import { difference, remainder, tooMany } from './split.ts';
import { nothing } from './store.ts';

const label = ({ action }: Row<string>): string => action;

describe('splitting boxes', () => {
  it('finds a difference where there is one, as the diagrams do', () => {
    const seen = { same: 0, different: 0 };
    for (let seed = 1; seed <= 80; seed++) {
      const dice = new Dice(seed);
      const algebra = new Algebra(new Outcomes());
      const one = randomTable(dice, 12);
      // Two rules that meet in no flow may change places.
      const other = dice.chance(0.5) ? [...one, one[0] as Row<'allow'>] : one.toSpliced(dice.below(12), 1);
      const found = difference(one, other, label);
      if (found === tooMany) throw new Error('twelve rules are few');
      const [a, b] = [one, other].map((table) => compile(algebra, table, label));
      seen[a === b ? 'same' : 'different']++;
      expect([seed, found === undefined]).toEqual([seed, a === b]);
      if (!found) continue;
      const values = { ...{ source: 0, destination: 0, protocol: 0, port: 0, sourcePort: 0 } };
      const point = Object.fromEntries(
        Object.keys(values).map((field) => [field, found[field as 'port']?.[0]?.[0] ?? 0]),
      ) as typeof values;
      expect(algebra.at(a ?? nothing, point)).not.toBe(algebra.at(b ?? nothing, point));
    }
    expect(Math.min(seen.same, seen.different)).toBeGreaterThan(10);
  });

  it('finds what earlier rules leave of one, as the diagrams do', () => {
    const seen = { left: 0, taken: 0 };
    for (let seed = 1; seed <= 120; seed++) {
      const dice = new Dice(seed);
      const algebra = new Algebra(new Outcomes());
      const matches = randomTable(dice, 8).map(({ match }) => match);
      const [own = {}, ...earlier] = matches;
      const left = remainder(own, earlier);
      const rest = earlier.reduce(
        (set, match) => algebra.subtract(set, box(algebra, match)),
        box(algebra, own),
      );
      seen[left === undefined ? 'taken' : 'left']++;
      expect([seed, left === undefined]).toEqual([seed, rest === nothing]);
    }
    expect(Math.min(seen.left, seen.taken)).toBeGreaterThan(10);
  });

  it('says when it is too much, and when a row is in doubt', () => {
    const dice = new Dice(1);
    const table = randomTable(dice, 40);
    expect(difference(table, table, label, 10)).toBe(tooMany);
    expect(remainder({}, table.map(({ match }) => match).slice(0, 9), 1)).toBe(tooMany);
    const doubtful = randomTable(new Dice(2), 40, 0.9);
    expect(difference(doubtful, doubtful, label)).toBe(tooMany);
  });
});
