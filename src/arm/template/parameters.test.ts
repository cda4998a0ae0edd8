/**
 * Values against declarations.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import type { Json } from '../../lib/json.ts';
import { outputs, prepare, refusal } from './fixture.ts';

describe('parameters', () => {
  test('values, defaults and how ARM echoes them', () => {
    const prepared = prepare(
      {
        parameters: {
          name: { type: 'string', metadata: { description: 'x' } },
          Location: { type: 'STRING', defaultValue: '[resourceGroup().location]' },
          both: { type: 'string', defaultValue: "[concat(parameters('NAME'), '-', parameters('when'))]" },
          when: { type: 'string', defaultValue: "[utcNow('yyyy')]" },
          key: { type: 'secureString', defaultValue: '[newGuid()]' },
          secret: { type: 'secureobject' },
          count: { type: 'int', minValue: 1, maxValue: 3, defaultValue: 2 },
          on: { type: 'bool', defaultValue: true },
          list: { type: 'array', items: { type: 'string' }, defaultValue: ['[resourceGroup().name]'] },
          maybe: { type: 'string', nullable: true },
          tier: { type: 'string', allowedValues: ['Basic', 'Premium'] },
        },
        outputs: { key: { type: 'securestring', value: "[parameters('key')]" } },
      },
      { NAME: { value: 'n' }, secret: { value: { a: 1 } }, tier: { value: 'premium' }, on: { value: null } },
    );
    expect(prepared.parameters).toEqual({
      name: { type: 'String', value: 'n' },
      Location: { type: 'String', value: 'westeurope' },
      both: { type: 'String', value: 'n-2024' },
      when: { type: 'String', value: '2024' },
      key: { type: 'SecureString' },
      secret: { type: 'SecureObject' },
      count: { type: 'Int', value: 2 },
      on: { type: 'Bool', value: true },
      list: { type: 'Array', value: ['ml'] },
      maybe: { type: 'String', value: null },
      tier: { type: 'String', value: 'premium' },
    });
    expect(outputs(prepared)).toEqual({ key: { type: 'SecureString' } });
  });

  test('a value handed in is not evaluated', () => {
    const prepared = prepare({ parameters: { a: { type: 'string' } } }, { a: { value: '[x' } });
    expect(prepared.parameters).toEqual({ a: { type: 'String', value: '[x' } });
  });

  const rows: readonly [what: string, declaration: Json, value: Json | undefined, message: string][] = [
    [
      'missing',
      { type: 'string' },
      undefined,
      "The template has no value for the parameter 'p'. Hand in its value, or give it a 'defaultValue'.",
    ],
    [
      'a default that is null',
      { type: 'string', defaultValue: null },
      undefined,
      "has no value for the parameter 'p'",
    ],
    [
      'null without a default',
      { type: 'string' },
      null,
      "The value of the parameter 'p' is not valid: it must be a text, but is null.",
    ],
    [
      'a text for an int',
      { type: 'int' },
      '5',
      "it must be an integer, but is the text '5'; write 5 without quotes.",
    ],
    ['a fraction for an int', { type: 'int' }, 1.5, 'it must be an integer, but is the number 1.5.'],
    [
      'a text for a bool',
      { type: 'bool' },
      'True',
      "it must be a boolean, but is the text 'True'; write true without quotes.",
    ],
    ['an int for a text', { type: 'string' }, 5, 'it must be a text, but is the integer 5; write "5".'],
    [
      'a text for an array',
      { type: 'array' },
      'a',
      "it must be an array, but is the text 'a'; write it in brackets.",
    ],
    ['an array for an object', { type: 'object' }, [], 'it must be an object, but is an array.'],
    [
      'not allowed',
      { type: 'string', allowedValues: ['a', 'b'] },
      'c',
      '"c" is not one of the allowed values ["a","b"].',
    ],
    [
      'an item not allowed',
      { type: 'array', allowedValues: ['a', 'b'] },
      ['a', 'c'],
      'is not one of the allowed values',
    ],
    ['too short', { type: 'string', minLength: 3 }, 'ab', 'it must have at least 3 characters, but has 2.'],
    ['too long', { type: 'array', maxLength: 1 }, [1, 2], 'it must have at most 1 items, but has 2.'],
    ['too small', { type: 'int', minValue: 3 }, 2, 'it must be at least 3, but is 2.'],
    ['too large', { type: 'int', maxValue: 3 }, 4, 'it must be at most 3, but is 4.'],
    [
      'a default that does not fit',
      { type: 'int', defaultValue: 'x' },
      undefined,
      "The value of the parameter 'p' is not valid: it must be an integer",
    ],
    [
      'an item of the wrong type',
      { type: 'array', items: { type: 'int' } },
      [1, 'x'],
      "item 1: it must be an integer, but is the text 'x'",
    ],
    [
      'a member of the wrong type',
      { type: 'object', properties: { a: { type: 'int' } } },
      { a: 'x' },
      "member 'a': it must be an integer",
    ],
    [
      'a member that is missing',
      { type: 'object', properties: { a: { type: 'int' } } },
      {},
      "member 'a': it is missing (a value of type Int)",
    ],
    [
      'a member too many',
      { type: 'object', additionalProperties: false },
      { b: 1 },
      "member 'b': it is not expected",
    ],
    [
      'a secret, without repeating it',
      { type: 'securestring', allowedValues: ['a'] },
      'hunter2',
      'it is not of the declared type or not allowed.',
    ],
    ['no type', {}, 'x', "The declaration at '$.parameters.p' has no 'type'; write one of array, bool"],
    ['an unknown type', { type: 'strin' }, 'x', "cannot be the text 'strin'; did you mean 'string'?"],
    [
      'an unknown member',
      { type: 'string', defualtValue: 'x' },
      'x',
      "has the unknown member 'defualtValue'; did you mean 'defaultValue'?",
    ],
    ['no object', 'string', 'x', `The parameter 'p' must be an object such as { "type": "string" }.`],
    [
      'a user-defined type',
      { $ref: '#/definitions/x' },
      'x',
      "The user-defined type ('$ref') at '$.parameters.p.$ref' is not supported yet",
    ],
    [
      'reference() in a default',
      { type: 'string', defaultValue: "[reference('x').y]" },
      undefined,
      "the function 'reference' cannot be used in the default value of a parameter",
    ],
    [
      'a variable that does not exist in a default',
      { type: 'string', defaultValue: "[variables('v')]" },
      undefined,
      "the variable 'v' is not defined in the template; it has none",
    ],
  ];
  test.each(rows)('refuses %s', (_, declaration, value, message) => {
    const given = value === undefined ? {} : { p: { value } };
    const refused = refusal(() => prepare({ parameters: { p: declaration } }, given));
    expect(refused.message).toContain(message);
    expect(refused.code).toBe('InvalidTemplate');
    expect(refused.target).toMatch(/^\$\.parameters\.p/);
  });

  test('refuses what the template does not declare', () => {
    const declared = { parameters: { workspaceName: { type: 'string', defaultValue: 'x' } } };
    expect(refusal(() => prepare(declared, { workspacName: { value: 'x' } }))).toEqual({
      code: 'InvalidTemplate',
      target: '$.parameters.workspacName',
      message: "The template does not declare the parameter 'workspacName'. Did you mean 'workspaceName'?",
    });
    expect(refusal(() => prepare({}, { a: { value: 1 } })).message).toContain(
      'The template has no parameters.',
    );
  });

  test('names all that are missing at once', () => {
    const parameters = { a: { type: 'string' }, b: { type: 'int' } };
    expect(refusal(() => prepare({ parameters })).message).toContain(
      "for the parameters 'a', 'b'. Hand in their values",
    );
  });

  test.each([
    ['bare', 'x', 'must be handed in as { "value": ... }'],
    ['misspelt', { vale: 'x' }, 'must be handed in as { "value": ... }'],
    ['a vault reference', { reference: { keyVault: {} } }, 'A key vault reference'],
    ['an expression', { expression: '[x]' }, 'An expression as value'],
  ] as const)('refuses a value that is %s', (_, entry, message) => {
    expect(refusal(() => prepare({ parameters: { p: { type: 'string' } } }, { p: entry })).message).toContain(
      message,
    );
  });

  test('names the chain of a cycle', () => {
    const parameters = {
      a: { type: 'string', defaultValue: "[parameters('b')]" },
      b: { type: 'string', defaultValue: "[variables('c')]" },
    };
    const refused = refusal(() => prepare({ parameters, variables: { c: "[parameters('a')]" } }));
    expect(refused.message).toContain(
      "parameters('a') -> parameters('b') -> variables('c') -> parameters('a')",
    );
    expect(refused.target).toBe('$.variables.c');
  });
});
