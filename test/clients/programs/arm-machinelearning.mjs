/** @azure/arm-machinelearning: the workspace, its assets, an endpoint that scores, and the closed door. */

import { readFileSync } from 'node:fs';
import { all, finish, group, limit, place, refuses, sdk, subscription, works } from './steps.mjs';

const { DefaultAzureCredential } = sdk('@azure/identity');
const { AzureMachineLearningWorkspaces } = sdk('@azure/arm-machinelearning');
const { createDefaultHttpClient, createPipelineFromOptions, createPipelineRequest } =
  sdk('@azure/core-rest-pipeline');

const ml = new AzureMachineLearningWorkspaces(new DefaultAzureCredential(), subscription);
const workspace = 'mlw-clinic';
const endpoint = 'length-of-stay';
const [rowsFile] = process.argv.slice(2);
const fast = { updateIntervalInMs: 100 };
const at = (...more) => [group, workspace, ...more];

await workspaces();
if (place === 'internet') {
  const { scoringUri, key } = await scoring();
  await works(
    'scoring: the endpoint is private',
    () => score(scoringUri, key),
    ({ status, bodyAsText }) => status === 403 && bodyAsText.includes('private link'),
  );
} else {
  await assets();
  await endpoints();
  await computes();
}
finish();

async function workspaces() {
  await works(
    'workspaces: get',
    () => ml.workspaces.get(...at()),
    (found) =>
      found.provisioningState === 'Succeeded' &&
      found.workspaceId !== undefined &&
      found.discoveryUrl.startsWith('https://') &&
      found.publicNetworkAccess === 'Disabled' &&
      // Its own, and that of the deployment.
      found.privateEndpointConnections.length === 2 &&
      found.identity.principalId !== undefined,
  );
  await works(
    'workspaces: list of a group and of the subscription',
    async () => [
      await all(ml.workspaces.listByResourceGroup(group)),
      await all(ml.workspaces.listBySubscription()),
    ],
    ([own, every]) => own.length === 1 && every.length === 1,
  );
  await works(
    'workspaces: list keys',
    () => ml.workspaces.listKeys(...at()),
    ({ userStorageResourceId }) => userStorageResourceId.endsWith('/storageAccounts/stclinic'),
  );
  await works(
    'privateEndpointConnections: list',
    () => all(ml.privateEndpointConnections.list(...at())),
    ([connection]) => connection.privateLinkServiceConnectionState.status === 'Approved',
  );
  await works(
    'privateLinkResources: list',
    () => ml.privateLinkResources.list(...at()),
    ({ value }) => value[0].groupId === 'amlworkspace' && value[0].requiredMembers[0] === 'default',
  );
  await refuses('workspaces: get one that is not there', 404, ['ResourceNotFound'], () =>
    ml.workspaces.get(group, 'mlw-none'),
  );
}

async function assets() {
  await works(
    'datastores: list',
    () => all(ml.datastores.list(...at())),
    (list) => list.some(({ properties }) => properties.isDefault === true),
  );
  await works(
    'datastores: list secrets',
    () => ml.datastores.listSecrets(...at('workspaceblobstore')),
    ({ secretsType, key }) => secretsType === 'AccountKey' && key.length > 40,
  );
  await works(
    'modelVersions: get',
    () => ml.modelVersions.get(...at(endpoint, '1')),
    ({ properties }) => properties.modelUri !== undefined,
  );
  await works(
    'modelContainers: list',
    () => all(ml.modelContainers.list(...at())),
    (list) => list.some(({ name }) => name === endpoint),
  );
  await works(
    'environmentVersions: create',
    () =>
      ml.environmentVersions.createOrUpdate(...at('node', '1'), {
        properties: { image: 'mcr.microsoft.com/azureml/minimal:latest' },
      }),
    ({ properties }) => properties.image.startsWith('mcr.'),
  );
  await works(
    'environmentVersions: list',
    () => all(ml.environmentVersions.list(...at('node'))),
    (list) => list.length === 1,
  );
  await works(
    'environmentContainers: latest and next',
    () => ml.environmentContainers.get(...at('node')),
    ({ properties }) => properties.latestVersion === '1' && properties.nextVersion === '2',
  );
  await refuses('codeVersions: get one that is not there', 404, ['ResourceNotFound'], () =>
    ml.codeVersions.get(...at('none', '1')),
  );
}

