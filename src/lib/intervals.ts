/**
 * Sets of whole numbers as sorted, disjoint, non-adjacent intervals: addresses, ports and protocols alike.
 *
 * @module
 */

/** First and last member, both included. */
export type Interval = readonly [number, number];

/** Sorted, disjoint, with a gap between neighbours, so that equal sets have equal texts. */
export type Intervals = readonly Interval[];

/** The set without members. */
export const none: Intervals = [];

/** Makes a set of any intervals, in any order, overlapping or not. */
export function union(...parts: readonly Intervals[]): Intervals {
  const sorted = parts.flat().sort((a, b) => a[0] - b[0]);
  const out: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = out.at(-1);
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else out.push([low, high]);
  }
  return out;
}

/** Returns the members that both sets have. */
export function intersect(a: Intervals, b: Intervals): Intervals {
  const out: Interval[] = [];
  for (let i = 0, j = 0; ; ) {
    const x = a[i];
    const y = b[j];
    if (!x || !y) return out;
    const low = Math.max(x[0], y[0]);
    const high = Math.min(x[1], y[1]);
    if (low <= high) out.push([low, high]);
    if (x[1] < y[1]) i++;
    else j++;
  }
}

/** Returns the members of `a` that `b` lacks. */
export function subtract(a: Intervals, b: Intervals): Intervals {
  const out: Interval[] = [];
  let j = 0;
  for (const [start, end] of a) {
    let low = start;
    while (j < b.length && (b[j] as Interval)[1] < low) j++;
    for (let k = j; k < b.length && (b[k] as Interval)[0] <= end; k++) {
      const [cutLow, cutHigh] = b[k] as Interval;
      if (low < cutLow) out.push([low, cutLow - 1]);
      low = Math.max(low, cutHigh + 1);
    }
    if (low <= end) out.push([low, end]);
  }
  return out;
}

/** Reports whether the set has the member. Binary search: route tables are looked up this way. */
export function has(set: Intervals, member: number): boolean {
  let low = 0;
  let high = set.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last] = set[middle] as Interval;
    if (member < first) high = middle - 1;
    else if (member > last) low = middle + 1;
    else return true;
  }
  return false;
}
