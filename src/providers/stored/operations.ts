/**
 * Types of monitoring and other operations that are only stored.
 *
 * @module
 */

import type { StoredType } from './type.ts';

export const storedOperations: readonly StoredType[] = [
  { type: 'Microsoft.Insights/components' },
  { type: 'Microsoft.Insights/diagnosticSettings', located: false, scope: 'any' },
  { type: 'Microsoft.OperationalInsights/workspaces' },
  { type: 'Microsoft.Authorization/resourceManagementPrivateLinks' },
  {
    type: 'Microsoft.Authorization/privateLinkAssociations',
    located: false,
    scope: 'any',
    declares: ({ id }) => [{ kind: 'management-link', id }],
  },
];
