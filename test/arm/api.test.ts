/** The API itself: statuses, conditions, collections, groups, and what is wrong with a request. */

import { expect } from 'vitest';
import { member } from '../../src/lib/json.ts';
import { answered, of, refused, table } from '../providers/row.ts';
import {
  body,
  endpoint,
  haveWorkspace,
  link,
  machine,
  nic,
  onlineDeployment,
  onlineEndpoint,
  storage,
  vnet,
  zone,
  zoneGroup,
} from '../providers/things.ts';
import { caller, idOf, rg, root, type TestPlane } from '../support/plane.ts';

const other = `${root}/resourceGroups/other`;
const data = idOf('storage/data');
const none = async (): Promise<void> => {};
const stranger = '/subscriptions/99999999-0000-4000-8000-000000000000';
const tagOf = (p: TestPlane) => of(p.get(data), (a) => String(a.body['etag']));
const left = (p: TestPlane) =>
  [...p.estate.all()].filter((item) => !/roleAssignments/i.test(item.type)).map((item) => item.id);

/** A group with everything that refuses to go before something else. */
const haveEverything = async (p: TestPlane): Promise<void> => {
  await haveWorkspace(p);
  const ml = idOf('workspace/mlw');
  await p.have(`${ml}/onlineEndpoints/score`, onlineEndpoint());
  await p.have(`${ml}/onlineEndpoints/score/deployments/blue`, onlineDeployment());
  await p.have(`${ml}/onlineEndpoints/score`, onlineEndpoint({ traffic: { blue: 100 } }));
  await p.have(idOf('nsg/g'), body());
  await p.have(
    idOf('vnet/hub'),
    body({
      addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
      subnets: [
        {
          name: 'a',
          properties: { addressPrefix: '10.0.0.0/24', networkSecurityGroup: { id: idOf('nsg/g') } },
        },
      ],
    }),
  );
  await p.have(idOf('nic/one'), nic('hub/a'));
  await p.have(idOf('vm/vm'), machine(['one']));
  await p.have(idOf('zone/privatelink.blob.core.windows.net'), zone);
  await p.have(idOf('zone/privatelink.blob.core.windows.net/virtualNetworkLinks/l'), link('hub'));
  await p.have(idOf('endpoint/blob'), endpoint(data, 'blob'));
  await p.have(
    `${idOf('endpoint/blob')}/privateDnsZoneGroups/default`,
    zoneGroup('privatelink.blob.core.windows.net'),
  );
};

