/**
 * Sets of flows for people: as few boxes of ranges as can be had easily, and one flow that people find natural.
 *
 * @module
 */

import { type Intervals, union } from '../../lib/intervals.ts';
import type { Algebra } from './algebra.ts';
import { type Field, fields, largest, type Point5 } from './space.ts';
import { type Diagram, isTerminal, nothing } from './store.ts';

/** A set of values for each coordinate; absent: any. The box holds every combination. */
export type Box = { readonly [F in Field]?: Intervals };

/** Boxes of a set, and whether there were more than wanted. */
export interface Boxes {
  readonly boxes: readonly Box[];
  readonly complete: boolean;
}

/**
 * Lists a set as boxes that do not overlap. Intervals that lead to the same rest are one side of one box, and boxes
 * that differ on one side only are joined.
 */
export function boxesOf(algebra: Algebra, set: Diagram, most = 64): Boxes {
  const found: Box[] = [];
  let complete = true;
  const go = (node: Diagram, sides: Box): void => {
    if (node === nothing) return;
    if (isTerminal(node)) {
      if (found.length < most * 8) found.push(sides);
      else complete = false;
      return;
    }
    if (!complete) return;
    const field = fields[algebra.store.levelOf(node)] as Field;
    for (const [child, side] of edgesByChild(algebra, node)) go(child, { ...sides, [field]: side });
  };
  go(set, {});
  const boxes = joined(found);
  return { boxes: boxes.slice(0, most), complete: complete && boxes.length <= most };
}

/** What people expect of an example, best first; the first of the set where nothing fits. */
export type Preferences = { readonly [F in Field]?: readonly number[] };

/** TCP before UDP, ports that people know, an ordinary client's port. */
export const usual: Preferences = {
  protocol: [6, 17, 1],
  port: [443, 80, 22, 3389, 445, 53],
  sourcePort: [49152],
};

/** Picks one flow of a set; undefined where there is none. Coordinates that do not matter are as preferred. */
export function witness(algebra: Algebra, set: Diagram, wanted: Preferences = usual): Point5 | undefined {
  if (set === nothing) return undefined;
  const { store } = algebra;
  const point = { source: 0, destination: 0, protocol: 6, port: 443, sourcePort: 49152 };
  let node = set;
  for (const [level, field] of fields.entries()) {
    const choice = wanted[field] ?? [];
    if (store.levelOf(node) !== level) {
      point[field] = choice[0] ?? point[field];
      continue;
    }
    const sides = [...edges(algebra, node)].filter(({ child }) => child !== nothing);
    const good = choice.find((value) => sides.some(({ low, high }) => low <= value && value <= high));
    const value = good ?? sides[0]?.low ?? 0;
    point[field] = value;
    node = sides.find(({ low, high }) => low <= value && value <= high)?.child ?? nothing;
  }
  return point;
}

/**
 * Picks any flow of a set, which has one: an edge at each level, and on it one of the ends or any value between.
 * `below(n)` is a whole number below n; chance is not this layer's.
 */
export function sample(algebra: Algebra, set: Diagram, below: (end: number) => number): Point5 {
  const point = { source: 0, destination: 0, protocol: 0, port: 0, sourcePort: 0 };
  let node = set;
  for (const [level, field] of fields.entries()) {
    const whole = { low: 0, high: largest[field], child: node };
    const choices =
      algebra.store.levelOf(node) === level
        ? [...edges(algebra, node)].filter(({ child }) => child !== nothing)
        : [whole];
    const { low, high, child } = choices[below(choices.length)] ?? whole;
    point[field] = [low, high, low + below(high - low + 1)][below(3)] ?? low;
    node = child;
  }
  return point;
}

/** How many flows a set has. Exact up to 2^53. */
export function sizeOf(algebra: Algebra, set: Diagram): number {
  const widths = fields.map((field) => largest[field] + 1);
  const done = new Map<Diagram, number>();
  const below = (level: number): number => widths.slice(level).reduce((product, width) => product * width, 1);
  const go = (node: Diagram): number => {
    if (isTerminal(node)) return node === nothing ? 0 : 1;
    const known = done.get(node);
    if (known !== undefined) return known;
    let size = 0;
    const level = algebra.store.levelOf(node);
    for (const { low, high, child } of edges(algebra, node)) {
      const under = algebra.store.levelOf(child);
      const skipped = below(level + 1) / below(under);
      size += (high - low + 1) * skipped * go(child);
    }
    done.set(node, size);
    return size;
  };
  return (go(set) * below(0)) / below(algebra.store.levelOf(set));
}

interface Edge {
  readonly low: number;
  readonly high: number;
  readonly child: Diagram;
}

/** The edges of a node, in order. */
export function* edges({ store }: Algebra, node: Diagram): Generator<Edge> {
  let low = 0;
  for (let at = store.starts[node] as number; at < (store.starts[node + 1] as number); at++) {
    const high = store.lasts[at] as number;
    yield { low, high, child: store.children[at] as Diagram };
    low = high + 1;
  }
}

function edgesByChild(algebra: Algebra, node: Diagram): Map<Diagram, Intervals> {
  const sides = new Map<Diagram, [number, number][]>();
  for (const { low, high, child } of edges(algebra, node)) {
    const side = sides.get(child);
    if (side) side.push([low, high]);
    else sides.set(child, [[low, high]]);
  }
  return sides;
}

/** Joins boxes that differ in one coordinate, as long as there are any. */
function joined(boxes: readonly Box[]): Box[] {
  let all = [...boxes];
  for (let before = -1; before !== all.length; ) {
    before = all.length;
    for (const field of fields) {
      const groups = new Map<string, Box>();
      for (const box of all) {
        const { [field]: own, ...rest } = box;
        const key = JSON.stringify(fields.map((other) => (other === field ? null : (box[other] ?? null))));
        const twin = groups.get(key);
        if (!twin) groups.set(key, box);
        else {
          const theirs = twin[field];
          groups.set(key, own && theirs ? { ...rest, [field]: union(own, theirs) } : rest);
        }
      }
      all = [...groups.values()];
    }
  }
  return all;
}
