/**
 * Symbolic names, outputs, determinism and speed.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import { growth } from '../../../test/support/growth.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { groupId } from '../id.ts';
import { group, nets, order, outputs, prepare, refusal, runtime, zone, zones } from './fixture.ts';

describe('language version 2.0', () => {
  const parts = {
    languageVersion: '2.0',
    resources: {
      hub: {
        existing: true,
        type: nets,
        apiVersion: '1',
        name: 'hub',
        resourceGroup: 'net',
        subscriptionId: 'S2',
      },
      link: {
        type: `${zones}/virtualNetworkLinks`,
        apiVersion: '1',
        name: 'z/l',
        properties: {
          to: "[reference('hub', '1', 'full')]",
          id: "[resourceId('net', 'Microsoft.Network/virtualNetworks', 'hub')]",
        },
        dependsOn: ['zone'],
      },
      zone: zone('z'),
      many: zone("[format('m{0}', copyIndex())]", { copy: { name: 'many', count: 2 } }),
      after: zone('after', { dependsOn: ['many'], tags: { x: "[reference('many[1]').y]" } }),
      one: zone('one', { dependsOn: ['many[0]', 'none'] }),
      none: zone('[concat(copyIndex())]', { copy: { name: 'loop', count: 0 } }),
    },
  };

  test('symbolic names, existing resources and instances of loops', () => {
    const prepared = prepare(parts);
    expect(order(prepared)).toEqual(['hub', 'z', 'z/l <- hub z', 'm0', 'm1', 'after <- m0 m1', 'one <- m0']);
    const [hub, , link] = prepared.resources;
    expect(hub).toMatchObject({ existing: true, id: `${groupId('S2', 'net')}/providers/${nets}/hub` });
    expect(hub?.path).toEqual(['resources', 'hub']);
    expect(link?.body(runtime)).toMatchObject({ properties: { to: { of: hub?.id, full: true } } });
  });

  test.each([
    [
      'an unknown symbol',
      { a: zone('a', { dependsOn: ['zon'] }), zone: zone('z') },
      "The resource 'zon' is not defined in the template; did you mean 'zone'?",
    ],
    ['options', { a: zone('a', { '@options': {} }) }, "The member '@options'"],
    ['existing that is no boolean', { a: zone('a', { existing: 'yes' }) }, "'existing' must be true"],
  ])('refuses %s', (_, resources, message) => {
    expect(refusal(() => prepare({ languageVersion: '2.0', resources })).message).toContain(message);
  });
});

describe('outputs', () => {
  test('are evaluated with the estate', () => {
    const prepared = prepare({
      resources: [zone('a')],
      outputs: {
        id: { type: 'string', value: `[resourceId('${zones}', 'a')]` },
        ref: { type: 'Object', value: "[reference('a')]" },
        off: { type: 'string', condition: false, value: "[json('{')]" },
        key: { type: 'securestring', value: "[json('{')]" },
        list: { type: 'array', copy: { count: 2, input: { n: '[copyIndex()]' } } },
        maybe: { type: 'string', nullable: true, value: '[null()]' },
      },
    });
    const id = `${group}/providers/${zones}/a`;
    expect(outputs(prepared)).toEqual({
      id: { type: 'String', value: id },
      ref: { type: 'Object', value: { of: id, full: false } },
      key: { type: 'SecureString' },
      list: { type: 'Array', value: [{ n: 0 }, { n: 1 }] },
      maybe: { type: 'String', value: null },
    });
  });

  test.each([
    [
      'another type',
      { type: 'int', value: 'x' },
      "The value of the output 'o' at '$.outputs.o' is not valid: it must be an integer",
    ],
    ['no value', { type: 'int' }, "The output 'o' has no 'value'."],
    ['no type', { value: 1 }, "has no 'type'"],
    ['a loop without input', { type: 'array', copy: { count: 1 } }, "needs a 'count' and an 'input'"],
    [
      'reference() in the condition',
      { type: 'int', condition: "[reference('a').x]", value: 1 },
      'cannot be used in a condition',
    ],
  ])('refuse %s', (_, output, message) => {
    expect(refusal(() => outputs(prepare({ outputs: { o: output as Json } }))).message).toContain(message);
  });
});

describe('determinism and speed', () => {
  function chain(count: number): JsonObject {
    const variables = Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`v${at}`, `[concat('z', '${at}')]`]),
    );
    const resources = Array.from({ length: count }, (_, at) =>
      zone(`[variables('v${at}')]`, {
        dependsOn: at === 0 ? [] : [`[resourceId('${zones}', variables('v${at - 1}'))]`],
        properties: { list: [1, 2, { x: `[reference(variables('v${Math.floor(at / 2)}')).y]` }] },
      }),
    );
    return { variables, resources };
  }

  test('the same template gives the same bytes', () => {
    const print = () => {
      const prepared = prepare(chain(50));
      return JSON.stringify(
        prepared.resources.map((one) => [one, one.body({ ...runtime, reference: () => ({ y: 1 }) })]),
      );
    };
    expect(print()).toBe(print());
  });

  test('a template of a megabyte is prepared in time that grows with its length', () => {
    const work = (count: number): void => {
      expect(prepare(chain(count)).resources).toHaveLength(count);
    };
    expect(growth(work, 500, 4000)).toBeLessThan(32);
  });

  test('contrived depth is refused, not a crash', () => {
    let deep: Json = 'x';
    for (let level = 0; level < 20_000; level++) deep = [deep];
    expect(refusal(() => prepare({ variables: { deep } })).message).toContain('nested too deep');
    const chained: Record<string, Json> = { v0: 'x' };
    for (let at = 1; at <= 300; at++) chained[`v${at}`] = `[variables('v${at - 1}')]`;
    const prepared = prepare({
      variables: chained,
      outputs: { o: { type: 'string', value: "[variables('v300')]" } },
    });
    expect(refusal(() => outputs(prepared)).message).toContain('a chain of more than 100 definitions');
  });
});
