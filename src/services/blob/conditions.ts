/**
 * Conditional headers (RFC 9110 section 13, as storage words them).
 *
 * @module
 */

import { invalidHeader, StorageError } from './error.ts';
import type { Blob } from './row.ts';

type Headers = Readonly<Record<string, string | undefined>>;

/** What conditions are held against. */
type State = Pick<Blob, 'etag' | 'modified'>;

/** Throws where a write's conditions do not hold; `before` is what is there now. */
export function checkWrite(headers: Headers, before: State | undefined): void {
  if (failsToMatch(headers, before) || isUnchanged(headers, before))
    throw new StorageError('ConditionNotMet');
}

/** Throws where a read's conditions do not hold: 304 where the client has the state already. */
export function checkRead(headers: Headers, state: State): void {
  if (headers['if-none-match']?.trim() === '*') throw new StorageError('UnsatisfiableCondition');
  if (failsToMatch(headers, state)) throw new StorageError('ConditionNotMet');
  if (isUnchanged(headers, state)) {
    const own = { etag: `"${state.etag}"`, 'last-modified': new Date(state.modified).toUTCString() };
    throw new StorageError('ConditionNotMet', { status: 304, headers: own });
  }
}

function failsToMatch(headers: Headers, state: State | undefined): boolean {
  const { 'if-match': match } = headers;
  if (match !== undefined) return !names(match, state);
  const since = dateOf(headers, 'if-unmodified-since');
  return since !== undefined && state !== undefined && secondsOf(state.modified) > since;
}

function isUnchanged(headers: Headers, state: State | undefined): boolean {
  const { 'if-none-match': none } = headers;
  if (none !== undefined) return names(none, state);
  const since = dateOf(headers, 'if-modified-since');
  return since !== undefined && state !== undefined && secondsOf(state.modified) <= since;
}

/** Reports whether a list of entity tags names the state. */
function names(list: string, state: State | undefined): boolean {
  if (state === undefined) return false;
  const tags = list.split(',').map((tag) =>
    tag
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1'),
  );
  return tags.some((tag) => tag === '*' || tag === state.etag);
}

/** Dates on the wire have whole seconds, so the rest of a state's date does not count. */
function secondsOf(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function dateOf(headers: Headers, name: string): number | undefined {
  const text = headers[name];
  if (text === undefined) return undefined;
  const date = Date.parse(text);
  if (Number.isNaN(date)) throw invalidHeader(name, text);
  return secondsOf(date);
}

/** Throws where a copy's conditions on its source do not hold. */
export function checkSource(headers: Headers, source: State): void {
  const names = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];
  checkWrite(Object.fromEntries(names.map((name) => [name, headers[`x-ms-source-${name}`]])), source);
}
