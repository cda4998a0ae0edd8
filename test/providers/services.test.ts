/** Storage accounts, vaults, registries, machines and identities: what they take, and what their doors become. */

import { expect } from 'vitest';
import { type JsonObject, member } from '../../src/lib/json.ts';
import { keyOf } from '../../src/lib/key.ts';
import type { DoorFact } from '../../src/net/facts.ts';
import { caller, idOf, rg, root, type TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import { body, machine, nic, registry, storage, vault, vnet } from './things.ts';

const ACCESS = 'paas-access';
const data = idOf('storage/data');
const keys = idOf('vault/keys');
const images = idOf('registry/images');
const endpointOn = (service: string): JsonObject => ({
  location: 'eastus',
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
    subnets: [
      { name: 'a', properties: { addressPrefix: '10.0.0.0/24', serviceEndpoints: [{ service }] } },
      { name: 'b', properties: { addressPrefix: '10.0.1.0/24' } },
    ],
  },
});
const hub = (p: TestPlane): Promise<unknown> => p.have(idOf('vnet/hub'), endpointOn('Microsoft.Storage'));
const doorOf = async (p: TestPlane, id: string): Promise<Partial<DoorFact>> =>
  p.network().services.get(keyOf(id))?.fact.door ?? {};
const rules = (...values: readonly string[]): JsonObject => ({
  networkAcls: { defaultAction: 'Deny', ipRules: values.map((value) => ({ value })) },
});
const subnetRule = (subnet: string, more: JsonObject = {}): JsonObject => ({
  networkAcls: {
    defaultAction: 'Deny',
    virtualNetworkRules: [{ id: idOf(`vnet/hub/subnets/${subnet}`), ...more }],
  },
});
const putData = (p: TestPlane, properties: JsonObject) => p.put(data, storage(properties));

