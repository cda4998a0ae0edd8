/**
 * Templates inside templates.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import { groupId } from '../id.ts';
import {
  context,
  deployments,
  group,
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
import { prepareTemplate } from './prepare.ts';

describe('nested deployments', () => {
  function nested(name: string, properties: JsonObject, more: JsonObject = {}): JsonObject {
    return {
      type: deployments,
      apiVersion: '2022-09-01',
      name,
      properties: { mode: 'Incremental', ...properties },
      ...more,
    };
  }

  test('of inner scope get their parameters from the template around', () => {
    const prepared = prepare({
      variables: { v: 'outside' },
      resources: [
        zone('a'),
        nested(
          'd',
          {
            expressionEvaluationOptions: { scope: 'Inner' },
            parameters: { p: { value: "[reference('a').of]" }, q: { value: "[variables('v')]" } },
            template: template({
              parameters: { p: { type: 'string' }, q: { type: 'string' } },
              variables: { v: 'inside' },
              resources: [zone("[concat(variables('v'), '-', parameters('q'))]")],
            }),
          },
          { resourceGroup: 'hub' },
        ),
      ],
    });
    expect(order(prepared)).toEqual(['a', 'd <- a']);
    const deployment = prepared.resources[1];
    expect(deployment?.id).toBe(`${groupId(subscriptionId, 'hub')}/providers/${deployments}/d`);
    expect(deployment?.body(runtime)).toMatchObject({
      properties: { mode: 'Incremental', parameters: { q: { value: 'outside' } } },
    });
    expect(deployment?.body(runtime)).not.toHaveProperty('properties.template');
    const inside = deployment?.nested?.(runtime);
    expect(inside).toMatchObject({
      mode: 'Incremental',
      resourceGroup: 'hub',
      subscriptionId,
      parameters: { p: { value: `${group}/providers/${zones}/a` } },
      path: ['resources', 1, 'properties', 'template'],
    });
    expect(inside?.outer).toBeUndefined();
    if (!inside) throw new Error('no nested template');
    const hub = {
      ...context,
      resourceGroup: { id: groupId(subscriptionId, 'hub'), name: 'hub', location: 'x' },
    };
    const inner = prepareTemplate(inside.template, inside.parameters, hub, inside.outer, inside.path);
    expect(inner.resources[0]).toMatchObject({
      name: 'inside-outside',
      id: `${groupId(subscriptionId, 'hub')}/providers/${zones}/inside-outside`,
      path: ['resources', 1, 'properties', 'template', 'resources', 0],
    });
  });

  test('of outer scope see the template around, its loops and what it deployed', () => {
    const prepared = prepare({
      variables: { v: 'outside' },
      resources: [
        zone('a'),
        nested(
          "[format('d{0}', copyIndex())]",
          {
            template: template({
              variables: { v: 'inside' },
              resources: [
                zone("[format('{0}-{1}', variables('v'), copyIndex())]", {
                  tags: { a: "[reference('a').of]", b: "[reference('b').of]", g: '[resourceGroup().name]' },
                }),
                zone('b'),
              ],
              outputs: { o: { type: 'string', value: "[variables('v')]" } },
            }),
          },
          { resourceGroup: 'hub', copy: { name: 'c', count: 2 } },
        ),
      ],
    });
    expect(order(prepared)).toEqual(['a', 'd0 <- a', 'd1 <- a']);
    const inside = prepared.resources[2]?.nested?.(runtime);
    if (!inside?.outer) throw new Error('no outer scope');
    const hub = {
      ...context,
      resourceGroup: { id: groupId(subscriptionId, 'hub'), name: 'hub', location: 'x' },
    };
    const inner = prepareTemplate(inside.template, inside.parameters, hub, inside.outer, inside.path);
    expect(order(inner)).toEqual(['b', 'outside-1 <- b']);
    const there = `${groupId(subscriptionId, 'hub')}/providers/${zones}`;
    expect(inner.resources[1]?.id).toBe(`${there}/outside-1`);
    expect(inner.resources[1]?.body(runtime)).toMatchObject({
      tags: { a: `${group}/providers/${zones}/a`, b: `${there}/b`, g: 'ml' },
    });
    expect(inner.outputs(runtime)).toEqual({ o: { type: 'String', value: 'outside' } });
  });

  test('whose template an expression answers have been evaluated by that', () => {
    const held = template({ parameters: { p: { type: 'string' } }, resources: [zone("[[parameters('p')]")] });
    const [deployment] = prepare({
      variables: { held },
      resources: [nested('d', { template: "[variables('held')]", parameters: { p: { value: 'x' } } })],
    }).resources;
    const inside = deployment?.nested?.(runtime);
    if (!inside) throw new Error('no nested template');
    expect(inside.outer).toBeUndefined();
    expect(
      order(prepareTemplate(inside.template, inside.parameters, context, inside.outer, inside.path)),
    ).toEqual(['x']);
  });

  test('to a subscription, and from one into a group', () => {
    const [up] = prepareResources(
      nested('d', { template: {} }, { subscriptionId: 'S2', location: 'x' }),
    ).resources;
    expect(up?.id).toBe(`/subscriptions/S2/providers/${deployments}/d`);
    const inside = up?.nested?.(runtime);
    expect(inside?.subscriptionId).toBe('S2');
    expect(inside).not.toHaveProperty('resourceGroup');
    const $schema = `${schemas}/2018-05-01/subscriptionDeploymentTemplate.json#`;
    const down = prepareTemplate(
      template({
        $schema,
        resources: [
          { type: 'Microsoft.Resources/resourceGroups', apiVersion: '1', name: 'new', location: 'x' },
          nested(
            'd',
            { template: {} },
            {
              resourceGroup: 'new',
              dependsOn: ["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'new')]"],
            },
          ),
        ],
      }),
      {},
      wide,
    );
    expect(order(down)).toEqual(['new', 'd <- new']);
    expect(down.resources[1]?.nested?.(runtime)).toMatchObject({ resourceGroup: 'new', subscriptionId });
  });

  test.each([
    [
      'templateLink',
      { templateLink: { uri: 'https://x' } },
      "('templateLink') at '$.resources[0].properties.templateLink' is not supported yet; put the template itself into 'properties.template'",
    ],
    ['parametersLink', { parametersLink: { uri: 'https://x' }, template: {} }, "('parametersLink')"],
    ['onErrorDeployment', { onErrorDeployment: {}, template: {} }, "('onErrorDeployment')"],
    [
      'mode Complete',
      { mode: 'complete', template: {} },
      "The deployment mode 'Complete' at '$.resources[0].properties.mode' is not supported yet; write 'Incremental'.",
    ],
    [
      'another mode',
      { mode: 'x', template: {} },
      "The deployment mode must be 'Incremental', but is the text 'x'.",
    ],
    ['no template', {}, "has no 'template' in its properties"],
  ])('refuse %s', (_, properties, message) => {
    expect(refusal(() => prepareResources(nested('d', properties))).message).toContain(message);
  });

  test('an error inside points into the whole document', () => {
    const [deployment] = prepareResources(
      nested('d', {
        template: template({ resources: [zone('a/b')] }),
        expressionEvaluationOptions: { scope: 'inner' },
      }),
    ).resources;
    const inside = deployment?.nested?.(runtime);
    if (!inside) throw new Error('no nested template');
    expect(
      refusal(() => prepareTemplate(inside.template, inside.parameters, context, inside.outer, inside.path))
        .target,
    ).toBe('$.resources[0].properties.template.resources[0].name');
  });
});
