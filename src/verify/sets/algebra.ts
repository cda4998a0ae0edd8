/**
 * What can be done with diagrams: combined two at a time, mapped, looked up.
 *
 * @module
 */

import { type Outcomes, trait } from './outcomes.ts';
import { fields, largestAt, type Point5 } from './space.ts';
import { type Diagram, everything, isTerminal, nothing, Store, terminal, valueAt } from './store.ts';

/** A way to combine two diagrams, by their terminals. The masks are of traits and spare most of the work. */
interface Operation {
  readonly id: number;
  /** What the terminals come to. */
  readonly on: (a: number, b: number) => number;
  /** Traits of a left side that is the result whatever the right side is. */
  readonly final: number;
  /** Traits of a right side that changes nothing. */
  readonly neutral: number;
  /** Traits of a right side that ends the matter, and what then is left. */
  readonly ends: number;
  readonly left: 'right' | 'nothing';
}

const { nothing: no, everything: yes, closed } = trait;
const set = (value: boolean): number => (value ? 1 : 0);

/** The operations; `keep` is made for each terminal. */
const both: Operation = {
  id: 1,
  on: (a, b) => set(a === 1 && b === 1),
  final: no,
  neutral: yes,
  ends: no,
  left: 'right',
};
const either: Operation = {
  id: 2,
  on: (a, b) => set(a === 1 || b === 1),
  final: yes,
  neutral: no,
  ends: yes,
  left: 'right',
};
const less: Operation = {
  id: 3,
  on: (a, b) => set(a === 1 && b !== 1),
  final: no,
  neutral: no,
  ends: yes,
  left: 'nothing',
};

/** Diagrams of one store, and the results that are remembered. */
export class Algebra {
  readonly store: Store;
  readonly outcomes: Outcomes;
  readonly #before: Operation;
  readonly #keep = new Map<number, Operation>();
  #memoA = new Int32Array(1 << 12);
  #memoB = new Int32Array(1 << 12);
  /** Operation and age of an entry: emptying the memo is growing older. */
  #memoOf = new Int32Array(1 << 12);
  #memo = new Int32Array(1 << 12);
  #age = 0;