table('storage accounts', hub, [
  [
    'az storage account update',
    'an account that says nothing of it is encrypted by the service, and its body can be put back',
    async (p) => {
      const { body: shown, properties } = await p.put(idOf('storage/data'), storage());
      return [
        member(properties['encryption'], 'keySource'),
        (await p.put(idOf('storage/data'), shown)).status,
      ];
    },
    ['Microsoft.Storage', 200],
  ],
  [
    'real-clients 2',
    'a first PUT answers 200, never 201',
    (p) => p.put(data, storage()),
    answered(200, { provisioningState: 'Succeeded' }),
  ],
  [
    'real-clients 2',
    'an answer has the endpoints',
    (p) => of(p.put(data, storage()), (a) => a.properties['primaryEndpoints']),
    expect.objectContaining({
      blob: 'https://data.blob.core.windows.net/',
      dfs: 'https://data.dfs.core.windows.net/',
    }),
  ],
  [
    'wire-shapes 4',
    'defaults are shown',
    (p) => putData(p, {}),
    answered(200, {
      publicNetworkAccess: 'Enabled',
      supportsHttpsTrafficOnly: true,
      networkAcls: { defaultAction: 'Allow', bypass: 'AzureServices', ipRules: [], virtualNetworkRules: [] },
    }),
  ],
  [
    'Azure',
    'capitals are refused',
    (p) => p.put(idOf('storage/Data'), storage()),
    refused(400, 'InvalidResourceName', 'lower-case letters and digits'),
  ],
  [
    'Azure',
    'two characters are too few',
    (p) => p.put(idOf('storage/da'), storage()),
    refused(400, 'InvalidResourceName', '3 to 24'),
  ],
  [
    'Azure',
    'twenty-five are too many',
    (p) => p.put(idOf(`storage/${'d'.repeat(25)}`), storage()),
    refused(400, 'InvalidResourceName'),
  ],
  [
    'Azure',
    'a name is taken for all groups',
    async (p) => {
      await p.have(data, storage());
      await p.have(`${root}/resourceGroups/other`, { location: 'eastus' });
      return p.put(idOf('storage/data', 'other'), storage());
    },
    refused(409, 'Conflict', `already taken by ${data}`),
  ],
  [
    'wire-shapes 4',
    'a SKU shows its tier',
    async (p) => {
      const skus = ['Standard_LRS', 'Premium_ZRS'].map((name) =>
        p.put(data, { ...storage(), sku: { name } }),
      );
      return (await Promise.all(skus)).map((answer) => answer.body['sku']);
    },
    [
      { name: 'Standard_LRS', tier: 'Standard' },
      { name: 'Premium_ZRS', tier: 'Premium' },
    ],
  ],
  [
    'shape',
    'a SKU is required',
    (p) => p.put(data, body()),
    refused(400, 'InvalidRequestContent', 'sku.name', 'sku.name'),
  ],
  [
    'LocationRequired',
    'a location is required',
    (p) => p.put(data, { sku: { name: 'Standard_LRS' }, properties: {} }),
    refused(400, 'LocationRequired', '', 'location'),
  ],
  [
    'InvalidResourceLocation',
    'and stays',
    async (p) => {
      await p.have(data, storage());
      return p.put(data, { ...storage(), location: 'westus' });
    },
    refused(409, 'InvalidResourceLocation'),
  ],
  [`${ACCESS} 1`, 'a public address', (p) => putData(p, rules('203.0.113.7')), answered(200)],
  [`${ACCESS} 1`, 'a public prefix', (p) => putData(p, rules('203.0.113.0/24')), answered(200)],
  [
    `${ACCESS} 1`,
    'a private address is refused',
    (p) => putData(p, rules('203.0.113.7', '10.0.0.4')),
    refused(400, 'InvalidParameter', 'public addresses', 'properties.networkAcls.ipRules[1].value'),
  ],
  [
    `${ACCESS} 1`,
    'so is a private prefix',
    (p) => putData(p, rules('192.168.0.0/24')),
    refused(400, 'InvalidParameter', 'public addresses'),
  ],
  [
    `${ACCESS} 1`,
    'a /31 is written as addresses',
    (p) => putData(p, rules('203.0.113.6/31')),
    refused(400, 'InvalidParameter', 'bare address'),
  ],
  [
    `${ACCESS} 1`,
    'a /32 too',
    (p) => putData(p, rules('203.0.113.6/32')),
    refused(400, 'InvalidParameter', 'bare address'),
  ],
  [
    'azure-cli 31371',
    'host bits are refused',
    (p) => putData(p, rules('4.213.28.114/30')),
    refused(400, 'InvalidParameter', '4.213.28.114/30'),
  ],
  [`${ACCESS} 1`, 'a subnet with the service endpoint', (p) => putData(p, subnetRule('a')), answered(200)],
  [
    'NetworkAclsValidationFailure',
    'one without is refused',
    (p) => putData(p, subnetRule('b')),
    refused(400, 'NetworkAclsValidationFailure', 'SubnetsHaveNoServiceEndpointsConfigured'),
  ],
  [
    'NetworkAclsValidationFailure',
    'unless it is to be ignored',
    (p) => putData(p, subnetRule('b', { ignoreMissingVnetServiceEndpoint: true })),
    answered(200),
  ],
  [
    'InvalidResourceReference',
    'a subnet that is not there',
    (p) => putData(p, subnetRule('none')),
    refused(400, 'InvalidResourceReference', 'subnets/none'),
  ],
  [
    'rbac-identity 3',
    'a rule needs joinViaServiceEndpoint',
    async (p) => {
      await p.allow(caller('one'), 'b24988ac-6180-42a0-ab88-20f7382dd24c', `${rg}`);
      const guid = '33333333-0000-4000-8000-000000000001';
      await p.have(`${root}/providers/Microsoft.Authorization/roleDefinitions/${guid}`, {
        properties: {
          roleName: 'accounts',
          assignableScopes: [root],
          permissions: [{ actions: ['Microsoft.Storage/*'] }],
        },
      });
      await p.allow(caller('two'), guid, rg);
      const [allowed, not] = [
        await p.put(data, storage(subnetRule('a')), { as: caller('one') }),
        await p.put(data, storage(subnetRule('a')), { as: caller('two') }),
      ];
      return [allowed.status, not.code];
    },
    [200, 'LinkedAuthorizationFailed'],
  ],
  [
    `${ACCESS} 1`,
    'bypass is words with commas between',
    (p) =>
      of(putData(p, { networkAcls: { bypass: 'logging,AzureServices' } }), (a) =>
        member(a.properties['networkAcls'], 'bypass'),
      ),
    'Logging, AzureServices',
  ],
  [
    `${ACCESS} 1`,
    'a word that there is not is refused',
    (p) => putData(p, { networkAcls: { bypass: 'AzureService' } }),
    refused(400, 'InvalidRequestContent', "'AzureServices'", 'properties.networkAcls.bypass'),
  ],
  [
    `${ACCESS} 1`,
    'None stands alone',
    (p) => putData(p, { networkAcls: { bypass: 'None, Logging' } }),
    refused(400, 'InvalidRequestContent'),
  ],
  [
    'shape',
    'a mistyped flag is refused with the nearest',
    (p) => putData(p, { publicNetworkAcess: 'Disabled' }),
    refused(
      400,
      'InvalidRequestFormat',
      "Did you mean 'publicNetworkAccess'?",
      'properties.publicNetworkAcess',
    ),
  ],
  [
    'shape',
    'a flag in a text',
    (p) => putData(p, { allowSharedKeyAccess: 'False' }),
    answered(200, { allowSharedKeyAccess: false }),
  ],
  [
    'shape',
    'a flag in other case',
    (p) => putData(p, { PublicNetworkAccess: 'disabled' }),
    answered(200, { publicNetworkAccess: 'Disabled' }),
  ],
  [
    'real-clients 2',
    'two keys',
    async (p) => {
      await p.have(data, storage());
      return of(p.post(`${data}/listKeys`), (a) =>
        (a.body['keys'] as JsonObject[]).map((k) => [k['keyName'], k['permissions']]),
      );
    },
    [
      ['key1', 'FULL'],
      ['key2', 'FULL'],
    ],
  ],
  [
    'Azure',
    'regenerating one leaves the other',
    async (p) => {
      await p.have(data, storage());
      const values = (answer: Awaited<ReturnType<TestPlane['post']>>) =>
        (answer.body['keys'] as JsonObject[]).map((k) => k['value']);
      const [one, two] = values(await p.post(`${data}/listKeys`));
      const [newOne, newTwo] = values(await p.post(`${data}/regenerateKey`, { keyName: 'key1' }));
      return [one === newOne, two === newTwo];
    },
    [false, true],
  ],
  [
    'Azure',
    'keys stay when the account is put or patched again',
    async (p) => {
      await p.have(data, storage());
      const rotated = await p.post(`${data}/regenerateKey`, { keyName: 'key2' });
      await p.have(data, storage());
      const patched = await p.patch(data, { tags: { a: 'b' } });
      return [
        patched.status,
        (await p.post(`${data}/listKeys`)).body['keys'],
        Object.keys(patched.properties).filter((name) => name.startsWith('x-')),
      ].map((v, i) => (i === 1 ? JSON.stringify(v) === JSON.stringify(rotated.body['keys']) : v));
    },
    [200, true, []],
  ],
  [
    'shape',
    'another key name is refused',
    async (p) => {
      await p.have(data, storage());
      return p.post(`${data}/regenerateKey`, { keyName: 'key3' });
    },
    refused(400, 'InvalidRequestContent', "'key1' or 'key2'"),
  ],
  [
    'rbac-identity 2',
    'Reader cannot list keys',
    async (p) => {
      await p.have(data, storage());
      await p.allow(caller('one'), 'acdd72a7-3385-48ef-bd42-f606fba81ae7', rg);
      return p.post(`${data}/listKeys`, {}, { as: caller('one') });
    },
    refused(403, 'AuthorizationFailed', 'Microsoft.Storage/storageAccounts/listKeys/action'),
  ],
  [
    `${ACCESS} 1`,
    'its door: flag and default',
    async (p) => {
      await p.have(data, storage({ publicNetworkAccess: 'Disabled', ...rules('203.0.113.0/24') }));
      return doorOf(p, data);
    },
    {
      publicAccess: false,
      flag: 'publicNetworkAccess',
      defaultAllow: false,
      defaultFlag: 'networkAcls.defaultAction',
      subnets: [],
    },
  ],
  [
    `${ACCESS} 1`,
    'its door: subnets',
    async (p) => {
      await p.have(data, storage(subnetRule('a')));
      return doorOf(p, data);
    },
    { publicAccess: true, subnets: [idOf('vnet/hub/subnets/a')] },
  ],
  [
    'real-clients 2',
    'the whole body that was got can be put back',
    async (p) => {
      await p.have(data, storage(subnetRule('a')));
      const got = await p.get(data);
      const put = await p.put(data, got.body);
      return [put.status, put.body['etag'] === got.body['etag']];
    },
    [200, true],
  ],
]);

