/** @azure/arm-resources: groups, deployments, generic resources, lists by pages, providers, tags. */

import { all, finish, limit, refuses, sdk, subscription, works } from './steps.mjs';

const { ClientSecretCredential, DefaultAzureCredential, EnvironmentCredential } = sdk('@azure/identity');
const { ResourceManagementClient } = sdk('@azure/arm-resources');

const arm = new ResourceManagementClient(new DefaultAzureCredential(), subscription);
const group = 'rg-node';
const fast = { updateIntervalInMs: 100 };

await signIn();
await groups();
await deployments();
await resources();
await subscriptionWide();
await refuses(
  'resources: a type that nobody knows',
  404,
  ['InvalidResourceType', 'Microsoft.Fiction/things'],
  () => arm.resources.getById(idOf('Microsoft.Fiction/things', 'x'), '2024-01-01'),
);
await works('groups: delete', () => arm.resourceGroups.beginDeleteAndWait(group, fast));
await works(
  'groups: is gone',
  async () => (await arm.resourceGroups.checkExistence(group)).body,
  (exists) => exists === false,
);
finish();

async function signIn() {
  const scope = 'https://management.azure.com/.default';
  await works(
    'EnvironmentCredential: token',
    () => new EnvironmentCredential().getToken(scope),
    ({ token, expiresOnTimestamp }) => token.split('.').length === 3 && expiresOnTimestamp > Date.now(),
  );
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client } = process.env;
  await refuses('ClientSecretCredential: a wrong secret', undefined, ['AADSTS7000215'], () =>
    new ClientSecretCredential(tenant, client, 'wrong').getToken(scope),
  );
  await refuses('ClientSecretCredential: another tenant', undefined, ['AADSTS90002'], () =>
    new ClientSecretCredential('11111111-2222-3333-4444-555555555555', client, 'x').getToken(scope),
  );
}

async function groups() {
  await works(
    'groups: create',
    () => arm.resourceGroups.createOrUpdate(group, { location: 'eastus', tags: { team: 'ml' } }),
    ({ name, properties, tags }) =>
      name === group && properties.provisioningState === 'Succeeded' && tags.team === 'ml',
  );
  await works(
    'groups: exists',
    async () => (await arm.resourceGroups.checkExistence(group)).body,
    (exists) => exists === true,
  );
  await works(
    'groups: update',
    () => arm.resourceGroups.update(group, { tags: { team: 'network' } }),
    ({ tags }) => tags.team === 'network',
  );
  await works(
    'groups: list',
    () => all(arm.resourceGroups.list()),
    (list) => ['cloister', group].every((name) => list.some((each) => each.name === name)),
  );
  await refuses('groups: get one that is not there', 404, ['ResourceGroupNotFound', 'rg-none'], () =>
    arm.resourceGroups.get('rg-none'),
  );
}

/** A template with a parameter, a group of rules, and an output. */
function template() {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    parameters: { name: { type: 'string' } },
    resources: [
      {
        type: 'Microsoft.Network/networkSecurityGroups',
        apiVersion: '2024-05-01',
        name: "[parameters('name')]",
        location: '[resourceGroup().location]',
        properties: { securityRules: [] },
      },
    ],
    outputs: {
      id: {
        type: 'string',
        value: "[resourceId('Microsoft.Network/networkSecurityGroups', parameters('name'))]",
      },
    },
  };
}

async function deployments() {
  const properties = {
    mode: 'Incremental',
    template: template(),
    parameters: { name: { value: 'nsg-node' } },
  };
  await works(
    'deployments: validate',
    () => arm.deployments.beginValidateAndWait(group, 'first', { properties }, fast),
    ({ error, properties: found }) => error === undefined && found.provisioningState === 'Succeeded',
  );
  await works(
    'deployments: create',
    () => arm.deployments.beginCreateOrUpdateAndWait(group, 'first', { properties }, fast),
    ({ properties: found }) =>
      found.provisioningState === 'Succeeded' &&
      found.outputs.id.value === idOf('Microsoft.Network/networkSecurityGroups', 'nsg-node'),
  );
  await works(
    'deployments: get',
    () => arm.deployments.get(group, 'first'),
    ({ properties: found }) => found.outputResources.length === 1 && found.timestamp instanceof Date,
  );
  await works(
    'deployments: operations',
    () => all(arm.deploymentOperations.list(group, 'first')),
    (list) => list.some(({ properties: found }) => found.targetResource?.resourceName === 'nsg-node'),
  );
  await works(
    'deployments: list',
    () => all(arm.deployments.listByResourceGroup(group)),
    (list) => list.length === 1,
  );
  await limit('deployments: export the template', 400, ['exporttemplate', 'not supported'], () =>
    arm.deployments.exportTemplate(group, 'first'),
  );
  await refuses('deployments: a template that is not valid', 400, ['InvalidTemplate', 'missing'], () =>
    arm.deployments.beginCreateOrUpdateAndWait(
      group,
      'broken',
      {
        properties: {
          ...properties,
          template: { ...template(), outputs: { x: { type: 'string', value: "[parameters('missing')]" } } },
        },
      },
      fast,
    ),
  );
  await refuses('deployments: a parameter without a value', 400, ['InvalidTemplate', 'name'], () =>
    arm.deployments.beginCreateOrUpdateAndWait(
      group,
      'broken',
      { properties: { ...properties, parameters: {} } },
      fast,
    ),
  );
  await limit('deployments: what-if', 400, ['whatif', 'not supported'], () =>
    arm.deployments.beginWhatIfAndWait(group, 'first', { properties }, fast),
  );
  await works('deployments: delete', () => arm.deployments.beginDeleteAndWait(group, 'first', fast));
}

