/**
 * One row a fact: what functions refuse, and how they say it.
 *
 * @module
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArmError } from '../../error.ts';
import { evaluateText } from '../evaluate.ts';
import type { Scope } from '../scope.ts';
import { p, scope, subscriptionId } from './fixture.ts';
import { functions, refusedFunctions } from './registry.ts';

describe('functions refuse', () => {
  const rows: readonly [expression: string, message: string][] = [
    [
      'concat(createArray(1), 2)',
      "the function 'concat' expects an array as argument 2, but got the integer 2 (at character 25)",
    ],
    [
      "concat('a', createArray(1))",
      "'concat' expects a text (as its first argument is) as argument 2, but got an array",
    ],
    [
      "add('1', 2)",
      "the function 'add' expects an integer as argument 1, but got the text '1' (at character 6)",
    ],
    ['add(1)', "the function 'add' takes 2 arguments, but got 1"],
    ["toLower('a', 'b')", "the function 'toLower' takes 1 argument, but got 2"],
    ['if(true(), 1)', 'takes 3 arguments, but got 2'],
    ["if('true', 1, 2)", "'if' expects a boolean as argument 1, but got the text 'true'"],
    ["substring('abc', 5)", 'cannot start at 5 in a text of 3 characters'],
    [
      "substring('abc', 1, 5)",
      'cannot take 5 characters from 1 of a text of 3; use take() where it may be shorter',
    ],
    ['div(1, 0)', "'div' cannot divide by 0"],
    ['mod(1, 0)', "'mod' cannot divide by 0"],
    ['mul(9007199254740991, 2)', 'beyond 2^53'],
    ["int('a')", "'int' expects an integer or its text as argument 1, but got the text 'a'"],
    ["bool('yes')", "'bool' expects 'true', 'false', a boolean or an integer as argument 1"],
    [`max(${p('empty')})`, "'max' expects integers, or one array of integers that is not empty"],
    ["greater(1, 'a')", "'greater' expects an integer as argument 2"],
    ["replace('a', '', 'b')", 'needs a text that is not empty as argument 2'],
    ["format('{1}', 'a')", 'has {1} in its format, but only 1 values follow it'],
    ["format('{', 'a')", "finds a lone '{' in its format; write '{{'"],
    ["format('{0:Q}', 1)", "does not support the format 'Q' for 1 yet"],
    ["padLeft('a', 99)", 'expects a length from 0 to 16 as argument 2'],
    [
      "json('{')",
      "'json' expects JSON as argument 1: json:1:2: expected a name or '}', found the end of the text",
    ],
    ["base64ToString('?')", 'expects Base64 of a UTF-8 text as argument 1'],
    ["uriComponentToString('%E0')", 'expects a text that was escaped for a URI'],
    ["dataUriToString('x')", 'expects a data URI as argument 1'],
    ['range(0, 10001)', 'expects a count from 0 to 10000 as argument 2'],
    ["createObject('a')", 'expects a value after each name, but got 1 arguments'],
    ['createObject(1, 2)', "'createObject' expects a text as argument 1"],
    [`union(${p('list')}, 'x')`, "'union' expects an array as argument 2"],
    ["union('a', 'b')", "'union' expects an object as argument 1"],
    ['length(5)', "'length' expects an array, an object or a text as argument 1, but got the integer 5"],
    ["items('x')", "'items' expects an object as argument 1"],
    ["contains(1, 'a')", "'contains' expects an array, an object or a text as argument 1"],
    [
      `${p('object')}.nam`,
      "the member 'nam' is not defined in the object; did you mean 'Name'? (at character 23)",
    ],
    [`${p('list')}[3]`, 'the index 3 is outside the array, which has 3 items'],
    [`${p('list')}.x`, "expected an object that has 'x', found an array"],
    [`${p('word')}[0]`, "expected an array before [0], found the text 'Private'"],
    [`${p('nothing')}.x`, "expected an object that has 'x', found null"],
    [`${p('object')}[true()]`, 'expected the name of a member or an index, found true'],
    ['deployment().properties.templateLink.uri', 'only a template that is deployed from a URI has it'],
    ["cidrSubnet('10.0.0.0/24', 16, 0)", 'expects a prefix length from 24 to 32 as argument 2'],
    ["cidrSubnet('10.0.0.0/24', 25, 2)", 'expects an index from 0 to 1 as argument 3'],
    ["cidrHost('10.0.0.0/30', 3)", 'expects an index from 0 to 2 as argument 2'],
    ["parseCidr('10.0.0.0')", "expects an IPv4 range such as '10.0.0.0/16' as argument 1"],
    ["parseCidr('fd00::/8')", "does not support the IPv6 range 'fd00::/8' yet"],
    ["utcNow('K')", "does not support the date format 'K' yet"],
    ["utcNow('yyyy gg')", "does not support 'gg' in the date format 'yyyy gg' yet"],
    ["dateTimeAdd('2024-05-31T13:04:05Z', 'P1M')", 'years and months are not supported yet'],
    ["dateTimeAdd('yesterday', 'P1D')", "expects a date in ISO 8601 such as '2024-05-31T12:00:00Z'"],
    ["dateTimeAdd('2023-02-29T00:00:00Z', 'P1D')", 'expects a date in ISO 8601'],
    ["copyIndex('none')", "is not inside a copy loop named 'none'; the loops here are 'machines', 'disks'"],
    [
      "resourceId('storageAccounts', 'x')",
      "expects a type such as 'Microsoft.Storage/storageAccounts' among its first 3 arguments",
    ],
    [
      "resourceId('Microsoft.Network/virtualNetworks/subnets', 'v')",
      "needs 2 names after the type 'Microsoft.Network/virtualNetworks/subnets', one for each of its segments, but got 1",
    ],
    [
      "resourceId('Microsoft.Storage/storageAccounts', '')",
      'expects a name that is not empty and has no slash as argument 2',
    ],
    [
      "extensionResourceId('x', 'Microsoft.A/b', 'c')",
      "expects the id of what is extended, starting with '/'",
    ],
    ["reference('x', '2021-01-01', 'half')", "expects 'Full' as argument 3"],
    ["fail('no such thing')", "the function 'fail' was called: no such thing"],
    [
      "map(createArray(1), lambda('x', 1))",
      "the function 'map' is not supported yet; use a copy loop in a variable",
    ],
    ['managementGroup()', "the function 'managementGroup' is not supported yet; deploy to a subscription"],
    ["pickZones('a', 'b', 'c')", "the function 'pickZones' is not supported yet"],
    ["providers('a')", "the function 'providers' is not supported yet"],
    ['resorceGroup()', "the function 'resorceGroup' does not exist; did you mean 'resourceGroup'?"],
    ['qqq()', "the function 'qqq' does not exist; check its spelling"],
    ['constructor()', "the function 'constructor' does not exist"],
  ];
  test.each(rows)('%s', (expression, message) => {
    const evaluating = () => evaluateText(`[${expression}]`, ['resources', 3, 'x.y'], scope);
    expect(evaluating).toThrow(ArmError);
    expect(evaluating).toThrow(message);
    expect(evaluating).toThrow(
      expect.objectContaining({ code: 'InvalidTemplate', target: "$.resources[3]['x.y']" }) as Error,
    );
  });

  test.each(Object.keys(refusedFunctions))('%s by name, with what to write instead', (name) => {
    expect(() => evaluateText(`[${name}('x')]`, [], scope)).toThrow(
      `the function '${name}' is not supported yet; `,
    );
  });

  test('clock, randomness and the estate where Azure forbids them', () => {
    const elsewhere: Scope = {
      ...scope,
      inDefault: false,
      runtime: undefined,
      loops: [],
      place: 'a variable',
    };
    const message = (expression: string): string => {
      try {
        return `answered ${JSON.stringify(evaluateText(`[${expression}]`, [], elsewhere))}`;
      } catch (error) {
        return String(error);
      }
    };
    expect(message('utcNow()')).toContain(
      'can only be used in the default value of a parameter, not in a variable',
    );
    expect(message('newGuid()')).toContain(
      'can only be used in the default value of a parameter, not in a variable',
    );
    expect(message("reference('x')")).toContain("the function 'reference' cannot be used in a variable");
    expect(message("listKeys('x', '2021-01-01')")).toContain(
      "the function 'listKeys' cannot be used in a variable",
    );
    expect(message('copyIndex()')).toContain('can only be used inside a copy loop, not in a variable');
  });

  test('resourceGroup() in a deployment to a subscription', () => {
    const wide: Scope = { ...scope, context: { ...scope.context, resourceGroup: undefined } };
    expect(() => evaluateText('[resourceGroup().id]', [], wide)).toThrow('use subscription()');
    expect(evaluateText("[resourceId('Microsoft.Authorization/roleDefinitions', 'r')]", [], wide)).toBe(
      `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/r`,
    );
    expect(evaluateText('[deployment().location]', [], wide)).toBe('westeurope');
  });
});

describe('any call', () => {
  const leaf = fc.constantFrom(
    ...[
      "''",
      "'a'",
      "'{0}'",
      "'10.0.0.0/8'",
      "'%'",
      "'P1D'",
      "'2024-01-01'",
      '0',
      '-1',
      '3',
      '99999999',
      'null()',
      'true()',
    ],
    ...[
      'createArray()',
      "createArray(1, 'a')",
      'createObject()',
      "createObject('a', 1)",
      "parameters('object')",
      "'__proto__'",
    ],
  );
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc
        .tuple(
          fc.constantFrom(...Object.keys(functions), 'listKeys'),
          fc.array(tie('expression'), { maxLength: 4 }),
        )
        .map(([name, args]) => `${name}(${args.join(', ')})`),
    ),
  }));

  test('answers, or is refused with an ArmError', () => {
    fc.assert(
      fc.property(expression, (text) => {
        try {
          expect(evaluateText(`[${text}]`, [], scope)).not.toBeUndefined();
        } catch (error) {
          expect(error).toBeInstanceOf(ArmError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test('that would fill the memory is refused', () => {
    const doubled = `${'concat('.repeat(23)}'x'${", 'x')".repeat(23)}`;
    expect(evaluateText(`[length(${doubled})]`, [], scope)).toBe(24);
    const long = `padLeft('x', 16, 'y')`;
    const grown = Array.from({ length: 6 }).reduce<string>(
      (text) => `replace(${text}, 'y', '${'y'.repeat(30)}')`,
      long,
    );
    expect(() => evaluateText(`[${grown}]`, [], scope)).toThrow(
      "the function 'replace' gives more than 4194304 characters or items",
    );
  });
});

describe('the registry', () => {
  test('holds what the frequency table asks for', () => {
    expect(Object.keys(functions).length).toBeGreaterThanOrEqual(90);
    const both = Object.keys(functions).filter((name) => Object.hasOwn(refusedFunctions, name));
    expect(both).toEqual([]);
  });

  test('uniqueString has 13 characters of its alphabet, and few collisions', () => {
    const names = Array.from({ length: 2000 }, (_, index) =>
      evaluateText(`[uniqueString('n${index}')]`, [], scope),
    );
    expect(names.every((name) => typeof name === 'string' && /^[a-z2-7]{13}$/.test(name))).toBe(true);
    expect(new Set(names).size).toBe(2000);
  });
});
