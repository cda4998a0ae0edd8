/**
 * Filters and orders of runs and experiments, in the words that clients write: OData, with quotes of either kind or none.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { WorkspaceError } from './error.ts';

type Test = (row: JsonObject) => boolean;

/** Members of maps that are absent answer no comparison: `Tags/x ne null or Tags/x eq null` says that x is there. */
const maps: ReadonlySet<string> = new Set(['tags', 'properties']);

/** Compiles a filter; none lets everything through. Throws a WorkspaceError where it is not understood. */
export function filterOf(text: string | undefined | null): Test {
  if (text === undefined || text === null || text.trim() === '') return () => true;
  const words = wordsOf(text);
  const test = either(words, text);
  if (words.length > 0) throw unknown(text);
  return test;
}

/** Compiles an order, e.g. `StartTimeUtc desc`. What has no value comes last. */
export function orderOf(text: string | undefined | null): (a: JsonObject, b: JsonObject) => number {
  if (text === undefined || text === null || text.trim() === '') return () => 0;
  const [, path = '', direction = 'asc'] = /^\s*([\w/.]+)(?:\s+(asc|desc))?\s*$/i.exec(text) ?? [];
  if (path === '') throw new WorkspaceError('malformed', `The order '${text}' is not understood.`);
  const sign = direction.toLowerCase() === 'desc' ? -1 : 1;
  return (a, b) => {
    const [left, right] = [at(a, path), at(b, path)];
    if (left === right) return 0;
    if (left === undefined || left === null) return 1;
    if (right === undefined || right === null) return -1;
    return left < right ? -sign : sign;
  };
}

function wordsOf(text: string): string[] {
  const word = /\(|\)|\b(?:and|or)\b(?=[\s(])|'(?:[^']|'')*'|"[^"]*"|[^\s()'"]+/gi;
  return text.match(word) ?? [];
}

function either(words: string[], text: string): Test {
  const tests = [both(words, text)];
  while (words[0]?.toLowerCase() === 'or') {
    words.shift();
    tests.push(both(words, text));
  }
  return (row) => tests.some((test) => test(row));
}

function both(words: string[], text: string): Test {
  const tests = [one(words, text)];
  while (words[0]?.toLowerCase() === 'and') {
    words.shift();
    tests.push(one(words, text));
  }
  return (row) => tests.every((test) => test(row));
}

function one(words: string[], text: string): Test {
  if (words[0] === '(') {
    words.shift();
    const test = either(words, text);
    if (words.shift() !== ')') throw unknown(text);
    return test;
  }
  const [path, operator] = [words.shift() ?? '', words.shift()?.toLowerCase() ?? ''];
  const compare = Object.hasOwn(comparisons, operator) ? comparisons[operator] : undefined;
  if (!/^[\w/.-]+$/.test(path) || !compare) throw unknown(text);
  const value: string[] = [];
  while (words[0] !== undefined && !/^(\(|\)|and|or)$/i.test(words[0])) value.push(words.shift() ?? '');
  if (value.length === 0) throw unknown(text);
  const wanted = textOf(value.join(' '));
  return (row) => {
    const found = at(row, path);
    if (found === undefined && maps.has(path.split('/')[0]?.toLowerCase() ?? '')) return false;
    return compare(found ?? null, wanted);
  };
}

const comparisons: Readonly<Record<string, (found: Json, wanted: string | null) => boolean>> = {
  eq: (found, wanted) => same(found, wanted),
  ne: (found, wanted) => !same(found, wanted),
  gt: (found, wanted) => found !== null && wanted !== null && order(found, wanted) > 0,
  ge: (found, wanted) => found !== null && wanted !== null && order(found, wanted) >= 0,
  lt: (found, wanted) => found !== null && wanted !== null && order(found, wanted) < 0,
  le: (found, wanted) => found !== null && wanted !== null && order(found, wanted) <= 0,
};

function same(found: Json, wanted: string | null): boolean {
  return wanted === null ? found === null : found !== null && String(found) === wanted;
}

/** Times and numbers compare as such, everything else as text. */
function order(found: Json, wanted: string): number {
  const [left, right] = [String(found), wanted];
  const numbers = typeof found === 'number' ? [found, Number(right)] : [Date.parse(left), Date.parse(right)];
  const [a = Number.NaN, b = Number.NaN] = numbers;
  if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  return left < right ? -1 : left > right ? 1 : 0;
}

function textOf(text: string): string | null {
  if (text === 'null') return null;
  if (/^".*"$/s.test(text)) return text.slice(1, -1);
  return /^'.*'$/s.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text;
}

/** Finds a member by its path, the first letter of each part of any case. A name may have dots. */
function at(row: JsonObject, path: string): Json | undefined {
  const [first = '', ...rest] = path.split('/');
  const member = Object.keys(row).find((key) => key.toLowerCase() === first.toLowerCase());
  let found: Json | undefined = member === undefined ? undefined : row[member];
  for (const part of rest) {
    found = isObject(found) && Object.hasOwn(found, part) ? found[part] : undefined;
  }
  return found;
}

function unknown(text: string): WorkspaceError {
  return new WorkspaceError(
    'malformed',
    `The filter '${text}' is not understood: write comparisons (eq, ne, gt, ge, lt, le) joined by and, or.`,
  );
}
