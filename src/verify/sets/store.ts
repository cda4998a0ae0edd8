/**
 * Interval decision diagrams, hash-consed in one arena of typed arrays.
 *
 * A diagram is a function from the five coordinates of a flow to a terminal. A node asks for one coordinate and has
 * an edge for each interval of its values. Invariants, which together make equal functions equal numbers:
 *
 * - the edges of a node are in order, the last ends at the largest value, neighbours lead to different diagrams;
 * - a node has at least two edges (with one it would ask for nothing), and its children ask for later coordinates;
 * - no two nodes are alike.
 *
 * @module
 */

import type { Brand } from '../../lib/brand.ts';
import type { Traits } from './outcomes.ts';
import { largestAt } from './space.ts';

/** A diagram: the number of a node, or of a terminal (negative). Meaningful in the store that made it. */
export type Diagram = Brand<number, 'Diagram'>;

/** The terminal of a diagram that asks for nothing. */
export function terminal(value: number): Diagram {
  return ~value as Diagram;
}

/** The diagram of no flow, and where a table has no row. */
export const nothing: Diagram = terminal(0);

/** The diagram of every flow. */
export const everything: Diagram = terminal(1);

/** Reports whether a diagram asks for nothing. */
export function isTerminal(diagram: Diagram): boolean {
  return diagram < 0;
}

/** The value of a terminal. */
export function valueAt(diagram: Diagram): number {
  return ~diagram;
}

/** More nodes or edges are needed than there may be. Who asked answers `unknown: budget`, and never guesses. */
export class BudgetExceeded extends Error {
  constructor(edges: number) {
    super(`the diagrams need more than ${edges} edges`);
  }
}

/** Edges that a store may hold unless told otherwise: 8 bytes each, beside the nodes. */
const edgeBudget = 1 << 25;

/** An arena of nodes, and the table that keeps them unique. */
export class Store {
  /** Edges of all nodes: where each interval ends, and what it leads to. */
  lasts = new Uint32Array(1 << 10);
  children = new Int32Array(1 << 10);
  /** By node: its level, its first edge (of the next node: one behind its last), the traits of what is below. */
  levels = new Uint8Array(1 << 8);
  starts = new Uint32Array((1 << 8) + 1);
  traits = new Uint8Array(1 << 8);
  nodes = 0;
  edges = 0;
  readonly budget: number;
  readonly terminals: Traits;
  #hashes = new Int32Array(1 << 8);
  #slots = new Int32Array(1 << 9).fill(-1);
  /** Edges of nodes that are being made; those of a child lie above those of its parent. */
  #lasts = new Uint32Array(1 << 10);
  #children = new Int32Array(1 << 10);
  #top = 0;

  constructor(terminals: Traits, budget = edgeBudget) {
    this.terminals = terminals;
    this.budget = budget;
  }

  /** The union of the traits of all terminals below. */
  traitsOf(diagram: Diagram): number {
    return diagram < 0 ? this.terminals.traitsOf(~diagram) : (this.traits[diagram] as number);
  }

  /** The level that a diagram asks for; terminals come after all levels. */
  levelOf(diagram: Diagram): number {
    return diagram < 0 ? largestAt.length : (this.levels[diagram] as number);
  }

  /** Begins a node. Answers the mark under which its edges are added. */
  begin(): number {
    return this.#top;
  }

  /** Adds an edge: from the end of the one before up to `last`. */
  add(mark: number, last: number, child: Diagram): void {
    const before = this.#top - 1;
    if (before >= mark && this.#children[before] === child) {
      this.#lasts[before] = last;
      return;
    }
    if (this.#top === this.#lasts.length) {
      this.#lasts = grown(this.#lasts, new Uint32Array(this.#top * 2));
      this.#children = grown(this.#children, new Int32Array(this.#top * 2));
    }
    this.#lasts[this.#top] = last;
    this.#children[this.#top++] = child;
  }

