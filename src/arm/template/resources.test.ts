/**
 * Ids, bodies and refusals of single resources.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../lib/json.ts';
import { ArmError } from '../error.ts';
import { groupId } from '../id.ts';
import {
  context,
  group,
  nets,
  order,
  prepare,
  prepareResources,
  refusal,
  runtime,
  schemas,
  subscriptionId,
  template,
  wide,
  zone,
  zones,
} from './fixture.ts';
import { type DeploymentContext, prepareTemplate, type Runtime } from './prepare.ts';

describe('resources', () => {
  test('have id, type, name, version, place and a body', () => {
    const prepared = prepare({
      variables: { name: 'z' },
      resources: [
        zone("[concat(variables('name'), '.net')]", {
          location: '[resourceGroup().location]',
          tags: { "[concat('a', 'b')]": '[deployment().name]' },
          sku: { name: 'Basic' },
          kind: null,
          comments: 'x',
          zones: ['1'],
          properties: {
            keys: "[listKeys('z.net', '2020-06-01')]",
            copy: [{ name: 'list', count: 2, input: "[copyIndex('list')]" }],
          },
        }),
      ],
    });
    const [first] = prepared.resources;
    expect(first).toMatchObject({
      id: `${group}/providers/${zones}/z.net`,
      type: zones,
      name: 'z.net',
      apiVersion: '2020-06-01',
      path: ['resources', 0],
      existing: false,
      dependsOn: [],
    });
    expect(first?.nested).toBeUndefined();
    expect(first?.body(runtime)).toEqual({
      location: 'westeurope',
      tags: { ab: 'main' },
      sku: { name: 'Basic' },
      zones: ['1'],
      properties: { keys: { action: 'listKeys', of: `${group}/providers/${zones}/z.net` }, list: [0, 1] },
    });
  });

  const placed: readonly [
    what: string,
    resource: JsonObject,
    id: string,
    type: string,
    where?: DeploymentContext,
  ][] = [
    [
      'a child by its full type',
      { type: `${nets}/subnets`, name: 'v/s' },
      `${group}/providers/${nets}/v/subnets/s`,
      `${nets}/subnets`,
    ],
    [
      'an extension by scope id',
      {
        type: 'Microsoft.Authorization/roleAssignments',
        name: 'r',
        scope: "[resourceId('Microsoft.A/bs', 'b')]",
      },
      `${group}/providers/Microsoft.A/bs/b/providers/Microsoft.Authorization/roleAssignments/r`,
      'Microsoft.Authorization/roleAssignments',
    ],
    [
      'an extension by relative scope',
      { type: 'Microsoft.Authorization/locks', name: 'l', scope: 'Microsoft.A/bs/b/cs/c' },
      `${group}/providers/Microsoft.A/bs/b/cs/c/providers/Microsoft.Authorization/locks/l`,
      'Microsoft.Authorization/locks',
    ],
    [
      'an extension in the old form',
      { type: 'Microsoft.A/bs/providers/roleAssignments', name: 'b/Microsoft.Authorization/r' },
      `${group}/providers/Microsoft.A/bs/b/providers/Microsoft.Authorization/roleAssignments/r`,
      'Microsoft.Authorization/roleAssignments',
    ],
    [
      'an extension with its namespace in the type',
      { type: 'Microsoft.A/bs/providers/Microsoft.Authorization/locks', name: 'b/l' },
      `${group}/providers/Microsoft.A/bs/b/providers/Microsoft.Authorization/locks/l`,
      'Microsoft.Authorization/locks',
    ],
    [
      'a resource group',
      { type: 'Microsoft.Resources/resourceGroups', name: 'hub' },
      groupId(subscriptionId, 'hub'),
      'Microsoft.Resources/resourceGroups',
      wide,
    ],
    [
      'a resource of the subscription',
      { type: 'Microsoft.Authorization/roleDefinitions', name: 'r' },
      `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/r`,
      'Microsoft.Authorization/roleDefinitions',
      wide,
    ],
  ];
  test.each(placed)('%s', (_, resource, id, type, where = context) => {
    const schema = where === wide ? `${schemas}/2018-05-01/subscriptionDeploymentTemplate.json#` : undefined;
    const given = template({
      resources: [{ apiVersion: '1', ...resource }],
      ...(schema === undefined ? {} : { $schema: schema }),
    });
    expect(prepareTemplate(given, {}, where).resources[0]).toMatchObject({ id, type });
  });

  const rows: readonly [what: string, resource: Json, message: string, target: string][] = [
    ['no object', 'x', "must be an object, but is the text 'x'", '$.resources[0]'],
    [
      'no name',
      { type: zones, apiVersion: '1' },
      "The value at '$.resources[0].name' must be a text, but is missing.",
      '$.resources[0].name',
    ],
    [
      'no apiVersion',
      { type: zones, name: 'a' },
      'must be a text, but is missing',
      '$.resources[0].apiVersion',
    ],
    ['a number as name', zone('[add(1, 2)]'), 'must be a text, but is the integer 3', '$.resources[0].name'],
    [
      'too few names',
      { type: `${nets}/subnets`, name: 's', apiVersion: '1' },
      "A root resource type must have segment length one greater than its resource name. The type 'Microsoft.Network/virtualNetworks/subnets' needs a name of 2 segments, such as 'name1/name2'.",
      '$.resources[0].name',
    ],
    ['too many names', zone('a/b'), 'has incorrect segment lengths', '$.resources[0].name'],
    ['a name that no id can hold', zone('a#b'), 'has no sound id', '$.resources[0].name'],
    ['an empty name', zone(''), 'has no sound id', '$.resources[0].name'],
    [
      'a condition that is no boolean',
      zone('a', { condition: 1 }),
      'must be true or false, but is the integer 1',
      '$.resources[0].condition',
    ],
    [
      'reference() in the name',
      zone("[reference('x').y]"),
      'cannot be used in the name of a resource',
      '$.resources[0].name',
    ],
    [
      'reference() in the type',
      zone('a', { type: "[reference('x').y]" }),
      'cannot be used in the type of a resource',
      '$.resources[0].type',
    ],
    [
      'reference() in the apiVersion',
      zone('a', { apiVersion: "[reference('x').y]" }),
      'cannot be used in the apiVersion of a resource',
      '$.resources[0].apiVersion',
    ],
    [
      'reference() in the condition',
      zone('a', { condition: "[reference('x').y]" }),
      'cannot be used in a condition',
      '$.resources[0].condition',
    ],
    [
      'list*() in the count',
      zone('a', { copy: { name: 'c', count: "[length(listKeys('x', '1').keys)]" } }),
      "the function 'listKeys' cannot be used in the count of a copy loop",
      '$.resources[0].copy.count',
    ],
    [
      'the tenant as scope',
      zone('a', { scope: '/' }),
      "The scope '/' at '$.resources[0].scope' is not supported yet",
      '$.resources[0].scope',
    ],
    [
      'a scope that is no id',
      zone('a', { scope: 'x' }),
      "The scope 'x' must be an id, or a type and name",
      '$.resources[0].scope',
    ],
    [
      'another group without a nested deployment',
      zone('a', { resourceGroup: 'hub' }),
      'put the resource into a nested deployment',
      '$.resources[0].resourceGroup',
    ],
    [
      'a group made by a group',
      { type: 'Microsoft.Resources/resourceGroups', name: 'a', apiVersion: '1' },
      'deploy to the subscription',
      '$.resources[0].type',
    ],
    [
      'existing in language 1.0',
      zone('a', { existing: true }),
      `in a template with "languageVersion": "2.0"`,
      '$.resources[0].existing',
    ],
    [
      'an import',
      zone('a', { import: 'k8s' }),
      "The member 'import' at '$.resources[0].import' is not supported yet",
      '$.resources[0].import',
    ],
    [
      'a copy that is no object',
      zone('a', { copy: [] }),
      "The 'copy' of a resource must be an object",
      '$.resources[0].copy',
    ],
    [
      'an unknown copy mode',
      zone('a', { copy: { name: 'c', count: 1, mode: 'x' } }),
      "must be 'serial' or 'parallel'",
      '$.resources[0].copy.mode',
    ],
    [
      'a batch of none',
      zone('a', { copy: { name: 'c', count: 1, mode: 'serial', batchSize: 0 } }),
      'must be an integer from 1',
      '$.resources[0].copy.batchSize',
    ],
    [
      'a loop without copyIndex() in the name',
      zone('a', { copy: { name: 'c', count: 2 } }),
      'is defined multiple times in the template; use copyIndex() in its name.',
      '$.resources[0]',
    ],
    [
      'a loop in a child',
      zone('a', {
        resources: [
          { type: 'A', name: '[concat(copyIndex())]', apiVersion: '1', copy: { name: 'c', count: 2 } },
        ],
      }),
      'A copy loop on a resource inside another',
      '$.resources[0].resources[0].copy',
    ],
  ];
  test.each(rows)('refuses %s', (_, resource, message, target) => {
    const refused = refusal(() => prepareResources(resource));
    expect(refused).toMatchObject({ code: 'InvalidTemplate', target });
    expect(refused.message).toContain(message);
  });

  test('refuses two of one id, unless a condition tells them apart', () => {
    expect(refusal(() => prepareResources(zone('a'), zone('A'))).message).toContain(
      'is defined multiple times',
    );
    expect(order(prepareResources(zone('a'), zone('A', { condition: false })))).toEqual(['a']);
  });

  test('a body that is wrong says where', () => {
    const prepared = prepareResources(zone('a', { properties: { list: [{ 'b.c': "[add('x', 1)]" }] } }));
    expect(refusal(() => prepared.resources[0]?.body(runtime))).toEqual({
      code: 'InvalidTemplate',
      target: "$.resources[0].properties.list[0]['b.c']",
      message:
        "The expression '[add('x', 1)]' at '$.resources[0].properties.list[0]['b.c']' is not valid: the function 'add' expects an integer as argument 1, but got the text 'x' (at character 6).",
    });
  });

  test('the error of the estate comes through as it is', () => {
    const missing = new ArmError('ResourceNotFound', 'gone');
    const failing: Runtime = {
      ...runtime,
      reference: () => {
        throw missing;
      },
    };
    const prepared = prepareResources(
      zone('a', { properties: { x: "[reference(resourceId('Microsoft.A/bs', 'b')).y]" } }),
    );
    expect(() => prepared.resources[0]?.body(failing)).toThrow(missing);
  });
});
