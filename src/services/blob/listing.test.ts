/**
 * Pages of a list: together they are the list, whatever their size.
 *
 * @module
 */

import { array, assert, constantFrom, integer, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StorageError } from './error.ts';
import { listQuery, pageOf } from './listing.ts';
import { rangeOf } from './range.ts';

const includes = new Set(['metadata']);
const query = (text: string) => listQuery(new URLSearchParams(text), includes);
const items = (names: readonly string[]) => [...new Set(names)].sort().map((name) => ({ name }));

function pages(names: readonly string[], asked: Record<string, string>): string[][] {
  const prefix = asked['prefix'] ?? '';
  const all: string[][] = [];
  let marker = '';
  do {
    const search = new URLSearchParams({ ...asked, marker });
    const page = pageOf(
      items(names).filter(({ name }) => name.startsWith(prefix)),
      listQuery(search, includes),
    );
    all.push(page.entries.map((each) => (each.kind === 'item' ? each.item.name : `${each.prefix}*`)));
    marker = page.next;
  } while (marker !== '');
  return all;
}

test.each([
  [{}, [['a', 'b/1', 'b/2', 'b/c/3', 'd']]],
  [{ prefix: 'b/' }, [['b/1', 'b/2', 'b/c/3']]],
  [{ delimiter: '/' }, [['a', 'b/*', 'd']]],
  [{ prefix: 'b', delimiter: '/' }, [['b/*']]],
  [{ prefix: 'b/', delimiter: '/' }, [['b/1', 'b/2', 'b/c/*']]],
  [{ maxresults: '2' }, [['a', 'b/1'], ['b/2', 'b/c/3'], ['d']]],
  [{ maxresults: '1', delimiter: '/' }, [['a'], ['b/*'], ['d']]],
  [{ prefix: 'none' }, [[]]],
])('%j', (asked, expected) => {
  expect(pages(['a', 'b/1', 'b/2', 'b/c/3', 'd'], asked)).toEqual(expected);
});

test.each([
  ['maxresults=0', 'OutOfRangeQueryParameterValue'],
  ['maxresults=-3', 'OutOfRangeQueryParameterValue'],
  ['maxresults=many', 'InvalidQueryParameterValue'],
  ['marker=%21%21', 'InvalidQueryParameterValue'],
  ['include=everything', 'InvalidQueryParameterValue'],
])('%s is refused as %s', (text, code) => {
  expect(() => query(text)).toThrow(expect.objectContaining({ code }));
});

test('a page has at most 5000', () => {
  expect(query('maxresults=5001')).toMatchObject({ max: 5000, maxGiven: true });
  expect(query('')).toMatchObject({ max: 5000, maxGiven: false });
});

describe('any list', () => {
  const letters = constantFrom('a', 'b', '/', 'é', '😀');
  test('is the same in pages of any size', () => {
    const name = string({ minLength: 1, maxLength: 5, unit: letters });
    assert(
      property(
        array(name, { maxLength: 30 }),
        integer({ min: 1, max: 7 }),
        constantFrom('', '/', 'ab'),
        (names, max, delimiter) => {
          const whole = pages(names, { delimiter }).flat();
          const paged = pages(names, { delimiter, maxresults: String(max) });
          expect(paged.flat()).toEqual(whole);
          expect(new Set(whole).size).toBe(whole.length);
          expect(paged.slice(0, -1).every((page) => page.length === max)).toBe(true);
        },
      ),
    );
  });
});

describe('ranges', () => {
  test.each([
    ['range', 'bytes=0-0', { from: 0, to: 0 }],
    ['range', 'bytes=2-', { from: 2, to: 9 }],
    ['range', 'bytes=2-5', { from: 2, to: 5 }],
    ['range', 'bytes=2-99', { from: 2, to: 9 }],
    ['x-ms-range', 'bytes=9-9', { from: 9, to: 9 }],
  ])('%s: %s of 10', (header, text, expected) => {
    expect(rangeOf({ [header]: text }, 10)).toEqual(expected);
  });

  test('its own header goes first, and none is all', () => {
    expect(rangeOf({ range: 'bytes=0-1', 'x-ms-range': 'bytes=2-3' }, 10)).toEqual({ from: 2, to: 3 });
    expect(rangeOf({}, 10)).toBeUndefined();
  });

  test.each([
    ['bytes=-5', 400],
    ['bytes=5-2', 400],
    ['bytes=1-2,4-5', 400],
    ['octets=1-2', 400],
    ['bytes=a-b', 400],
    ['bytes=10-', 416],
    ['bytes=10-12', 416],
  ])('%s of 10 is refused with %i', (range, status) => {
    expect(() => rangeOf({ range }, 10)).toThrow(expect.objectContaining({ status }));
  });

  test('any range lies within its blob', () => {
    assert(
      property(
        integer({ min: 0, max: 20 }),
        integer({ min: 0, max: 20 }),
        integer({ min: 0, max: 15 }),
        (a, b, size) => {
          try {
            const range = rangeOf({ range: `bytes=${a}-${b}` }, size);
            expect(range).toEqual({ from: a, to: Math.min(b, size - 1) });
            expect(a <= b && a < size).toBe(true);
          } catch (error) {
            if (!(error instanceof StorageError)) throw error;
            expect(error.code).toBe(a > b ? 'InvalidHeaderValue' : 'InvalidRange');
          }
        },
      ),
    );
  });
});