table('requests', none, [
  [
    'wire-shapes 0',
    'an api-version is required',
    (p) => p.get(data, { query: { 'api-version': null as never } }),
    refused(400, 'MissingApiVersionParameter', 'api-version'),
  ],
  [
    'wire-shapes 0',
    '404 says what was not found',
    (p) => p.get(data),
    refused(
      404,
      'ResourceNotFound',
      "The Resource 'Microsoft.Storage/storageAccounts/data' under resource group 'rg' was not found",
    ),
  ],
  [
    'ResourceGroupNotFound',
    'or that the group is not there',
    (p) => p.get(idOf('storage/data', 'none')),
    refused(404, 'ResourceGroupNotFound', "Resource group 'none' could not be found."),
  ],
  [
    'ResourceGroupNotFound',
    'also to a PUT',
    (p) => p.put(idOf('storage/data', 'none'), storage()),
    refused(404, 'ResourceGroupNotFound'),
  ],
  [
    'ResourceGroupNotFound',
    'and to a DELETE',
    (p) => p.remove(idOf('storage/data', 'none')),
    refused(404, 'ResourceGroupNotFound'),
  ],
  [
    'SubscriptionNotFound',
    'another subscription',
    (p) => p.get(`${stranger}/resourceGroups/rg`),
    refused(404, 'SubscriptionNotFound', '99999999'),
  ],
  ['SubscriptionNotFound', 'also by itself', (p) => p.get(stranger), refused(404, 'SubscriptionNotFound')],
  [
    'SubscriptionNotFound',
    'to a PUT',
    (p) => p.put(data.replace(root, stranger), storage()),
    refused(404, 'SubscriptionNotFound'),
  ],
  [
    'SubscriptionNotFound',
    'to a DELETE',
    (p) => p.remove(data.replace(root, stranger)),
    refused(404, 'SubscriptionNotFound'),
  ],
  [
    'SubscriptionNotFound',
    'and to a collection',
    (p) => p.get(`${stranger}/resources`),
    refused(404, 'SubscriptionNotFound'),
  ],
  [
    'shape',
    'a body must be an object',
    (p) => p.put(data, []),
    refused(400, 'InvalidRequestContent', '$ must be an object'),
  ],
  [
    'shape',
    'no body is refused',
    (p) => p.put(data, null),
    refused(400, 'InvalidRequestContent', '$ must be an object'),
  ],
  [
    'shape',
    'an unknown member outside is refused with the nearest',
    (p) => p.put(data, { ...storage(), propertys: {} }),
    refused(400, 'InvalidRequestFormat', "Did you mean 'properties'?", '$.propertys'),
  ],
  [
    'shape',
    'one of several levels has its path',
    (p) => p.put(data, storage({ networkAcls: { ipRules: [{ valu: 'x' }] } })),
    refused(400, 'InvalidRequestFormat', "Did you mean 'value'?", 'properties.networkAcls.ipRules[0].valu'),
  ],
  [
    'shape',
    'null members are absent',
    (p) =>
      p.put(data, {
        ...storage({ publicNetworkAccess: null, networkAcls: null }),
        tags: null,
        identity: null,
      }),
    answered(200, { publicNetworkAccess: 'Enabled' }),
  ],
  [
    'shape',
    'members are read without case',
    (p) =>
      p.put(data, {
        Location: 'eastus',
        SKU: { name: 'Standard_LRS' },
        Kind: 'StorageV2',
        Properties: { ALLOWBLOBPUBLICACCESS: true },
      }),
    answered(200, { allowBlobPublicAccess: true }),
  ],
  [
    'shape',
    'read-only members are dropped',
    (p) =>
      of(
        p.put(data, { ...storage({ creationTime: 'yesterday' }), id: '/x', etag: 'y', systemData: {} }),
        (a) => [a.body['id'], a.properties['creationTime']],
      ),
    [data, undefined],
  ],
  [
    'shape',
    'tags are texts',
    (p) => p.put(data, { ...storage(), tags: { cost: 7 } }),
    refused(400, 'InvalidRequestContent', '', '$.tags.cost'),
  ],
  [
    'real-clients 1',
    'resourcegroups is resourceGroups',
    async (p) => {
      await p.have(data.replace('resourceGroups', 'resourcegroups'), storage());
      return of(p.get(data.toLowerCase()), (a) => [a.status, a.body['id']]);
    },
    [200, data],
  ],
  [
    'real-clients 1',
    'the case of a first writing stays',
    async (p) => {
      await p.have(idOf('nsg/MyGroup'), body());
      await p.put(idOf('nsg/mygroup'), body());
      return p.list(`${rg}/providers/microsoft.network/networksecuritygroups`);
    },
    ['MyGroup'],
  ],
  [
    'NotFound',
    'something below what is no scope',
    (p) => p.put(`${root}/rg/ws/providers/Microsoft.Authorization/roleDefinitions/x`, {}),
    refused(404, 'NotFound', `'${root}/rg/ws' is not a scope: write /subscriptions/<id>`),
  ],
  ['NotFound', 'half an id', (p) => p.get(`${rg}/providers/Microsoft.Network`), refused(404, 'NotFound')],
  ['NotFound', 'a path that is none', (p) => p.put('/somewhere/else', {}), refused(404, 'NotFound')],
  [
    'NotSupported',
    'an action that is not there says which are',
    (p) => p.have(data, storage()).then(() => p.post(`${data}/listSecrets`)),
    refused(400, 'NotSupported', 'supported: listKeys, regenerateKey'),
  ],
  [
    'ResourceNotFound',
    'an action of what is not there',
    (p) => p.post(`${data}/listKeys`),
    refused(404, 'ResourceNotFound'),
  ],
  [
    'real-clients 1',
    'actions are read without case',
    (p) => p.have(data, storage()).then(() => p.post(`${data}/LISTKEYS`)),
    answered(200),
  ],
  [
    'MethodNotAllowed',
    'a method that is none',
    (p) => p.ask('TRACE', data, undefined),
    refused(405, 'MethodNotAllowed', "'TRACE'"),
  ],
  [
    'MethodNotAllowed',
    'a subscription cannot be written',
    (p) => p.put(root, {}),
    refused(405, 'MethodNotAllowed'),
  ],
  [
    'InvalidRequestContent',
    'a resource stands in a group',
    (p) => p.put(`${root}/providers/Microsoft.Network/virtualNetworks/v`, vnet('10.0.0.0/16')),
    refused(400, 'InvalidRequestContent', 'must be in a resource group'),
  ],
  [
    'InvalidRequestContent',
    'and not on another resource',
    async (p) => {
      await p.have(data, storage());
      return p.put(`${data}/providers/Microsoft.Network/virtualNetworks/v`, vnet('10.0.0.0/16'));
    },
    refused(400, 'InvalidRequestContent', 'must be in a resource group'),
  ],
  [
    'NotFound',
    'an operation that there is not',
    (p) => p.get(`${root}/providers/Microsoft.Resources/operationStatuses/x`),
    refused(404, 'NotFound'),
  ],
  ['wire-shapes 1', 'DELETE of what is not there answers 204', (p) => p.remove(data), answered(204)],
  [
    'wire-shapes 1',
    'DELETE of what is there answers 200',
    (p) => p.have(data, storage()).then(() => p.remove(data)),
    answered(200),
  ],
  [
    'wire-shapes 1',
    'HEAD of what is there answers 204, of what is not 404',
    async (p) => {
      const before = (await p.head(data)).status;
      await p.have(data, storage());
      return [before, (await p.head(data)).status];
    },
    [404, 204],
  ],
]);