  /** Ends a node: answers the one there is, or makes it. */
  end(mark: number, level: number): Diagram {
    const top = this.#top;
    this.#top = mark;
    const count = top - mark;
    if (count === 1) return this.#children[mark] as Diagram;
    let hash = level;
    for (let at = mark; at < top; at++) {
      hash = Math.imul(hash ^ (this.#lasts[at] as number), 0x9e3779b1);
      hash = Math.imul((hash ^ (hash >>> 15)) + (this.#children[at] as number), 0x85ebca6b);
    }
    hash ^= hash >>> 13;
    const wrap = this.#slots.length - 1;
    let slot = hash & wrap;
    for (let node = this.#slots[slot] as number; node >= 0; node = this.#slots[slot] as number) {
      if (this.#hashes[node] === hash && this.#isSame(node, level, mark, count)) return node as Diagram;
      slot = (slot + 1) & wrap;
    }
    return this.#make(slot, hash, level, mark, count);
  }

  /** Forgets every node. Costs what the nodes cost, and not what the arena has room for. */
  clear(): void {
    const wrap = this.#slots.length - 1;
    if (this.nodes > this.#slots.length >> 3) this.#slots.fill(-1);
    else {
      for (let node = this.nodes - 1; node >= 0; node--) {
        let slot = (this.#hashes[node] as number) & wrap;
        while (this.#slots[slot] !== node) slot = (slot + 1) & wrap;
        this.#slots[slot] = -1;
      }
    }
    this.nodes = 0;
    this.edges = 0;
    this.#top = 0;
  }

  #isSame(node: number, level: number, mark: number, count: number): boolean {
    const start = this.starts[node] as number;
    if (this.levels[node] !== level || (this.starts[node + 1] as number) - start !== count) return false;
    for (let at = 0; at < count; at++) {
      if (this.lasts[start + at] !== this.#lasts[mark + at]) return false;
      if (this.children[start + at] !== this.#children[mark + at]) return false;
    }
    return true;
  }

  #make(slot: number, hash: number, level: number, mark: number, count: number): Diagram {
    if (this.edges + count > this.budget) {
      this.#top = 0;
      throw new BudgetExceeded(this.budget);
    }
    this.#reserve(count);
    const node = this.nodes++;
    const start = this.edges;
    let traits = 0;
    for (let at = 0; at < count; at++) {
      const child = this.#children[mark + at] as Diagram;
      this.lasts[start + at] = this.#lasts[mark + at] as number;
      this.children[start + at] = child;
      traits |= this.traitsOf(child);
    }
    this.edges = start + count;
    this.levels[node] = level;
    this.starts[node] = start;
    this.starts[node + 1] = this.edges;
    this.traits[node] = traits;
    this.#hashes[node] = hash;
    this.#slots[slot] = node;
    if (this.nodes * 2 > this.#slots.length) this.#rehash();
    return node as Diagram;
  }

  #reserve(count: number): void {
    while (this.edges + count > this.lasts.length) {
      this.children = grown(this.children, new Int32Array(this.lasts.length * 2));
      this.lasts = grown(this.lasts, new Uint32Array(this.lasts.length * 2));
    }
    if (this.nodes === this.levels.length) {
      const room = this.nodes * 2;
      this.levels = grown(this.levels, new Uint8Array(room));
      this.traits = grown(this.traits, new Uint8Array(room));
      this.starts = grown(this.starts, new Uint32Array(room + 1));
      this.#hashes = grown(this.#hashes, new Int32Array(room));
    }
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const wrap = slots.length - 1;
    for (let node = 0; node < this.nodes; node++) {
      let slot = (this.#hashes[node] as number) & wrap;
      while ((slots[slot] as number) >= 0) slot = (slot + 1) & wrap;
      slots[slot] = node;
    }
    this.#slots = slots;
  }
}

function grown<T extends { set(from: T): void }>(old: T, room: T): T {
  room.set(old);
  return room;
}
