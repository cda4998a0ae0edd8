/**
 * Expressions that parse, and those that do not.
 *
 * @module
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { never } from '../../lib/result.ts';
import { type Expression, ExpressionProblem, isExpression, unescapeLiteral } from './expression.ts';
import { parseExpression } from './parser.ts';

/** Prints an expression in one canonical form. */
function print(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return JSON.stringify(expression.value);
    case 'member':
      return `${print(expression.of)}[${print(expression.key)}]`;
    case 'call': {
      const name =
        expression.namespace === undefined ? expression.name : `${expression.namespace}::${expression.name}`;
      return `${name}(${expression.args.map(print).join(' ')})`;
    }
    default:
      return never(expression);
  }
}

describe('parseExpression', () => {
  const rows: readonly [text: string, printed: string][] = [
    ["['x']", '"x"'],
    ["['it''s']", '"it\'s"'],
    ["['']", '""'],
    ['[12]', '12'],
    ['[-12]', '-12'],
    ['[resourceGroup()]', 'resourceGroup()'],
    ["[concat('a', 'b')]", 'concat("a" "b")'],
    ["[ concat ( 'a' ,\n 'b' ) ]", 'concat("a" "b")'],
    ['[resourceGroup().location]', 'resourceGroup()["location"]'],
    ["[variables('a')[0]]", 'variables("a")[0]'],
    ["[variables('a')['x y']]", 'variables("a")["x y"]'],
    ["[variables('a')[copyIndex()].b[0].c]", 'variables("a")[copyIndex()]["b"][0]["c"]'],
    ["[a(b(c('x')), 1)]", 'a(b(c("x")) 1)'],
    ["[contoso.uniqueName('x')]", 'contoso::uniqueName("x")'],
    ["[__bicep.ns.f('x').y]", '__bicep.ns::f("x")["y"]'],
    ["['[not an expression]']", '"[not an expression]"'],
    [`[${'f('.repeat(200)}${')'.repeat(200)}]`, `${'f('.repeat(200)}${')'.repeat(200)}`],
  ];
  test.each(rows)('%s', (text, printed) => {
    expect(print(parseExpression(text))).toBe(printed);
  });
});

describe('parseExpression refuses', () => {
  const rows: readonly [text: string, at: number, message: string][] = [
    ['x', 0, 'expected an expression in brackets'],
    ['[]', 1, 'expected a function, a text or an integer, found the end of the expression'],
    ["[concat('a'", 0, 'expected an expression in brackets'],
    ["[concat('a']", 11, "expected ',' or ')', found the end of the expression"],
    ["[concat('a' 'b')]", 12, "expected ',' or ')', found the text 'b'"],
    ["[concat('a'))]", 12, "expected '.', '[' or the end of the expression, found ')'"],
    ['[concat(,)]', 8, "expected a function, a text or an integer, found ','"],
    ["['open]", 1, "expected a closing ' (write '' for a quote inside a text)"],
    ['[concat("a")]', 8, "expected a text in single quotes, found '\"'"],
    [
      '[1 + 2]',
      3,
      "expected a function, found '+'; the language has no operators, only functions such as add() and equals()",
    ],
    ['[1.5]', 1, "expected an integer, found 1.5; write json('1.5')"],
    ['[99999999999999999999]', 1, 'expected an integer of at most 2^53, found 99999999999999999999'],
    ['[true]', 5, "expected '(' after 'true' (write true()), found the end of the expression"],
    ['[a.b]', 4, "expected '(' after 'b', found the end of the expression"],
    ['[f().]', 5, "expected a name after '.', found the end of the expression"],
    ['[f()[0]', 6, "expected ']', found the end of the expression"],
    ['[f(#)]', 3, "expected a function, a text or an integer, found '#'"],
    [`[${'f('.repeat(5000)}]`, 503, 'expected at most 250 levels of nesting'],
    [`[f()${'.a'.repeat(5000)}]`, 502, 'expected at most 250 levels of nesting'],
    [`['${'x'.repeat(30_000)}']`, 24_576, 'expected at most 24576 characters, found 30004'],
  ];
  test.each(rows)('%#: %.60s', (text, at, message) => {
    expect(() => parseExpression(text)).toThrow(ExpressionProblem);
    expect(() => parseExpression(text)).toThrow(expect.objectContaining({ at, message }) as Error);
  });

  test('any text with ExpressionProblem and nothing else', () => {
    const pieces = fc.constantFrom(...'[]().,\'"+-01 a\n', "''", 'f(', '.x', '[0]', 'ns.f(');
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 80 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (inner) => {
        try {
          parseExpression(`[${inner}]`);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionProblem);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('what is an expression', () => {
  const rows: readonly [text: string, expression: boolean, literal: string][] = [
    ['', false, ''],
    ['x', false, 'x'],
    ['[', false, '['],
    ['[f()]', true, '[f()]'],
    ['[[f()]', false, '[f()]'],
    ['[[f()', false, '[[f()'],
    ['[f()] x', false, '[f()] x'],
    [' [f()]', false, ' [f()]'],
  ];
  test.each(rows)('%j', (text, expression, literal) => {
    expect(isExpression(text)).toBe(expression);
    expect(unescapeLiteral(text)).toBe(literal);
  });
});
