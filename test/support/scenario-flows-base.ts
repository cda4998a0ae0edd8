/**
 * Flows on the example as it is, and what callers may do on it.
 *
 * @module
 */

import { type Variation, variation } from './scenario-flows.ts';

const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read';
const secrets = 'Microsoft.KeyVault/vaults/secrets/getSecret/action';

/** The example as it is. */
export const base: Variation = variation(
  'the example as it is',
  '',
  `
  vm/jumpbox -> storage/stclinic/blob | delivered at 10.150.0.4 by stclinic, private endpoint connection | | private-endpoints 4.2
  vm/jumpbox -> storage/stclinic/file | delivered at 10.150.0.5 by stclinic, private endpoint connection | | private-endpoints 4.2
  vm/jumpbox -> storage/stclinic/file:445 | delivered by stclinic, private endpoint connection | | private-endpoints 4.2, SMB
  vm/jumpbox -> storage/stclinic/queue | delivered at 10.150.0.6 by stclinic, private endpoint connection | | private-endpoints 4.2
  vm/jumpbox -> storage/stclinic/table | delivered at 10.150.0.7 by stclinic, private endpoint connection | | private-endpoints 4.2
  vm/jumpbox -> storage/stclinic/dfs | dropped-by-gate by clinic-nsg, DenyInternet | clinic-nsg securityRules/DenyInternet; stclinic properties.publicNetworkAccess | PE-9: no private endpoint for dfs
  vm/jumpbox -> storage/stclinic/web | dropped-by-gate by clinic-nsg, DenyInternet | clinic-nsg securityRules/DenyInternet; stclinic properties.publicNetworkAccess | PE-9: no private endpoint for web
  vm/jumpbox -> vault/kv-clinic | delivered at 10.150.0.8 by kv-clinic, private endpoint connection | | private-endpoints 4.2
  vm/jumpbox -> registry/crclinic | delivered by crclinic, private endpoint connection | | private-endpoints 4.2, login server
  vm/jumpbox -> crclinic.eastus.data.azurecr.io | delivered by crclinic, private endpoint connection | | private-endpoints 4.2, data endpoint
  vm/jumpbox -> workspace/mlw-clinic | delivered by mlw-clinic, private endpoint connection | | private-endpoints 4.1
  vm/jumpbox -> endpoint/mlw-clinic/length-of-stay | delivered by length-of-stay, private endpoint connection | | private-endpoints 4.1, inference
  vnet/clinic-vnet/training -> storage/stclinic/blob | delivered by stclinic, private endpoint connection | | N-9: policies are off
  nic/jumpbox-nic -> vault/kv-clinic | delivered by kv-clinic, private endpoint connection | | private-endpoints 4.2
  internet -> storage/stclinic/blob | refused-by-door by stclinic, publicNetworkAccess is Disabled | stclinic properties.publicNetworkAccess | paas 1 step 3
  internet -> storage/stclinic/dfs | refused-by-door by stclinic, publicNetworkAccess is Disabled | stclinic properties.publicNetworkAccess | paas 1 step 3
  internet -> vault/kv-clinic | refused-by-door by kv-clinic, publicNetworkAccess is Disabled | kv-clinic properties.publicNetworkAccess | paas 1 step 3
  internet -> registry/crclinic | refused-by-door by crclinic, publicNetworkAccess is Disabled | crclinic properties.publicNetworkAccess | paas 5
  internet -> workspace/mlw-clinic | refused-by-door by mlw-clinic, publicNetworkAccess is Disabled | mlw-clinic properties.publicNetworkAccess | paas 2
  internet -> endpoint/mlw-clinic/length-of-stay | refused-by-door by length-of-stay, publicNetworkAccess is Disabled | length-of-stay properties.publicNetworkAccess | paas 2
  site/branch-office -> vault/kv-clinic | refused-by-door by kv-clinic, publicNetworkAccess is Disabled | kv-clinic properties.publicNetworkAccess | paas 1 step 3
  internet -> 10.150.0.4 | no-route by internet, public routing | | RFC 1918
  internet -> vm/jumpbox:22 | no-route by internet, public routing | | RFC 1918
  vm/jumpbox -> azure/sign-in | delivered by sign-in, public service allows assuming default-outbound-access | | N-1, rule AllowSignIn
  vm/jumpbox -> azure/arm | delivered by arm, public service allows assuming default-outbound-access | | N-1, rule AllowResourceManager
  vm/jumpbox -> azure/arm:8443 | dropped-by-gate by clinic-nsg, DenyInternet | clinic-nsg securityRules/DenyInternet | N-1, first match
  vm/jumpbox -> 8.8.8.8 | dropped-by-gate by clinic-nsg, DenyInternet | clinic-nsg securityRules/DenyInternet | N-1
  vm/jumpbox -> 10.9.0.1 | no-route by clinic-vnet, system route 10.0.0.0/8 | clinic-vnet system route 10.0.0.0/8 | network 2, default routes
  vm/jumpbox -> 10.150.0.99 | nothing-listening by clinic-vnet, addresses | | network 10 step 4
  vm/jumpbox -> storage/stclinic/blob:22 | nothing-listening by stclinic, ports | | private-endpoints 4.2
  vm/jumpbox -> storage/stclinic/blob/udp | nothing-listening by stclinic, ports | | private-endpoints 4.2
  vnet/clinic-vnet/training -> vm/jumpbox:22 | delivered by scoring, routes assuming a-machine-listens | | N-3
  vm/jumpbox -> 168.63.129.16:53/udp | delivered | | N-8
  vm/jumpbox -> nobody.privatelink.blob.core.windows.net | name-not-found by privatelink.blob.core.windows.net, nobody | privatelink.blob.core.windows.net A/nobody | names 2: a linked zone is authoritative
  vm/jumpbox -> other.blob.core.windows.net | unknown by public DNS, other.blob.core.windows.net | | names 2: whether it has a private endpoint is not known
  vm/jumpbox -> intranet.example | name-not-found by public DNS, intranet.example | | RFC 6761
  deployment/length-of-stay/blue -> storage/stclinic/blob | delivered by stclinic, private endpoint connection | | shut in, with private endpoints of its own
`,
);

