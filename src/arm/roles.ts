/**
 * Azure's built-in roles, as far as the reference has them (docs/semantics/callers.md).
 *
 * @module
 */

import type { Permission } from '../lib/rights.ts';

/** A role that every subscription has. */
export interface BuiltInRole {
  readonly id: string;
  readonly name: string;
  readonly permission: Permission;
}

const ml = 'Microsoft.MachineLearningServices';
const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers';
const delegationKey = 'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action';
const vaults = 'Microsoft.KeyVault/vaults';
const vaultRead = [`${vaults}/read`, 'Microsoft.Authorization/*/read', 'Microsoft.Resources/deployments/*'];

function role(
  id: string,
  name: string,
  actions: readonly string[],
  more: Partial<Omit<Permission, 'actions'>> = {},
): BuiltInRole {
  return { id, name, permission: { actions, notActions: [], dataActions: [], notDataActions: [], ...more } };
}

/** Every built-in role that is known here. */
export const builtInRoles: readonly BuiltInRole[] = [
  role('8e3af657-a8ff-443c-a75c-2fe8c4bcb635', 'Owner', ['*']),
  role('b24988ac-6180-42a0-ab88-20f7382dd24c', 'Contributor', ['*'], {
    notActions: [
      'Microsoft.Authorization/*/Delete',
      'Microsoft.Authorization/*/Write',
      'Microsoft.Authorization/elevateAccess/Action',
      'Microsoft.Blueprint/blueprintAssignments/write',
      'Microsoft.Blueprint/blueprintAssignments/delete',
      'Microsoft.Compute/galleries/share/action',
    ],
  }),
  role('acdd72a7-3385-48ef-bd42-f606fba81ae7', 'Reader', ['*/read']),
  role('18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', 'User Access Administrator', [
    '*/read',
    'Microsoft.Authorization/*',
    'Microsoft.Support/*',
  ]),
  role('f58310d9-a9f6-439a-9e8d-f62e7b41a168', 'Role Based Access Control Administrator', [
    'Microsoft.Authorization/roleAssignments/write',
    'Microsoft.Authorization/roleAssignments/delete',
    '*/read',
  ]),
  role(
    'f6c7c914-8db3-469d-8ca1-694a8f32e121',
    'AzureML Data Scientist',
    ['read', 'action', 'delete', 'write'].map((verb) => `${ml}/workspaces/*/${verb}`),
    {
      // `computes/*/write` alone would not match `computes/write`; the role is documented to exclude both.
      notActions: [
        `${ml}/workspaces/delete`,
        `${ml}/workspaces/write`,
        `${ml}/workspaces/computes/*/write`,
        `${ml}/workspaces/computes/write`,
        `${ml}/workspaces/computes/*/delete`,
        `${ml}/workspaces/computes/delete`,
        `${ml}/workspaces/computes/listKeys/action`,
        `${ml}/workspaces/listKeys/action`,
        `${ml}/workspaces/hubs/write`,
        `${ml}/workspaces/hubs/delete`,
        `${ml}/workspaces/featurestores/write`,
        `${ml}/workspaces/featurestores/delete`,
      ],
    },
  ),
  role('e503ece1-11d0-4e8e-8e2c-7a6c3bf38815', 'AzureML Compute Operator', [
    `${ml}/workspaces/computes/*`,
    `${ml}/workspaces/notebooks/vm/*`,
  ]),
  role('1823dd4f-9b8c-4ab6-ab4e-7397a3684615', 'AzureML Registry User', [
    `${ml}/registries/read`,
    `${ml}/registries/assets/*`,
  ]),
  role('4d97b98b-1d4f-4787-a291-c67834d212e7', 'Network Contributor', [
    'Microsoft.Network/*',
    'Microsoft.Authorization/*/read',
    'Microsoft.Insights/alertRules/*',
    'Microsoft.ResourceHealth/availabilityStatuses/read',
    'Microsoft.Resources/deployments/*',
    'Microsoft.Resources/subscriptions/resourceGroups/read',
    'Microsoft.Support/*',
  ]),
  role('b12aa53e-6015-4669-85d0-8515ebb3ae7f', 'Private DNS Zone Contributor', [
    'Microsoft.Network/privateDnsZones/*',
    'Microsoft.Network/privateDnsOperationResults/*',
    'Microsoft.Network/privateDnsOperationStatuses/*',
    'Microsoft.Network/virtualNetworks/read',
    'Microsoft.Network/virtualNetworks/join/action',
    'Microsoft.Authorization/*/read',
    'Microsoft.Resources/deployments/*',
    'Microsoft.Resources/subscriptions/resourceGroups/read',
    'Microsoft.Support/*',
  ]),
  role('17d1049b-9a84-46fb-8f53-869881c3d3ab', 'Storage Account Contributor', [
    'Microsoft.Storage/storageAccounts/*',
    'Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action',
    'Microsoft.Authorization/*/read',
    'Microsoft.Resources/deployments/*',
    'Microsoft.Resources/subscriptions/resourceGroups/read',
  ]),
  role('2a2b9908-6ea1-4ae2-8e65-a410df84e7d1', 'Storage Blob Data Reader', [`${blobs}/read`, delegationKey], {
    dataActions: [`${blobs}/blobs/read`],
  }),
  role(
    'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
    'Storage Blob Data Contributor',
    [`${blobs}/delete`, `${blobs}/read`, `${blobs}/write`, delegationKey],
    {
      dataActions: ['delete', 'read', 'write', 'move/action', 'add/action'].map(
        (verb) => `${blobs}/blobs/${verb}`,
      ),
    },
  ),
  role('b7e6dc6d-f1e8-4753-8033-0f276bb0955b', 'Storage Blob Data Owner', [`${blobs}/*`, delegationKey], {
    dataActions: [`${blobs}/blobs/*`],
  }),
  role('69566ab7-960f-475b-8e7c-b3118f30c6bd', 'Storage File Data Privileged Contributor', [], {
    dataActions: ['Microsoft.Storage/storageAccounts/fileServices/*'],
  }),
  role('0c867c2a-1d8c-454a-a3db-ab2ea1bdc8bb', 'Storage File Data SMB Share Contributor', [], {
    dataActions: ['read', 'write', 'delete'].map(
      (verb) => `Microsoft.Storage/storageAccounts/fileServices/fileshares/files/${verb}`,
    ),
  }),
  role('7f951dda-4ed3-4680-a7ca-43fe172d538d', 'AcrPull', [
    'Microsoft.ContainerRegistry/registries/pull/read',
  ]),
  role('8311e382-0749-4cb8-b61a-304f252e45ec', 'AcrPush', [
    'Microsoft.ContainerRegistry/registries/pull/read',
    'Microsoft.ContainerRegistry/registries/push/write',
  ]),
  role('0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8', 'Azure Kubernetes Service Cluster Admin Role', [
    'Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action',
    'Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action',
    'Microsoft.ContainerService/managedClusters/read',
    'Microsoft.ContainerService/managedClusters/runcommand/action',
  ]),
  role('00482a5a-887f-4fb3-b363-3b7fe8e74483', 'Key Vault Administrator', vaultRead, {
    dataActions: [`${vaults}/*`],
  }),
  role('21090545-7ca7-4776-b22c-e363652d74d2', 'Key Vault Reader', [`${vaults}/*/read`, `${vaults}/read`], {
    dataActions: [`${vaults}/*/read`, `${vaults}/secrets/readMetadata/action`],
  }),
  role('4633458b-17de-408a-b874-0445c86b69e6', 'Key Vault Secrets User', [], {
    dataActions: [`${vaults}/secrets/getSecret/action`, `${vaults}/secrets/readMetadata/action`],
  }),
  role('b86a8fe4-44ce-4948-aee5-eccb2c155cd7', 'Key Vault Secrets Officer', vaultRead, {
    dataActions: [`${vaults}/secrets/*`],
  }),
  role('14b46e9e-c2b7-41b4-b07b-48a6ebf60603', 'Key Vault Crypto Officer', vaultRead, {
    dataActions: [`${vaults}/keys/*`, `${vaults}/keyrotationpolicies/*`],
  }),
  role('12338af0-0e69-4776-bea7-57ae8d297424', 'Key Vault Crypto User', [], {
    dataActions: [
      'read',
      'update/action',
      'backup/action',
      'encrypt/action',
      'decrypt/action',
      'wrap/action',
      'unwrap/action',
      'sign/action',
      'verify/action',
    ].map((verb) => `${vaults}/keys/${verb}`),
  }),
  role(
    'e147488a-f6f5-4113-8e2d-b22465e65bf6',
    'Key Vault Crypto Service Encryption User',
    [
      'Microsoft.EventGrid/eventSubscriptions/write',
      'Microsoft.EventGrid/eventSubscriptions/read',
      'Microsoft.EventGrid/eventSubscriptions/delete',
    ],
    {
      dataActions: ['read', 'wrap/action', 'unwrap/action'].map((verb) => `${vaults}/keys/${verb}`),
    },
  ),
  role('b556d68e-0be0-4f35-a333-ad7ee1ce17ea', 'Azure AI Enterprise Network Connection Approver', [
    'Microsoft.ContainerRegistry/registries/privateEndpointConnectionsApproval/action',
    'Microsoft.KeyVault/vaults/privateEndpointConnectionsApproval/action',
    `${ml}/workspaces/privateEndpointConnectionsApproval/action`,
    `${ml}/registries/privateEndpointConnectionsApproval/action`,
    'Microsoft.Storage/storageAccounts/privateEndpointConnectionsApproval/action',
    'Microsoft.Storage/storageAccounts/read',
    `${ml}/workspaces/read`,
    'Microsoft.KeyVault/vaults/read',
    'Microsoft.ContainerRegistry/registries/read',
  ]),
];

const byId = new Map(builtInRoles.map((item) => [item.id, item]));

/** Finds a built-in role by its GUID, in lower case. */
export function builtInRole(guid: string): BuiltInRole | undefined {
  return byId.get(guid);
}
