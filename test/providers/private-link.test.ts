/** Private endpoints, their connections, zone groups, and zones. */

import { expect } from 'vitest';
import type { Caller } from '../../src/arm/caller.ts';
import { asText, type JsonObject, member } from '../../src/lib/json.ts';
import { caller, idOf, rg, root, type TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import {
  body,
  endpoint,
  haveWorkspace,
  link,
  nic,
  registry,
  storage,
  vault,
  vnet,
  zone,
  zoneGroup,
} from './things.ts';

const PE = 'private-endpoints';
const data = idOf('storage/data');
const blob = idOf('endpoint/blob');
const approval = (target: string): string => `${target}/privateEndpointConnections`;

const setUp = async (p: TestPlane): Promise<void> => {
  await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24', b: '10.0.1.0/24' }));
  await p.have(data, storage());
};
const haveBlob = async (p: TestPlane, more: JsonObject = {}, manual = false): Promise<JsonObject> =>
  p.have(blob, endpoint(data, 'blob', more, manual));
const putBlob = (p: TestPlane, more: JsonObject, who?: Caller) =>
  p.put(blob, endpoint(data, 'blob', more), who ? { as: who } : {});

/** Id of the only connection of a target. */
const connectionOf = async (p: TestPlane, target = data): Promise<string> => {
  const { value } = await p.get(approval(target));
  return asText(member(value[0], 'id')) ?? 'none';
};
/** State of the endpoint as its own GET shows it. */
const shownState = (p: TestPlane, list = 'privateLinkServiceConnections'): Promise<unknown> =>
  of(p.get(blob), (a) => {
    const [only] = a.properties[list] as readonly JsonObject[];
    return member(member(member(only, 'properties'), 'privateLinkServiceConnectionState'), 'status');
  });
/** State as the target shows it. */
const statusOf = async (p: TestPlane): Promise<unknown> =>
  of(p.get(await connectionOf(p)), (a) =>
    member(a.properties['privateLinkServiceConnectionState'], 'status'),
  );
const set = async (p: TestPlane, status: string, as?: Caller) =>
  p.put(
    await connectionOf(p),
    { properties: { privateLinkServiceConnectionState: { status, description: 'by hand' } } },
    as ? { as } : {},
  );
/** Status code, then what both sides say. */
const after = async (p: TestPlane, ...states: readonly string[]): Promise<unknown> => {
  const codes: unknown[] = [];
  for (const state of states) {
    const answer = await set(p, state);
    codes.push(answer.code ?? answer.status);
  }
  return [codes.at(-1), await statusOf(p)];
};
const nicOf = (p: TestPlane): Promise<string> =>
  of(p.get(blob), (a) => asText(member((a.properties['networkInterfaces'] as JsonObject[])[0], 'id')) ?? '');

const networkContributor = '4d97b98b-1d4f-4787-a291-c67834d212e7';
const approver = 'b556d68e-0be0-4f35-a333-ad7ee1ce17ea';

table('private endpoints', setUp, [
  [
    `${PE} 1`,
    'an answer has the interface, the names and the state',
    (p) => of(p.put(blob, endpoint(data, 'blob')), (a) => [a.status, a.properties]),
    [
      201,
      expect.objectContaining({
        provisioningState: 'Succeeded',
        customDnsConfigs: [{ fqdn: 'data.blob.core.windows.net', ipAddresses: ['10.0.0.4'] }],
        networkInterfaces: [{ id: expect.stringMatching(/networkInterfaces\/blob\.nic\.[0-9a-f-]{36}$/) }],
        manualPrivateLinkServiceConnections: [],
        privateLinkServiceConnections: [
          expect.objectContaining({
            properties: expect.objectContaining({
              privateLinkServiceConnectionState: {
                status: 'Approved',
                description: 'Auto-approved',
                actionsRequired: 'None',
              },
            }),
          }),
        ],
      }),
    ],
  ],
  [
    `${PE} 1`,
    'the interface says which name has which address',
    async (p) => {
      await haveBlob(p);
      return of(p.get(await nicOf(p)), (a) =>
        member(
          member((a.properties['ipConfigurations'] as JsonObject[])[0], 'properties'),
          'privateLinkConnectionProperties',
        ),
      );
    },
    { groupId: 'blob', requiredMemberName: 'blob', fqdns: ['data.blob.core.windows.net'] },
  ],
  [
    `${PE} 1`,
    'the interface may be named',
    async (p) => {
      await haveBlob(p, { customNetworkInterfaceName: 'mine' });
      return nicOf(p);
    },
    idOf('nic/mine'),
  ],
  [
    'Azure',
    'but not as another interface is',
    async (p) => {
      await p.have(idOf('nic/mine'), nic('hub/b'));
      return putBlob(p, { customNetworkInterfaceName: 'mine' });
    },
    refused(
      409,
      'Conflict',
      'nic/mine'.replace('nic', 'networkInterfaces'),
      'properties.customNetworkInterfaceName',
    ),
  ],
  [
    `${PE} 3`,
    'a group that the target lacks is refused with the nearest',
    (p) => p.put(blob, endpoint(data, 'blobs')),
    refused(
      400,
      'InvalidParameter',
      "did you mean 'blob'?",
      'properties.privateLinkServiceConnections[0].properties.groupIds',
    ),
  ],
  [`${PE} 3`, 'groups are read without case', (p) => p.put(blob, endpoint(data, 'Blob')), answered(201)],
  [
    `${PE} 3`,
    'no group is refused with those there are',
    (p) =>
      p.put(
        blob,
        body({
          subnet: { id: idOf('vnet/hub/subnets/a') },
          privateLinkServiceConnections: [{ name: 'c', properties: { privateLinkServiceId: data } }],
        }),
      ),
    refused(400, 'InvalidParameter', 'blob, file, queue'),
  ],
  [
    `${PE} 3`,
    'the secondary of a sub-resource, where it can be read',
    (p) =>
      of(
        p
          .put(data, { ...storage(), sku: { name: 'Standard_RAGRS' } })
          .then(() => p.put(blob, endpoint(data, 'blob_secondary'))),
        (a) => a.properties['customDnsConfigs'],
      ),
    [{ fqdn: 'data-secondary.blob.core.windows.net', ipAddresses: ['10.0.0.4'] }],
  ],
  [
    `${PE} 3`,
    'file has no secondary',
    (p) =>
      p
        .put(data, { ...storage(), sku: { name: 'Standard_RAGRS' } })
        .then(() => p.put(blob, endpoint(data, 'file_secondary'))),
    refused(400, 'InvalidParameter', 'exactly one sub-resource'),
  ],
  [
    `${PE} PE-1`,
    'in the region of its network',
    (p) => p.put(blob, { ...endpoint(data, 'blob'), location: 'westus' }),
    refused(400, 'InvalidParameter', 'region of its virtual network: eastus, not westus', 'location'),
  ],
  [
    `${PE} PE-2`,
    'the target may be in another region',
    async (p) => {
      await p.have(idOf('storage/far'), { ...storage(), location: 'westeurope' });
      return p.put(blob, endpoint(idOf('storage/far'), 'blob'));
    },
    answered(201),
  ],
  [
    'InvalidResourceReference',
    'a target that is not there',
    (p) => p.put(blob, endpoint(idOf('storage/none'), 'blob')),
    refused(
      400,
      'InvalidResourceReference',
      'storageAccounts/none',
      'properties.privateLinkServiceConnections[0].properties.privateLinkServiceId',
    ),
  ],
  [
    'InvalidResourceReference',
    'a subnet that is not there',
    (p) => putBlob(p, { subnet: { id: idOf('vnet/hub/subnets/none') } }),
    refused(400, 'InvalidResourceReference', 'subnets/none'),
  ],
  [
    'NotSupported',
    'a target that nobody models is refused by name',
    (p) => p.put(blob, endpoint(`${rg}/providers/Microsoft.Search/searchServices/r`, 'namespace')),
    refused(400, 'NotSupported', "'Microsoft.Search/searchServices'"),
  ],
  [
    `${PE} 4.2`,
    'a registry needs Premium',
    async (p) => {
      await p.have(idOf('registry/images'), registry('Standard'));
      return p.put(blob, endpoint(idOf('registry/images'), 'registry'));
    },
    refused(400, 'BadRequest', 'private endpoints need Premium'),
  ],
  [
    `${PE} PE-9`,
    'a storage account needs general purpose v2',
    async (p) => {
      await p.have(idOf('storage/old'), { ...storage(), kind: 'BlobStorage' });
      return p.put(blob, endpoint(idOf('storage/old'), 'blob'));
    },
    refused(400, 'BadRequest', 'StorageV2'),
  ],
  [
    'shape',
    'exactly one connection',
    (p) =>
      putBlob(p, {
        manualPrivateLinkServiceConnections: [
          { name: 'd', properties: { privateLinkServiceId: data, groupIds: ['blob'] } },
        ],
      }),
    refused(400, 'InvalidRequestContent', 'exactly one connection'),
  ],
  [
    'real-clients 2',
    'an empty manual list beside the other is none',
    (p) => putBlob(p, { manualPrivateLinkServiceConnections: [] }),
    answered(201),
  ],
  [
    `${PE} 4.1`,
    'a workspace has three addresses for four names',
    async (p) => {
      await haveWorkspace(p);
      const names = await of(
        p.put(blob, endpoint(idOf('workspace/mlw'), 'amlworkspace')),
        (a) => a.properties['customDnsConfigs'] as { fqdn: string; ipAddresses: string[] }[],
      );
      return names.map((n) => `${n.fqdn.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'GUID')} ${n.ipAddresses}`);
    },
    [
      'GUID.workspace.eastus.api.azureml.ms 10.0.0.4',
      'GUID.workspace.eastus.cert.api.azureml.ms 10.0.0.4',
      'ml-mlw-eastus-GUID.eastus.notebooks.azure.net 10.0.0.5',
      '*.eastus.inference.ml.azure.com 10.0.0.6',
    ],
  ],
  [
    `${PE} 4.2`,
    'a registry has a data endpoint',
    async (p) => {
      await p.have(idOf('registry/images'), registry());
      return of(
        p.put(blob, endpoint(idOf('registry/images'), 'registry')),
        (a) => a.properties['customDnsConfigs'],
      );
    },
    [
      { fqdn: 'images.azurecr.io', ipAddresses: ['10.0.0.4'] },
      { fqdn: 'images.eastus.data.azurecr.io', ipAddresses: ['10.0.0.5'] },
    ],
  ],
  [
    `${PE} 4.2`,
    'a private endpoint switches dedicated data endpoints on',
    async (p) => {
      await p.have(idOf('registry/images'), registry());
      await p.have(blob, endpoint(idOf('registry/images'), 'registry'));
      return of(p.get(idOf('registry/images')), (a) => [
        a.properties['dataEndpointEnabled'],
        a.properties['dataEndpointHostNames'],
      ]);
    },
    [true, ['images.eastus.data.azurecr.io']],
  ],
  [
    `${PE} 5`,
    'a static address by member',
    (p) =>
      of(
        putBlob(p, {
          ipConfigurations: [
            { name: 'x', properties: { groupId: 'blob', memberName: 'blob', privateIPAddress: '10.0.0.99' } },
          ],
        }),
        (a) => a.properties['customDnsConfigs'],
      ),
    [{ fqdn: 'data.blob.core.windows.net', ipAddresses: ['10.0.0.99'] }],
  ],
  [
    `${PE} 5`,
    'static addresses of several members, in any order',
    async (p) => {
      await p.have(idOf('registry/images'), registry());
      const at = (memberName: string, privateIPAddress: string) => ({
        name: memberName,
        properties: { groupId: 'registry', memberName, privateIPAddress },
      });
      const ipConfigurations = [at('registry_data_eastus', '10.0.0.20'), at('registry', '10.0.0.21')];
      return of(p.put(blob, endpoint(idOf('registry/images'), 'registry', { ipConfigurations })), (a) =>
        (a.properties['customDnsConfigs'] as { ipAddresses: string[] }[]).map((c) => c.ipAddresses[0]),
      );
    },
    ['10.0.0.21', '10.0.0.20'],
  ],
  [
    'InvalidParameter',
    'a member that the group lacks',
    (p) =>
      putBlob(p, {
        ipConfigurations: [
          {
            name: 'x',
            properties: { groupId: 'blob', memberName: 'default', privateIPAddress: '10.0.0.99' },
          },
        ],
      }),
    refused(400, 'InvalidParameter', 'blob has the members blob'),
  ],
  [
    'InvalidParameter',
    'several members must be named',
    async (p) => {
      await p.have(idOf('registry/images'), registry());
      return p.put(
        blob,
        endpoint(idOf('registry/images'), 'registry', {
          ipConfigurations: [{ name: 'x', properties: { privateIPAddress: '10.0.0.99' } }],
        }),
      );
    },
    refused(400, 'InvalidParameter', 'registry has the members registry, registry_data_eastus'),
  ],
  [
    'PrivateIPAddressIsAllocated',
    'a static address that another has',
    async (p) => {
      await p.have(idOf('nic/one'), nic('hub/a'));
      return putBlob(p, {
        ipConfigurations: [{ name: 'x', properties: { memberName: 'blob', privateIPAddress: '10.0.0.4' } }],
      });
    },
    refused(400, 'PrivateIPAddressIsAllocated', '/networkInterfaces/one'),
  ],
  [
    `${PE} PE-6`,
    'an address stays for life',
    async (p) => {
      await haveBlob(p);
      return putBlob(p, {
        ipConfigurations: [{ name: 'x', properties: { memberName: 'blob', privateIPAddress: '10.0.0.9' } }],
      });
    },
    refused(400, 'InvalidParameter', 'has the address 10.0.0.4 for as long as'),
  ],
  [
    `${PE} PE-6`,
    'the subnet never changes',
    async (p) => {
      await haveBlob(p);
      return putBlob(p, { subnet: { id: idOf('vnet/hub/subnets/b') } });
    },
    refused(400, 'InvalidParameter', 'cannot change'),
  ],
  [
    `${PE} PE-6`,
    'nor the sub-resource',
    async (p) => {
      await haveBlob(p);
      return p.put(blob, endpoint(data, 'file'));
    },
    refused(400, 'InvalidParameter', 'cannot change'),
  ],
  [
    `${PE} PE-6`,
    'put again it keeps its address',
    async (p) => {
      await p.have(idOf('nic/one'), nic('hub/a'));
      await haveBlob(p);
      await p.remove(idOf('nic/one'));
      return of(putBlob(p, {}), (a) => [a.status, a.properties['customDnsConfigs']]);
    },
    [200, [{ fqdn: 'data.blob.core.windows.net', ipAddresses: ['10.0.0.5'] }]],
  ],
  [
    'real-clients 2',
    'the whole body that was got can be put back',
    async (p) => {
      await haveBlob(p);
      const got = await p.get(blob);
      const put = await p.put(blob, got.body);
      return [put.status, put.body];
    },
    [200, expect.objectContaining({ name: 'blob' })],
  ],
  [
    'real-clients 1',
    'put again in other case it has one interface',
    async (p) => {
      await haveBlob(p);
      await p.put(idOf('endpoint/BLOB'), endpoint(data, 'blob'));
      return [
        await p.list(`${rg}/providers/Microsoft.Network/networkInterfaces`).then((n) => n.length),
        await p.list(approval(data)).then((n) => n.length),
      ];
    },
    [1, 1],
  ],
  [
    `${PE} PE-6`,
    'its interface cannot be written by itself',
    async (p) => {
      await haveBlob(p);
      return p.put(await nicOf(p), nic('hub/a'));
    },
    refused(400, 'BadRequest', 'belongs to'),
  ],
  [
    `${PE} PE-6`,
    'nor deleted',
    async (p) => {
      await haveBlob(p);
      return p.remove(await nicOf(p));
    },
    refused(409, 'CannotDeleteResource', 'goes when that is deleted'),
  ],
  [
    `${PE} PE-10`,
    'deleting it removes interface and connection',
    async (p) => {
      await haveBlob(p);
      const status = await of(p.remove(blob), (a) => a.status);
      return [
        status,
        await p.list(`${rg}/providers/Microsoft.Network/networkInterfaces`),
        await p.list(approval(data)),
      ];
    },
    [200, [], []],
  ],
  [
    `${PE} PE-7`,
    'several endpoints may lead to one resource',
    async (p) => {
      await haveBlob(p);
      await p.have(
        idOf('endpoint/again'),
        endpoint(data, 'blob', { subnet: { id: idOf('vnet/hub/subnets/b') } }),
      );
      return p.list(approval(data)).then((names) => names.length);
    },
    2,
  ],
  [
    'Azure',
    'two endpoints of one name in two groups have two connections',
    async (p) => {
      await p.have(`${root}/resourceGroups/other`, { location: 'eastus' });
      await haveBlob(p);
      await p.have(idOf('endpoint/blob', 'other'), endpoint(data, 'blob'));
      return p.list(approval(data)).then((names) => new Set(names).size);
    },
    2,
  ],
  [
    `${PE} PE-10`,
    'where the target is deleted it is Disconnected',
    async (p) => {
      await haveBlob(p);
      await p.remove(data);
      return shownState(p);
    },
    'Disconnected',
  ],
  [
    `${PE} PE-10`,
    'and can be deleted',
    async (p) => {
      await haveBlob(p);
      await p.remove(data);
      return p.remove(blob);
    },
    answered(200),
  ],
  [
    'Azure',
    'a subnet with an endpoint cannot be deleted',
    async (p) => {
      await haveBlob(p);
      return p.remove(idOf('vnet/hub/subnets/a'));
    },
    refused(400, 'InUseSubnetCannotBeDeleted'),
  ],
  [
    `${PE} 3`,
    'privateLinkResources lists groups, members and zones',
    (p) => of(p.get(`${data}/privateLinkResources`), (a) => [a.value.length, a.value[0]]),
    [
      6,
      expect.objectContaining({
        name: 'blob',
        properties: {
          groupId: 'blob',
          requiredMembers: ['blob'],
          requiredZoneNames: ['privatelink.blob.core.windows.net'],
        },
      }),
    ],
  ],
  [
    `${PE} 3`,
    'of a workspace: one group with the member default',
    async (p) => {
      await haveWorkspace(p);
      return of(p.get(`${idOf('workspace/mlw')}/privateLinkResources`), (a) =>
        a.value.map((item) => member(item, 'properties')),
      );
    },
    [
      {
        groupId: 'amlworkspace',
        requiredMembers: ['default'],
        requiredZoneNames: ['privatelink.api.azureml.ms', 'privatelink.notebooks.azure.net'],
      },
    ],
  ],
  [
    `${PE} 3`,
    'of a vault: vaultcore',
    async (p) => {
      await p.have(idOf('vault/keys'), vault());
      return of(p.get(`${idOf('vault/keys')}/privateLinkResources`), (a) =>
        a.value.map((item) => member(item, 'properties')),
      );
    },
    [
      {
        groupId: 'vault',
        requiredMembers: ['default'],
        requiredZoneNames: ['privatelink.vaultcore.azure.net'],
      },
    ],
  ],
]);

const someone = caller('one');
const asSomeone = async (p: TestPlane, ...roles: readonly (readonly [string, string])[]) => {
  for (const [role, scope] of roles) await p.allow(someone, role, scope);
  return of(putBlob(p, {}, someone), (a) => a.code ?? a.status);
};

table('approval', setUp, [
  [
    `${PE} 2`,
    'who may approve on the target: Approved',
    async (p) => [await asSomeone(p, [networkContributor, rg], [approver, data]), await statusOf(p)],
    [201, 'Approved'],
  ],
  [
    `${PE} 2`,
    'who may not: Pending, with the message',
    async (p) => {
      await asSomeone(p, [networkContributor, rg]);
      return of(p.get(await connectionOf(p)), (a) => a.properties['privateLinkServiceConnectionState']);
    },
    { status: 'Pending', description: 'please', actionsRequired: 'None' },
  ],
  [
    `${PE} 2`,
    'a manual one is Pending, whoever asks',
    async (p) => {
      await haveBlob(p, {}, true);
      return [await statusOf(p), await shownState(p, 'manualPrivateLinkServiceConnections')];
    },
    ['Pending', 'Pending'],
  ],
  [
    `${PE} 2`,
    'Pending -> Approved',
    async (p) => {
      await haveBlob(p, {}, true);
      return after(p, 'Approved');
    },
    [200, 'Approved'],
  ],
  [
    `${PE} 2`,
    'Pending -> Rejected',
    async (p) => {
      await haveBlob(p, {}, true);
      return after(p, 'Rejected');
    },
    [200, 'Rejected'],
  ],
  [
    `${PE} 2`,
    'Approved -> Rejected',
    async (p) => {
      await haveBlob(p);
      return [await after(p, 'Rejected'), await shownState(p)];
    },
    [[200, 'Rejected'], 'Rejected'],
  ],
  [
    `${PE} 2`,
    'Rejected -> Approved',
    async (p) => {
      await haveBlob(p);
      return after(p, 'Rejected', 'Approved');
    },
    [200, 'Approved'],
  ],
  [
    `${PE} 2`,
    'Approved -> Pending is no event',
    async (p) => {
      await haveBlob(p);
      return after(p, 'Pending');
    },
    ['BadRequest', 'Approved'],
  ],
  [
    `${PE} 2`,
    'nobody sets Disconnected: the connection is deleted',
    async (p) => {
      await haveBlob(p);
      return after(p, 'Disconnected');
    },
    ['BadRequest', 'Approved'],
  ],
  [
    'shape',
    'another word is refused',
    async (p) => {
      await haveBlob(p);
      return set(p, 'Accepted');
    },
    refused(
      400,
      'InvalidRequestContent',
      "'Approved'",
      'properties.privateLinkServiceConnectionState.status',
    ),
  ],
  [
    `${PE} 2`,
    'the same state with another description',
    async (p) => {
      await haveBlob(p);
      return set(p, 'Approved');
    },
    answered(200, { privateLinkServiceConnectionState: { status: 'Approved', description: 'by hand' } }),
  ],
  [
    'wire-shapes 2',
    'an answer has the endpoint and the state',
    async (p) => {
      await haveBlob(p);
      return set(p, 'Rejected');
    },
    answered(200, {
      provisioningState: 'Succeeded',
      privateEndpoint: { id: blob },
      privateLinkServiceConnectionState: { status: 'Rejected', actionsRequired: 'None' },
    }),
  ],
  [
    `${PE} 2`,
    'putting the endpoint again does not approve what was rejected',
    async (p) => {
      await haveBlob(p);
      await set(p, 'Rejected');
      await haveBlob(p);
      return statusOf(p);
    },
    'Rejected',
  ],
  [
    `${PE} 2`,
    'approving needs the right on the target',
    async (p) => {
      await haveBlob(p, {}, true);
      await p.allow(someone, '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', data);
      return set(p, 'Approved', someone);
    },
    refused(403, 'AuthorizationFailed', 'privateEndpointConnections/write'),
  ],
  [
    `${PE} 2`,
    'write alone does not approve',
    async (p) => {
      await haveBlob(p, {}, true);
      const guid = '33333333-0000-4000-8000-000000000001';
      const permissions = [
        { actions: ['Microsoft.Storage/storageAccounts/privateEndpointConnections/write'] },
      ];
      await p.have(`${root}/providers/Microsoft.Authorization/roleDefinitions/${guid}`, {
        properties: { roleName: 'writer', assignableScopes: [root], permissions },
      });
      await p.allow(someone, guid, data);
      return set(p, 'Approved', someone);
    },
    refused(403, 'LinkedAuthorizationFailed', 'PrivateEndpointConnectionsApproval/action'),
  ],
  [
    `${PE} 2`,
    'a connection cannot be made by itself',
    (p) =>
      p.put(`${approval(data)}/own`, {
        properties: { privateLinkServiceConnectionState: { status: 'Approved' } },
      }),
    refused(404, 'ResourceNotFound', 'cannot be made by itself'),
  ],
  [
    `${PE} PE-10`,
    'deleting the connection leaves an endpoint that is Disconnected',
    async (p) => {
      await haveBlob(p);
      const status = await of(p.remove(await connectionOf(p)), (a) => a.status);
      return [status, await shownState(p), await of(p.get(blob), (a) => a.status)];
    },
    [200, 'Disconnected', 200],
  ],
  [
    `${PE} PE-10`,
    'which putting it again does not mend',
    async (p) => {
      await haveBlob(p);
      await p.remove(await connectionOf(p));
      await haveBlob(p);
      return [await shownState(p), await p.list(approval(data))];
    },
    ['Disconnected', []],
  ],
  [
    'real-clients 2',
    'the target embeds its connections',
    async (p) => {
      await haveBlob(p);
      return of(p.get(data), (a) =>
        (a.properties['privateEndpointConnections'] as JsonObject[]).map((c) =>
          member(member(c, 'properties'), 'privateEndpoint'),
        ),
      );
    },
    [{ id: blob }],
  ],
  [
    'rbac-identity 3',
    'joining the subnet needs the right',
    (p) => asSomeone(p, [approver, data], ['18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', rg]),
    'AuthorizationFailed',
  ],
]);

const blobZone = 'privatelink.blob.core.windows.net';
const records = (p: TestPlane, name = blobZone) =>
  of(p.get(`${idOf(`zone/${name}`)}/A`), (a) =>
    a.value.map(
      (item) =>
        `${member(item, 'name')} ${(member(member(item, 'properties'), 'aRecords') as { ipv4Address: string }[]).map((r) => r.ipv4Address)}`,
    ),
  );
const group = `${blob}/privateDnsZoneGroups/default`;

table(
  'zone groups',
  async (p) => {
    await setUp(p);
    await haveBlob(p);
    for (const name of [blobZone, 'privatelink.vault.azure.net']) await p.have(idOf(`zone/${name}`), zone);
  },
  [
    [
      `${PE} 6`,
      'writes the records',
      async (p) => {
        const status = await of(p.put(group, zoneGroup(blobZone)), (a) => a.status);
        return [status, await records(p)];
      },
      [201, ['data 10.0.0.4']],
    ],
    [
      `${PE} 6`,
      'shows them as record sets',
      async (p) => {
        await p.have(group, zoneGroup(blobZone));
        return of(p.get(group), (a) =>
          member((a.properties['privateDnsZoneConfigs'] as JsonObject[])[0], 'properties'),
        );
      },
      expect.objectContaining({
        recordSets: [
          {
            recordType: 'A',
            recordSetName: 'data',
            fqdn: `data.${blobZone}`,
            ttl: 10,
            provisioningState: 'Succeeded',
            ipAddresses: ['10.0.0.4'],
          },
        ],
      }),
    ],
    [
      `${PE} 3 traps`,
      'a zone of a wrong name gets nothing, silently',
      async (p) => {
        const status = await of(p.put(group, zoneGroup('privatelink.vault.azure.net')), (a) => a.status);
        return [status, await records(p, 'privatelink.vault.azure.net')];
      },
      [201, []],
    ],
    [
      `${PE} 6`,
      'a zone that leaves the group loses the records',
      async (p) => {
        await p.have(group, zoneGroup(blobZone));
        await p.have(group, zoneGroup('privatelink.vault.azure.net'));
        return records(p);
      },
      [],
    ],
    [
      `${PE} 6`,
      'deleting the group removes the records',
      async (p) => {
        await p.have(group, zoneGroup(blobZone));
        await p.remove(group);
        return records(p);
      },
      [],
    ],
    [
      `${PE} 6`,
      'deleting the endpoint does',
      async (p) => {
        await p.have(group, zoneGroup(blobZone));
        await p.remove(blob);
        return [await records(p), await of(p.get(group), (a) => a.status)];
      },
      [[], 404],
    ],
    [
      `${PE} 6`,
      'records by hand stay',
      async (p) => {
        await p.have(`${idOf(`zone/${blobZone}`)}/A/other`, {
          properties: { ttl: 3600, aRecords: [{ ipv4Address: '10.0.0.200' }] },
        });
        await p.have(group, zoneGroup(blobZone));
        await p.remove(blob);
        return records(p);
      },
      ['other 10.0.0.200'],
    ],
    [
      `${PE} 6`,
      'two endpoints of one resource: the last writer wins',
      async (p) => {
        await p.have(group, zoneGroup(blobZone));
        await p.have(idOf('endpoint/two'), endpoint(data, 'blob'));
        await p.have(`${idOf('endpoint/two')}/privateDnsZoneGroups/default`, zoneGroup(blobZone));
        return records(p);
      },
      ['data 10.0.0.5'],
    ],
    [
      `${PE} 6`,
      'and takes the record along',
      async (p) => {
        await p.have(group, zoneGroup(blobZone));
        await p.have(idOf('endpoint/two'), endpoint(data, 'blob'));
        await p.have(`${idOf('endpoint/two')}/privateDnsZoneGroups/default`, zoneGroup(blobZone));
        await p.remove(idOf('endpoint/two'));
        return records(p);
      },
      [],
    ],
    [
      `${PE} 6`,
      'at most five zones',
      (p) => p.put(group, zoneGroup(blobZone, blobZone, blobZone, blobZone, blobZone, blobZone)),
      refused(400, 'InvalidParameter', 'at most 5 zones, not 6'),
    ],
    [
      `${PE} 6`,
      'one group',
      async (p) => {
        await p.have(group, zoneGroup(blobZone));
        return p.put(`${blob}/privateDnsZoneGroups/second`, zoneGroup(blobZone));
      },
      refused(400, 'BadRequest', 'already has the zone group default'),
    ],
    [
      'InvalidResourceReference',
      'a zone that is not there',
      (p) => p.put(group, zoneGroup('privatelink.file.core.windows.net')),
      refused(
        400,
        'InvalidResourceReference',
        'privatelink.file.core.windows.net',
        'properties.privateDnsZoneConfigs[0].properties.privateDnsZoneId',
      ),
    ],
    [
      'InvalidResourceReference',
      'what is no zone',
      (p) =>
        p.put(group, {
          properties: { privateDnsZoneConfigs: [{ name: 'z', properties: { privateDnsZoneId: data } }] },
        }),
      refused(400, 'InvalidResourceReference'),
    ],
    [
      'ParentResourceNotFound',
      'an endpoint that is not there',
      (p) => p.put(`${idOf('endpoint/none')}/privateDnsZoneGroups/default`, zoneGroup(blobZone)),
      refused(404, 'ParentResourceNotFound'),
    ],
    [
      'real-clients 2',
      'the whole body that was got can be put back longer',
      async (p) => {
        await p.have(group, zoneGroup(blobZone));
        const got = await p.get(group);
        return of(p.put(group, got.body), (a) => a.status);
      },
      200,
    ],
    [
      `${PE} 4.1`,
      'a workspace writes into two zones',
      async (p) => {
        await haveWorkspace(p);
        const names = ['privatelink.api.azureml.ms', 'privatelink.notebooks.azure.net'];
        for (const name of names) await p.have(idOf(`zone/${name}`), zone);
        await p.have(idOf('endpoint/ml'), endpoint(idOf('workspace/mlw'), 'amlworkspace'));
        await p.have(`${idOf('endpoint/ml')}/privateDnsZoneGroups/default`, zoneGroup(...names));
        const all = [...(await records(p, names[0])), ...(await records(p, names[1]))];
        return all.map((text) => text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'GUID'));
      },
      [
        'GUID.workspace.eastus 10.0.0.5',
        'GUID.workspace.eastus.cert 10.0.0.5',
        '*.GUID.inference.eastus 10.0.0.7',
        'ml-mlw-eastus-GUID.eastus 10.0.0.6',
      ],
    ],
    [
      `${PE} 2`,
      'needs the right to join the zone',
      async (p) => {
        const guid = '33333333-0000-4000-8000-000000000001';
        await p.have(`${root}/providers/Microsoft.Authorization/roleDefinitions/${guid}`, {
          properties: {
            roleName: 'endpoints',
            assignableScopes: [root],
            permissions: [{ actions: ['Microsoft.Network/privateEndpoints/*'] }],
          },
        });
        await p.allow(someone, guid, rg);
        return p.put(group, zoneGroup(blobZone), { as: someone });
      },
      refused(403, 'LinkedAuthorizationFailed', 'privateDnsZones/join/action'),
    ],
  ],
);

