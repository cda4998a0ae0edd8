/**
 * Machine-learning workspaces (docs/semantics/workspaces.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { groupOf } from '../../arm/id.ts';
import { type Draft, type Put, propertiesOf, store } from '../../arm/provider.ts';
import { Pending, type Read, type Resource } from '../../arm/resource.ts';
import type * as shape from '../../arm/shape.ts';
import { fqdn } from '../../lib/fqdn.ts';
import { type Prefix, parsePrefix } from '../../lib/ip.ts';
import { asText, member } from '../../lib/json.ts';
import { define } from '../define.ts';
import { checkIpRules } from '../doors.ts';
import {
  grantTo,
  identityFacts,
  identityRights,
  principalOf,
  staleGrants,
  withPrincipal,
} from '../identity.ts';
import { mustExist } from '../network/network-interfaces.ts';
import { connections, embedConnections, linkResources } from '../private-link/connections.ts';
import { linkGroupsFact } from '../private-link/target.ts';
import { defaultDatastores } from './datastores.ts';
import { shutBy } from './egress.ts';
import { isLegacy, madeWith, oldApi } from './legacy.ts';
import { inventedId, workspaceLink, workspaceNames, workspaceType } from './link.ts';
import { isProvisioned, networkFacts, planNetwork, settledNetwork, shownNetwork } from './managed/network.ts';
import { outboundRules } from './managed-network.ts';
import { serverlessPlace, serverlessSubnet } from './workloads.ts';
import { workspaceActions } from './workspace-actions.ts';
import { checkSettled, settledIn, withoutIdleKey } from './workspace-encryption.ts';
import { workspaceProperties as properties } from './workspace-shape.ts';

/** Roles that the service gives a workspace's own identity (docs/semantics/callers.md). */
const contributor = 'b24988ac-6180-42a0-ab88-20f7382dd24c';
const blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe';

type Properties = shape.Of<typeof properties>;

export const workspaces = define(workspaceType, {
  level: 'modelled',
  located: true,
  properties,
  linked: identityRights,
  put: (put, read) => {
    check(put, read);
    const identity = withPrincipal(put, read, 'SystemAssigned');
    const asked = withoutIdleKey(withoutEmpty({ ...settledIn(put.before), ...put.properties }));
    const given = { ...asked, ...settledNetwork(asked, put.before) };
    const stored = { ...given, ...mirroredFlags(put), ...madeWith(put) };
    const draft: Draft = { ...store(put, stored), ...(identity ? { identity } : {}) };
    const principal = principalOf(draft);
    const granted = principal === undefined ? [] : grants(draft, principal, put);
    const datastores = ownDatastores(draft, given, put.before);
    const network = planNetwork(draft, put.before, new Pending(read, granted));
    return {
      writes: [draft, ...granted, ...datastores, ...network.writes],
      deletes: [...staleGrants(draft.id, granted, read), ...network.deletes],
      ...(datastores.length === 0 ? {} : { then: [{ kind: 'furnish', resource: draft.id }] }),
    };
  },
  remove: (workspace, read) => {
    const endpoint = read.children(workspace.id, `${workspaceType}/onlineEndpoints`)[0];
    if (endpoint) {
      throw new ArmError(
        'CannotDeleteResource',
        `Workspace ${workspace.name} has the online endpoint ${endpoint.name}. Delete its endpoints first.`,
      );
    }
    return { writes: [], then: [{ kind: 'forget', resource: workspace.id }] };
  },
  show: (workspace, read, settings) => {
    const location = workspace.location ?? '';
    const connected = embedConnections(read, workspace);
    const guid = inventedId(workspace.id, 'workspaceId');
    const names = workspaceNames(workspace.id, location);
    // A workspace that gains a private endpoint must move its discovery, or old clients keep public URLs.
    const host = connected.length > 0 ? names.api.name : `${location}.api.azureml.ms`;
    const { [oldApi]: _, [shutBy]: __, ...stored } = workspace.properties;
    return {
      ...stored,
      ...shownNetwork(workspace, read),
      ...(isLegacy(workspace, read) ? { v1LegacyMode: true } : {}),
      workspaceId: guid,
      tenantId: settings.tenant,
      discoveryUrl: `https://${host}/discovery`,
      mlFlowTrackingUri: `azureml://${host}/mlflow/v1.0${workspace.id}`,
      privateLinkCount: connected.length,
      privateEndpointConnections: connected,
      notebookInfo: { fqdn: names.notebooks.name, resourceId: inventedId(workspace.id, 'notebook') },
    };
  },
  actions: workspaceActions,
  views: { privateLinkResources: linkResources(workspaceLink) },
  facts: (workspace) => {
    const stored = propertiesOf(properties, workspace);
    const location = workspace.location ?? '';
    const names = workspaceNames(workspace.id, location);
    const listed = addressesOf(stored);
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
          defaultAllow:
            stored.networkAcls?.defaultAction === undefined
              ? listed.length === 0
              : stored.networkAcls.defaultAction === 'Allow',
          defaultFlag: stored.networkAcls ? 'networkAcls.defaultAction' : 'ipAllowlist',
          addresses: listed.flatMap((text): Prefix[] => {
            const prefix = parsePrefix(text);
            return prefix ? [prefix] : [];
          }),
          addressesFlag: stored.networkAcls ? 'networkAcls.ipRules' : 'ipAllowlist',
          subnets: [],
        },
        access: {
          by: 'role',
          // Its hosts ask for the right of each operation, never for that of reading the workspace itself.
          operation: 'Microsoft.MachineLearningServices/workspaces/experiments/runs/read',
          plane: 'control',
        },
        aliasNeedsApproval: false,
      },
      {
        kind: 'workspace',
        id: workspace.id,
        flavour: workspace.kind ?? 'Default',
        location,
        storage: stored.storageAccount,
        vault: stored.keyVault,
        registry: stored.containerRegistry,
        hub: asText(stored.hubResourceId),
        primaryIdentity: stored.primaryUserAssignedIdentity || undefined,
        datastoreAuth: stored.systemDatastoresAuthMode || 'AccessKey',
        highImpact: stored.hbiWorkspace === true,
        keyHolder: asText(member(member(stored.encryption, 'keyVaultProperties'), 'keyVaultArmId')),
        managedNetwork: stored.managedNetwork?.isolationMode ?? 'Disabled',
        provisioned: isProvisioned(workspace),
        spark: member(stored.managedNetwork?.status, 'sparkReady') === true,
        legacy: stored.v1LegacyMode,
        madeBeforeVersion2: workspace.properties[oldApi] === true,
        shutBy: asText(workspace.properties[shutBy]),
        buildCompute: stored.imageBuildCompute || undefined,
        serverlessSubnet: serverlessSubnet(stored),
      },
      ...serverlessPlace(workspace),
      ...networkFacts(workspace),
      ...outboundRules(workspace.id, stored.managedNetwork?.outboundRules),
      linkGroupsFact(workspaceLink, workspace),
      ...identityFacts(workspace),
    ];
  },
});

