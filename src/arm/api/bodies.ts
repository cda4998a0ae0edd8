/**
 * Bodies that no resource of the estate stands behind.
 *
 * @module
 */

import type { JsonObject } from '../../lib/json.ts';
import type { Settings } from '../provider.ts';
import type { BuiltInRole } from '../roles.ts';

/** The subscription as clients list it at sign-in. */
export function subscriptionBody(settings: Settings): JsonObject {
  return {
    id: `/subscriptions/${settings.subscription}`,
    subscriptionId: settings.subscription,
    tenantId: settings.tenant,
    displayName: settings.subscriptionName,
    state: 'Enabled',
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: 'PayAsYouGo_2014-09-01',
      spendingLimit: 'Off',
    },
    authorizationSource: 'RoleBased',
    managedByTenants: [],
  };
}

/** A built-in role as a role definition. */
export function roleBody(role: BuiltInRole, id: string): JsonObject {
  return {
    id,
    name: role.id,
    type: 'Microsoft.Authorization/roleDefinitions',
    properties: {
      roleName: role.name,
      type: 'BuiltInRole',
      description: '',
      assignableScopes: ['/'],
      permissions: [{ ...role.permission }],
    },
  };
}
