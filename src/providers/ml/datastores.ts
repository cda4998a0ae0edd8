/**
 * Datastores: what a workspace calls a container, a share or a file system of a storage account. Four come with
 * every workspace (Azure's REST specifications, `workspaces/datastores`).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { ancestorId, childId, partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import {
  type ActionCall,
  type ActionResult,
  type Draft,
  type Put,
  propertiesOf,
  store,
} from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { asText, isObject, type JsonObject, omit } from '../../lib/json.ts';
import { define } from '../define.ts';
import { keysOf } from '../storage/accounts.ts';
import { storageAccountType } from '../storage/link.ts';
import { inventedId, workspaceType } from './link.ts';
import { count, type Query, truth } from './listing.ts';

export const datastoreType = `${workspaceType}/datastores` as ResourceType;

/** The one that assets go to when nobody says where. */
export const defaultDatastore = 'workspaceblobstore';

const endpoint = 'core.windows.net';

const credentials = shape.object({
  credentialsType: shape.required(
    shape.oneOf('AccountKey', 'None', 'Sas', 'ServicePrincipal', 'Certificate'),
  ),
  ...shape.opaque('authorityUrl', 'clientId', 'resourceUrl', 'tenantId', 'thumbprint'),
  secrets: shape.object({
    secretsType: shape.oneOf('AccountKey', 'Sas', 'ServicePrincipal', 'Certificate'),
    ...shape.opaque('key', 'sasToken', 'clientSecret', 'certificate', 'expirableSecret'),
  }),
});

const kinds = shape.oneOf('AzureBlob', 'AzureFile', 'AzureDataLakeGen2');

const known = shape.object({
  datastoreType: shape.required(kinds),
  credentials: shape.required(credentials),
  accountName: shape.text,
  containerName: shape.text,
  fileShareName: shape.text,
  filesystem: shape.text,
  endpoint: shape.text,
  protocol: shape.oneOf('https', 'http'),
  serviceDataAccessAuthIdentity: shape.oneOf(
    'None',
    'WorkspaceSystemAssignedIdentity',
    'WorkspaceUserAssignedIdentity',
  ),
  resourceGroup: shape.text,
  subscriptionId: shape.text,
  description: shape.text,
  properties: shape.any,
  tags: shape.mapOf(shape.text),
  ...shape.served('isDefault', 'provisioningState'),
});

/** The type is looked at first: what another one has for members says nothing to the user. */
export const datastoreProperties: typeof known = {
  wants: known.wants,
  check: (value, at) => {
    const given = isObject(value) ? value['datastoreType'] : undefined;
    if (given !== undefined && given !== null) kinds.check(given, `${at}.datastoreType`);
    return known.check(value, at);
  },
};

type Properties = shape.Of<typeof datastoreProperties>;

/** Type of datastore -> the member that names its part of the account. */
const parts = {
  AzureBlob: 'containerName',
  AzureFile: 'fileShareName',
  AzureDataLakeGen2: 'filesystem',
} as const;

export const datastores = define(datastoreType, {
  level: 'modelled',
  located: false,
  properties: datastoreProperties,
  put: (put) => {
    const { datastoreType: kind } = put.properties;
    for (const member of ['accountName', parts[kind]] as const) {
      if (put.properties[member] !== undefined) continue;
      throw new ArmError('UserError', `properties.${member} is required for a datastore of type ${kind}.`, {
        target: `properties.${member}`,
      });
    }
    if (!/^[A-Za-z0-9_]{1,255}$/.test(put.id.name)) {
      throw new ArmError(
        'InvalidResourceName',
        `'${put.id.name}' is not a valid datastore name: up to 255 letters, digits and underscores.`,
      );
    }
    const draft = store(put, {
      endpoint,
      protocol: 'https',
      serviceDataAccessAuthIdentity: 'None',
      ...put.properties,
      credentials: { ...keptSecrets(put), ...put.properties.credentials },
    });
    const owner = put.before?.owner;
    return { writes: [owner === undefined ? draft : { ...draft, owner }] };
  },
  remove: (datastore, read) => {
    // It goes with its workspace, and not before.
    if (sameId(datastore.name, defaultDatastore) && read.get(ancestorId(datastore.id, 1))) {
      throw new ArmError(
        'UserError',
        `${datastore.name} is the default datastore of its workspace and cannot be deleted.`,
      );
    }
    return { writes: [] };
  },
  show: (datastore) => {
    const stored = propertiesOf(datastoreProperties, datastore);
    // Secrets go in, and come out by listSecrets only.
    const { secrets: _, ...shown } = stored.credentials;
    return {
      ...omit(stored, 'provisioningState'),
      credentials: shown,
      isDefault: sameId(datastore.name, defaultDatastore),
    };
  },
  list: (found, query) => select(found, query),
  facts: (datastore) => {
    const stored = propertiesOf(datastoreProperties, datastore);
    return [
      {
        kind: 'datastore',
        id: datastore.id,
        workspace: ancestorId(datastore.id, 1),
        account: stored.accountName ?? '',
        type: stored.datastoreType,
        identity: stored.serviceDataAccessAuthIdentity ?? 'None',
      },
    ];
  },
  actions: { listSecrets: { right: 'listSecrets/action', run: listSecrets } },
});