export const workspaceConnections = connections(workspaceLink);

/** Public addresses that are let in: the list, and the rules that came after it. */
function addressesOf({ ipAllowlist = [], networkAcls }: Properties): readonly string[] {
  return [...ipAllowlist, ...(networkAcls?.ipRules ?? []).map((rule) => rule.value)];
}

/** Drops what a template gave as an empty text. */
function withoutEmpty(given: Properties): Properties {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
}

/** The datastores that come with a workspace, where they are not what they should be. */
function ownDatastores(workspace: Draft, given: Properties, old: Resource | undefined): Draft[] {
  const { storageAccount, systemDatastoresAuthMode: mode } = given;
  const before = old && propertiesOf(properties, old);
  const same = before?.storageAccount === storageAccount && before?.systemDatastoresAuthMode === mode;
  if (storageAccount === undefined || same) return [];
  return defaultDatastores(workspace, storageAccount, mode === '' ? undefined : mode);
}

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
  checkSettled(put.properties, put.before, read);
  checkIpRules(ipAllowlist ?? [], 'properties.ipAllowlist');
  const rules = put.properties.networkAcls?.ipRules ?? [];
  checkIpRules(
    rules.map((rule) => rule.value),
    'properties.networkAcls.ipRules',
  );
  if (ipAllowlist !== undefined && ipAllowlist.length > 200) {
    throw new ArmError(
      'InvalidParameter',
      `properties.ipAllowlist has ${ipAllowlist.length} entries; at most 200 are taken.`,
      { target: 'properties.ipAllowlist' },
    );
  }
}

/**
 * Rights of the workspace's own identity on its group and its default storage. With `allowRoleAssignmentOnRG` false it
 * gets them on each thing that the workspace is made of, and not on the group.
 */
function grants(workspace: Draft, principal: string, put: Put<Properties>): Draft[] {
  const { storageAccount, keyVault, containerRegistry, applicationInsights, allowRoleAssignmentOnRG } =
    put.properties;
  const parts = [workspace.id, storageAccount, keyVault, containerRegistry, applicationInsights];
  const contributes =
    allowRoleAssignmentOnRG === false ? parts.filter((id) => id !== undefined) : [groupOf(workspace.id)];
  const scopes: (readonly [string, string])[] = contributes.map((scope) => [contributor, scope]);
  if (storageAccount !== undefined) scopes.push([blobDataContributor, storageAccount]);
  return scopes.map(([role, scope]) => grantTo(workspace.id, principal, role, scope, put.settings));
}
