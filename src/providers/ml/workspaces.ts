/**
 * Machine-learning workspaces (paas-access.md section 2; docs/semantics/workspaces.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { groupOf, keyOf, partsOf, sameId } from '../../arm/id.ts';
import { type Draft, type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { fqdn } from '../../lib/fqdn.ts';
import { type Prefix, parsePrefix } from '../../lib/ip.ts';
import type { JsonObject } from '../../lib/json.ts';
import { define } from '../define.ts';
import { checkIpRules, publicAccess } from '../doors.ts';
import { grantTo, identityFacts, principalOf, withPrincipal } from '../identity.ts';
import { mustExist } from '../network/network-interfaces.ts';
import { connections, embedConnections, linkResources } from '../private-link/connections.ts';
import { keysOf } from '../storage/accounts.ts';
import { inventedId, workspaceLink, workspaceNames, workspaceType } from './link.ts';

/** Roles that the service gives a workspace's own identity (rbac-identity.md section 5). */
const contributor = 'b24988ac-6180-42a0-ab88-20f7382dd24c';
const blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe';

const properties = shape.object({
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
  primaryUserAssignedIdentity: shape.resourceId,
  systemDatastoresAuthMode: shape.oneOf('AccessKey', 'Identity', 'UserDelegationSAS'),
  ...shape.opaque(
    'encryption',
    'serverlessComputeSettings',
    'serviceManagedResourcesSettings',
    'sharedPrivateLinkResources',
    'featureStoreSettings',
    'enableDataIsolation',
    'enableServiceSideCMKEncryption',
    'enableSoftwareBillOfMaterials',
    'hubResourceId',
    'workspaceHubConfig',
    'associatedWorkspaces',
    'softDeleteRetentionInDays',
    'provisionNetworkNow',
  ),
  managedNetwork: shape.object({
    isolationMode: shape.oneOf('Disabled', 'AllowInternetOutbound', 'AllowOnlyApprovedOutbound'),
    ...shape.opaque('outboundRules', 'status', 'firewallSku', 'enableNetworkMonitor'),
  }),
  discoveryUrl: shape.text,
  ...shape.served(
    'provisioningState',
    'workspaceId',
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
    'allowRoleAssignmentOnRG',
    'networkAcls',
  ),
});

type Properties = shape.Of<typeof properties>;

export const workspaces = define(workspaceType, {
  level: 'modelled',
  located: true,
  properties,
  put: (put, read) => {
    check(put, read);
    const identity =
      withPrincipal(put) ??
      withPrincipal({ ...put, envelope: { ...put.envelope, identity: { type: 'SystemAssigned' } } });
    const stored = { ...put.properties, ...mirroredFlags(put) };
    const draft: Draft = { ...store(put, stored), ...(identity ? { identity } : {}) };
    const principal = principalOf(draft);
    return { writes: [draft, ...(principal === undefined ? [] : grants(draft, principal, put))] };
  },
  remove: (workspace, read) => {
    const endpoint = read.children(workspace.id, `${workspaceType}/onlineEndpoints`)[0];
    if (endpoint) {
      throw new ArmError(
        'CannotDeleteResource',
        `Workspace ${workspace.name} has the online endpoint ${endpoint.name}. Delete its endpoints first.`,
      );
    }
    return { writes: [] };
  },
  show: (workspace, read, settings) => {
    const location = workspace.location ?? '';
    const connected = embedConnections(read, workspace);
    const guid = inventedId(workspace.id, 'workspaceId');
    const names = workspaceNames(workspace.id, location);
    // A workspace that gains a private endpoint must move its discovery, or old clients keep public URLs.
    const host = connected.length > 0 ? names.api.name : `${location}.api.azureml.ms`;
    return {
      ...workspace.properties,
      workspaceId: guid,
      tenantId: settings.tenant,
      discoveryUrl: `https://${host}/discovery`,
      mlFlowTrackingUri: `azureml://${host}/mlflow/v1.0${workspace.id}`,
      privateLinkCount: connected.length,
      privateEndpointConnections: connected,
      notebookInfo: { fqdn: names.notebooks.name, resourceId: inventedId(workspace.id, 'notebook') },
    };
  },
  actions: {
    listKeys: {
      right: 'listKeys/action',
      run: ({ resource, settings }, read) => {
        const account = read.get(propertiesOf(properties, resource).storageAccount ?? '');
        const key = account ? keysOf(account, settings.secret)[0]?.['value'] : undefined;
        const body: JsonObject = {
          userStorageKey: key ?? null,
          userStorageResourceId: account?.id ?? null,
          notebookAccessKeys: {
            primaryAccessKey: settings.secret(`notebook ${keyOf(resource.id)} 1`),
            secondaryAccessKey: settings.secret(`notebook ${keyOf(resource.id)} 2`),
          },
        };
        return { body };
      },
    },
  },
  views: { privateLinkResources: linkResources(workspaceLink) },
  facts: (workspace) => {
    const stored = propertiesOf(properties, workspace);
    const location = workspace.location ?? '';
    const names = workspaceNames(workspace.id, location);
    return [
      {
        kind: 'service',
        id: workspace.id,
        service: 'workspace',
        location,
        surfaces: [names.api, names.cert, names.notebooks].map(({ name, alias }) => ({
          group: 'amlworkspace',
          name: fqdn(name),
          alias: fqdn(alias),
          ports: [443],
        })),
        tag: 'AzureMachineLearning',
        behind: undefined,
        door: {
          publicAccess: stored.publicNetworkAccess !== 'Disabled',
          flag: 'publicNetworkAccess',
          defaultAllow: (stored.ipAllowlist ?? []).length === 0,
          defaultFlag: 'ipAllowlist',
          addresses: (stored.ipAllowlist ?? []).flatMap((text): Prefix[] => {
            const prefix = parsePrefix(text);
            return prefix ? [prefix] : [];
          }),
          addressesFlag: 'ipAllowlist',
          subnets: [],
        },
        access: {
          by: 'role',
          operation: 'Microsoft.MachineLearningServices/workspaces/read',
          plane: 'control',
        },
        aliasNeedsApproval: false,
      },
      ...identityFacts(workspace),
    ];
  },
});