table('conditions and PATCH', (p) => p.have(data, storage({ allowBlobPublicAccess: true })), [
  [
    'RFC 9110 13.1.1',
    'If-Match of the tag as it is',
    async (p) => p.put(data, storage(), { ifMatch: await tagOf(p) }),
    answered(200),
  ],
  [
    'RFC 9110 13.1.1',
    'of another tag',
    (p) => p.put(data, storage(), { ifMatch: 'W/"1"' }),
    refused(412, 'PreconditionFailed'),
  ],
  [
    'RFC 9110 13.1.1',
    'of a tag that has been overtaken',
    async (p) => {
      const tag = await tagOf(p);
      await p.have(data, storage());
      return p.put(data, storage(), { ifMatch: tag });
    },
    refused(412, 'PreconditionFailed'),
  ],
  ['RFC 9110 13.1.1', '* of what is there', (p) => p.put(data, storage(), { ifMatch: '*' }), answered(200)],
  [
    'RFC 9110 13.1.1',
    '* of what is not',
    (p) => p.put(idOf('storage/data2'), storage(), { ifMatch: '*' }),
    refused(412, 'PreconditionFailed'),
  ],
  [
    'RFC 9110 13.1.2',
    'If-None-Match * of what is there',
    (p) => p.put(data, storage(), { ifNoneMatch: '*' }),
    refused(412, 'PreconditionFailed'),
  ],
  [
    'RFC 9110 13.1.2',
    'of what is not',
    (p) => p.put(idOf('storage/data2'), storage(), { ifNoneMatch: '*' }),
    answered(200),
  ],
  [
    'RFC 9110 13.1.1',
    'a DELETE too',
    async (p) => [
      (await p.remove(data, { ifMatch: 'W/"1"' })).code,
      (await p.remove(data, { ifMatch: await tagOf(p) })).status,
    ],
    ['PreconditionFailed', 200],
  ],
  [
    'charter',
    'a write that changes nothing keeps the tag',
    async (p) => {
      const tag = await tagOf(p);
      await p.have(data, storage({ allowBlobPublicAccess: true }));
      return (await tagOf(p)) === tag;
    },
    true,
  ],
  [
    'RFC 7396',
    'PATCH leaves what it does not name',
    (p) => p.patch(data, { properties: { publicNetworkAccess: 'Disabled' } }),
    answered(200, { publicNetworkAccess: 'Disabled', allowBlobPublicAccess: true }),
  ],
  [
    'RFC 7396',
    'goes into objects',
    (p) => p.patch(data, { properties: { networkAcls: { defaultAction: 'Deny' } } }),
    answered(200, { networkAcls: { defaultAction: 'Deny', bypass: 'AzureServices' } }),
  ],
  [
    'RFC 7396',
    'replaces lists',
    async (p) => {
      await p.patch(data, { properties: { networkAcls: { ipRules: [{ value: '203.0.113.1' }] } } });
      return p.patch(data, { properties: { networkAcls: { ipRules: [{ value: '203.0.113.2' }] } } });
    },
    answered(200, { networkAcls: { ipRules: [{ value: '203.0.113.2' }] } }),
  ],
  [
    'RFC 7396',
    'null removes',
    async (p) => {
      await p.patch(data, { tags: { a: '1', b: '2' } });
      return of(p.patch(data, { tags: { a: null } }), (a) => a.body['tags']);
    },
    { b: '2' },
  ],
  [
    'shape',
    'and is read without case',
    (p) => p.patch(data, { Properties: { AllowBlobPublicAccess: false } }),
    answered(200, { allowBlobPublicAccess: false }),
  ],
  [
    'ResourceNotFound',
    'PATCH of what is not there',
    (p) => p.patch(idOf('storage/none'), { tags: {} }),
    refused(404, 'ResourceNotFound'),
  ],
  [
    'shape',
    'a body must be an object',
    (p) => p.patch(data, 'x'),
    refused(400, 'InvalidRequestContent', 'must be an object'),
  ],
  [
    'shape',
    'an unknown member is refused',
    (p) => p.patch(data, { properties: { nonsense: 1 } }),
    refused(400, 'InvalidRequestFormat', "'nonsense'"),
  ],
]);

