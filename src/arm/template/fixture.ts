/**
 * What the tests of this folder share: a place to deploy to and short ways to write templates.
 *
 * @module
 */

import type { Json, JsonObject } from '../../lib/json.ts';
import { ArmError } from '../error.ts';
import { groupId } from '../id.ts';
import { type DeploymentContext, type PreparedTemplate, prepareTemplate, type Runtime } from './prepare.ts';

/** The subscription that tests deploy to. */
export const subscriptionId = '00000000-0000-0000-0000-00000000000a';
/** The resource group that tests deploy to. */
export const group = groupId(subscriptionId, 'ml');
/** Where the schemas of templates live. */
export const schemas = 'https://schema.management.azure.com/schemas';
/** A type of one segment. */
export const zones = 'Microsoft.Network/privateDnsZones';
/** A type that has children. */
export const nets = 'Microsoft.Network/virtualNetworks';
/** The type of nested deployments. */
export const deployments = 'Microsoft.Resources/deployments';

/** A deployment to the group. */
export const context: DeploymentContext = {
  deploymentName: 'main',
  subscription: { subscriptionId, tenantId: 'tenant-1', displayName: 'Research' },
  resourceGroup: { id: group, name: 'ml', location: 'westeurope' },
  location: 'westeurope',
  deployer: { objectId: 'object-1', tenantId: 'tenant-1' },
  utcNow: '2024-05-31T13:04:05Z',
  newGuid: () => '11111111-2222-3333-4444-555555555555',
};
/** A deployment to the subscription. */
export const wide: DeploymentContext = { ...context, resourceGroup: undefined, location: 'northeurope' };

/** Answers with what it was asked. */
export const runtime: Runtime = {
  reference: (id, full) => ({ of: id, full }),
  list: (action, id) => ({ action, of: id }),
};

/** Returns a template for a group with the given parts. */
export function template(parts: JsonObject): JsonObject {
  return {
    $schema: `${schemas}/2019-04-01/deploymentTemplate.json#`,
    contentVersion: '1.0.0.0',
    resources: [],
    ...parts,
  };
}

/** Returns a resource of one segment. */
export function zone(name: string, more: JsonObject = {}): JsonObject {
  return { type: zones, apiVersion: '2020-06-01', name, location: 'global', properties: {}, ...more };
}

/** Prepares a template of the given parts. */
export function prepare(parts: JsonObject, parameters: JsonObject = {}): PreparedTemplate {
  return prepareTemplate(template(parts), parameters, context);
}

/** Prepares a template of the given resources. */
export function prepareResources(...resources: Json[]): PreparedTemplate {
  return prepare({ resources });
}

/** Prints the order with what each waits for: `a`, `b <- a`. */
export function order(prepared: PreparedTemplate): string[] {
  return prepared.resources.map(({ name, dependsOn }) => {
    const needs = dependsOn.map((at) => prepared.resources[at]?.name).join(' ');
    return needs === '' ? name : `${name} <- ${needs}`;
  });
}

/** Evaluates the outputs. */
export function outputs(prepared: PreparedTemplate): JsonObject {
  return prepared.outputs(runtime);
}

/** Returns how the work is refused; throws where it is not. */
export function refusal(work: () => unknown): { code: string; target: string | undefined; message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof ArmError) return { code: error.code, target: error.target, message: error.message };
    throw error;
  }
  throw new Error('was not refused');
}
