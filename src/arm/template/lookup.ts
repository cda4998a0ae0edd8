/**
 * Finds the resources of a template by everything that templates call them.
 *
 * @module
 */

import { keyOf, partsOf } from '../id.ts';
import type { Instance } from './resources.ts';

/** What a text may stand for, in the order in which it is tried. */
const exact = ['symbol', 'loop', 'id', 'typed'] as const;
const ways = [...exact, 'name', 'local'] as const;

/** All resources of one template, whether their condition holds or not. */
export class Lookup {
  readonly #found: Record<(typeof ways)[number], Map<string, Instance[]>> = {
    symbol: new Map(),
    loop: new Map(),
    id: new Map(),
    typed: new Map(),
    name: new Map(),
    local: new Map(),
  };

  add(instance: Instance): void {
    const { symbol, loop } = instance;
    if (symbol !== undefined) {
      this.#put('symbol', symbol, instance);
      if (loop) this.#put('symbol', `${symbol}[${loop.index}]`, instance);
    }
    if (loop) this.#put('loop', loop.name, instance);
    if (instance.id === undefined) return;
    this.#put('id', instance.id, instance);
    const parts = partsOf(instance.id);
    this.#put('typed', `${instance.type}/${parts.names.join('/')}`, instance);
    // The other old form has types and names in turn; for a type of one segment the two are the same.
    if (parts.names.length > 1) {
      const [namespace, ...types] = instance.type.split('/');
      const turns = types.map((type, index) => `${type}/${parts.names[index]}`).join('/');
      this.#put('typed', `${namespace}/${turns}`, instance);
    }
    if (instance.declared !== undefined)
      this.#put('typed', `${instance.declared}/${instance.name}`, instance);
    this.#put('name', instance.name, instance);
    this.#put('local', instance.local, instance);
  }

  /** Makes a loop known that came out empty: what depends on it depends on nobody. */
  addEmpty(name: string): void {
    const key = keyOf(name);
    if (!this.#found.loop.has(key)) this.#found.loop.set(key, []);
  }

  /** Returns the resources that a text stands for: none, one, or several (a loop, or an ambiguous name). */
  find(text: string): readonly Instance[] {
    const key = keyOf(text);
    for (const way of ways) {
      const found = this.#found[way].get(key);
      if (found) return found;
    }
    return [];
  }

  /** Reports whether the text can only be a name, which may be that of several resources; not a loop or an id. */
  isPlainName(text: string): boolean {
    const key = keyOf(text);
    return !exact.some((way) => this.#found[way].has(key));
  }

  /** Returns what a mistyped text may have meant. */
  names(): string[] {
    const { symbol, loop, name } = this.#found;
    const named = [...name.values()].map((found) => found[0]?.name ?? '');
    return [...symbol.keys(), ...loop.keys(), ...named];
  }

  #put(way: (typeof ways)[number], text: string, instance: Instance): void {
    const key = keyOf(text);
    const found = this.#found[way].get(key);
    if (!found) this.#found[way].set(key, [instance]);
    else if (found.at(-1) !== instance) found.push(instance);
  }
}
