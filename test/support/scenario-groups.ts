/**
 * Resources in other groups than the one that a template is deployed to: nested deployments.
 *
 * @module
 */

import { defaultLocation, defaultSubscription } from '../../src/app/defaults.ts';
import { groupId } from '../../src/arm/id.ts';
import type { JsonObject } from '../../src/lib/json.ts';

const type = 'Microsoft.Resources/deployments';
const schemas = 'https://schema.management.azure.com/schemas';

export const groupSchema = `${schemas}/2019-04-01/deploymentTemplate.json#`;
const subscriptionSchema = `${schemas}/2018-05-01/subscriptionDeploymentTemplate.json#`;

/** A template with these resources. */
export function templateOf(resources: readonly JsonObject[], $schema: string): JsonObject {
  return { $schema, contentVersion: '1.0.0.0', resources };
}

/** Name of the deployment of the resource at a position. */
export function nestedName(at: number): string {
  return `resource-${at}`;
}

/** Id of that deployment in another group. */
export function nestedId(home: string, at: number): string {
  return `${groupId(defaultSubscription, home)}/providers/${type}/${nestedName(at)}`;
}

/** A deployment of a template whose expressions are its own. */
export function nested(name: string, resources: readonly JsonObject[], schema: string): JsonObject {
  return {
    type,
    apiVersion: '2022-09-01',
    name,
    properties: {
      mode: 'Incremental',
      expressionEvaluationOptions: { scope: 'inner' },
      template: templateOf(resources, schema),
    },
  };
}

/** Makes a group. */
export function groupMaker(home: string): JsonObject {
  const made = {
    type: 'Microsoft.Resources/resourceGroups',
    apiVersion: '2022-09-01',
    name: home,
    location: defaultLocation,
  };
  return {
    ...nested(`group-${home}`, [made], subscriptionSchema),
    subscriptionId: defaultSubscription,
    location: defaultLocation,
  };
}

/** Id of the deployment that makes a group. */
export function makerOf(home: string): string {
  return `/subscriptions/${defaultSubscription}/providers/${type}/group-${home}`;
}