table('vaults', hub, [
  [
    'real-clients 2',
    'a first PUT answers 200 with the address',
    (p) => p.put(keys, vault()),
    answered(200, {
      vaultUri: 'https://keys.vault.azure.net/',
      provisioningState: 'Succeeded',
      publicNetworkAccess: 'Enabled',
      enableSoftDelete: true,
    }),
  ],
  [
    'Azure',
    'a name starts with a letter',
    (p) => p.put(idOf('vault/1keys'), vault()),
    refused(400, 'InvalidResourceName', '1keys'),
  ],
  [
    'Azure',
    'and has no two dashes together',
    (p) => p.put(idOf('vault/a--b'), vault()),
    refused(400, 'InvalidResourceName'),
  ],
  [
    'Azure',
    'a name is taken for all groups',
    async (p) => {
      await p.have(keys, vault());
      await p.have(`${root}/resourceGroups/other`, { location: 'eastus' });
      return p.put(idOf('vault/KEYS', 'other'), vault());
    },
    refused(409, 'Conflict'),
  ],
  [
    'Azure',
    'access policies, or the other model',
    (p) => p.put(keys, vault({ accessPolicies: null })),
    refused(400, 'BadRequest', 'enableRbacAuthorization'),
  ],
  [
    'rbac-identity 2',
    'with roles none are needed',
    (p) => p.put(keys, vault({ accessPolicies: null, enableRbacAuthorization: true })),
    answered(200),
  ],
  [
    'shape',
    'a tenant is required',
    (p) => p.put(keys, vault({ tenantId: null })),
    refused(400, 'InvalidRequestContent', 'properties.tenantId is required'),
  ],
  [
    'Azure',
    'policies stay where a PUT says nothing of them',
    async (p) => {
      const accessPolicies = [
        { tenantId: 't', objectId: caller('one').objectId, permissions: { secrets: ['get'] } },
      ];
      await p.have(keys, vault({ accessPolicies }));
      return of(
        p.put(keys, vault({ accessPolicies: null })),
        (a) => (a.properties['accessPolicies'] as unknown[]).length,
      );
    },
    1,
  ],
  [
    'Azure',
    'purge protection cannot be switched off',
    (p) => p.put(keys, vault({ enablePurgeProtection: false })),
    refused(400, 'BadRequest', 'cannot be set to false'),
  ],
  [
    'Azure',
    'and stays on',
    async (p) => {
      await p.have(keys, vault({ enablePurgeProtection: true }));
      return p.put(keys, vault());
    },
    answered(200, { enablePurgeProtection: true }),
  ],
  [
    'Azure',
    'deleted secrets are kept for 7 to 90 days',
    (p) => p.put(keys, vault({ softDeleteRetentionInDays: 6 })),
    refused(400, 'InvalidRequestContent', 'from 7 to 90'),
  ],
  [
    `${ACCESS} 1`,
    'Logging is no bypass of a vault',
    (p) => p.put(keys, vault({ networkAcls: { bypass: 'Logging' } })),
    refused(400, 'InvalidRequestContent', "'AzureServices'"),
  ],
  [
    `${ACCESS} 1`,
    'a subnet needs the endpoint of vaults',
    (p) => p.put(keys, vault(subnetRule('a'))),
    refused(400, 'NetworkAclsValidationFailure', 'Microsoft.KeyVault'),
  ],
  [
    `${ACCESS} 1`,
    'a private address is refused',
    (p) => p.put(keys, vault(rules('10.0.0.4'))),
    refused(400, 'InvalidParameter', 'public addresses'),
  ],
  [
    `${ACCESS} 4`,
    'its door',
    async (p) => {
      await p.have(keys, vault({ publicNetworkAccess: 'disabled' }));
      return doorOf(p, keys);
    },
    { publicAccess: false, defaultAllow: true },
  ],
  [
    'rbac-identity 2',
    'the permission model decides whose word counts',
    async (p) => {
      await p.have(keys, vault());
      const before = p.network().services.get(keyOf(keys))?.fact.access.by;
      await p.have(keys, vault({ enableRbacAuthorization: true }));
      return [before, p.network().services.get(keyOf(keys))?.fact.access];
    },
    [
      'policy',
      { by: 'role', operation: 'Microsoft.KeyVault/vaults/secrets/getSecret/action', plane: 'data' },
    ],
  ],
  [
    'real-clients 2',
    'the whole body that was got can be put back',
    async (p) => {
      await p.have(keys, vault());
      return p.put(keys, (await p.get(keys)).body);
    },
    answered(200),
  ],
]);

