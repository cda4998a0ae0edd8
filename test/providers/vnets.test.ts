/** Addresses, subnets, virtual networks and peerings. */

import { expect } from 'vitest';
import { asList, equalJson, type JsonObject, member } from '../../src/lib/json.ts';
import { idOf, type TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import {
  addressesOf,
  body,
  endpoint,
  link,
  machine,
  nic,
  registry,
  type Slot,
  storage,
  vault,
  vnet,
  workspace,
  zone,
} from './things.ts';

const subnet = (path: string): string => idOf(`vnet/${path.replace('/', '/subnets/')}`);
const hub = idOf('vnet/hub');
const NS = 'network-semantics';
const hubOf =
  (prefix = '10.0.0.0/24') =>
  (plane: TestPlane) =>
    plane.have(hub, vnet('10.0.0.0/16', { a: prefix, b: '10.0.1.0/24' }));
const addressOf = async (plane: TestPlane, name: string, ...configurations: readonly Slot[]) =>
  addressesOf((await plane.put(idOf(`nic/${name}`), nic(...configurations))).body);
const filled = async (plane: TestPlane, count: number): Promise<void> => {
  for (let at = 0; at < count; at++) await plane.have(idOf(`nic/fill${at}`), nic('hub/a'));
};

table('addresses', hubOf(), [
  [
    'azure-docs: subnet reservations',
    'the first four are reserved: the first that is given is .4',
    (p) => addressOf(p, 'one', 'hub/a'),
    ['10.0.0.4'],
  ],
  [
    'design: determinism',
    'the next is the lowest that is free',
    async (p) => {
      await filled(p, 3);
      await p.remove(idOf('nic/fill1'));
      return addressOf(p, 'next', 'hub/a');
    },
    ['10.0.0.5'],
  ],
  [
    'Azure',
    'two configurations get two addresses',
    (p) => addressOf(p, 'one', 'hub/a', 'hub/a'),
    ['10.0.0.4', '10.0.0.5'],
  ],
  [
    'Azure',
    'configurations may be in different subnets',
    (p) => addressOf(p, 'one', 'hub/b', 'hub/a'),
    ['10.0.1.4', '10.0.0.4'],
  ],
  [
    'Azure',
    'a static address is the one asked for',
    (p) => addressOf(p, 'one', ['hub/a', '10.0.0.77']),
    ['10.0.0.77'],
  ],
  [
    'Azure',
    'a dynamic configuration leaves the static one of its interface alone',
    (p) => addressOf(p, 'one', 'hub/a', ['hub/a', '10.0.0.4']),
    ['10.0.0.5', '10.0.0.4'],
  ],
  [
    'Azure',
    'a dynamic one passes over a static one',
    async (p) => {
      await addressOf(p, 'one', ['hub/a', '10.0.0.4']);
      return addressOf(p, 'two', 'hub/a');
    },
    ['10.0.0.5'],
  ],
  [
    'Azure',
    'an interface that is put again keeps its address',
    async (p) => {
      await filled(p, 2);
      await p.remove(idOf('nic/fill0'));
      return addressOf(p, 'fill1', 'hub/a');
    },
    ['10.0.0.5'],
  ],
  [
    'Azure',
    'a configuration that is put in front does not take the address of another',
    async (p) => {
      await addressOf(p, 'one', 'hub/a', 'hub/a');
      const item = (name: string) => ({ name, properties: { subnet: { id: subnet('hub/a') } } });
      const reordered = body({ ipConfigurations: ['new', 'ip0', 'ip1'].map(item) });
      return addressesOf((await p.put(idOf('nic/one'), reordered)).body);
    },
    ['10.0.0.6', '10.0.0.4', '10.0.0.5'],
  ],
  [
    'Azure',
    'an address is free again when its interface is deleted',
    async (p) => {
      await filled(p, 1);
      await p.remove(idOf('nic/fill0'));
      return addressOf(p, 'two', 'hub/a');
    },
    ['10.0.0.4'],
  ],
  [
    'Azure',
    'a move to another subnet gets an address there',
    async (p) => {
      await addressOf(p, 'one', 'hub/a');
      return addressOf(p, 'one', 'hub/b');
    },
    ['10.0.1.4'],
  ],
  [
    'PrivateIPAddressIsAllocated',
    'a static address that another has is refused',
    async (p) => {
      await filled(p, 1);
      return p.put(idOf('nic/two'), nic(['hub/a', '10.0.0.4']));
    },
    refused(400, 'PrivateIPAddressIsAllocated', '/networkInterfaces/fill0', 'privateIPAddress'),
  ],
  [
    'PrivateIPAddressInReservedRange',
    'a static address among the first four is refused',
    (p) => p.put(idOf('nic/one'), nic(['hub/a', '10.0.0.3'])),
    refused(400, 'PrivateIPAddressInReservedRange', '10.0.0.3'),
  ],
  [
    'PrivateIPAddressInReservedRange',
    'the last address is refused',
    (p) => p.put(idOf('nic/one'), nic(['hub/a', '10.0.0.255'])),
    refused(400, 'PrivateIPAddressInReservedRange'),
  ],
  [
    'PrivateIPAddressNotInSubnet',
    'a static address outside the subnet is refused',
    (p) => p.put(idOf('nic/one'), nic(['hub/a', '10.0.1.9'])),
    refused(400, 'PrivateIPAddressNotInSubnet', '10.0.1.9'),
  ],
  [
    'shape',
    'Static needs an address',
    (p) =>
      p.put(
        idOf('nic/one'),
        body({
          ipConfigurations: [
            {
              name: 'x',
              properties: { subnet: { id: subnet('hub/a') }, privateIPAllocationMethod: 'Static' },
            },
          ],
        }),
      ),
    refused(400, 'InvalidRequestContent', 'privateIPAddress is required'),
  ],
  [
    'shape',
    'what is no address is refused with its path',
    (p) => p.put(idOf('nic/one'), nic(['hub/a', '10.0.0'])),
    refused(
      400,
      'InvalidRequestContent',
      'IPv4 address',
      'properties.ipConfigurations[0].properties.privateIPAddress',
    ),
  ],
  [
    'InvalidResourceReference',
    'a subnet that is not there is named',
    (p) => p.put(idOf('nic/one'), nic('hub/none')),
    refused(400, 'InvalidResourceReference', 'subnets/none'),
  ],
  [
    'private-endpoints 4.1',
    'a workspace takes three',
    async (p) => {
      await p.have(idOf('storage/data'), storage());
      await p.have(idOf('vault/keys'), vault());
      await p.have(idOf('workspace/mlw'), workspace());
      await p.have(idOf('endpoint/ml'), endpoint(idOf('workspace/mlw'), 'amlworkspace'));
      return addressOf(p, 'next', 'hub/a');
    },
    ['10.0.0.7'],
  ],
  [
    'private-endpoints 4.2',
    'a registry takes 1 + N',
    async (p) => {
      await p.have(idOf('registry/images'), registry());
      await p.have(idOf('endpoint/images'), endpoint(idOf('registry/images'), 'registry'));
      return addressOf(p, 'next', 'hub/a');
    },
    ['10.0.0.6'],
  ],
  [
    'Azure',
    'a subnet with two prefixes goes on in the second',
    async (p) => {
      await p.have(subnet('hub/two'), { properties: { addressPrefixes: ['10.0.2.0/29', '10.0.2.8/29'] } });
      for (const at of [0, 1, 2]) await p.have(idOf(`nic/n${at}`), nic('hub/two'));
      return addressOf(p, 'n3', 'hub/two');
    },
    ['10.0.2.12'],
  ],
  [
    'Azure',
    'the interface of a machine that is deleted keeps its address',
    async (p) => {
      await p.have(idOf('nic/one'), nic('hub/a'));
      await p.have(idOf('vm/vm'), machine(['one']));
      await p.remove(idOf('vm/vm'));
      return of(p.get(idOf('nic/one')), (a) => addressesOf(a.body));
    },
    ['10.0.0.4'],
  ],
]);

table('the smallest subnet', hubOf('10.0.0.0/29'), [
  [
    'azure-docs: subnet reservations',
    'a /29 has three addresses',
    async (p) => {
      await filled(p, 3);
      return of(p.get(idOf('nic/fill2')), (a) => addressesOf(a.body));
    },
    ['10.0.0.6'],
  ],
  [
    'SubnetIsFull',
    'a fourth is refused',
    async (p) => {
      await filled(p, 3);
      return p.put(idOf('nic/four'), nic('hub/a'));
    },
    refused(
      400,
      'SubnetIsFull',
      'Subnet a with address prefix 10.0.0.0/29 does not have enough capacity for 1 IP addresses',
    ),
  ],
  [
    'private-endpoints PE-11',
    'all members or none',
    async (p) => {
      await filled(p, 2);
      await p.have(idOf('registry/images'), registry());
      const answer = await p.put(idOf('endpoint/images'), endpoint(idOf('registry/images'), 'registry'));
      return [answer.code, await p.list(`${idOf('registry/images')}/privateEndpointConnections`)];
    },
    ['SubnetIsFull', []],
  ],
  [
    'Azure',
    'an interface that fills its subnet can be put again',
    async (p) => {
      await filled(p, 3);
      return p.put(idOf('nic/fill2'), nic('hub/a'));
    },
    answered(200),
  ],
]);

table('subnets', hubOf(), [
  [
    'wire-shapes 3',
    'a service endpoint shows that it is ready',
    async (p) => {
      const serviceEndpoints = [
        { service: 'Microsoft.Storage' },
        { service: 'Microsoft.KeyVault', locations: ['westus'] },
      ];
      await p.have(subnet('hub/c'), { properties: { addressPrefix: '10.0.2.0/24', serviceEndpoints } });
      return of(p.get(subnet('hub/c')), (a) => a.properties['serviceEndpoints']);
    },
    [
      { service: 'Microsoft.Storage', provisioningState: 'Succeeded' },
      { service: 'Microsoft.KeyVault', locations: ['westus'], provisioningState: 'Succeeded' },
    ],
  ],
  [
    'wire-shapes 3',
    'and so does the network that it is in',
    async (p) => {
      const serviceEndpoints = [{ service: 'Microsoft.Storage' }];
      await p.have(subnet('hub/c'), { properties: { addressPrefix: '10.0.2.0/24', serviceEndpoints } });
      const own = await p.get(subnet('hub/c'));
      return of(p.get(hub), (a) =>
        asList(a.properties['subnets']).some((each) => equalJson(member(each, 'properties'), own.properties)),
      );
    },
    true,
  ],
  [
    'wire-shapes',
    'a first PUT answers 201',
    (p) => p.put(subnet('hub/c'), { properties: { addressPrefix: '10.0.2.0/24' } }),
    answered(201, { provisioningState: 'Succeeded', addressPrefix: '10.0.2.0/24' }),
  ],
  [
    'wire-shapes',
    'a second answers 200',
    (p) => p.put(subnet('hub/a'), { properties: { addressPrefix: '10.0.0.0/24' } }),
    answered(200),
  ],
  [
    'private-endpoints 5',
    'network policies default to Disabled',
    (p) => p.get(subnet('hub/a')),
    answered(200, {
      privateEndpointNetworkPolicies: 'Disabled',
      privateLinkServiceNetworkPolicies: 'Enabled',
    }),
  ],
  [
    'private-endpoints 5',
    'network policies are a closed set',
    (p) =>
      p.put(subnet('hub/a'), {
        properties: { addressPrefix: '10.0.0.0/24', privateEndpointNetworkPolicies: 'On' },
      }),
    refused(
      400,
      'InvalidRequestContent',
      "'NetworkSecurityGroupEnabled'",
      'properties.privateEndpointNetworkPolicies',
    ),
  ],
  [
    'NetcfgSubnetRangeOutsideVnet',
    'outside the network',
    (p) => p.put(subnet('hub/c'), { properties: { addressPrefix: '10.1.0.0/24' } }),
    refused(
      400,
      'NetcfgSubnetRangeOutsideVnet',
      "outside the IP address range of virtual network 'hub' (10.0.0.0/16)",
    ),
  ],
  [
    'NetcfgSubnetRangeOutsideVnet',
    'larger than the network',
    (p) => p.put(subnet('hub/c'), { properties: { addressPrefix: '10.0.0.0/15' } }),
    refused(400, 'NetcfgSubnetRangeOutsideVnet'),
  ],
  [
    'NetcfgSubnetRangesOverlap',
    'overlapping another',
    (p) => p.put(subnet('hub/c'), { properties: { addressPrefix: '10.0.0.128/25' } }),
    refused(400, 'NetcfgSubnetRangesOverlap', "that of subnet 'a'"),
  ],
  [
    'InvalidParameter',
    'smaller than /29',
    (p) => p.put(subnet('hub/c'), { properties: { addressPrefix: '10.0.2.0/30' } }),
    refused(400, 'InvalidParameter', '/29'),
  ],
  [
    'shape',
    'host bits are refused',
    (p) => p.put(subnet('hub/c'), { properties: { addressPrefix: '10.0.2.1/24' } }),
    refused(400, 'InvalidRequestContent', 'without host bits', 'properties.addressPrefix'),
  ],
  [
    'shape',
    'no prefix is refused',
    (p) => p.put(subnet('hub/c'), { properties: {} }),
    refused(400, 'InvalidRequestContent', 'needs an addressPrefix'),
  ],
  [
    'shape',
    'a mistyped flag is refused with the nearest',
    (p) =>
      p.put(subnet('hub/c'), {
        properties: { addressPrefix: '10.0.2.0/24', privateEndpointNetworkPolicy: 'Disabled' },
      }),
    refused(
      400,
      'InvalidRequestFormat',
      "Did you mean 'privateEndpointNetworkPolicies'?",
      'properties.privateEndpointNetworkPolicy',
    ),
  ],
  [
    'InUsePrefixCannotBeDeleted',
    'shrinking under an address in use is refused',
    async (p) => {
      await filled(p, 13);
      return p.put(subnet('hub/a'), { properties: { addressPrefix: '10.0.0.0/28' } });
    },
    refused(400, 'InUsePrefixCannotBeDeleted', 'has 10.0.0.16 in it'),
  ],
  [
    'Azure',
    'shrinking beside what is in use is taken',
    async (p) => {
      await filled(p, 3);
      return p.put(subnet('hub/a'), { properties: { addressPrefix: '10.0.0.0/28' } });
    },
    answered(200),
  ],
  [
    'InUseSubnetCannotBeDeleted',
    'a subnet with an interface cannot be deleted',
    async (p) => {
      await filled(p, 1);
      return p.remove(subnet('hub/a'));
    },
    refused(400, 'InUseSubnetCannotBeDeleted', '/networkInterfaces/fill0'),
  ],
  [
    'InUseSubnetCannotBeDeleted',
    'nor can its network',
    async (p) => {
      await filled(p, 1);
      return p.remove(hub);
    },
    refused(400, 'InUseSubnetCannotBeDeleted'),
  ],
  [
    'rbac-identity',
    'a role assignment on a subnet does not keep it',
    async (p) => {
      await p.allow(
        { objectId: '00000000-0000-4000-8000-000000000009', appId: '', name: '' },
        'acdd72a7-3385-48ef-bd42-f606fba81ae7',
        subnet('hub/a'),
      );
      return p.remove(subnet('hub/a'));
    },
    answered(200),
  ],
  ['Azure', 'an unused one can be deleted', (p) => p.remove(subnet('hub/b')), answered(200)],
  [
    'wire-shapes',
    'deleting it again answers 204',
    async (p) => {
      await p.remove(subnet('hub/b'));
      return p.remove(subnet('hub/b'));
    },
    answered(204),
  ],
  [
    'wire-shapes 1',
    'a delegation is kept and shown',
    async (p) => {
      const delegations = [
        { name: 'd', properties: { serviceName: 'Microsoft.ContainerInstance/containerGroups' } },
      ];
      await p.have(subnet('hub/b'), { properties: { addressPrefix: '10.0.1.0/24', delegations } });
      return p.get(subnet('hub/b'));
    },
    answered(200, {
      delegations: [
        { name: 'd', properties: { serviceName: 'Microsoft.ContainerInstance/containerGroups' } },
      ],
    }),
  ],
  [
    'real-clients 2',
    'a body that was got can be put back',
    async (p) => {
      const got = await p.get(subnet('hub/a'));
      return p.put(subnet('hub/a'), got.body);
    },
    answered(200, { addressPrefix: '10.0.0.0/24' }),
  ],
  [
    'real-clients 2',
    'also where a private endpoint shows in it',
    async (p) => {
      await p.have(idOf('storage/data'), storage());
      await p.have(idOf('endpoint/blob'), endpoint(idOf('storage/data'), 'blob'));
      const got = await p.get(subnet('hub/a'));
      const put = await p.put(subnet('hub/a'), got.body);
      return [put.status, put.properties['privateEndpoints']];
    },
    [200, [{ id: idOf('endpoint/blob') }]],
  ],
  [
    'InvalidResourceReference',
    'a security group that is not there',
    (p) =>
      p.put(subnet('hub/b'), {
        properties: { addressPrefix: '10.0.1.0/24', networkSecurityGroup: { id: idOf('nsg/none') } },
      }),
    refused(
      400,
      'InvalidResourceReference',
      'networkSecurityGroups/none',
      'properties.networkSecurityGroup.id',
    ),
  ],
  [
    'InvalidResourceReference',
    'a security group in another region',
    async (p) => {
      await p.have(idOf('nsg/far'), { location: 'westus', properties: {} });
      return p.put(subnet('hub/b'), {
        properties: { addressPrefix: '10.0.1.0/24', networkSecurityGroup: { id: idOf('nsg/far') } },
      });
    },
    refused(400, 'InvalidResourceReference', 'is in the region westus, not in eastus'),
  ],
  [
    'shape',
    'a reference without an id',
    (p) => p.put(subnet('hub/b'), { properties: { addressPrefix: '10.0.1.0/24', networkSecurityGroup: {} } }),
    refused(400, 'InvalidRequestContent', 'the id of a resource'),
  ],
  [
    'shape',
    'a null reference is none',
    (p) =>
      p.put(subnet('hub/b'), { properties: { addressPrefix: '10.0.1.0/24', networkSecurityGroup: null } }),
    answered(200),
  ],
  [
    'ParentResourceNotFound',
    'a network that is not there',
    (p) => p.put(subnet('none/a'), { properties: { addressPrefix: '10.0.0.0/24' } }),
    refused(404, 'ParentResourceNotFound', 'virtualNetworks/none'),
  ],
  [
    'real-clients 1',
    'ids are read without case and kept as they were',
    async (p) => {
      await p.put(
        subnet('hub/a').replace('subnets/a', 'SUBNETS/A').replace('resourceGroups', 'resourcegroups'),
        { properties: { addressPrefix: '10.0.0.0/24' } },
      );
      return of(p.get(subnet('HUB/A')), (a) => [a.body['id'], a.body['name'], a.body['type']]);
    },
    [subnet('hub/a'), 'a', 'Microsoft.Network/virtualNetworks/subnets'],
  ],
]);

const space = { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } };

