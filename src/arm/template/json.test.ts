/**
 * What the JSON reader takes, what it refuses and where.
 *
 * @module
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { growth } from '../../../test/support/growth.ts';
import type { Json } from '../../lib/json.ts';
import { readJson } from './json.ts';
import { SyntaxProblem } from './problem.ts';

describe('readJson accepts', () => {
  const rows: readonly [what: string, text: string, value: Json][] = [
    ['an object', '{"a": [1, true, null, "x"]}', { a: [1, true, null, 'x'] }],
    ['numbers', '[0, -1, 1.5, 2e3, -0.25E-1]', [0, -1, 1.5, 2000, -0.025]],
    ['a number without a leading zero', '[.25]', [0.25]],
    ['escapes', '"\\u0041\\n\\"\\\\\\/"', 'A\n"\\/'],
    ['a line comment', '{ // remark\n "a": 1 } // end', { a: 1 }],
    ['a block comment', '/* x */ {"a": /* y\n */ 1}', { a: 1 }],
    ['comment marks in a text', '["/* no */ // no"]', ['/* no */ // no']],
    ['trailing commas', '{"a": [1, 2,], }', { a: [1, 2] }],
    ['a text over two lines', '{"a": "one\n two"}', { a: 'one\n two' }],
    ['a byte order mark', '\ufeff{"a": 1}', { a: 1 }],
    [
      'what az sends',
      '{"properties": {"mode": "Incremental", template:{"a": 1}}}',
      { properties: { mode: 'Incremental', template: { a: 1 } } },
    ],
    ['single quotes', "{'a': 'it\\'s'}", { a: "it's" }],
    [
      'a name that objects inherit',
      '{"__proto__": 1, "constructor": 2}',
      JSON.parse('{"__proto__": 1, "constructor": 2}'),
    ],
    ['an empty object and an empty array', '[{}, []]', [{}, []]],
    ['white space of all kinds', '\t\r\n\u00a0[\f]\v', []],
    ['200 levels', '['.repeat(200) + ']'.repeat(200), JSON.parse('['.repeat(200) + ']'.repeat(200))],
  ];
  test.each(rows)('%s', (_, text, value) => {
    expect(readJson(text, 'f').value).toEqual(value);
  });
});

describe('readJson refuses', () => {
  const rows: readonly [what: string, text: string, message: string][] = [
    ['nothing', '', 'f:1:1: expected a value, found the end of the text'],
    ['only a comment', '// x', 'f:1:5: expected a value, found the end of the text'],
    ['a word', '{"a": yes}', "f:1:7: expected a value, found 'yes'"],
    ['a lone comma', '[,]', "f:1:2: expected a value, found ','"],
    ['a missing comma', '{"a": 1\n "b": 2}', "f:2:2: expected ',' or '}', found '\"'"],
    ['a missing colon', '{"a" 1}', "f:1:6: expected ':' after the name 'a', found '1'"],
    ['a missing bracket', '[1, 2', "f:1:6: expected ',' or ']', found the end of the text"],
    ['more after the end', '{} x', "f:1:4: expected the end of the text, found 'x'"],
    ['an open text', '{"a": "x', 'f:1:7: expected a closing ", found the end of the text'],
    ['an open comment', '{} /* x', "f:1:4: expected '*/', found the end of the text"],
    ['a bad escape', '["\\x41"]', "f:1:3: expected an escape such as '\\n' or '\\\\', found '\\x'"],
    ['a short code', '["\\u12"]', "f:1:3: expected four hexadecimal digits after '\\u', found '12\"]'"],
    ['a number name', '{1: 2}', "f:1:2: expected a name or '}', found '1'"],
    ['a lone minus', '[-]', "f:1:2: expected a number that can be held, found '-'"],
    ['a number too large', '[1e999]', "f:1:7: expected a number that can be held, found ']'"],
    [
      'a name given twice',
      '{"a": 1,\n\n "A": 2}',
      "f:3:2: expected each name once (case does not matter), found 'A' again (first in line 1)",
    ],
    ['201 levels', '['.repeat(202), 'f:1:202: nested deeper than 200 levels'],
    ['a million levels', '[{"a":'.repeat(1_000_000), 'f:1:602: nested deeper than 200 levels'],
  ];
  test.each(rows)('%s', (_, text, message) => {
    expect(() => readJson(text, 'f')).toThrow(SyntaxProblem);
    expect(() => readJson(text, 'f')).toThrow(expect.objectContaining({ message }) as Error);
  });
});

describe('positions', () => {
  const document = readJson('\ufeff{\r\n  "a": [10,\n    {"b": true}],\r  c: 1\n}', 'f');
  const rows: readonly [path: (string | number)[], line: number, column: number][] = [
    [[], 1, 1],
    [['a'], 2, 3],
    [['a', 0], 2, 9],
    [['a', 1], 3, 5],
    [['a', 1, 'b'], 3, 6],
    [['c'], 4, 3],
    // Absent: the nearest ancestor that exists.
    [['x'], 1, 1],
    [['a', 7, 'x'], 2, 3],
    [['a', 1, 'x', 'y'], 3, 5],
    [['a', 1, 'b', 'x'], 3, 6],
  ];
  test.each(rows)('%j', (path, line, column) => {
    expect(document.at(path)).toEqual({ line, column });
  });

  test('the error carries file, line and column', () => {
    expect(() => readJson('{\n  x', 'main.json')).toThrow(
      expect.objectContaining({ file: 'main.json', line: 2, column: 4 }) as Error,
    );
  });
});

describe('properties', () => {
  test('reads whatever JSON.stringify prints', () => {
    const unlike = fc.jsonValue({ maxDepth: 6 }).filter((value) => !repeats(value as Json));
    fc.assert(
      fc.property(unlike, fc.constantFrom(undefined, 1, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(readJson(text, 'f').value).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('answers any text with a value or a SyntaxProblem', () => {
    const pieces = fc.constantFrom(
      ...'{}[],:"\'\\/*-.019eEu \n\r\ufeff',
      'true',
      'null',
      'a',
      '//',
      '/*',
      '*/',
      '\\u00',
      '\ud800',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 60 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (given) => {
        try {
          readJson(given, 'f');
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxProblem);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('reads a text in time that grows with its length', () => {
    const read = (count: number): void => {
      const document = readJson(`[${'{"name": "some text", "list": [1, 2, 3]},'.repeat(count)}]`, 'f');
      expect(document.value).toHaveLength(count);
      expect(document.at([count - 1, 'list', 2]).line).toBe(1);
    };
    // Sixteen times the text; in quadratic time it were 256 times the work.
    expect(growth(read, 2_000, 32_000)).toBeLessThan(80);
  });
});

/** Whether an object in the value has names that differ in case alone. */
function repeats(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const names = Object.keys(value).map((name) => name.toLowerCase());
  return new Set(names).size < names.length || Object.values(value).some((item) => repeats(item as Json));
}
