/**
 * Query options of OData, as far as directories are asked with them: `$filter`, `$select`, `$top`, `$count`.
 *
 * @module
 */

import { asList, asText, type Json, type JsonObject } from '../../lib/json.ts';

/** What is wrong with a query. */
export class QueryProblem extends Error {}

type Test = (item: JsonObject) => boolean;

const known = new Set(['$filter', '$select', '$top', '$count', '$skiptoken']);
const largestPage = 999;
const usualPage = 100;

/** One page of what a query asks for. */
export interface Page {
  readonly value: readonly JsonObject[];
  /** All that match, where it was asked for. */
  readonly count: number | undefined;
  /** Where the next page starts; undefined: this is the last. */
  readonly next: number | undefined;
}

/** Answers a query. Throws {@link QueryProblem}. */
export function pageOf(all: readonly JsonObject[], query: URLSearchParams): Page {
  for (const name of query.keys()) {
    if (name.startsWith('$') && !known.has(name))
      throw new QueryProblem(`The query option '${name}' is not supported by Cloister.`);
  }
  const filter = query.get('$filter');
  const found = filter === null ? all : all.filter(testOf(filter));
  const size = numberIn(query, '$top', usualPage);
  if (size < 1 || size > largestPage)
    throw new QueryProblem(
      `Invalid page size specified: '${size}'. Must be between 1 and ${largestPage} inclusive.`,
    );
  const start = numberIn(query, '$skiptoken', 0);
  const end = start + size;
  return {
    value: found.slice(start, end).map((item) => selected(item, query.get('$select'))),
    count: query.get('$count') === 'true' ? found.length : undefined,
    next: end < found.length ? end : undefined,
  };
}

/** Leaves of an object what `$select` names. */
export function selected(item: JsonObject, select: string | null): JsonObject {
  if (select === null || select === '') return item;
  const names = new Set(select.split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(
    Object.entries(item).filter(([name]) => name.startsWith('@') || names.has(name.toLowerCase())),
  );
}

function numberIn(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new QueryProblem(`Invalid value '${text}' for ${name}.`);
  return Number(text);
}

/** `and` binds more than `or`; there are no brackets. */
function testOf(filter: string): Test {
  const either = splitAt(filter, 'or').map((part) => {
    const tests = splitAt(part, 'and').map(termOf);
    return (item: JsonObject): boolean => tests.every((test) => test(item));
  });
  return (item) => either.some((test) => test(item));
}

/** Splits at a word, but not inside quotes. */
function splitAt(text: string, word: 'or' | 'and'): string[] {
  const parts: string[] = [];
  const tokens = new RegExp(`'(?:[^']|'')*'|\\s${word}\\s|[\\s\\S]`, 'gi');
  let part = '';
  for (const [token] of text.matchAll(tokens)) {
    if (token.trim().toLowerCase() === word) {
      parts.push(part);
      part = '';
    } else part += token;
  }
  return [...parts, part];
}

const equals = /^(\w+) eq (?:'((?:[^']|'')*)'|(true|false))$/i;
const starts = /^startswith\((\w+),\s*'((?:[^']|'')*)'\)$/i;
const some = /^(\w+)\/any\((\w+):\s*\2 eq '((?:[^']|'')*)'\)$/i;

function termOf(term: string): Test {
  const text = term.trim().replace(/^\((.*)\)$/, '$1');
  const same = equals.exec(text);
  if (same) {
    const [, name = '', quoted, word] = same;
    const wanted = quoted === undefined ? word?.toLowerCase() : unquoted(quoted);
    return (item) => lower(field(item, name)) === wanted;
  }
  const begins = starts.exec(text);
  if (begins) {
    const [, name = '', quoted = ''] = begins;
    return (item) => lower(field(item, name))?.startsWith(unquoted(quoted)) === true;
  }
  const any = some.exec(text);
  if (any) {
    const [, name = '', , quoted = ''] = any;
    return (item) => asList(field(item, name)).some((value) => lower(value) === unquoted(quoted));
  }
  throw new QueryProblem(`The filter '${text}' is not supported by Cloister: write eq, startswith or any.`);
}

function unquoted(text: string): string {
  return text.replaceAll("''", "'").toLowerCase();
}

function field(item: JsonObject, name: string): Json | undefined {
  const wanted = name.toLowerCase();
  const found = Object.keys(item).find((each) => each.toLowerCase() === wanted);
  if (found === undefined)
    throw new QueryProblem(`Unsupported or invalid query filter clause specified for property '${name}'.`);
  return item[found];
}

function lower(value: Json | undefined): string | undefined {
  return typeof value === 'boolean' ? String(value) : asText(value)?.toLowerCase();
}
