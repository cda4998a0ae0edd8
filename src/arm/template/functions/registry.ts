/**
 * Every function of the template language, by name.
 *
 * @module
 */

import { nearest } from '../../../lib/near.ts';
import { ExpressionProblem } from '../expression.ts';
import { addressFunctions } from './addresses.ts';
import { collectionFunctions } from './collections.ts';
import type { TemplateFunction } from './contract.ts';
import { dateFunctions } from './dates.ts';
import { deploymentFunctions } from './deployment.ts';
import { encodingFunctions } from './encoding.ts';
import { idFunctions } from './ids.ts';
import { logicFunctions } from './logic.ts';
import { numberFunctions } from './numbers.ts';
import { listFunction, runtimeFunctions } from './runtime.ts';
import { stringFunctions } from './strings.ts';

/** The functions that are supported, spelled as Azure spells them. */
export const functions: Readonly<Record<string, TemplateFunction>> = {
  ...addressFunctions,
  ...collectionFunctions,
  ...dateFunctions,
  ...deploymentFunctions,
  ...encodingFunctions,
  ...idFunctions,
  ...logicFunctions,
  ...numberFunctions,
  ...runtimeFunctions,
  ...stringFunctions,
};

/** Functions that Azure has and this engine has not, each with what to write instead. */
export const refusedFunctions: Readonly<Record<string, string>> = {
  externalInput: 'hand the value in as a parameter',
  filter: 'write the resulting array',
  groupBy: 'write the resulting object',
  indexFromEnd: 'use an index from the start',
  lambda: 'use a copy loop',
  lambdaVariables: 'use copyIndex() in a copy loop',
  managementGroup: 'deploy to a subscription or to a resource group',
  managementGroupResourceId: 'deploy to a subscription or to a resource group',
  map: 'use a copy loop in a variable',
  mapValues: 'write the resulting object',
  parseUri: 'use split()',
  pickZones: "write the zones, such as createArray('1')",
  providers: 'write the API versions and locations',
  reduce: 'write the resulting value',
  references: 'call reference() for each resource',
  resourceInfo: 'use reference() or resourceId()',
  roleDefinitions: "write subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '<guid>')",
  sort: 'write the array in order',
  toLogicalZone: 'write the zone',
  toLogicalZones: 'write the zones',
  toObject: 'write the object with createObject()',
  toPhysicalZone: 'write the zone',
  toPhysicalZones: 'write the zones',
  tryIndexFromEnd: 'use tryGet() with an index from the start',
  zip: 'write the resulting array',
};

const supported = new Map(Object.entries(functions).map(([name, found]) => [name.toLowerCase(), found]));
const refused = new Map(Object.entries(refusedFunctions).map(([name, hint]) => [name.toLowerCase(), hint]));

/** Returns a function. Throws ExpressionProblem for one that is refused, and for one that nobody knows. */
export function functionNamed(name: string, at: number): TemplateFunction {
  const lower = name.toLowerCase();
  const found = supported.get(lower) ?? (lower.startsWith('list') ? listFunction : undefined);
  if (found) return found;
  const instead = refused.get(lower);
  if (instead !== undefined) {
    throw new ExpressionProblem(at, `the function '${name}' is not supported yet; ${instead}`);
  }
  throw unknown(name, at);
}

/** Throws ExpressionProblem for a name that is no function of Azure's: what can be told without evaluating. */
export function checkFunctionName(name: string, at: number): void {
  const lower = name.toLowerCase();
  if (!supported.has(lower) && !refused.has(lower) && !lower.startsWith('list')) throw unknown(name, at);
}

function unknown(name: string, at: number): ExpressionProblem {
  const near = nearest(name, [...Object.keys(functions), ...Object.keys(refusedFunctions), 'listKeys']);
  const hint = near === undefined ? 'check its spelling' : `did you mean '${near}'?`;
  return new ExpressionProblem(at, `the function '${name}' does not exist; ${hint}`);
}
