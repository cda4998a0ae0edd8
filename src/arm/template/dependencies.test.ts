/**
 * What waits for what.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import type { Json } from '../../lib/json.ts';
import { deployments, nets, order, prepareResources, refusal, runtime, zone, zones } from './fixture.ts';

describe('order', () => {
  const rows: readonly [what: string, resources: Json[], order: string[]][] = [
    ['template order among those that are free', [zone('c'), zone('a'), zone('b')], ['c', 'a', 'b']],
    [
      'by id',
      [zone('b', { dependsOn: [`[resourceId('${zones}', 'a')]`] }), zone('c'), zone('a')],
      ['c', 'a', 'b <- a'],
    ],
    ['by name', [zone('b', { dependsOn: ['A'] }), zone('a')], ['a', 'b <- a']],
    [
      'by type and name',
      [zone('b', { dependsOn: [`[concat('${zones}/', 'a')]`] }), zone('a')],
      ['a', 'b <- a'],
    ],
    [
      'by types and names in turn',
      [
        zone('b', { dependsOn: [`${nets}/v/subnets/s`] }),
        { type: `${nets}/subnets`, name: 'v/s', apiVersion: '1' },
      ],
      ['v/s', 'b <- v/s'],
    ],
    [
      'by types, then names',
      [
        zone('b', { dependsOn: [`${nets}/subnets/v/s`] }),
        { type: `${nets}/subnets`, name: 'v/s', apiVersion: '1' },
      ],
      ['v/s', 'b <- v/s'],
    ],
    [
      'by loop',
      [
        zone('b', { dependsOn: ['many'] }),
        zone("[format('a{0}', copyIndex())]", { copy: { name: 'Many', count: 3 } }),
      ],
      ['a0', 'a1', 'a2', 'b <- a0 a1 a2'],
    ],
    ['an expression for all', [zone('b', { dependsOn: "[createArray('a')]" }), zone('a')], ['a', 'b <- a']],
    [
      'a false condition is no dependency',
      [zone('b', { dependsOn: ['a'] }), zone('a', { condition: '[equals(1, 2)]' })],
      ['b'],
    ],
    ['a false condition as a text', [zone('a', { condition: 'False' })], []],
    ['a false condition with a name that cannot be', [zone('', { condition: false }), zone('b')], ['b']],
    [
      'an empty loop is no dependency',
      [
        zone('b', { dependsOn: ['a'] }),
        zone('a'),
        zone('[concat(copyIndex())]', { copy: { name: 'none', count: 0 } }),
      ],
      ['a', 'b <- a'],
    ],
    [
      'an empty loop by its name',
      [
        zone('b', { dependsOn: ['None'] }),
        zone('[concat(copyIndex())]', { copy: { name: 'none', count: 0 } }),
      ],
      ['b'],
    ],
    [
      'the same twice',
      [zone('b', { dependsOn: ['a', 'A', `[resourceId('${zones}', 'a')]`] }), zone('a')],
      ['a', 'b <- a'],
    ],
    [
      'reference() by id',
      [zone('b', { properties: { x: `[reference(resourceId('${zones}', 'a'), '1').y]` } }), zone('a')],
      ['a', 'b <- a'],
    ],
    ['reference() by name', [zone('b', { tags: { x: "[reference('a').y]" } }), zone('a')], ['a', 'b <- a']],
    [
      'list*()',
      [zone('b', { properties: { x: `[listKeys(resourceId('${zones}', 'a'), '1').keys[0]]` } }), zone('a')],
      ['a', 'b <- a'],
    ],
    [
      'reference() inside another function',
      [zone('b', { properties: { x: "[concat('x', reference('a').y)]" } }), zone('a')],
      ['a', 'b <- a'],
    ],
    [
      'reference() in the branch that is taken',
      [
        zone('c', { properties: { x: "[if(true(), reference('a').y, reference('b').y)]" } }),
        zone('b'),
        zone('a'),
      ],
      ['b', 'a', 'c <- a'],
    ],
    ['reference() of itself', [zone('a', { properties: { x: "[reference('a').y]" } })], ['a']],
    [
      'reference() in a property loop',
      [
        zone('c', {
          properties: {
            copy: [{ name: 'l', count: 2, input: "[reference(format('a{0}', copyIndex('l'))).y]" }],
          },
        }),
        zone('a1'),
        zone('a0'),
      ],
      ['a1', 'a0', 'c <- a1 a0'],
    ],
    [
      'children after their parent',
      [
        {
          type: nets,
          name: 'v',
          apiVersion: '1',
          resources: [{ type: 'subnets', name: 's', apiVersion: '1' }],
        },
      ],
      ['v', 'v/s <- v'],
    ],
    [
      'a child that names its sibling',
      [
        {
          type: nets,
          name: 'v',
          apiVersion: '1',
          resources: [
            { type: 'subnets', name: 's', apiVersion: '1', dependsOn: ['t'] },
            { type: 'subnets', name: 't', apiVersion: '1' },
          ],
        },
      ],
      ['v', 'v/t <- v', 'v/s <- v v/t'],
    ],
    [
      'a child in its full form',
      [
        {
          type: nets,
          name: 'v',
          apiVersion: '1',
          resources: [{ type: `${nets}/subnets`, name: 'v/s', apiVersion: '1' }],
        },
      ],
      ['v', 'v/s <- v'],
    ],
    [
      'a child of a parent that is left out',
      [
        {
          type: nets,
          name: 'v',
          apiVersion: '1',
          condition: false,
          resources: [{ type: 'subnets', name: 's', apiVersion: '1' }],
        },
      ],
      ['v/s'],
    ],
    [
      'a serial loop',
      [zone("[format('a{0}', copyIndex())]", { copy: { name: 'c', count: 3, mode: 'Serial' } })],
      ['a0', 'a1 <- a0', 'a2 <- a1'],
    ],
    [
      'a serial loop in batches',
      [
        zone("[format('a{0}', copyIndex())]", {
          copy: { name: 'c', count: 5, mode: 'serial', batchSize: 2 },
        }),
      ],
      ['a0', 'a1', 'a2 <- a0 a1', 'a3 <- a0 a1', 'a4 <- a2 a3'],
    ],
    [
      'a serial loop with gaps',
      [
        zone("[format('a{0}', copyIndex())]", {
          condition: '[not(equals(copyIndex(), 1))]',
          copy: { name: 'c', count: 3, mode: 'serial' },
        }),
      ],
      ['a0', 'a2 <- a0'],
    ],
    [
      'an instance of a loop',
      [
        zone('b', { dependsOn: ["[concat('a', 1)]"] }),
        zone("[format('a{0}', copyIndex())]", { copy: { name: 'c', count: 2 } }),
      ],
      ['a0', 'a1', 'b <- a1'],
    ],
    [
      'a nested deployment in another group, as if it lay here',
      [
        zone('b', { dependsOn: [`[resourceId('${deployments}', 'd')]`] }),
        { type: deployments, name: 'd', apiVersion: '1', resourceGroup: 'hub', properties: { template: {} } },
      ],
      ['d', 'b <- d'],
    ],
  ];
  test.each(rows)('%s', (_, resources, expected) => {
    expect(order(prepareResources(...resources))).toEqual(expected);
  });

  const refusals: readonly [what: string, resources: Json[], message: string, target: string][] = [
    [
      'a name that is not there',
      [zone('abc', { dependsOn: ['abd'] })],
      "The resource 'abd' is not defined in the template; did you mean 'abc'?",
      '$.resources[0].dependsOn[0]',
    ],
    [
      'an id that is not there',
      [zone('a', { dependsOn: ["[resourceId('Microsoft.Qqq/qs', 'q')]"] })],
      'is not defined in the template; name a resource, a copy loop or an id',
      '$.resources[0].dependsOn[0]',
    ],
    [
      'an ambiguous name',
      [zone('a'), { type: nets, name: 'a', apiVersion: '1' }, zone('b', { dependsOn: ['a'] })],
      "The dependency 'a' is the name of 2 resources; write resourceId(...) of the one.",
      '$.resources[2].dependsOn[0]',
    ],
    [
      'an empty name',
      [zone('a', { dependsOn: [''] })],
      "must be a name or an id, but is the text ''",
      '$.resources[0].dependsOn[0]',
    ],
    ['no array', [zone('a', { dependsOn: 'b' })], 'must be an array of names', '$.resources[0].dependsOn'],
    [
      'itself',
      [zone('a', { dependsOn: ['a'] })],
      `Circular dependency detected: 'a' (${zones}) -> 'a' (${zones})`,
      '$.resources[0]',
    ],
    [
      'a circle',
      [
        zone('x', { dependsOn: ['a'] }),
        zone('a', { dependsOn: ['b'] }),
        zone('b', { dependsOn: ['c'] }),
        zone('c', { dependsOn: ['a'] }),
      ],
      `Circular dependency detected: 'a' (${zones}) -> 'b' (${zones}) -> 'c' (${zones}) -> 'a' (${zones})`,
      '$.resources[1]',
    ],
    [
      'a circle by reference()',
      [zone('a', { dependsOn: ['b'] }), zone('b', { properties: { x: "[reference('a').y]" } })],
      "Circular dependency detected: 'a'",
      '$.resources[0]',
    ],
  ];
  test.each(refusals)('refuses %s', (_, resources, message, target) => {
    const refused = refusal(() => prepareResources(...resources));
    expect(refused).toMatchObject({ code: 'InvalidTemplate', target });
    expect(refused.message).toContain(message);
  });

  test('reference() by a name that is not there, or of several', () => {
    const body = (expression: string): string => {
      const prepared = prepareResources(
        zone('abc'),
        { type: nets, name: 'abc', apiVersion: '1' },
        zone('b', { properties: { x: expression } }),
      );
      return refusal(() => prepared.resources[2]?.body(runtime)).message;
    };
    expect(body("[reference('abd').y]")).toContain(
      "the resource 'abd' is not defined in the template; did you mean 'abc'?",
    );
    expect(body("[reference('abc').y]")).toContain(
      "'abc' stands for 2 resources; write resourceId(...) of the one",
    );
    expect(body("[reference('/subscriptions/x/y').z]")).toContain('has segments that no provider follows');
  });
});
