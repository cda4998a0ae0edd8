/**
 * The properties of a workspace, with what the templates of its clients send along.
 *
 * @module
 */

import * as shape from '../../arm/shape.ts';
import { publicAccess } from '../doors.ts';
import { encryption } from './workspace-encryption.ts';

export const workspaceProperties = shape.object({
  friendlyName: shape.text,
  description: shape.text,
  storageAccount: shape.resourceId,
  keyVault: shape.resourceId,
  applicationInsights: shape.resourceId,
  containerRegistry: shape.resourceId,
  publicNetworkAccess: publicAccess,
  allowPublicAccessWhenBehindVnet: shape.bool,
  ipAllowlist: shape.list(shape.text),
  hbiWorkspace: shape.bool,
  v1LegacyMode: shape.bool,
  imageBuildCompute: shape.text,
  primaryUserAssignedIdentity: shape.orEmpty(shape.resourceId),
  systemDatastoresAuthMode: shape.orEmpty(shape.oneOf('AccessKey', 'Identity', 'UserDelegationSAS')),
  networkAcls: shape.object({
    defaultAction: shape.oneOf('Allow', 'Deny'),
    ipRules: shape.list(shape.object({ value: shape.required(shape.text) })),
  }),
  softDeleteEnabled: shape.bool,
  allowRecoverSoftDeletedWorkspace: shape.bool,
  allowRoleAssignmentOnRG: shape.bool,
  enableDataIsolation: shape.bool,
  enableServiceSideCMKEncryption: shape.bool,
  enableSoftwareBillOfMaterials: shape.bool,
  provisionNetworkNow: shape.bool,
  encryption,
  ...shape.opaque(
    'serverlessComputeSettings',
    'serviceManagedResourcesSettings',
    'sharedPrivateLinkResources',
    'featureStoreSettings',
    'hubResourceId',
    'workspaceHubConfig',
    'associatedWorkspaces',
    'softDeleteRetentionInDays',
  ),
  managedNetwork: shape.object({
    isolationMode: shape.oneOf('Disabled', 'AllowInternetOutbound', 'AllowOnlyApprovedOutbound'),
    ...shape.opaque('outboundRules', 'status', 'firewallSku', 'enableNetworkMonitor'),
    ...shape.served('networkId', 'firewallPublicIpAddress', 'managedNetworkKind'),
  }),
  ...shape.served(
    'provisioningState',
    'workspaceId',
    'discoveryUrl',
    'privateEndpointConnections',
    'privateLinkCount',
    'notebookInfo',
    'serviceProvisionedResourceGroup',
    'storageHnsEnabled',
    'mlFlowTrackingUri',
    'tenantId',
    'creationTime',
    'soft_delete_enabled',
    'agentsEndpointUri',
    'existingWorkspaces',
    'keyVaultIdentifier',
  ),
});
