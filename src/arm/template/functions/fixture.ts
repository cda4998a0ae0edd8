/**
 * What the tests of this folder share: a scope whose answers are known.
 *
 * @module
 */

import type { Json } from '../../../lib/json.ts';
import { groupId, type ResourceId } from '../../id.ts';
import { ExpressionProblem } from '../expression.ts';
import type { Scope } from '../scope.ts';

/** The subscription that tests deploy to. */
export const subscriptionId = '00000000-0000-0000-0000-00000000000a';
/** Another subscription. */
export const other = '00000000-0000-0000-0000-00000000000b';
/** The resource group that tests deploy to. */
export const group = groupId(subscriptionId, 'ml');
/** Id of a resource in the group. */
export const storage = `${group}/providers/Microsoft.Storage/storageAccounts/data`;

/** What parameters() answers. */
const values: Readonly<Record<string, Json>> = {
  list: ['a', 'b', 'c'],
  numbers: [3, 1, 2],
  empty: [],
  object: { Name: 'x', nested: { a: 1 }, none: null },
  nothing: null,
  word: 'Private',
  yes: true,
};

/** A scope in which everything is allowed. */
export const scope: Scope = {
  context: {
    deploymentName: 'main',
    subscription: { subscriptionId, tenantId: 'tenant-1', displayName: 'Research' },
    resourceGroup: { id: group, name: 'ml', location: 'westeurope', tags: { team: 'a' } },
    location: 'westeurope',
    deployer: { objectId: 'object-1', tenantId: 'tenant-1' },
    utcNow: '2024-05-31T13:04:05.678Z',
    newGuid: () => '11111111-2222-3333-4444-555555555555',
  },
  names: {
    parameter(name, at) {
      const value = values[name];
      if (value === undefined) throw new ExpressionProblem(at, `no parameter ${name}`);
      return value;
    },
    variable: (name) => `variable ${name}`,
    userFunction(namespace, name, at) {
      throw new ExpressionProblem(at, `no function ${namespace}.${name}`);
    },
  },
  loops: [
    { name: 'machines', index: 4, unnamed: true },
    { name: 'disks', index: 1, unnamed: false },
  ],
  place: 'a test',
  runtime: {
    reference: (id, full) => (full ? { id, location: 'here' } : { of: id }),
    list: (action, id, body) => ({ action, id, body: body ?? null }),
  },
  resolve: (text) => (text.startsWith('/') ? text : `/resolved/${text}`) as ResourceId,
  inDefault: true,
  deployment: { mode: 'Incremental', template: { contentVersion: '1.0.0.0' } },
  memo: new Map(),
  calls: 0,
};

/** Writes a call of parameters(). */
export const p = (name: string): string => `parameters('${name}')`;