table('registries', hub, [
  [
    'wire-shapes 4',
    'a SKU shows its tier, and its own spelling',
    (p) => p.put(idOf('registry/images'), { location: 'eastus', sku: { name: 'premium' }, properties: {} }),
    { status: 201, body: { sku: { name: 'Premium', tier: 'Premium' } } },
  ],
  [
    'wire-shapes',
    'an answer has the login server in lower case',
    (p) => p.put(idOf('registry/Images'), registry()),
    answered(201, { loginServer: 'images.azurecr.io', adminUserEnabled: false, dataEndpointEnabled: false }),
  ],
  [
    'Azure',
    'letters and digits',
    (p) => p.put(idOf('registry/my-images'), registry()),
    refused(400, 'InvalidResourceName', '5 to 50'),
  ],
  [
    'Azure',
    'a name is taken for all groups',
    async (p) => {
      await p.have(images, registry());
      await p.have(`${root}/resourceGroups/other`, { location: 'eastus' });
      return p.put(idOf('registry/images', 'other'), registry());
    },
    refused(409, 'Conflict'),
  ],
  [
    'shape',
    'a SKU that there is not',
    (p) => p.put(images, registry('Gold')),
    refused(400, 'InvalidRequestContent', 'Basic, Standard or Premium'),
  ],
  [
    `${ACCESS} 1`,
    'closing public access needs Premium',
    (p) => p.put(images, registry('Basic', { publicNetworkAccess: 'Disabled' })),
    refused(400, 'BadRequest', 'need Premium'),
  ],
  [
    `${ACCESS} 1`,
    'so do rules',
    (p) => p.put(images, registry('Standard', { networkRuleSet: { defaultAction: 'Deny' } })),
    refused(400, 'BadRequest', 'need Premium'),
  ],
  [
    `${ACCESS} 5`,
    'a private address is refused',
    (p) =>
      p.put(
        images,
        registry('Premium', {
          networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '10.0.0.0/8' }] },
        }),
      ),
    refused(400, 'InvalidParameter', '', 'properties.networkRuleSet.ipRules[0].value'),
  ],
  [
    'Azure',
    'with private endpoints it stays Premium',
    async (p) => {
      await p.have(images, registry());
      await p.have(
        idOf('endpoint/images'),
        body({
          subnet: { id: idOf('vnet/hub/subnets/a') },
          privateLinkServiceConnections: [
            { name: 'c', properties: { privateLinkServiceId: images, groupIds: ['registry'] } },
          ],
        }),
      );
      return p.put(images, registry('Basic'));
    },
    refused(400, 'BadRequest', 'private endpoint connections'),
  ],
  [
    `${ACCESS} 5`,
    'credentials need the admin user',
    async (p) => {
      await p.have(images, registry());
      return p.post(`${images}/listCredentials`);
    },
    refused(400, 'BadRequest', 'adminUserEnabled'),
  ],
  [
    'wire-shapes',
    'with it there are two passwords',
    async (p) => {
      await p.have(images, registry('Premium', { adminUserEnabled: true }));
      return of(p.post(`${images}/listCredentials`), (a) => [
        a.body['username'],
        (a.body['passwords'] as JsonObject[]).map((k) => k['name']),
      ]);
    },
    ['images', ['password', 'password2']],
  ],
  [
    `${ACCESS} 5`,
    'its door',
    async (p) => {
      await p.have(
        images,
        registry('Premium', {
          networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '203.0.113.0/24', action: 'Allow' }] },
        }),
      );
      return doorOf(p, images);
    },
    {
      publicAccess: true,
      defaultAllow: false,
      defaultFlag: 'networkRuleSet.defaultAction',
      addresses: [{ length: 24 }],
    },
  ],
  [
    'rbac-identity 2',
    'pulling is an action, not a data action',
    async (p) => {
      await p.have(images, registry());
      return p.network().services.get(keyOf(images))?.fact.access;
    },
    { by: 'role', operation: 'Microsoft.ContainerRegistry/registries/pull/read', plane: 'control' },
  ],
]);