table('virtual networks', hubOf(), [
  [
    'real-clients 2',
    'GET embeds the subnets with their ids',
    (p) => of(p.get(hub), (a) => (a.properties['subnets'] as { id: string }[]).map((s) => s.id)),
    [subnet('hub/a'), subnet('hub/b')],
  ],
  [
    'real-clients 2',
    'a subnet that was put by itself is embedded',
    async (p) => {
      await p.have(subnet('hub/c'), { properties: { addressPrefix: '10.0.2.0/24' } });
      return of(p.get(hub), (a) => (a.properties['subnets'] as { name: string }[]).map((s) => s.name));
    },
    ['a', 'b', 'c'],
  ],
  [
    'Azure (2023-05-01 and later)',
    'subnets stay where a PUT says nothing of them',
    async (p) => {
      await p.have(hub, body(space));
      return p.list(`${hub}/subnets`);
    },
    ['a', 'b'],
  ],
  [
    'Azure',
    'subnets are replaced where a PUT lists them',
    async (p) => {
      await p.have(hub, vnet('10.0.0.0/16', { b: '10.0.1.0/24', c: '10.0.2.0/24' }));
      return p.list(`${hub}/subnets`);
    },
    ['b', 'c'],
  ],
  [
    'Azure',
    'an empty list takes them all',
    async (p) => {
      await p.have(hub, vnet('10.0.0.0/16'));
      return p.list(`${hub}/subnets`);
    },
    [],
  ],
  [
    'Azure',
    'a new subnet may have the prefix of one that goes',
    async (p) => {
      await p.have(hub, vnet('10.0.0.0/16', { z: '10.0.0.0/24' }));
      return p.list(`${hub}/subnets`);
    },
    ['z'],
  ],
  [
    'Azure',
    'two subnets may change places',
    async (p) => {
      await p.have(hub, vnet('10.0.0.0/16', { a: '10.0.1.0/24', b: '10.0.0.0/24' }));
      return of(p.get(subnet('hub/a')), (a) => a.properties['addressPrefix']);
    },
    '10.0.1.0/24',
  ],
  [
    'InUseSubnetCannotBeDeleted',
    'a list that lacks a subnet in use is refused, and nothing changes',
    async (p) => {
      await filled(p, 1);
      const answer = await p.put(hub, vnet('10.0.0.0/16', { c: '10.0.2.0/24' }));
      return [answer.code, await p.list(`${hub}/subnets`)];
    },
    ['InUseSubnetCannotBeDeleted', ['a', 'b']],
  ],
  [
    'NetcfgSubnetRangesOverlap',
    'two of one list that overlap',
    (p) => p.put(hub, vnet('10.0.0.0/16', { a: '10.0.0.0/24', b: '10.0.0.0/25' })),
    refused(400, 'NetcfgSubnetRangesOverlap'),
  ],
  [
    'InvalidRequestContent',
    'two of one name',
    (p) =>
      p.put(
        hub,
        body({
          ...space,
          subnets: [
            { name: 'a', properties: { addressPrefix: '10.0.0.0/24' } },
            { name: 'A', properties: { addressPrefix: '10.0.1.0/24' } },
          ],
        }),
      ),
    refused(400, 'InvalidRequestContent', 'listed twice', 'properties.subnets[1].name'),
  ],
  [
    'InvalidResourceName',
    'a name that would make another id',
    (p) =>
      p.put(
        hub,
        body({ ...space, subnets: [{ name: 'a/b', properties: { addressPrefix: '10.0.0.0/24' } }] }),
      ),
    refused(400, 'InvalidResourceName', "'a/b'", 'properties.subnets[0].name'),
  ],
  [
    'shape',
    'an error in an inline subnet has its whole path',
    (p) =>
      p.put(hub, body({ ...space, subnets: [{ name: 'a', properties: { addressPrefix: '10.0.0.0' } }] })),
    refused(400, 'InvalidRequestContent', '', 'properties.subnets[0].properties.addressPrefix'),
  ],
  [
    'real-clients 2',
    'the whole body that was got can be put back',
    async (p) => {
      await p.have(idOf('vnet/spoke'), vnet('10.1.0.0/16'));
      await p.have(`${hub}/virtualNetworkPeerings/out`, {
        properties: { remoteVirtualNetwork: { id: idOf('vnet/spoke') } },
      });
      const got = await p.get(hub);
      const put = await p.put(hub, got.body);
      return [put.status, put.body];
    },
    [200, expect.objectContaining({ name: 'hub' })],
  ],
  [
    'determinism',
    'putting it back changes no tag',
    async (p) => {
      const got = await p.get(hub);
      const put = await p.put(hub, got.body);
      return put.body['etag'] === got.body['etag'];
    },
    true,
  ],
  [
    'shape',
    'prefixes of a space do not overlap',
    (p) => p.put(hub, body({ addressSpace: { addressPrefixes: ['10.0.0.0/8', '10.0.0.0/16'] } })),
    refused(400, 'InvalidParameter', 'overlaps'),
  ],
  [
    'shape',
    'a space is not empty',
    (p) => p.put(hub, body({ addressSpace: { addressPrefixes: [] } })),
    refused(400, 'InvalidRequestContent', 'at least one prefix'),
  ],
  [
    'NetcfgSubnetRangeOutsideVnet',
    'a space that loses a subnet is refused',
    (p) => p.put(hub, body({ addressSpace: { addressPrefixes: ['10.0.0.0/24'] } })),
    refused(400, 'NetcfgSubnetRangeOutsideVnet', "Subnet 'b'"),
  ],
  [
    'shape',
    'DNS servers are addresses',
    (p) => p.put(hub, body({ ...space, dhcpOptions: { dnsServers: ['dns.example.org'] } })),
    refused(400, 'InvalidRequestContent', 'IPv4', 'properties.dhcpOptions.dnsServers[0]'),
  ],
  [
    'InvalidResourceLocation',
    'a network stays in its region',
    (p) => p.put(hub, { ...vnet('10.0.0.0/16'), location: 'westus' }),
    refused(409, 'InvalidResourceLocation', "already exists in location 'eastus' in resource group 'rg'"),
  ],
  [
    'Azure',
    'East US is eastus',
    (p) => p.put(hub, { ...body(space), location: 'East US' }),
    { status: 200, body: { location: 'eastus' } },
  ],
  [
    'name-resolution L-5',
    'deleting it takes every link of it along',
    async (p) => {
      for (const name of ['one.example.org', 'two.example.org']) {
        await p.have(idOf(`zone/${name}`), zone);
        await p.have(idOf(`zone/${name}/virtualNetworkLinks/l`), link('hub'));
      }
      const answer = await p.remove(hub);
      return [
        answer.status,
        await p.list(idOf('zone/one.example.org/virtualNetworkLinks')),
        await p.list(idOf('zone/two.example.org/virtualNetworkLinks')),
      ];
    },
    [200, [], []],
  ],
  [
    'Azure',
    'deleting it takes its subnets along',
    async (p) => {
      await p.remove(hub);
      return of(p.get(subnet('hub/a')), (a) => a.status);
    },
    404,
  ],
  [
    'wire-shapes',
    'an update with tags alone leaves the rest',
    async (p) => {
      await p.patch(hub, { tags: { team: 'ml' } });
      return of(p.get(hub), (a) => [a.body['tags'], member(a.body['properties'], 'subnets')]);
    },
    [{ team: 'ml' }, expect.arrayContaining([expect.objectContaining({ name: 'a' })])],
  ],
  [
    'rbac-identity 3',
    'inline subnets need the rights that subnets need',
    async (p) => {
      await p.have(idOf('nsg/g'), body());
      const who = { objectId: '00000000-0000-4000-8000-000000000009', appId: 'app', name: '' };
      await p.allow(who, '8e3af657-a8ff-443c-a75c-2fe8c4bcb635', hub);
      const subnets = [
        {
          name: 'a',
          properties: { addressPrefix: '10.0.0.0/24', networkSecurityGroup: { id: idOf('nsg/g') } },
        },
      ];
      return p.put(hub, body({ ...space, subnets }), { as: who });
    },
    refused(403, 'LinkedAuthorizationFailed', 'networkSecurityGroups/join/action'),
  ],
]);

