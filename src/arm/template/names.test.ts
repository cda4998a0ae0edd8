/**
 * Variables and user functions.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../lib/json.ts';
import { outputs, prepare, refusal } from './fixture.ts';

describe('variables', () => {
  function value(variables: JsonObject, expression: string): Json | undefined {
    const all = outputs(prepare({ variables, outputs: { o: { type: 'object', value: { v: expression } } } }));
    return ((all.o as JsonObject).value as JsonObject).v;
  }

  const rows: readonly [what: string, variables: JsonObject, expression: string, value: Json][] = [
    ['a literal', { a: 'x' }, "[variables('A')]", 'x'],
    ['one of another', { a: "[concat(variables('b'), '!')]", b: 'x' }, "[variables('a')]", 'x!'],
    ['an object with expressions', { a: { b: ['[add(1, 2)]'] } }, "[variables('a').b[0]]", 3],
    ['an expression as name of a member', { a: { "[concat('x', 'y')]": 1 } }, "[variables('a').xy]", 1],
    ['an escaped bracket', { a: '[[x]' }, "[variables('a')]", '[x]'],
    [
      'a loop',
      { copy: [{ name: 'a', count: 3, input: "[copyIndex('a', 1)]" }] },
      "[variables('a')]",
      [1, 2, 3],
    ],
    [
      'a loop in an object',
      { a: { copy: [{ name: 'b', count: 2, input: { i: "[copyIndex('b')]" } }] } },
      "[variables('a').b]",
      [{ i: 0 }, { i: 1 }],
    ],
    ['a loop of none', { copy: [{ name: 'a', count: 0, input: 'x' }] }, "[variables('a')]", []],
    ['a member named copy', { a: { copy: 'yes' } }, "[variables('a').copy]", 'yes'],
    ['an unused one that is wrong', { a: 'x', b: "[json('{')]" }, "[variables('a')]", 'x'],
  ];
  test.each(rows)('%s', (_, variables, expression, expected) => {
    expect(value(variables, expression)).toEqual(expected);
  });

  const refusals: readonly [what: string, variables: JsonObject, message: string, target: string][] = [
    [
      'an unknown name',
      { abc: "[variables('abd')]" },
      "the variable 'abd' is not defined in the template; did you mean 'abc'?",
      '$.variables.abc',
    ],
    [
      'a cycle',
      { abc: "[variables('b')]", b: "[variables('abc')]" },
      "variables('abc') -> variables('b') -> variables('abc')",
      '$.variables.b',
    ],
    [
      'reference()',
      { abc: "[reference('x').y]" },
      "the function 'reference' cannot be used in a variable",
      '$.variables.abc',
    ],
    [
      'utcNow()',
      { abc: '[utcNow()]' },
      "the function 'utcNow' can only be used in the default value of a parameter",
      '$.variables.abc',
    ],
    [
      'a loop without input',
      { copy: [{ name: 'abc', count: 1 }] },
      "The copy loop 'abc' at '$.variables.copy[0]' has no 'input'",
      '$.variables.copy[0]',
    ],
    [
      'a loop with a negative count',
      { copy: [{ name: 'abc', count: -1, input: 1 }] },
      'must be an integer from 0 to 800, but is -1',
      '$.variables.copy[0].count',
    ],
    [
      'a loop with a text as count',
      { copy: [{ name: 'abc', count: 'x', input: 1 }] },
      "but is the text 'x'",
      '$.variables.copy[0].count',
    ],
    ['a member twice', { abc: { x: 1, "[concat('X')]": 2 } }, "gets the member 'X' twice", '$.variables.abc'],
    [
      'a member named by a number',
      { abc: { '[add(1, 2)]': 2 } },
      'must be a text, but is the integer 3',
      "$.variables.abc['[add(1, 2)]']",
    ],
  ];
  test.each(refusals)('refuses %s', (_, variables, message, target) => {
    const refused = refusal(() => value(variables, "[variables('abc')]"));
    expect(refused.message).toContain(message);
    expect(refused.target).toBe(target);
  });

  test('is evaluated once however often it is used', () => {
    const doubling: Record<string, Json> = { v0: 'x' };
    for (let index = 1; index <= 60; index++) {
      doubling[`v${index}`] = `[take(concat(variables('v${index - 1}'), variables('v${index - 1}')), 4)]`;
    }
    expect(value(doubling, "[variables('v60')]")).toBe('xxxx');
  });
});

describe('user functions', () => {
  const functions = [
    {
      namespace: 'contoso',
      members: {
        full: {
          parameters: [{ name: 'Prefix', type: 'string' }],
          output: { type: 'string', value: "[concat(toLower(parameters('prefix')), '-x')]" },
        },
        twice: {
          parameters: [{ name: 'a', type: 'int' }],
          output: { type: 'object', value: { n: "[mul(parameters('a'), 2)]" } },
        },
        broken: { output: { type: 'string', value: "[variables('v')]" } },
        endless: { output: { type: 'string', value: '[contoso.endless()]' } },
      },
    },
  ];
  function answer(expression: string): Json | undefined {
    const all = outputs(
      prepare({ functions, variables: { v: 'x' }, outputs: { o: { type: 'array', value: [expression] } } }),
    );
    return ((all.o as JsonObject).value as readonly Json[])[0];
  }

  test('answer', () => {
    expect(answer("[Contoso.FULL('AB')]")).toBe('ab-x');
    expect(answer('[contoso.twice(4).n]')).toBe(8);
  });

  test.each([
    [
      "[contoso.ful('x')]",
      "the function 'contoso.ful' is not defined in the template's 'functions'; did you mean 'contoso.full'?",
    ],
    ['[contoso.full()]', "the function 'contoso.full' takes 1 arguments, but got 0"],
    ['[contoso.full(1)]', "cannot take argument 1, 'Prefix': it must be a text, but is the integer 1"],
    [
      '[contoso.broken()]',
      "the function 'contoso.broken' cannot use variables(); hand the value in as a parameter",
    ],
    ['[contoso.endless()]', "the function 'contoso.endless' calls itself"],
  ])('refuse %s', (expression, message) => {
    expect(refusal(() => answer(expression)).message).toContain(message);
  });

  test('are refused where they are declared wrong', () => {
    expect(refusal(() => prepare({ functions: [{ namespace: 'n' }] })).message).toContain(
      "need a 'namespace' and 'members'",
    );
    expect(refusal(() => prepare({ functions: [{ namespace: 'n', members: { f: {} } }] })).target).toBe(
      '$.functions[0].members.f',
    );
  });
});