/** Clients send back what they got, and that has no secrets: those stay as they were. */
function keptSecrets({ before, properties }: Put<Properties>): Partial<Properties['credentials']> {
  const old = before && propertiesOf(datastoreProperties, before).credentials;
  const same = old?.credentialsType === properties.credentials.credentialsType;
  return same && old.secrets ? { secrets: old.secrets } : {};
}

function select(found: readonly Resource[], query: Query): readonly Resource[] {
  const isDefault = truth(query('isDefault'));
  const names = query('names')
    ?.split(',')
    .map((name) => name.trim().toLowerCase());
  const part = query('searchText')?.toLowerCase();
  const fitting = found.filter(({ name }) => {
    const lower = name.toLowerCase();
    return (
      (isDefault === undefined || isDefault === (lower === defaultDatastore)) &&
      (names === undefined || names.includes(lower)) &&
      (part === undefined || lower.includes(part))
    );
  });
  const ordered = truth(query('orderByAsc')) === false ? fitting : fitting.toReversed();
  return count(query('orderBy') === null ? fitting : ordered, query('count'));
}

function listSecrets({ resource, body, settings }: ActionCall, read: Read): ActionResult {
  const stored = propertiesOf(datastoreProperties, resource);
  const { credentialsType, secrets } = stored.credentials;
  if (credentialsType === 'None') {
    throw new ArmError('UserError', 'No secrets for credentials of type None.');
  }
  const given: JsonObject = { secretsType: credentialsType, ...secrets };
  if (credentialsType !== 'AccountKey') return { body: given };
  const account = accountOf(stored, read);
  // A client that can do with something that expires gets that, for the container alone.
  if (body['expirableSecret'] === true && account && stored.containerName !== undefined) {
    return {
      ask: {
        kind: 'pass',
        workspace: ancestorId(resource.id, 1),
        account: account.id,
        container: stored.containerName,
      },
      as: (sasToken) => ({ secretsType: 'Sas', sasToken }),
    };
  }
  const key = asText(secrets?.key) ?? asText(account && keysOf(account, settings.secret)[0]?.['value']);
  if (key === undefined) {
    throw new ArmError(
      'UserError',
      `Datastore ${resource.name} has no key, and account ${stored.accountName ?? '?'} is not in this estate.`,
    );
  }
  return { body: { secretsType: 'AccountKey', key } };
}

/** The storage account of a datastore; undefined where it is not in the estate. */
export function accountOf(stored: Pick<Properties, 'accountName'>, read: Read): Resource | undefined {
  return read.ofType(storageAccountType).find((account) => account.name === stored.accountName);
}

/** Names of what a workspace's own datastores stand for. */
export function defaultParts(workspaceId: string): {
  readonly containers: readonly [blobs: string, artifacts: string];
  readonly shares: readonly [files: string, code: string];
} {
  const guid = inventedId(workspaceId, 'workspaceId');
  return {
    containers: [`azureml-blobstore-${guid}`, 'azureml'],
    // The working directory has this very name in every account of Azure.
    shares: [`azureml-filestore-${guid}`, 'code-391ff5ac-6576-460f-ba4d-7e03433c68b6'],
  };
}

/** The datastores that come with a workspace on a storage account. */
export function defaultDatastores(
  workspace: Pick<Draft, 'id'>,
  accountId: string,
  mode: 'AccessKey' | 'Identity' | 'UserDelegationSAS' | undefined,
): Draft[] {
  const account = partsOf(accountId);
  const { containers, shares } = defaultParts(workspace.id);
  const shared = {
    accountName: account.name,
    endpoint,
    protocol: 'https',
    serviceDataAccessAuthIdentity: 'None',
    resourceGroup: account.resourceGroup,
    subscriptionId: account.subscription,
    credentials: { credentialsType: mode === undefined || mode === 'AccessKey' ? 'AccountKey' : 'None' },
  };
  const draft = (name: string, own: JsonObject): Draft => ({
    id: childId(workspace.id, 'datastores', name),
    name,
    type: datastoreType,
    owner: workspace.id,
    properties: { provisioningState: 'Succeeded', ...shared, ...own },
  });
  const blob = (containerName: string): JsonObject => ({ datastoreType: 'AzureBlob', containerName });
  // Keys are all that the file service takes.
  const file = (fileShareName: string): JsonObject => ({
    datastoreType: 'AzureFile',
    fileShareName,
    credentials: { credentialsType: 'AccountKey' },
  });
  return [
    draft(defaultDatastore, blob(containers[0])),
    draft('workspaceartifactstore', blob(containers[1])),
    draft('workspacefilestore', file(shares[0])),
    draft('workspaceworkingdirectory', file(shares[1])),
  ];
}
