/**
 * Puts what depends on one another in order.
 *
 * @module
 */

/** An order of the nodes, or nodes that depend on one another in a circle. */
export type Ordering =
  | { readonly ok: true; readonly order: readonly number[] }
  | { readonly ok: false; readonly cycle: readonly number[] };

/**
 * Orders nodes so that each comes after what it depends on; among those that are free, the lowest number first.
 * `needs[n]` lists what node `n` depends on, without repetition.
 */
export function sortByNeed(needs: readonly (readonly number[])[]): Ordering {
  const waiting = needs.map((list) => list.length);
  const neededBy: number[][] = needs.map(() => []);
  for (const [node, list] of needs.entries()) for (const need of list) neededBy[need]?.push(node);
  const free = new Heap();
  for (const [node, count] of waiting.entries()) if (count === 0) free.push(node);
  const order: number[] = [];
  for (let node = free.pop(); node !== undefined; node = free.pop()) {
    order.push(node);
    for (const next of neededBy[node] ?? []) {
      const left = (waiting[next] as number) - 1;
      waiting[next] = left;
      if (left === 0) free.push(next);
    }
  }
  return order.length === needs.length ? { ok: true, order } : { ok: false, cycle: cycleIn(needs, waiting) };
}

/** Walks from the first node that still waits to another that still waits, until one comes again. */
function cycleIn(needs: readonly (readonly number[])[], waiting: readonly number[]): number[] {
  const seen = new Map<number, number>();
  const walk: number[] = [];
  let node = waiting.findIndex((count) => count > 0);
  while (!seen.has(node)) {
    seen.set(node, walk.length);
    walk.push(node);
    node = (needs[node] as readonly number[]).find((need) => (waiting[need] as number) > 0) as number;
  }
  return [...walk.slice(seen.get(node)), node];
}

/** A binary heap that gives the lowest number first. */
class Heap {
  readonly #items: number[] = [];

  push(item: number): void {
    let at = this.#items.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.#item(above) <= item) break;
      this.#items[at] = this.#item(above);
      at = above;
    }
    this.#items[at] = item;
  }

  pop(): number | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#items.length) break;
      if (below + 1 < this.#items.length && this.#item(below + 1) < this.#item(below)) below++;
      if (this.#item(below) >= last) break;
      this.#items[at] = this.#item(below);
      at = below;
    }
    this.#items[at] = last;
    return first;
  }

  #item(at: number): number {
    return this.#items[at] as number;
  }
}