table(
  'collections',
  async (p) => {
    await p.have(other, { location: 'westus' });
    await p.have(data, { ...storage(), tags: { team: 'ml' } });
    await p.have(idOf('storage/more', 'other'), { ...storage(), location: 'westus' });
    await p.have(idOf('nsg/g'), body({ securityRules: [] }));
  },
  [
    [
      'real-clients 1',
      'the subscription',
      (p) => of(p.get('/subscriptions'), (a) => a.value.map((s) => member(s, 'state'))),
      ['Enabled'],
    ],
    [
      'wire-shapes 1',
      'of a type in a group',
      (p) => p.list(`${rg}/providers/Microsoft.Storage/storageAccounts`),
      ['data'],
    ],
    [
      'wire-shapes 1',
      'of a type in the subscription',
      (p) => p.list(`${root}/providers/Microsoft.Storage/storageAccounts`),
      ['data', 'more'],
    ],
    ['wire-shapes 1', 'resource groups', (p) => p.list(`${root}/resourcegroups`), ['rg', 'other']],
    [
      'real-clients 2',
      'resources of a type, by filter',
      (p) => p.list(`${root}/resources`, "resourceType eq 'Microsoft.Storage/storageAccounts'"),
      ['data', 'more'],
    ],
    [
      'real-clients 2',
      'and by name',
      (p) =>
        p.list(`${root}/resources`, "resourceType eq 'microsoft.storage/storageaccounts' and name eq 'MORE'"),
      ['more'],
    ],
    ['real-clients 2', 'resources of a group', (p) => p.list(`${rg}/resources`), ['data', 'g']],
    [
      'az resource list -g',
      'resources of a group, by filter',
      (p) => p.list(`${root}/resources`, "resourceGroup eq 'RG'"),
      ['data', 'g'],
    ],
    [
      'az resource show',
      'a namespace, in any case, with a version for each of its types',
      (p) =>
        of(p.get(`${root}/providers/microsoft.keyvault`), ({ body: found }) => [
          found['namespace'],
          found['resourceTypes'],
        ]),
      [
        'Microsoft.KeyVault',
        expect.arrayContaining([
          {
            resourceType: 'vaults',
            locations: expect.arrayContaining(['East US']),
            apiVersions: ['2024-04-01'],
          },
        ]),
      ],
    ],
    [
      'az vm create',
      'any image of the marketplace has one version',
      async (p) => {
        const image = `${root}/providers/Microsoft.Compute/locations/eastus/publishers/Canonical/artifacttypes/vmimage/offers/o/skus/s/versions`;
        const found = await p.get(`${image}/1.0.0`);
        return [(await p.get(image)).status, member(found.properties['osDiskImage'], 'operatingSystem')];
      },
      [200, 'Linux'],
    ],
    [
      'InvalidResourceNamespace',
      'a namespace that is not supported',
      (p) => p.get(`${root}/providers/Microsoft.Batch`),
      refused(404, 'InvalidResourceNamespace', 'Microsoft.Batch'),
    ],
    [
      'real-clients 2',
      'what a list of resources shows',
      (p) => of(p.get(`${rg}/resources`), (a) => a.value[0]),
      {
        id: data,
        name: 'data',
        type: 'Microsoft.Storage/storageAccounts',
        location: 'eastus',
        tags: { team: 'ml' },
        sku: { name: 'Standard_LRS', tier: 'Standard' },
        kind: 'StorageV2',
      },
    ],
    [
      'InvalidParameter',
      'a filter that is not known is refused, not ignored',
      (p) => p.get(`${root}/resources`, { query: { $filter: 'startswith(name)' } }),
      refused(400, 'InvalidParameter', 'startswith(name)', '$filter'),
    ],
    [
      'ResourceGroupNotFound',
      'of a group that is not there',
      (p) => p.get(`${root}/resourceGroups/none/resources`),
      refused(404, 'ResourceGroupNotFound'),
    ],
    [
      'ResourceGroupNotFound',
      'of a type in it',
      (p) => p.get(`${root}/resourceGroups/none/providers/Microsoft.Storage/storageAccounts`),
      refused(404, 'ResourceGroupNotFound'),
    ],
    [
      'ResourceNotFound',
      'of children of what is not there',
      (p) => p.get(`${idOf('vnet/none')}/subnets`),
      refused(404, 'ResourceNotFound', 'virtualNetworks/none'),
    ],
    [
      'real-clients 2',
      'connections of a service: its own list',
      (p) => p.list(`${data}/privateEndpointConnections`),
      [],
    ],
    [
      'wire-shapes 1',
      'a child is listed below its parent alone',
      async (p) => {
        await p.have(idOf('vnet/one'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
        await p.have(idOf('vnet/two'), vnet('10.0.0.0/16', { b: '10.0.0.0/24' }));
        return p.list(`${idOf('vnet/two')}/subnets`);
      },
      ['b'],
    ],
    [
      'rbac-identity',
      'built-in roles by name',
      (p) =>
        of(
          p.get(`${root}/providers/Microsoft.Authorization/roleDefinitions`, {
            query: { $filter: "roleName eq 'Network Contributor'" },
          }),
          (a) => a.value.map((r) => member(r, 'name')),
        ),
      ['4d97b98b-1d4f-4787-a291-c67834d212e7'],
    ],
    [
      'rbac-identity',
      'custom ones at every scope that they can be used in',
      async (p) => {
        const guid = '33333333-0000-4000-8000-000000000001';
        await p.have(`${root}/providers/Microsoft.Authorization/roleDefinitions/${guid}`, {
          properties: { roleName: 'mine', assignableScopes: [rg], permissions: [{ actions: ['*'] }] },
        });
        const at = (scope: string) =>
          p.list(`${scope}/providers/Microsoft.Authorization/roleDefinitions`, "roleName eq 'mine'");
        return [await at(rg), await at(data), await at(other)];
      },
      [['33333333-0000-4000-8000-000000000001'], ['33333333-0000-4000-8000-000000000001'], []],
    ],
    [
      'azure-docs: list role assignments',
      'assignments at a scope and above it',
      async (p) => {
        await p.allow(caller('one'), 'acdd72a7-3385-48ef-bd42-f606fba81ae7', rg);
        await p.allow(caller('two'), 'acdd72a7-3385-48ef-bd42-f606fba81ae7', data);
        const at = (scope: string) =>
          p
            .list(`${scope}/providers/Microsoft.Authorization/roleAssignments`, 'atScope()')
            .then((names) => names.length);
        return [await at(root), await at(rg), await at(data), await at(other)];
      },
      [1, 2, 3, 1],
    ],
    [
      'azure-docs: list role assignments',
      'without a filter those below, too',
      async (p) => {
        await p.allow(caller('one'), 'acdd72a7-3385-48ef-bd42-f606fba81ae7', rg);
        return p
          .list(`${root}/providers/Microsoft.Authorization/roleAssignments`)
          .then((names) => names.length);
      },
      2,
    ],
    [
      'azure-docs: list role assignments',
      'of one principal',
      async (p) => {
        await p.allow(caller('one'), 'acdd72a7-3385-48ef-bd42-f606fba81ae7', rg);
        return p
          .list(
            `${data}/providers/Microsoft.Authorization/roleAssignments`,
            `principalId eq '${caller('one').objectId}'`,
          )
          .then((names) => names.length);
      },
      1,
    ],
  ],
);

table('resource groups', none, [
  [
    'real-clients 2',
    'a first PUT answers 201, a second 200',
    async (p) => [
      (await p.put(other, { location: 'eastus' })).status,
      (await p.put(other, { location: 'eastus' })).status,
    ],
    [201, 200],
  ],
  [
    'real-clients 2',
    'HEAD: there or not',
    async (p) => [(await p.head(rg)).status, (await p.head(other)).status],
    [204, 404],
  ],
  ['LocationRequired', 'a location is required', (p) => p.put(other, {}), refused(400, 'LocationRequired')],
  [
    'azure-cli 23043',
    'and stays',
    (p) => p.put(rg, { location: 'westus' }),
    refused(
      409,
      'InvalidResourceGroupLocation',
      "Invalid resource group location 'westus'. The Resource group already exists in location 'eastus'.",
    ),
  ],
  [
    'Azure',
    'a name does not end in a dot',
    (p) => p.put(`${root}/resourceGroups/a.`, { location: 'eastus' }),
    refused(400, 'InvalidResourceName'),
  ],
  [
    'Azure',
    'DELETE of one that is not there answers 404',
    (p) => p.remove(other),
    refused(404, 'ResourceGroupNotFound'),
  ],
  [
    'Azure',
    'deleting one takes everything, in whatever order it must',
    async (p) => {
      await haveEverything(p);
      const status = await of(p.remove(rg), (a) => a.code ?? a.status);
      return [status, left(p)];
    },
    [200, []],
  ],
  [
    'Azure',
    'what its workspaces were granted elsewhere goes too',
    async (p) => {
      await p.have(other, { location: 'eastus' });
      await p.have(idOf('storage/shared', 'other'), storage());
      await p.have(idOf('vault/keys'), {
        location: 'eastus',
        properties: { tenantId: 't', sku: { family: 'A', name: 'standard' }, accessPolicies: [] },
      });
      await p.have(
        idOf('workspace/mlw'),
        body({ storageAccount: idOf('storage/shared', 'other'), keyVault: idOf('vault/keys') }),
      );
      await p.remove(rg);
      return p.estate.ofType('Microsoft.Authorization/roleAssignments').length;
    },
    1,
  ],
  [
    'Azure',
    'what another group needs stops it, and nothing goes',
    async (p) => {
      await p.have(other, { location: 'eastus' });
      await haveEverything(p);
      await p.have(idOf('nic/far', 'other'), nic('hub/a'));
      const before = left(p);
      const answer = await p.remove(rg);
      return [
        answer.code,
        answer.message?.includes('/networkInterfaces/far'),
        left(p).length === before.length,
      ];
    },
    ['CannotDeleteResource', true, true],
  ],
  [
    'private-endpoints PE-10',
    'an endpoint elsewhere is left Disconnected',
    async (p) => {
      await p.have(other, { location: 'eastus' });
      await p.have(idOf('vnet/hub', 'other'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
      await p.have(data, storage());
      await p.have(
        idOf('endpoint/blob', 'other'),
        endpoint(data, 'blob', { subnet: { id: idOf('vnet/hub/subnets/a', 'other') } }),
      );
      await p.remove(rg);
      return of(p.get(idOf('endpoint/blob', 'other')), (a) =>
        JSON.stringify(a.body).includes('"status":"Disconnected"'),
      );
    },
    true,
  ],
  [
    'rbac-identity',
    'deleting one needs the right',
    async (p) => {
      await p.allow(caller('one'), '4d97b98b-1d4f-4787-a291-c67834d212e7', rg);
      return p.remove(rg, { as: caller('one') });
    },
    refused(403, 'AuthorizationFailed', 'Microsoft.Resources/subscriptions/resourceGroups/delete'),
  ],
]);