const peerId = (from: string, to: string, name = `to-${to}`): string =>
  idOf(`vnet/${from}/virtualNetworkPeerings/${name}`);
const peering = (to: string, more: JsonObject = {}): JsonObject => ({
  properties: { remoteVirtualNetwork: { id: idOf(`vnet/${to}`) }, ...more },
});
const havePeer = (p: TestPlane, from: string, to: string) => p.have(peerId(from, to), peering(to));
const putPeer = (p: TestPlane, from: string, to: string, name?: string) =>
  p.put(peerId(from, to, name), peering(to));
const stateOf = (p: TestPlane, from: string, to: string) =>
  of(p.get(peerId(from, to)), (a) => a.properties['peeringState']);

table(
  'peerings',
  async (p) => {
    await p.have(hub, vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
    await p.have(idOf('vnet/spoke'), vnet('10.1.0.0/16', { a: '10.1.0.0/24' }));
  },
  [
    [
      `${NS} 3`,
      'one side is Initiated',
      (p) => putPeer(p, 'hub', 'spoke'),
      answered(201, {
        peeringState: 'Initiated',
        allowVirtualNetworkAccess: true,
        allowForwardedTraffic: false,
      }),
    ],
    [
      `${NS} 3`,
      'both sides are Connected',
      async (p) => {
        await havePeer(p, 'hub', 'spoke');
        await havePeer(p, 'spoke', 'hub');
        return [await stateOf(p, 'hub', 'spoke'), await stateOf(p, 'spoke', 'hub')];
      },
      ['Connected', 'Connected'],
    ],
    [
      'wire-shapes 3',
      'a side shows the address space of the other network, as it is now',
      async (p) => {
        await havePeer(p, 'hub', 'spoke');
        await p.have(
          idOf('vnet/spoke'),
          body({ addressSpace: { addressPrefixes: ['10.1.0.0/16', '10.2.0.0/16'] } }),
        );
        const { properties } = await p.get(peerId('hub', 'spoke'));
        return [properties['remoteAddressSpace'], properties['remoteVirtualNetworkAddressSpace']];
      },
      Array(2).fill({ addressPrefixes: ['10.1.0.0/16', '10.2.0.0/16'] }),
    ],
    [
      `${NS} 3`,
      'the other side was deleted: Disconnected',
      async (p) => {
        await havePeer(p, 'hub', 'spoke');
        await havePeer(p, 'spoke', 'hub');
        await p.remove(peerId('spoke', 'hub'));
        return stateOf(p, 'hub', 'spoke');
      },
      'Disconnected',
    ],
    [
      `${NS} 3`,
      'the other network was deleted: Disconnected',
      async (p) => {
        await havePeer(p, 'hub', 'spoke');
        await havePeer(p, 'spoke', 'hub');
        await p.remove(idOf('vnet/spoke'));
        return stateOf(p, 'hub', 'spoke');
      },
      'Disconnected',
    ],
    [
      `${NS} 3`,
      'the other side was left out of an inline list: Disconnected',
      async (p) => {
        await havePeer(p, 'hub', 'spoke');
        await havePeer(p, 'spoke', 'hub');
        await p.have(idOf('vnet/spoke'), vnet('10.1.0.0/16', {}, { virtualNetworkPeerings: [] }));
        return stateOf(p, 'hub', 'spoke');
      },
      'Disconnected',
    ],
    [
      `${NS} 3`,
      'a Disconnected one must be made anew',
      async (p) => {
        await havePeer(p, 'hub', 'spoke');
        await havePeer(p, 'spoke', 'hub');
        await p.remove(peerId('spoke', 'hub'));
        return putPeer(p, 'hub', 'spoke');
      },
      refused(400, 'BadRequest', 'Delete it and create it anew'),
    ],
    [
      `${NS} 3`,
      'a side that meets a Disconnected one stays Initiated',
      async (p) => {
        await havePeer(p, 'hub', 'spoke');
        await havePeer(p, 'spoke', 'hub');
        await p.remove(peerId('spoke', 'hub'));
        await havePeer(p, 'spoke', 'hub');
        return stateOf(p, 'spoke', 'hub');
      },
      'Initiated',
    ],
    [
      `${NS} 3`,
      'made anew on both sides it is Connected',
      async (p) => {
        await havePeer(p, 'hub', 'spoke');
        await havePeer(p, 'spoke', 'hub');
        for (const path of [peerId('spoke', 'hub'), peerId('hub', 'spoke')]) await p.remove(path);
        await havePeer(p, 'hub', 'spoke');
        await havePeer(p, 'spoke', 'hub');
        return stateOf(p, 'hub', 'spoke');
      },
      'Connected',
    ],
    [
      `${NS} 3`,
      'inline peerings connect too',
      async (p) => {
        const inline = (to: string) => ({
          virtualNetworkPeerings: [
            { name: `to-${to}`, properties: { remoteVirtualNetwork: { id: idOf(`vnet/${to}`) } } },
          ],
        });
        await p.have(hub, vnet('10.0.0.0/16', {}, inline('spoke')));
        await p.have(idOf('vnet/spoke'), vnet('10.1.0.0/16', {}, inline('hub')));
        return stateOf(p, 'hub', 'spoke');
      },
      'Connected',
    ],
    [
      `${NS} 3`,
      'spaces must not overlap',
      async (p) => {
        await p.have(idOf('vnet/twin'), vnet('10.0.128.0/17'));
        return putPeer(p, 'hub', 'twin');
      },
      refused(400, 'InvalidParameter', '10.0.0.0/16 overlaps with 10.0.128.0/17 of twin'),
    ],
    [
      'Azure',
      'one peering for a pair',
      async (p) => {
        await havePeer(p, 'hub', 'spoke');
        return putPeer(p, 'hub', 'spoke', 'again');
      },
      refused(409, 'Conflict', 'to-spoke'),
    ],
    ['Azure', 'not with itself', (p) => putPeer(p, 'hub', 'hub'), refused(400, 'InvalidParameter', 'itself')],
    [
      'Azure',
      'the remote must exist',
      (p) => putPeer(p, 'hub', 'none'),
      refused(400, 'InvalidResourceReference', 'virtualNetworks/none'),
    ],
    [
      'Azure',
      'where it leads does not change',
      async (p) => {
        await havePeer(p, 'hub', 'spoke');
        await p.have(idOf('vnet/other'), vnet('10.2.0.0/16'));
        return putPeer(p, 'hub', 'other', 'to-spoke');
      },
      refused(400, 'BadRequest', 'cannot change'),
    ],
    [
      'Azure',
      'flags can be changed while Connected',
      async (p) => {
        await havePeer(p, 'hub', 'spoke');
        await havePeer(p, 'spoke', 'hub');
        return p.put(
          peerId('hub', 'spoke'),
          peering('spoke', { allowForwardedTraffic: true, peeringState: 'Initiated' }),
        );
      },
      answered(200, { peeringState: 'Connected', allowForwardedTraffic: true }),
    ],
    [
      'rbac-identity 3',
      'peering needs peer/action on the remote',
      async (p) => {
        const who = { objectId: '00000000-0000-4000-8000-000000000009', appId: 'app', name: '' };
        await p.allow(who, '4d97b98b-1d4f-4787-a291-c67834d212e7', hub);
        return p.put(peerId('hub', 'spoke'), peering('spoke'), { as: who });
      },
      refused(403, 'LinkedAuthorizationFailed', 'virtualNetworks/peer/action'),
    ],
  ],
);