async function resources() {
  const id = idOf('Microsoft.Network/applicationSecurityGroups', 'asg-node');
  await works(
    'resources: create by id',
    () =>
      arm.resources.beginCreateOrUpdateByIdAndWait(
        id,
        '2024-05-01',
        { location: 'eastus', properties: {} },
        fast,
      ),
    (found) => found.id === id && found.properties.provisioningState === 'Succeeded',
  );
  await works(
    'resources: exists by id',
    async () => (await arm.resources.checkExistenceById(id, '2024-05-01')).body,
    (exists) => exists === true,
  );
  await works(
    'resources: get by id',
    () => arm.resources.getById(id, '2024-05-01'),
    ({ name, type }) => name === 'asg-node' && type === 'Microsoft.Network/applicationSecurityGroups',
  );
  await works(
    'resources: list of a group',
    () => all(arm.resources.listByResourceGroup(group)),
    (list) => list.length === 2,
  );
  await works(
    'resources: list by type',
    () => all(arm.resources.list({ filter: "resourceType eq 'Microsoft.Network/networkSecurityGroups'" })),
    (list) => list.length === 2,
  );
  await works(
    'resources: list by pages of five',
    () => all(arm.resources.list({ top: 5 }).byPage()),
    (pages) => pages.length > 1 && pages[0].length === 5,
  );
  await works('resources: delete by id', () => arm.resources.beginDeleteByIdAndWait(id, '2024-05-01', fast));
  await refuses('resources: get one that is not there', 404, ['ResourceNotFound', 'asg-node'], () =>
    arm.resources.getById(id, '2024-05-01'),
  );
  await refuses('resources: a member that does not exist', 400, ['InvalidRequestFormat', 'wrong'], () =>
    arm.resources.beginCreateOrUpdateByIdAndWait(
      idOf('Microsoft.Network/networkSecurityGroups', 'nsg-node'),
      '2024-05-01',
      { location: 'eastus', properties: { wrong: true } },
      fast,
    ),
  );
}

async function subscriptionWide() {
  await works(
    'providers: get',
    () => arm.providers.get('Microsoft.Network'),
    ({ registrationState, resourceTypes }) =>
      registrationState === 'Registered' &&
      resourceTypes.some(({ resourceType }) => resourceType === 'privateEndpoints'),
  );
  await works(
    'providers: list',
    () => all(arm.providers.list()),
    (list) => list.some(({ namespace }) => namespace === 'Microsoft.MachineLearningServices'),
  );
  await works(
    'providers: register',
    () => arm.providers.register('Microsoft.Network'),
    ({ registrationState }) => registrationState === 'Registered',
  );
  await works(
    'deployments: create at the subscription',
    () =>
      arm.deployments.beginCreateOrUpdateAtSubscriptionScopeAndWait(
        'rg-node-too',
        {
          location: 'eastus',
          properties: {
            mode: 'Incremental',
            template: {
              $schema:
                'https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#',
              contentVersion: '1.0.0.0',
              resources: [
                {
                  type: 'Microsoft.Resources/resourceGroups',
                  apiVersion: '2024-03-01',
                  name: 'rg-node-too',
                  location: 'eastus',
                },
              ],
            },
          },
        },
        fast,
      ),
    ({ properties }) => properties.provisioningState === 'Succeeded',
  );
  await works('groups: delete what a deployment made', () =>
    arm.resourceGroups.beginDeleteAndWait('rg-node-too', fast),
  );
}

function idOf(type, name) {
  return `/subscriptions/${subscription}/resourceGroups/${group}/providers/${type}/${name}`;
}