/** Callers on the example as it is. */
export const callers: Variation = variation(
  'callers on the example as it is',
  '',
  `
  vm/jumpbox -> storage/stclinic/blob as anonymous | unauthenticated by stclinic, token | | paas 3
  vm/jumpbox -> vault/kv-clinic as anonymous | unauthenticated by kv-clinic, token | | paas 4
  vm/jumpbox -> registry/crclinic as anonymous | unauthenticated by crclinic, token | | paas 5
  vm/jumpbox -> workspace/mlw-clinic as anonymous | unauthenticated by mlw-clinic, token | | paas 2
  vm/jumpbox -> endpoint/mlw-clinic/length-of-stay as anonymous | unauthenticated by length-of-stay, token | | paas 2, scoring status codes
  internet -> vault/kv-clinic as anonymous | refused-by-door by kv-clinic, publicNetworkAccess is Disabled | kv-clinic properties.publicNetworkAccess | R-9
  vm/jumpbox -> endpoint/mlw-clinic/length-of-stay as key | delivered by length-of-stay, authMode Key | | paas 2
  internet -> endpoint/mlw-clinic/length-of-stay as key | refused-by-door by length-of-stay, publicNetworkAccess is Disabled | length-of-stay properties.publicNetworkAccess | R-9
  vm/jumpbox -> vault/kv-clinic as key | unauthenticated by kv-clinic, token | | paas 4
  vm/jumpbox -> storage/stclinic/blob as deployer | unauthorized by stclinic, ${blobs} | stclinic Microsoft.Authorization/roleAssignments | R-3: Owner has no data actions
  vm/jumpbox -> vault/kv-clinic as deployer | unauthorized by kv-clinic, ${secrets} | kv-clinic Microsoft.Authorization/roleAssignments | R-3
  internet -> vault/kv-clinic as deployer | refused-by-door by kv-clinic, publicNetworkAccess is Disabled | kv-clinic properties.publicNetworkAccess; kv-clinic Microsoft.Authorization/roleAssignments | R-9, R-3
  vm/jumpbox -> registry/crclinic as deployer | delivered, Owner | | rbac 2: pull is an action
  vm/jumpbox -> workspace/mlw-clinic as deployer | delivered, Owner | | R-5
  vm/jumpbox -> endpoint/mlw-clinic/length-of-stay as deployer | delivered, Owner | | rbac 3: listKeys
  vm/jumpbox -> storage/stclinic/blob as workspace/mlw-clinic | delivered, Storage Blob Data Contributor | | paas 7: given at creation
  vm/jumpbox -> vault/kv-clinic as workspace/mlw-clinic | unauthorized by kv-clinic, ${secrets} | kv-clinic Microsoft.Authorization/roleAssignments | R-3: Contributor has no data actions
  vm/jumpbox -> registry/crclinic as workspace/mlw-clinic | delivered, Contributor | | rbac 5
  vm/jumpbox -> storage/stclinic/blob as endpoint/length-of-stay | delivered, Storage Blob Data Reader | | rbac 5: given by the service
  vm/jumpbox -> registry/crclinic as endpoint/length-of-stay | delivered, AcrPull | | rbac 5: given by the service
  vm/jumpbox -> vault/kv-clinic as endpoint/length-of-stay | unauthorized by kv-clinic, ${secrets} | kv-clinic Microsoft.Authorization/roleAssignments | rbac 5
  vm/jumpbox -> storage/stclinic/blob as vm/jumpbox | unauthorized by stclinic, ${blobs} | stclinic Microsoft.Authorization/roleAssignments | rbac 1
  vm/jumpbox -> registry/crclinic as vm/jumpbox | unauthorized by crclinic, Microsoft.ContainerRegistry/registries/pull/read | crclinic Microsoft.Authorization/roleAssignments | rbac 1
  vm/jumpbox -> workspace/mlw-clinic as vm/jumpbox | unauthorized by mlw-clinic, Microsoft.MachineLearningServices/workspaces/experiments/runs/read | mlw-clinic Microsoft.Authorization/roleAssignments | rbac 1
  vm/jumpbox -> azure/sign-in as anonymous | delivered by sign-in, sign-in assuming default-outbound-access | | rbac 1: a token is what it gives
  vm/jumpbox -> azure/arm as anonymous | unauthenticated by arm, token | | R-9: ARM 401 before 403
  vm/jumpbox -> azure/arm as vm/jumpbox | delivered by arm, token | | ARM: the resource decides
  vm/jumpbox -> storage/stclinic/blob as 11111111-2222-3333-4444-555555555555 | unauthorized by stclinic, ${blobs} | stclinic Microsoft.Authorization/roleAssignments | rbac 1
`,
);