async function endpoints() {
  await works(
    'onlineEndpoints: create',
    () =>
      ml.onlineEndpoints.beginCreateOrUpdateAndWait(
        ...at('node'),
        {
          location: 'eastus',
          identity: { type: 'SystemAssigned' },
          properties: { authMode: 'Key', publicNetworkAccess: 'Disabled' },
        },
        fast,
      ),
    ({ properties, identity }) =>
      properties.provisioningState === 'Succeeded' &&
      properties.scoringUri.startsWith('https://node.eastus.inference.ml.azure.com/') &&
      identity.principalId !== undefined,
  );
  await works(
    'onlineDeployments: get',
    () => ml.onlineDeployments.get(...at(endpoint, 'blue')),
    ({ properties, sku }) =>
      properties.endpointComputeType === 'Managed' &&
      properties.scaleSettings.scaleType === 'Default' &&
      sku.capacity === 1,
  );
  await works(
    'onlineDeployments: logs',
    () => ml.onlineDeployments.getLogs(...at(endpoint, 'blue'), { tail: 10 }),
    ({ content }) => content.length > 0,
  );
  await refuses(
    'onlineDeployments: create with a model that is not there',
    undefined,
    ['BadArgument', "'azureml:none:1' is not registered"],
    () =>
      ml.onlineDeployments.beginCreateOrUpdateAndWait(
        ...at('node', 'red'),
        {
          location: 'eastus',
          sku: { name: 'Default', capacity: 1 },
          properties: {
            endpointComputeType: 'Managed',
            model: `azureml:none:1`,
            instanceType: 'Standard_DS3_v2',
            egressPublicNetworkAccess: 'Disabled',
          },
        },
        fast,
      ),
  );
  const { scoringUri, key } = await scoring();
  await works(
    'scoring: with a key',
    () => score(scoringUri, key),
    ({ status, bodyAsText }) => status === 200 && JSON.parse(bodyAsText).length === 3,
  );
  await works(
    'scoring: without a key',
    () => score(scoringUri, undefined),
    ({ status }) => status === 401,
  );
  await works('onlineEndpoints: delete', () => ml.onlineEndpoints.beginDeleteAndWait(...at('node'), fast));
  await refuses('onlineEndpoints: get one that is gone', 404, ['ResourceNotFound'], () =>
    ml.onlineEndpoints.get(...at('node')),
  );
}

async function computes() {
  await works(
    'computeOperations: create AmlCompute',
    () =>
      ml.computeOperations.beginCreateOrUpdateAndWait(
        ...at('cpu'),
        {
          location: 'eastus',
          properties: {
            computeType: 'AmlCompute',
            properties: {
              vmSize: 'Standard_DS3_v2',
              enableNodePublicIp: false,
              scaleSettings: { minNodeCount: 0, maxNodeCount: 1 },
            },
          },
        },
        fast,
      ),
    ({ properties }) =>
      properties.computeType === 'AmlCompute' && properties.provisioningState === 'Succeeded',
  );
  await works(
    'computeOperations: list',
    () => all(ml.computeOperations.list(...at())),
    (list) => list.length === 1,
  );
  await works('computeOperations: delete', () =>
    ml.computeOperations.beginDeleteAndWait(...at('cpu'), 'Delete', fast),
  );
  await works(
    'jobs: list',
    () => all(ml.jobs.list(...at())),
    (found) => found.length === 0,
  );
  await works(
    'batchEndpoints: list',
    () => all(ml.batchEndpoints.list(...at())),
    (list) => list.length === 0,
  );
  await limit('schedules: list', 404, ['workspaces/schedules', 'not supported'], () =>
    all(ml.schedules.list(...at())),
  );
  await limit('virtualMachineSizes: list', 404, ['locations'], () => ml.virtualMachineSizes.list('eastus'));
}

async function scoring() {
  const { properties } =
    (await works('onlineEndpoints: get', () => ml.onlineEndpoints.get(...at(endpoint)))) ?? {};
  const keys = await works(
    'onlineEndpoints: list keys',
    () => ml.onlineEndpoints.listKeys(...at(endpoint)),
    ({ primaryKey, secondaryKey }) => primaryKey.length >= 32 && secondaryKey !== primaryKey,
  );
  return { scoringUri: properties?.scoringUri, key: keys?.primaryKey };
}

function score(url, key) {
  const request = createPipelineRequest({ url, method: 'POST', body: readFileSync(rowsFile, 'utf8') });
  request.headers.set('content-type', 'application/json');
  if (key !== undefined) request.headers.set('authorization', `Bearer ${key}`);
  return createPipelineFromOptions({}).sendRequest(createDefaultHttpClient(), request);
}
