/**
 * Functions on arrays and objects (and texts, where one function takes both).
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-array
 *
 * @module
 */

import { equalJson, isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import { keyNamed, memberNamed } from '../members.ts';
import { type Arguments, any, type TemplateFunction } from './contract.ts';

/** Functions on arrays and objects, by name. */
export const collectionFunctions = {
  array: { takes: [1, 1], call: (args) => (Array.isArray(args.value(0)) ? args.value(0) : [args.value(0)]) },
  contains: { takes: [2, 2], call: contains },
  createArray: { takes: [0, any], call: (args) => args.values() },
  createObject: { takes: [0, any], call: createObject },
  empty: { takes: [1, 1], call: (args) => args.value(0) === null || sizeOf(args) === 0 },
  first: { takes: [1, 1], call: (args) => endOf(args, 0) },
  flatten: {
    takes: [1, 1],
    call: (args) => args.list(0).flatMap((item) => (Array.isArray(item) ? (item as Json[]) : [item])),
  },
  indexOf: { takes: [2, 2], call: (args) => find(args, 'indexOf') },
  intersection: { takes: [2, any], call: intersection },
  items: { takes: [1, 1], call: items },
  last: { takes: [1, 1], call: (args) => endOf(args, -1) },
  lastIndexOf: { takes: [2, 2], call: (args) => find(args, 'lastIndexOf') },
  length: { takes: [1, 1], call: sizeOf },
  objectKeys: { takes: [1, 1], call: (args) => Object.keys(args.object(0)).sort(byName) },
  range: { takes: [2, 2], call: range },
  shallowMerge: { takes: [1, 1], call: shallowMerge },
  skip: { takes: [2, 2], call: (args) => slice(args, Math.max(0, args.integer(1)), undefined) },
  take: { takes: [2, 2], call: (args) => slice(args, 0, Math.max(0, args.integer(1))) },
  tryGet: { takes: [2, any], call: tryGet },
  union: { takes: [1, any], call: union },
} satisfies Record<string, TemplateFunction>;

/** Keys of objects ignore case, texts and items do not. */
function contains(args: Arguments): Json {
  const container = args.value(0);
  const wanted = args.value(1);
  if (Array.isArray(container)) return container.some((item: Json) => equalJson(item, wanted));
  if (isObject(container)) return keyNamed(container, args.text(1)) !== undefined;
  if (typeof container !== 'string') throw args.wrong(0, 'an array, an object or a text');
  if (typeof wanted !== 'string' && typeof wanted !== 'number') throw args.wrong(1, 'a text');
  return container.includes(String(wanted));
}

function createObject(args: Arguments): Json {
  if (args.count % 2 !== 0)
    throw args.problem(`expects a value after each name, but got ${args.count} arguments`);
  const members = new Map<string, readonly [string, Json]>();
  for (let index = 0; index < args.count; index += 2) {
    const name = args.text(index);
    members.set(name.toLowerCase(), [name, args.value(index + 1)]);
  }
  return Object.fromEntries(members.values());
}

function sizeOf(args: Arguments): number {
  const value = args.value(0);
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  if (isObject(value)) return Object.keys(value).length;
  throw args.wrong(0, 'an array, an object or a text');
}

function endOf(args: Arguments, index: number): Json {
  const value = args.value(0);
  if (typeof value === 'string') return value.at(index) ?? '';
  if (Array.isArray(value)) return (value as Json[]).at(index) ?? null;
  throw args.wrong(0, 'an array or a text');
}

/** In a text without regard to case, in an array with it; -1 where there is none. */
function find(args: Arguments, way: 'indexOf' | 'lastIndexOf'): Json {
  const value = args.value(0);
  if (typeof value === 'string') return value.toLowerCase()[way](args.text(1).toLowerCase());
  if (!Array.isArray(value)) throw args.wrong(0, 'an array or a text');
  const wanted = args.value(1);
  const same = (item: Json): boolean => equalJson(item, wanted);
  return way === 'indexOf' ? value.findIndex(same) : value.findLastIndex(same);
}

function intersection(args: Arguments): Json {
  const first = args.value(0);
  if (Array.isArray(first)) {
    let kept = distinct(first);
    for (let index = 1; index < args.count; index++) {
      const other = args.list(index);
      kept = kept.filter((item) => other.some((candidate) => equalJson(candidate, item)));
    }
    return kept;
  }
  let entries = Object.entries(args.object(0));
  for (let index = 1; index < args.count; index++) {
    const other = args.object(index);
    entries = entries.filter(([name, item]) => equalJson(memberNamed(other, name), item));
  }
  return Object.fromEntries(entries);
}

/** Members as `{key, value}`, sorted by key. */
function items(args: Arguments): Json {
  const object = args.object(0);
  return Object.keys(object)
    .sort(byName)
    .map((key) => ({ key, value: object[key] ?? null }));
}

function range(args: Arguments): Json {
  const start = args.integer(0);
  const count = args.integer(1);
  if (count < 0 || count > 10_000) throw args.wrong(1, 'a count from 0 to 10000');
  return Array.from({ length: count }, (_, index) => start + index);
}

function slice(args: Arguments, from: number, to: number | undefined): Json {
  const value = args.value(0);
  if (typeof value === 'string' || Array.isArray(value)) return value.slice(from, to) as Json;
  throw args.wrong(0, 'an array or a text');
}

/** Follows keys and indices; null as soon as one is missing. Later keys are then not evaluated. */
function tryGet(args: Arguments): Json {
  let value = args.value(0);
  for (let index = 1; index < args.count; index++) {
    if (value === null) return null;
    const key = args.value(index);
    if (Array.isArray(value) && typeof key === 'number') value = (value as Json[])[key] ?? null;
    else if (isObject(value) && typeof key === 'string') value = memberNamed(value, key) ?? null;
    else if (typeof key !== 'string' && typeof key !== 'number')
      throw args.wrong(index, 'a name or an index');
    else return null;
  }
  return value;
}

/** Arrays without repetition, or objects merged into one another (later ones win). */
function union(args: Arguments): Json {
  if (Array.isArray(args.value(0))) return distinct(args.values().flatMap((_, index) => args.list(index)));
  return args
    .values()
    .map((_, index) => args.object(index))
    .reduce(merge);
}

function merge(a: JsonObject, b: JsonObject): JsonObject {
  const members = new Map(
    Object.entries(a).map(([name, value]) => [name.toLowerCase(), [name, value] as const]),
  );
  for (const [name, value] of Object.entries(b)) {
    const before = members.get(name.toLowerCase());
    const merged = before && isObject(before[1]) && isObject(value) ? merge(before[1], value) : value;
    members.set(name.toLowerCase(), [before?.[0] ?? name, merged]);
  }
  return Object.fromEntries(members.values());
}

function shallowMerge(args: Arguments): Json {
  const members = new Map<string, readonly [string, Json | undefined]>();
  for (const item of args.list(0)) {
    if (!isObject(item)) throw args.wrong(0, 'an array of objects');
    for (const [name, value] of Object.entries(item)) {
      members.set(name.toLowerCase(), [members.get(name.toLowerCase())?.[0] ?? name, value]);
    }
  }
  return Object.fromEntries(members.values());
}

/** Leaves out what was there before. Texts and numbers by a set, so that long arrays stay fast. */
function distinct(values: readonly Json[]): Json[] {
  const simple = new Set<Json>();
  const kept: Json[] = [];
  const compound: Json[] = [];
  for (const value of values) {
    if (typeof value !== 'object' || value === null) {
      if (simple.has(value)) continue;
      simple.add(value);
    } else {
      if (compound.some((other) => equalJson(other, value))) continue;
      compound.push(value);
    }
    kept.push(value);
  }
  return kept;
}

/** The order of `items()`: by name without case, then by name. */
function byName(a: string, b: string): number {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  return x < y ? -1 : x > y ? 1 : a < b ? -1 : a > b ? 1 : 0;
}