const jumpbox = `"[reference(resourceId('Microsoft.Compute/virtualMachines', 'jumpbox'), '2024-03-01', 'full').identity.principalId]"`;

const assigned = (role: string, scope: string): string => `
  - add: roleAssignments/00000000-0000-0000-0000-0000000000aa
    scope: "${scope}"
    after: jumpbox
    with:
      roleDefinitionId: "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '${role}')]"
      principalId: ${jumpbox}
`;

/** Roles that somebody gave. */
export const roles: readonly Variation[] = [
  variation(
    'the jumpbox may read blobs',
    assigned('2a2b9908-6ea1-4ae2-8e65-a410df84e7d1', '@stclinic'),
    `
  vm/jumpbox -> storage/stclinic/blob as vm/jumpbox | delivered, Storage Blob Data Reader | | R-5
  vm/jumpbox -> vault/kv-clinic as vm/jumpbox | unauthorized by kv-clinic, ${secrets} | kv-clinic Microsoft.Authorization/roleAssignments | R-1
`,
  ),
  variation(
    'the jumpbox is a reader of the account only',
    assigned('acdd72a7-3385-48ef-bd42-f606fba81ae7', '@stclinic'),
    `
  vm/jumpbox -> storage/stclinic/blob as vm/jumpbox | unauthorized by stclinic, ${blobs} | stclinic Microsoft.Authorization/roleAssignments | R-3
`,
  ),
  variation(
    'the vault has access policies',
    `
  - set: kv-clinic enableRbacAuthorization
    to: false
  - set: kv-clinic accessPolicies
    to:
      - tenantId: 7d3f8b52-6c1a-4e0f-8a9d-0b1c2d3e4f50
        objectId: 11111111-2222-3333-4444-555555555555
        permissions: {secrets: [Get, List]}
      - tenantId: 7d3f8b52-6c1a-4e0f-8a9d-0b1c2d3e4f50
        objectId: 22222222-2222-3333-4444-555555555555
        permissions: {secrets: [List]}
`,
    `
  vm/jumpbox -> vault/kv-clinic as 11111111-2222-3333-4444-555555555555 | delivered by kv-clinic, accessPolicies | | rbac 2, permission models
  vm/jumpbox -> vault/kv-clinic as 22222222-2222-3333-4444-555555555555 | unauthorized by kv-clinic, accessPolicies | kv-clinic properties.accessPolicies | paas 4: AccessDenied
  vm/jumpbox -> vault/kv-clinic as deployer | unauthorized by kv-clinic, accessPolicies | kv-clinic properties.accessPolicies | rbac 2, permission models
`,
  ),
];
