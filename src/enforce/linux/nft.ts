/**
 * Scripts for `nft -f`: a whole ruleset, or the difference between two. Each is one transaction of the kernel.
 *
 * @module
 */

import type { Namespace } from '../plan/model.ts';
import type { Chain, Collection, Ruleset } from '../plan/ruleset.ts';
import { standingOf } from '../plan/standing.ts';
import { type Line, line, type Word } from '../plan/words.ts';

/** The table in every router; nothing else is touched. */
export const table = line`ip cloister`;

/** Returns the script from one ruleset to the next; `before` undefined: from nothing. Empty where they are the same. */
export function nftScript(before: Ruleset | undefined, { role, ruleset }: Namespace): readonly Line[] {
  if (!ruleset) return before ? [line`delete table ${table}`] : [];
  const standing = before ? { collections: [], chains: [] } : standingOf(role);
  const old = { collections: byName(before?.collections), chains: byName(before?.chains) };
  const collections = [...standing.collections, ...ruleset.collections];
  const chains = [...standing.chains, ...ruleset.chains];
  const newChains = chains.filter(({ name }) => !old.chains.has(name));
  const newCollections = collections.filter(({ name }) => !old.collections.has(name));
  const goneChains = gone(old.chains, chains);
  const goneCollections = gone(old.collections, collections);
  const changed = chains.filter((chain) => !sameLines(old.chains.get(chain.name)?.rules, chain.rules));
  const lines = [
    ...newChains.map(addChain),
    ...newCollections.map(addCollection),
    ...changed.flatMap((chain) => fill(chain, old.chains.has(chain.name))),
    ...collections.flatMap((next) => elements(old.collections.get(next.name)?.elements ?? [], next)),
    ...goneCollections
      .filter(({ kind }) => kind === 'map')
      .map(({ name }) => line`delete map ${table} ${name}`),
    ...goneChains.map((name) => line`flush chain ${table} ${name.name}`),
    ...goneChains.map(({ name }) => line`delete chain ${table} ${name}`),
    ...goneCollections
      .filter(({ kind }) => kind === 'set')
      .map(({ name }) => line`delete set ${table} ${name}`),
  ];
  return before ? lines : [line`add table ${table}`, ...lines];
}

function addChain({ name, hook }: Chain): Line {
  return hook === undefined
    ? line`add chain ${table} ${name}`
    : line`add chain ${table} ${name} { ${hook}; }`;
}

function addCollection({ kind, name, type }: Collection): Line {
  return kind === 'set'
    ? line`add set ${table} ${name} { type ${type}; }`
    : line`add map ${table} ${name} { type ${type}; }`;
}

function fill({ name, rules }: Chain, known: boolean): Line[] {
  return [
    ...(known ? [line`flush chain ${table} ${name}`] : []),
    ...rules.map((rule) => line`add rule ${table} ${name} ${rule}`),
  ];
}

function elements(before: readonly Line[], { name, elements: after }: Collection): Line[] {
  const [old, next] = [new Set(before), new Set(after)];
  const less = before.filter((element) => !next.has(element));
  const more = after.filter((element) => !old.has(element));
  return [
    ...(less.length > 0 ? [line`delete element ${table} ${name} { ${list(less)} }`] : []),
    ...(more.length > 0 ? [line`add element ${table} ${name} { ${list(more)} }`] : []),
  ];
}

function list(lines: readonly Line[]): Line {
  return lines.join(', ') as Line;
}

function byName<T extends { readonly name: Word }>(items: readonly T[] = []): ReadonlyMap<Word, T> {
  return new Map(items.map((item) => [item.name, item]));
}

function gone<T extends { readonly name: Word }>(old: ReadonlyMap<Word, T>, next: readonly T[]): T[] {
  const names = new Set(next.map(({ name }) => name));
  return [...old.values()].filter(({ name }) => !names.has(name));
}

function sameLines(a: readonly Line[] | undefined, b: readonly Line[]): boolean {
  return a?.length === b.length && a.every((text, at) => text === b[at]);
}
