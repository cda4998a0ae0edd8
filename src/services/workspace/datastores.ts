/**
 * Datastores as version 1 of the SDK sees them: the same resources in its own words.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { asText, isObject, type Json, type JsonObject, member } from '../../lib/json.ts';
import { bodyOf, type Call, type Operations, paged, pageOf } from './call.ts';
import { ask } from './control-plane.ts';
import { WorkspaceError } from './error.ts';

const type = 'Microsoft.MachineLearningServices/workspaces/datastores';
const defaultName = 'workspaceblobstore';

/** Type of datastore -> the member of the resource that names its part of the account. */
const parts = { AzureBlob: 'containerName', AzureFile: 'fileShareName' } as const;

const storage = shape.object({
  accountName: shape.required(shape.text),
  containerName: shape.required(shape.text),
  endpoint: shape.text,
  protocol: shape.text,
  credentialType: shape.oneOf('AccountKey', 'Sas', 'None'),
  credential: shape.text,
  subscriptionId: shape.text,
  resourceGroup: shape.text,
  areWorkspaceManagedIdentitiesAllowed: shape.bool,
  ...shape.opaque('blobCacheTimeout', 'isSas', 'accountKey', 'sasToken', 'clientCredentials'),
  ...shape.opaque('serviceDataAccessAuthIdentity'),
});

const datastore = shape.object({
  name: shape.required(shape.text),
  dataStoreType: shape.required(shape.text),
  tags: shape.mapOf(shape.text),
  azureStorageSection: storage,
  ...shape.opaque('hasBeenValidated', 'azureDataLakeSection', 'azureSqlDatabaseSection'),
  ...shape.opaque('azurePostgreSqlSection', 'azureMySqlSection', 'hdfsSection', 'glusterFsSection'),
});

export const datastores: Operations = {
  'GET datastore/v1.0 datastores': ['datastores/read', list],
  'POST datastore/v1.0 datastores': [
    'datastores/write',
    async (call) => register(call, await bodyOf(call, datastore), true),
  ],
  'GET datastore/v1.0 datastores/{name}': ['datastores/read', async (call) => shown(call, call.at('name'))],
  'PUT datastore/v1.0 datastores/{name}': [
    'datastores/write',
    async (call) => register(call, await bodyOf(call, datastore), false),
  ],
  'DELETE datastore/v1.0 datastores/{name}': [
    'datastores/delete',
    async (call) => {
      await ask(call, { method: 'DELETE', path: `datastores/${call.at('name')}` });
      return undefined;
    },
  ],
  'GET datastore/v1.0 default': ['datastores/read', async (call) => shown(call, defaultName)],
};

async function list(call: Call): Promise<Json> {
  const { query, world } = call;
  const names = query.getAll('dataStoreNames').map((name) => name.toLowerCase());
  const own = world.read
    .children(call.workspace as Resource['id'], type as Resource['type'])
    .filter(({ name }) => names.length === 0 || names.includes(name.toLowerCase()));
  const page = pageOf(query.get('count'), query.get('continuationToken'));
  const { value, ...more } = paged(own, page, ({ name }) => name);
  return { value: await Promise.all(value.map((each) => words(call, each))), ...more };
}

async function shown(call: Call, name: string): Promise<Json> {
  const found = call.world.read.get(`${call.workspace}/datastores/${name}`);
  if (!found) throw new WorkspaceError('notFound', `Could not find datastore: ${name}`);
  return words(call, found);
}

/** A datastore in the words of version 1. */
async function words(call: Call, { name, properties }: Resource): Promise<Json> {
  const kind = asText(properties['datastoreType']) ?? '';
  const secret = await secretOf(call, name);
  const key = asText(member(secret, 'key'));
  const sas = asText(member(secret, 'sasToken'));
  const container = ['containerName', 'fileShareName', 'filesystem'].map((part) => properties[part]);
  return {
    name,
    dataStoreType: kind,
    hasBeenValidated: true,
    tags: isObject(properties['tags']) ? properties['tags'] : {},
    azureStorageSection: {
      accountName: properties['accountName'],
      containerName: container.find((part) => part !== undefined),
      endpoint: properties['endpoint'],
      protocol: properties['protocol'],
      credentialType: key === undefined ? (sas === undefined ? 'None' : 'Sas') : 'AccountKey',
      credential: key ?? sas ?? null,
      accountKey: key ?? null,
      sasToken: sas ?? null,
      isSas: sas !== undefined,
      blobCacheTimeout: -1,
      areWorkspaceManagedIdentitiesAllowed: properties['serviceDataAccessAuthIdentity'] !== 'None',
      subscriptionId: properties['subscriptionId'],
      resourceGroup: properties['resourceGroup'],
    },
  };
}

/** The secret, where there is one and the caller may have it. */
async function secretOf(call: Call, name: string): Promise<Json> {
  try {
    return await ask(call, { method: 'POST', path: `datastores/${name}/listSecrets` });
  } catch (error) {
    if (error instanceof WorkspaceError && ['forbidden', 'malformed'].includes(error.kind)) return null;
    throw error;
  }
}

async function register(
  call: Call,
  { name, dataStoreType, azureStorageSection: section, tags }: shape.Of<typeof datastore>,
  onlyNew: boolean,
): Promise<undefined> {
  const kind = (Object.keys(parts) as (keyof typeof parts)[]).find(
    (each) => each.toLowerCase() === dataStoreType.toLowerCase(),
  );
  if (kind === undefined) {
    throw new WorkspaceError(
      'unimplemented',
      `Cloister does not have datastores of type '${dataStoreType}' of version 1 yet: use AzureBlob or AzureFile.`,
    );
  }
  if (!section) throw new WorkspaceError('malformed', 'body.azureStorageSection is required.');
  if (call.query.get('createIfNotExists')?.toLowerCase() === 'true') {
    throw new WorkspaceError(
      'unimplemented',
      'Cloister does not have createIfNotExists of a datastore yet: make the container first.',
    );
  }
  if (!onlyNew && name.toLowerCase() !== call.at('name').toLowerCase()) {
    throw new WorkspaceError('malformed', `The body is about ${name}, the address about ${call.at('name')}.`);
  }
  if (onlyNew && call.world.read.get(`${call.workspace}/datastores/${name}`)) {
    // Clients that are to overwrite look for these words.
    throw new WorkspaceError('malformed', `Another datastore with the same name already exists: ${name}.`);
  }
  const { subscriptionId, resourceGroup, accountName, endpoint, protocol } = section;
  const properties: JsonObject = {
    datastoreType: kind,
    accountName,
    [parts[kind]]: section.containerName,
    credentials: credentialsOf(section),
    serviceDataAccessAuthIdentity: section.areWorkspaceManagedIdentitiesAllowed
      ? 'WorkspaceSystemAssignedIdentity'
      : 'None',
    ...{ subscriptionId, resourceGroup, endpoint, protocol, tags },
  };
  await ask(call, { method: 'PUT', path: `datastores/${name}`, body: { properties }, onlyNew });
  return undefined;
}

function credentialsOf({ credentialType = 'None', credential }: shape.Of<typeof storage>): JsonObject {
  if (credentialType === 'None') return { credentialsType: 'None' };
  if (credential === undefined) {
    throw new WorkspaceError('malformed', `A credential of type ${credentialType} must be given.`);
  }
  const secrets = credentialType === 'Sas' ? { sasToken: credential } : { key: credential };
  return { credentialsType: credentialType, secrets: { secretsType: credentialType, ...secrets } };
}
