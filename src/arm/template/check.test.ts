/**
 * Templates that are refused from the outside.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import type { Json } from '../../lib/json.ts';
import { context, order, refusal, schemas, template, wide, zone } from './fixture.ts';
import { type DeploymentContext, prepareTemplate } from './prepare.ts';

describe('the template itself', () => {
  const rows: readonly [what: string, template: Json, context: DeploymentContext, message: string][] = [
    ['no object', [], context, 'A template must be an object, but is an array.'],
    [
      'no schema',
      { contentVersion: '1.0.0.0', resources: [] },
      context,
      `The template has no '$schema'; write "$schema": "${schemas}`,
    ],
    [
      'another schema',
      template({ $schema: 'http://json-schema.org/draft-07/schema#' }),
      context,
      'is none of a deployment template',
    ],
    [
      'a parameters file',
      template({ $schema: `${schemas}/2019-04-01/deploymentParameters.json#` }),
      context,
      'is none of a deployment template',
    ],
    [
      'a management group',
      template({ $schema: `${schemas}/2019-08-01/managementGroupDeploymentTemplate.json#` }),
      context,
      "A deployment to a management group at '$.$schema' is not supported yet",
    ],
    [
      'the tenant',
      template({ $schema: `${schemas}/2019-08-01/tenantDeploymentTemplate.json#` }),
      context,
      'A deployment to the tenant at',
    ],
    [
      'a subscription template in a group',
      template({ $schema: `${schemas}/2018-05-01/subscriptionDeploymentTemplate.json#` }),
      context,
      'The template is for a subscription, but is deployed to a resource group',
    ],
    [
      'a group template in a subscription',
      template({}),
      wide,
      'The template is for a resource group, but is deployed to a subscription',
    ],
    [
      'no contentVersion',
      { $schema: `${schemas}/2019-04-01/deploymentTemplate.json#`, resources: [] },
      context,
      "has no 'contentVersion'",
    ],
    [
      'no resources',
      { $schema: `${schemas}/2019-04-01/deploymentTemplate.json#`, contentVersion: '1' },
      context,
      "has no 'resources'; write [] where there are none",
    ],
    [
      'an unknown member',
      template({ resource: [] }),
      context,
      "The template has the unknown member 'resource'; did you mean 'resources'?",
    ],
    [
      'definitions',
      template({ definitions: { a: { type: 'string' } } }),
      context,
      "The member 'definitions' of a template at '$.definitions' is not supported yet",
    ],
    ['imports', template({ imports: { az: {} } }), context, "The member 'imports'"],
    ['extensions', template({ extensions: { k8s: {} } }), context, "The member 'extensions'"],
    ['asserts', template({ asserts: { a: true } }), context, "The member 'asserts'"],
    [
      'an experimental language',
      template({ languageVersion: '2.1-experimental' }),
      context,
      "The language version the text '2.1-experimental' at '$.languageVersion' is not supported yet; write '2.0'.",
    ],
    [
      'resources that are no array',
      template({ resources: 'x' }),
      context,
      "The resources at '$.resources' must be an array.",
    ],
    [
      'symbolic names in language 1.0',
      template({ resources: { a: zone('a') } }),
      context,
      'that needs "languageVersion": "2.0"',
    ],
    [
      'variables that are no object',
      template({ variables: [] }),
      context,
      "The 'variables' of the template at '$.variables' must be an object.",
    ],
    [
      'an expression that cannot be parsed, used or not',
      template({ variables: { v: "[concat('a'" + ']' } }),
      context,
      "The expression '[concat('a']' at '$.variables.v' is not valid: expected ',' or ')', found the end of the expression (at character 12).",
    ],
    [
      'a function that does not exist, used or not',
      template({ resources: [zone('a', { condition: false, tags: '[concta()]' })] }),
      context,
      "the function 'concta' does not exist; did you mean 'concat'?",
    ],
  ];
  test.each(rows)('refuses %s', (_, given, where, message) => {
    const refused = refusal(() => prepareTemplate(given, {}, where));
    expect(refused.message).toContain(message);
    expect(refused.code).toBe('InvalidTemplate');
  });

  test('takes names of its members in any case', () => {
    const given = {
      $Schema: `${schemas}/2015-01-01/deploymentTemplate.json`,
      ContentVersion: '1.0.0.0',
      Resources: [zone('a')],
    };
    expect(order(prepareTemplate(given, {}, context))).toEqual(['a']);
  });
});