export const workspaceConnections = connections(workspaceLink);

/** The two public-access flags are one setting: whichever was set last is mirrored to the other. */
function mirroredFlags(
  put: Put<Properties>,
): Pick<Properties, 'publicNetworkAccess' | 'allowPublicAccessWhenBehindVnet'> {
  const { publicNetworkAccess: word, allowPublicAccessWhenBehindVnet: flag } = put.properties;
  const before = put.before && propertiesOf(properties, put.before);
  const wordChanged = word !== undefined && word !== before?.publicNetworkAccess;
  const flagChanged = flag !== undefined && flag !== before?.allowPublicAccessWhenBehindVnet;
  if (wordChanged && flagChanged && (word === 'Enabled') !== flag) {
    throw new ArmError(
      'BadRequest',
      `publicNetworkAccess ${word} contradicts allowPublicAccessWhenBehindVnet ${flag}: they are one setting. Give publicNetworkAccess alone.`,
      {
        target: 'properties.publicNetworkAccess',
      },
    );
  }
  const enabled = wordChanged || flag === undefined ? word !== 'Disabled' : flag;
  return { publicNetworkAccess: enabled ? 'Enabled' : 'Disabled', allowPublicAccessWhenBehindVnet: enabled };
}

function check(put: Put<Properties>, read: Read): void {
  const { storageAccount, keyVault, containerRegistry, applicationInsights, ipAllowlist } = put.properties;
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{2,32}$/.test(put.id.name)) {
    throw new ArmError(
      'InvalidResourceName',
      `'${put.id.name}' is not a valid workspace name: 3 to 33 letters, digits, dashes and underscores, starting with a letter or digit.`,
    );
  }
  for (const [name, id] of Object.entries({
    storageAccount,
    keyVault,
    containerRegistry,
    applicationInsights,
  })) {
    mustExist(read, id, `properties.${name}`);
  }
  const kind = (put.envelope.kind ?? 'Default').toLowerCase();
  if (kind === 'default') {
    const missing = Object.entries({ storageAccount, keyVault }).find(([, id]) => id === undefined);
    if (missing) {
      throw new ArmError(
        'UserError',
        `properties.${missing[0]} is required: a workspace needs a storage account and a key vault.`,
        { target: `properties.${missing[0]}` },
      );
    }
  }
  checkIpRules(ipAllowlist ?? [], 'properties.ipAllowlist');
  if (ipAllowlist !== undefined && ipAllowlist.length > 200) {
    throw new ArmError(
      'InvalidParameter',
      `properties.ipAllowlist has ${ipAllowlist.length} entries; at most 200 are taken.`,
      { target: 'properties.ipAllowlist' },
    );
  }
  if (put.before && put.before.location !== put.envelope.location) {
    throw new ArmError(
      'InvalidParameter',
      `The location of a workspace cannot change from ${put.before.location} to ${put.envelope.location}.`,
      { target: 'location' },
    );
  }
}

/** Rights of the workspace's own identity on its group and its default storage. */
function grants(workspace: Draft, principal: string, put: Put<Properties>): Draft[] {
  const { storageAccount } = put.properties;
  const scopes: (readonly [string, string])[] = [[contributor, groupOf(workspace.id)]];
  if (storageAccount !== undefined) scopes.push([blobDataContributor, storageAccount]);
  return scopes.map(([role, scope]) => grantTo(workspace.id, principal, role, scope, put.settings));
}

/** The workspace that a resource stands in. */
export function workspaceOf(id: string, read: Read): Resource | undefined {
  for (let at: string | undefined = id; at !== undefined; at = partsOf(at).parent) {
    if (sameId(partsOf(at).type, workspaceType)) return read.get(at);
    if (partsOf(at).names.length <= 1) return undefined;
  }
  return undefined;
}
