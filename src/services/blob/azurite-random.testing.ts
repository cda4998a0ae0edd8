/**
 * Sequences of requests from a seed, for Azurite and our own service. They keep away from what is known to differ.
 *
 * @module
 */

import type { Step } from './azurite.testing.ts';

const ids = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const block = { 'x-ms-blob-type': 'BlockBlob' };

/** Returns a source of numbers below a bound (mulberry32). */
function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/**
 * Returns the steps of a seed. Every blob is there before and put again after it may be gone: a lease on what is not
 * there is 412 since version 2013-08-15, and a copy ends a broken lease like any write; Azurite knows neither.
 */
export function randomSteps(seed: number, count: number): readonly Step[] {
  const next = numbers(seed);
  const pick = <T>(values: readonly [T, ...T[]]): T => values[next(values.length)] ?? values[0];
  const put = (path: string): Step => ({
    name: `put ${path}`,
    line: `PUT ${path}`,
    headers: block,
    body: path,
  });
  const steps = Array.from({ length: count }, (_, index) => {
    const step = stepOf(pick, index);
    const breaks = step.headers?.['x-ms-lease-action'] === 'break';
    const path = /^\S+ ([^?]*)/.exec(step.line)?.[1] ?? '';
    const gone = step.line.startsWith('DELETE ') || breaks ? [put(path)] : [];
    return [{ name: `${seed}: ${step.line}`, ...step }, ...gone];
  });
  return [...['/C/x', '/C/y', '/C/dir/z'].map(put), ...steps.flat()];
}

function stepOf(pick: <T>(values: readonly [T, ...T[]]) => T, index: number): Omit<Step, 'name'> {
  const blob = pick(['/C/x', '/C/y', '/C/dir/z']);
  const held = pick([{}, {}, { 'x-ms-lease-id': ids[0] ?? '' }, { 'x-ms-lease-id': ids[1] ?? '' }]) as Record<
    string,
    string
  >;
  const proposed = { 'x-ms-proposed-lease-id': pick([ids[0] ?? '', ids[1] ?? '']) };
  const lease = (headers: Record<string, string>) => ({ line: `PUT ${blob}?comp=lease`, headers });
  const make = pick([
    () => ({
      line: `PUT ${blob}`,
      headers: { ...block, ...held, 'x-ms-meta-n': String(index) },
      body: `body ${index}`,
    }),
    () => ({
      line: `PUT ${blob}`,
      headers: { ...block, ...held, 'if-none-match': '*' },
      body: `new ${index}`,
    }),
    () => ({ line: `HEAD ${blob}`, headers: held }),
    () => ({ line: `GET ${blob}`, headers: { 'x-ms-range': 'bytes=0-2' } }),
    () => ({ line: `DELETE ${blob}`, headers: held }),
    () => ({ line: `PUT ${blob}?comp=metadata`, headers: { ...held, 'x-ms-meta-m': String(index) } }),
    () => ({
      line: `PUT ${blob}`,
      headers: { ...held, 'x-ms-copy-source': `SELF${pick(['/C/x', '/C/y'])}` },
    }),
    () => lease({ 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '-1', ...proposed }),
    () => lease({ 'x-ms-lease-action': 'release', 'x-ms-lease-id': proposed['x-ms-proposed-lease-id'] }),
    () => lease({ 'x-ms-lease-action': 'renew', 'x-ms-lease-id': proposed['x-ms-proposed-lease-id'] }),
    () => lease({ 'x-ms-lease-action': 'change', 'x-ms-lease-id': ids[0] ?? '', ...proposed }),
    () => lease({ 'x-ms-lease-action': 'break', 'x-ms-lease-break-period': '0' }),
    () => ({ line: 'GET /C?restype=container&comp=list&prefix=dir' }),
  ]);
  return make();
}
