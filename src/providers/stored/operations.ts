/**
 * Types of monitoring and other operations that are only stored.
 *
 * @module
 */

import { ancestorId } from '../../arm/id.ts';
import { asText, member } from '../../lib/json.ts';
import type { StoredType } from './type.ts';

const machineLearning = /\/providers\/microsoft\.machinelearningservices\//i;

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
  {
    type: 'Microsoft.Synapse/workspaces',
    declares: ({ id, properties }) => [
      {
        kind: 'synapse',
        id,
        keepsDataIn: member(properties['managedVirtualNetworkSettings'], 'preventDataExfiltration') === true,
      },
    ],
  },
  { type: 'Microsoft.Synapse/workspaces/managedVirtualNetworks', located: false },
  {
    type: 'Microsoft.Synapse/workspaces/managedVirtualNetworks/managedPrivateEndpoints',
    located: false,
    declares: ({ id, properties }) => [
      {
        kind: 'synapse-link',
        id,
        synapse: ancestorId(id, 2),
        toMachineLearning: machineLearning.test(asText(properties['privateLinkResourceId']) ?? ''),
      },
    ],
  },
  {
    type: 'Microsoft.Synapse/workspaces/linkedServices',
    located: false,
    declares: ({ id, properties }) => [
      {
        kind: 'synapse-link',
        id,
        synapse: ancestorId(id, 1),
        toMachineLearning: /^AzureML/.test(asText(properties['type']) ?? ''),
      },
    ],
  },
];