const user = idOf('identity/user');
const machineOf = (p: TestPlane, more: JsonObject = {}) => p.put(idOf('vm/vm'), machine(['one'], more));

table(
  'machines and identities',
  async (p) => {
    await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
    await p.have(idOf('nic/one'), nic('hub/a'));
    await p.have(user, body());
  },
  [
    [
      'wire-shapes',
      'a machine has an id of its own',
      (p) => of(machineOf(p), (a) => [a.status, typeof a.properties['vmId']]),
      [201, 'string'],
    ],
    [
      'charter',
      'a password is neither shown nor kept',
      async (p) => {
        const shown = await machineOf(p);
        const kept = JSON.stringify([...p.estate.all()]);
        return [JSON.stringify(shown.body), kept].map((text) => /hunter2|c2VjcmV0/.test(text));
      },
      [false, false],
    ],
    [
      'az vm create',
      'a machine runs, and its body can be put back',
      async (p) => {
        const { body: shown } = await machineOf(p);
        const { instanceView } = shown['properties'] as { instanceView: { statuses: { code: string }[] } };
        return [instanceView.statuses.map(({ code }) => code), (await p.put(idOf('vm/vm'), shown)).status];
      },
      [['ProvisioningState/succeeded', 'PowerState/running'], 200],
    ],
    [
      'InvalidResourceReference',
      'an interface that is not there',
      (p) => p.put(idOf('vm/vm'), machine(['none'])),
      refused(400, 'InvalidResourceReference', 'networkInterfaces/none'),
    ],
    [
      'InvalidResourceReference',
      'an interface of another region',
      (p) => machineOf(p, { location: 'westus' }),
      refused(400, 'InvalidResourceReference', 'is in the region eastus'),
    ],
    [
      'InvalidParameter',
      'no interface',
      (p) => p.put(idOf('vm/vm'), machine([])),
      refused(400, 'InvalidParameter', 'at least one'),
    ],
    [
      'ResourceInUse',
      'an interface that another machine has',
      async (p) => {
        await machineOf(p);
        return p.put(idOf('vm/two'), machine(['one']));
      },
      refused(409, 'ResourceInUse', 'virtualMachines/vm already'),
    ],
    [
      'Azure',
      'deleteOption Delete takes the interface along',
      async (p) => {
        await p.have(
          idOf('vm/vm'),
          body({
            networkProfile: {
              networkInterfaces: [{ id: idOf('nic/one'), properties: { deleteOption: 'Delete' } }],
            },
          }),
        );
        await p.remove(idOf('vm/vm'));
        return of(p.get(idOf('nic/one')), (a) => a.status);
      },
      404,
    ],
    [
      'Azure',
      'Detach leaves it',
      async (p) => {
        await machineOf(p);
        await p.remove(idOf('vm/vm'));
        return of(p.get(idOf('nic/one')), (a) => a.status);
      },
      200,
    ],
    [
      'rbac-identity 5',
      'a system-assigned identity has a principal',
      (p) =>
        of(machineOf(p, { identity: { type: 'SystemAssigned' } }), (a) => [
          typeof member(a.body['identity'], 'principalId'),
          member(a.body['identity'], 'type'),
        ]),
      ['string', 'SystemAssigned'],
    ],
    [
      'shape',
      'both, however it is written',
      (p) =>
        of(
          machineOf(p, {
            identity: { type: 'systemAssigned, userAssigned', userAssignedIdentities: { [user]: {} } },
          }),
          (a) => member(a.body['identity'], 'type'),
        ),
      'SystemAssigned,UserAssigned',
    ],
    [
      'shape',
      'another type is refused',
      (p) => machineOf(p, { identity: { type: 'Managed' } }),
      refused(400, 'InvalidRequestContent', "not 'Managed'", 'identity.type'),
    ],
    [
      'wire-shapes 0',
      'a user-assigned one shows principal and client',
      (p) =>
        of(
          machineOf(p, { identity: { type: 'UserAssigned', userAssignedIdentities: { [user]: {} } } }),
          (a) =>
            Object.keys(member(member(a.body['identity'], 'userAssignedIdentities'), user) as JsonObject),
        ),
      ['principalId', 'clientId'],
    ],
    [
      'InvalidResourceReference',
      'a user-assigned one that is not there',
      (p) =>
        machineOf(p, {
          identity: { type: 'UserAssigned', userAssignedIdentities: { [idOf('identity/none')]: {} } },
        }),
      refused(400, 'InvalidResourceReference', 'userAssignedIdentities/none'),
    ],
    [
      'InvalidRequestContent',
      'user-assigned without one',
      (p) => machineOf(p, { identity: { type: 'UserAssigned' } }),
      refused(400, 'InvalidRequestContent', '', 'identity.userAssignedIdentities'),
    ],
    [
      'rbac-identity 5',
      'assigning one needs the right',
      async (p) => {
        await p.allow(caller('one'), '4d97b98b-1d4f-4787-a291-c67834d212e7', rg);
        const guid = '33333333-0000-4000-8000-000000000001';
        await p.have(`${root}/providers/Microsoft.Authorization/roleDefinitions/${guid}`, {
          properties: {
            roleName: 'machines',
            assignableScopes: [root],
            permissions: [{ actions: ['Microsoft.Compute/*'] }],
          },
        });
        await p.allow(caller('one'), guid, rg);
        return p.put(
          idOf('vm/vm'),
          machine(['one'], { identity: { type: 'UserAssigned', userAssignedIdentities: { [user]: {} } } }),
          { as: caller('one') },
        );
      },
      refused(403, 'LinkedAuthorizationFailed', 'userAssignedIdentities/assign/action'),
    ],
    [
      'ResourceInUse',
      'an identity that is in use cannot be deleted',
      async (p) => {
        await machineOf(p, { identity: { type: 'UserAssigned', userAssignedIdentities: { [user]: {} } } });
        return p.remove(user);
      },
      refused(409, 'ResourceInUse', 'virtualMachines/vm'),
    ],
    [
      'wire-shapes',
      'an identity shows its principal',
      (p) => of(p.get(user), (a) => Object.keys(a.properties).toSorted()),
      ['clientId', 'principalId', 'provisioningState', 'tenantId'],
    ],
    [
      'charter',
      'the principal of an id is always the same',
      async (p) => {
        const before = (await p.get(user)).properties['principalId'];
        await p.remove(user);
        await p.have(user, body());
        return (await p.get(user)).properties['principalId'] === before;
      },
      true,
    ],
  ],
);