  constructor(outcomes: Outcomes, budget?: number) {
    this.outcomes = outcomes;
    this.store = new Store(outcomes, budget);
    this.#before = {
      id: 4,
      on: (a, b) => outcomes.before(a, b),
      final: closed | trait.doubt,
      neutral: no,
      ends: 0,
      left: 'nothing',
    };
  }

  /** Flows that are in both sets. */
  intersect(a: Diagram, b: Diagram): Diagram {
    return this.#apply(both, a, b);
  }

  /** Flows that are in either set. */
  union(a: Diagram, b: Diagram): Diagram {
    return this.#apply(either, a, b);
  }

  /** Flows that are in the first set and not in the second. */
  subtract(a: Diagram, b: Diagram): Diagram {
    return this.#apply(less, a, b);
  }

  /** Reports whether every flow of the second set is in the first. */
  contains(outer: Diagram, inner: Diagram): boolean {
    return this.subtract(inner, outer) === nothing;
  }

  /** Rows that come before others. */
  before(first: Diagram, second: Diagram): Diagram {
    return this.#apply(this.#before, first, second);
  }

  /** The flows of a set for which a diagram comes to a terminal. */
  keep(flows: Diagram, diagram: Diagram, value: number): Diagram {
    let operation = this.#keep.get(value);
    if (!operation) {
      operation = {
        id: 8 + value,
        on: (a, b) => set(a === 1 && b === value),
        final: no,
        neutral: 0,
        ends: 0,
        left: 'nothing',
      };
      this.#keep.set(value, operation);
    }
    return this.#apply(operation, flows, diagram);
  }

  /** The flows for which a diagram comes to a terminal. */
  preimage(diagram: Diagram, value: number): Diagram {
    return this.keep(everything, diagram, value);
  }

  /** The terminal that a flow comes to. */
  at(diagram: Diagram, point: Point5): number {
    const { store } = this;
    let here = diagram;
    while (!isTerminal(here)) {
      const field = fields[store.levelOf(here)] as (typeof fields)[number];
      here = store.children[edgeOf(store, here, point[field])] as Diagram;
    }
    return valueAt(here);
  }

  /** The diagram where one coordinate has one value, and is not asked for any more. */
  fix(diagram: Diagram, level: number, value: number): Diagram {
    return this.rebuild(diagram, (node, at, go) =>
      at < level
        ? undefined
        : at > level
          ? node
          : go(this.store.children[edgeOf(this.store, node, value)] as Diagram),
    );
  }

  /** The same with other terminals. */
  map(diagram: Diagram, to: (value: number) => number): Diagram {
    return this.rebuild(diagram, () => undefined, to);
  }

  /** A diagram that asks for one coordinate only, asked for another of the same size. */
  move(diagram: Diagram, level: number): Diagram {
    if (isTerminal(diagram)) return diagram;
    const { store } = this;
    const mark = store.begin();
    for (let at = store.starts[diagram] as number; at < (store.starts[diagram + 1] as number); at++) {
      store.add(mark, store.lasts[at] as number, store.children[at] as Diagram);
    }
    return store.end(mark, level);
  }

  /** Levels that a diagram asks for. */
  support(diagram: Diagram, found = new Set<number>(), seen = new Set<number>()): ReadonlySet<number> {
    if (isTerminal(diagram) || seen.has(diagram)) return found;
    seen.add(diagram);
    const { store } = this;
    found.add(store.levelOf(diagram));
    for (let at = store.starts[diagram] as number; at < (store.starts[diagram + 1] as number); at++) {
      this.support(store.children[at] as Diagram, found, seen);
    }
    return found;
  }

  /** Copies a diagram of another store of the same terminals. So a store is emptied of what nobody needs any more. */
  take(from: Store, diagram: Diagram, copies = new Map<number, Diagram>()): Diagram {
    if (isTerminal(diagram)) return diagram;
    const known = copies.get(diagram);
    if (known !== undefined) return known;
    const mark = this.store.begin();
    for (let at = from.starts[diagram] as number; at < (from.starts[diagram + 1] as number); at++) {
      const child = this.take(from, from.children[at] as Diagram, copies);
      this.store.add(mark, from.lasts[at] as number, child);
    }
    const copy = this.store.end(mark, from.levelOf(diagram));
    copies.set(diagram, copy);
    return copy;
  }

  /** Forgets every diagram. */
  clear(): void {
    this.store.clear();
    this.#age = (this.#age + 1) & 0x7ff;
    if (this.#age === 0) this.#memoOf.fill(0);
  }

  /** Rebuilds a diagram from below, each node once. `change` may answer for a node; otherwise its children are rebuilt. */
  rebuild(
    diagram: Diagram,
    change: (node: Diagram, level: number, go: (node: Diagram) => Diagram) => Diagram | undefined,
    onTerminal: (value: number) => number = (value) => value,
  ): Diagram {
    const { store } = this;
    const done = new Map<Diagram, Diagram>();
    const go = (node: Diagram): Diagram => {
      if (isTerminal(node)) return terminal(onTerminal(valueAt(node)));
      const known = done.get(node);
      if (known !== undefined) return known;
      const level = store.levelOf(node);
      let result = change(node, level, go);
      if (result === undefined) {
        const mark = store.begin();
        for (let at = store.starts[node] as number; at < (store.starts[node + 1] as number); at++) {
          store.add(mark, store.lasts[at] as number, go(store.children[at] as Diagram));
        }
        result = store.end(mark, level);
      }
      done.set(node, result);
      return result;
    };
    return go(diagram);
  }

  #apply(op: Operation, a: Diagram, b: Diagram): Diagram {
    const { store } = this;
    const left = store.traitsOf(a);
    if ((left & ~op.final) === 0) return a;
    const right = store.traitsOf(b);
    if ((right & ~op.neutral) === 0) return a;
    if ((right & ~op.ends) === 0) return op.left === 'right' ? b : nothing;
    if (isTerminal(a) && isTerminal(b)) return terminal(op.on(valueAt(a), valueAt(b)));
    const wrap = this.#memo.length - 1;
    const key = (op.id << 11) | this.#age;
    let slot = (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(op.id, 0xc2b2ae35)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & wrap;
    if (this.#memoOf[slot] === key && this.#memoA[slot] === a && this.#memoB[slot] === b) {
      return this.#memo[slot] as Diagram;
    }
    const result = this.#merge(op, a, b);
    this.#remember(slot, wrap, key, a, b, result);
    return result;
  }

  /** Walks the edges of both sides at once. What a final left side covers of the right side is not looked at. */
  #merge(op: Operation, a: Diagram, b: Diagram): Diagram {
    const { store } = this;
    const levelA = store.levelOf(a);
    const levelB = store.levelOf(b);
    const level = Math.min(levelA, levelB);
    const end = largestAt[level] as number;
    const mark = store.begin();
    let i = levelA === level ? (store.starts[a] as number) : -1;
    let j = levelB === level ? (store.starts[b] as number) : -1;
    for (;;) {
      const lastA = i < 0 ? end : (store.lasts[i] as number);
      const childA = i < 0 ? a : (store.children[i] as Diagram);
      if ((store.traitsOf(childA) & ~op.final) === 0) {
        store.add(mark, lastA, childA);
        if (lastA === end) return store.end(mark, level);
        i++;
        if (j >= 0) j = firstBehind(store, j, store.starts[b + 1] as number, lastA);
        continue;
      }
      const lastB = j < 0 ? end : (store.lasts[j] as number);
      const childB = j < 0 ? b : (store.children[j] as Diagram);
      const last = Math.min(lastA, lastB);
      store.add(mark, last, this.#apply(op, childA, childB));
      if (last === end) return store.end(mark, level);
      if (lastA === last) i++;
      if (lastB === last) j++;
    }
  }

  #remember(slot: number, wrap: number, key: number, a: Diagram, b: Diagram, result: Diagram): void {
    if (wrap < 1 << 19 && this.store.nodes > wrap) this.#grow();
    const at = this.#memo.length - 1 === wrap ? slot : -1;
    if (at < 0) return;
    this.#memoOf[at] = key;
    this.#memoA[at] = a;
    this.#memoB[at] = b;
    this.#memo[at] = result;
  }

  #grow(): void {
    const room = this.#memo.length * 4;
    this.#memoA = new Int32Array(room);
    this.#memoB = new Int32Array(room);
    this.#memoOf = new Int32Array(room);
    this.#memo = new Int32Array(room);
  }
}

/** The edge of a node that a value takes. */
function edgeOf(store: Store, node: Diagram, value: number): number {
  return firstBehind(store, store.starts[node] as number, store.starts[node + 1] as number, value - 1);
}

/** The first edge that ends behind a value; there is one. */
function firstBehind(store: Store, from: number, to: number, value: number): number {
  const { lasts } = store;
  if ((lasts[from] as number) > value) return from;
  let low = from;
  let step = 1;
  while (low + step < to && (lasts[low + step] as number) <= value) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, to - 1);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lasts[middle] as number) <= value) low = middle;
    else high = middle;
  }
  return high;
}