const one = idOf('zone/one.example.org');
const record = (name: string, more: JsonObject): [string, JsonObject] => [
  `${one}/${name}`,
  { properties: { ttl: 60, ...more } },
];
const a = (...addresses: readonly string[]): JsonObject => ({
  aRecords: addresses.map((ipv4Address) => ({ ipv4Address })),
});

table(
  'zones',
  async (p) => {
    await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16'));
    await p.have(one, zone);
  },
  [
    [
      'name-resolution 3',
      'a zone is global',
      (p) => p.put(idOf('zone/two.example.org'), { location: 'eastus' }),
      refused(400, 'InvalidParameter', "'global'", 'location'),
    ],
    [
      'real-clients 2',
      'in any case',
      (p) => p.put(idOf('zone/two.example.org'), { location: 'Global' }),
      answered(201),
    ],
    [
      'Azure',
      'a name of one label is refused',
      (p) => p.put(idOf('zone/local'), zone),
      refused(400, 'InvalidResourceName', "'local'"),
    ],
    [
      'wire-shapes',
      'a new zone has one record set, the SOA',
      (p) => p.get(one),
      answered(200, { numberOfRecordSets: 1, numberOfVirtualNetworkLinks: 0 }),
    ],
    [
      'wire-shapes',
      'and counts what is added',
      async (p) => {
        await p.have(...record('A/www', a('10.0.0.4')));
        await p.have(...record('TXT/www', { txtRecords: [{ value: ['x'] }] }));
        await p.have(`${one}/virtualNetworkLinks/l`, link('hub', { registrationEnabled: true }));
        return p.get(one);
      },
      answered(200, {
        numberOfRecordSets: 3,
        numberOfVirtualNetworkLinks: 1,
        numberOfVirtualNetworkLinksWithRegistration: 1,
      }),
    ],
    [
      'wire-shapes',
      'a SOA that was written counts once',
      async (p) => {
        await p.have(...record('SOA/@', { soaRecord: { email: 'a.example.org' } }));
        return p.get(one);
      },
      answered(200, { numberOfRecordSets: 1 }),
    ],
    [
      'wire-shapes 1',
      'ALL lists every record set',
      async (p) => {
        await p.have(...record('A/www', a('10.0.0.4')));
        await p.have(...record('CNAME/ftp', { cnameRecord: { cname: 'www.one.example.org' } }));
        return p.list(`${one}/ALL`);
      },
      ['www', 'ftp'],
    ],
    [
      'real-clients 2',
      'a record shows its whole name',
      (p) => p.put(...record('A/www', a('10.0.0.4'))),
      answered(201, { fqdn: 'www.one.example.org.', ttl: 60, isAutoRegistered: false }),
    ],
    [
      'wire-shapes',
      'that of the zone itself is @',
      (p) => p.put(...record('A/@', a('10.0.0.4'))),
      answered(201, { fqdn: 'one.example.org.' }),
    ],
    ['name-resolution 2', 'a wildcard', (p) => p.put(...record('A/*.api', a('10.0.0.4'))), answered(201)],
    [
      'real-clients 2',
      'types are read without case',
      async (p) => {
        await p.have(...record('a/www', a('10.0.0.4')));
        return p.get(`${one}/A/www`);
      },
      answered(200),
    ],
    [
      'shape',
      'an address that is none',
      (p) => p.put(...record('A/www', a('10.0.0'))),
      refused(400, 'InvalidRequestContent', 'IPv4', 'properties.aRecords[0].ipv4Address'),
    ],
    [
      'shape',
      'a CNAME needs a target',
      (p) => p.put(...record('CNAME/www', {})),
      refused(400, 'InvalidRequestContent', 'cnameRecord.cname'),
    ],
    [
      'RFC 1034 3.6.2',
      'a CNAME stands alone',
      async (p) => {
        await p.have(...record('A/www', a('10.0.0.4')));
        return p.put(...record('CNAME/www', { cnameRecord: { cname: 'x.example.org' } }));
      },
      refused(409, 'Conflict', 'a CNAME stands alone'),
    ],
    [
      'RFC 1034 3.6.2',
      'nothing comes beside it',
      async (p) => {
        await p.have(...record('CNAME/www', { cnameRecord: { cname: 'x.example.org' } }));
        return p.put(...record('A/www', a('10.0.0.4')));
      },
      refused(409, 'Conflict'),
    ],
    [
      'InvalidResourceType',
      'a type that there is not',
      (p) => p.put(...record('CAA/www', {})),
      refused(404, 'InvalidResourceType', 'privateDnsZones/CAA'),
    ],
    [
      'name-resolution 3',
      'a link answers its state',
      (p) => p.put(`${one}/virtualNetworkLinks/l`, link('hub')),
      answered(201, {
        virtualNetworkLinkState: 'Completed',
        registrationEnabled: false,
        resolutionPolicy: 'Default',
      }),
    ],
    [
      'name-resolution 3',
      'a link is global',
      (p) => p.put(`${one}/virtualNetworkLinks/l`, { ...link('hub'), location: 'eastus' }),
      refused(400, 'InvalidParameter', "'global'"),
    ],
    [
      'name-resolution 3',
      'the fallback is a closed set',
      (p) => p.put(`${one}/virtualNetworkLinks/l`, link('hub', { resolutionPolicy: 'Fallback' })),
      refused(400, 'InvalidRequestContent', "'NxDomainRedirect'"),
    ],
    [
      'name-resolution L-3',
      'one link for a zone and a network',
      async (p) => {
        await p.have(`${one}/virtualNetworkLinks/l`, link('hub'));
        return p.put(`${one}/virtualNetworkLinks/m`, link('hub'));
      },
      refused(409, 'Conflict', 'already exists in zone one.example.org: l'),
    ],
    [
      'name-resolution L-4',
      'two zones of one name cannot be at one network',
      async (p) => {
        await p.have(`${root}/resourceGroups/other`, { location: 'eastus' });
        await p.have(idOf('zone/one.example.org', 'other'), zone);
        await p.have(`${one}/virtualNetworkLinks/l`, link('hub'));
        return p.put(`${idOf('zone/one.example.org', 'other')}/virtualNetworkLinks/l`, link('hub'));
      },
      refused(400, 'BadRequest', 'overlapping namespaces'),
    ],
    [
      'name-resolution L-4',
      'at two networks they can',
      async (p) => {
        await p.have(`${root}/resourceGroups/other`, { location: 'eastus' });
        await p.have(idOf('zone/one.example.org', 'other'), zone);
        await p.have(idOf('vnet/spoke'), vnet('10.1.0.0/16'));
        await p.have(`${one}/virtualNetworkLinks/l`, link('hub'));
        return p.put(`${idOf('zone/one.example.org', 'other')}/virtualNetworkLinks/l`, link('spoke'));
      },
      answered(201),
    ],
    [
      'name-resolution L-1',
      'a network registers in one zone',
      async (p) => {
        await p.have(idOf('zone/two.example.org'), zone);
        await p.have(`${one}/virtualNetworkLinks/l`, link('hub', { registrationEnabled: true }));
        return p.put(
          `${idOf('zone/two.example.org')}/virtualNetworkLinks/l`,
          link('hub', { registrationEnabled: true }),
        );
      },
      refused(400, 'BadRequest', 'registers in'),
    ],
    [
      'name-resolution L-2',
      'and resolves in many',
      async (p) => {
        await p.have(idOf('zone/two.example.org'), zone);
        await p.have(`${one}/virtualNetworkLinks/l`, link('hub'));
        return p.put(`${idOf('zone/two.example.org')}/virtualNetworkLinks/l`, link('hub'));
      },
      answered(201),
    ],
    [
      'InvalidResourceReference',
      'a network that is not there',
      (p) => p.put(`${one}/virtualNetworkLinks/l`, link('none')),
      refused(400, 'InvalidResourceReference', 'virtualNetworks/none'),
    ],
    [
      'CannotDeleteResource',
      'a zone with links cannot be deleted',
      async (p) => {
        await p.have(`${one}/virtualNetworkLinks/l`, link('hub'));
        return p.remove(one);
      },
      refused(409, 'CannotDeleteResource', 'link l'),
    ],
    [
      'Azure',
      'one without can, and its records go',
      async (p) => {
        await p.have(...record('A/www', a('10.0.0.4')));
        const status = await of(p.remove(one), (x) => x.status);
        return [status, await of(p.get(`${one}/A/www`), (x) => x.code)];
      },
      [200, 'ResourceNotFound'],
    ],
    [
      'name-resolution L-8',
      'linking needs join/action on the network',
      async (p) => {
        await p.allow(someone, 'b12aa53e-6015-4669-85d0-8515ebb3ae7f', one);
        return p.put(`${one}/virtualNetworkLinks/l`, link('hub'), { as: someone });
      },
      refused(403, 'LinkedAuthorizationFailed', 'virtualNetworks/join/action'),
    ],
    [
      'rbac-identity 2',
      'Private DNS Zone Contributor on both has it',
      async (p) => {
        await p.allow(someone, 'b12aa53e-6015-4669-85d0-8515ebb3ae7f', rg);
        return p.put(`${one}/virtualNetworkLinks/l`, link('hub'), { as: someone });
      },
      answered(201),
    ],
  ],
);
