import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { has, type Interval, type Intervals, intersect, none, subtract, union } from './intervals.ts';

const top = 40;
const interval = fc
  .tuple(fc.integer({ min: 0, max: top }), fc.integer({ min: 0, max: top }))
  .map(([a, b]): Interval => [Math.min(a, b), Math.max(a, b)]);
const raw = fc.array(interval, { maxLength: 8 });
const set = raw.map((parts) => union(parts));

/** The naive model: a set of numbers. */
const members = (intervals: Intervals): Set<number> => {
  const all = new Set<number>();
  for (const [low, high] of intervals) for (let at = low; at <= high; at++) all.add(at);
  return all;
};

const isNormal = (intervals: Intervals): boolean =>
  intervals.every(([low, high], at) => {
    const next = intervals[at + 1];
    return low <= high && (next === undefined || high + 1 < next[0]);
  });

const everyNumber = Array.from({ length: top + 2 }, (_, at) => at);

describe('intervals', () => {
  it('unite like sets, into the normal form', () => {
    fc.assert(
      fc.property(raw, raw, (a, b) => {
        const both = union(a, b);
        expect(isNormal(both)).toBe(true);
        expect(members(both)).toEqual(new Set([...members(a), ...members(b)]));
      }),
    );
  });

  it('intersect and subtract like sets', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        const [x, y] = [members(a), members(b)];
        const common = intersect(a, b);
        const rest = subtract(a, b);
        expect(isNormal(common) && isNormal(rest)).toBe(true);
        expect(members(common)).toEqual(new Set([...x].filter((n) => y.has(n))));
        expect(members(rest)).toEqual(new Set([...x].filter((n) => !y.has(n))));
        expect(union(common, rest)).toEqual(a);
      }),
    );
  });

  it('know their members', () => {
    fc.assert(
      fc.property(set, (a) => {
        const model = members(a);
        for (const n of everyNumber) expect(has(a, n)).toBe(model.has(n));
      }),
    );
  });

  it('do not change what they are made of', () => {
    const parts: Intervals = Object.freeze([Object.freeze([5, 9]), Object.freeze([0, 4])] as Interval[]);
    expect(union(parts)).toEqual([[0, 9]]);
    expect(parts).toEqual([
      [5, 9],
      [0, 4],
    ]);
  });

  it('have an empty set', () => {
    expect(union()).toEqual(none);
    expect(intersect([[0, 9]], none)).toEqual(none);
    expect(subtract([[0, 9]], [[0, 9]])).toEqual(none);
    expect(has(none, 0)).toBe(false);
  });

  it('reach over the whole of IPv4', () => {
    const all: Intervals = [[0, 2 ** 32 - 1]];
    expect(subtract(all, [[0, 2 ** 31 - 1]])).toEqual([[2 ** 31, 2 ** 32 - 1]]);
    expect(has(all, 2 ** 32 - 1)).toBe(true);
  });
});
