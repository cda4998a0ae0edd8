/** Network watchers: effective routes and rules, and topology. docs/semantics/network-watcher.md */

import { expect } from 'vitest';
import type { JsonObject } from '../../src/lib/json.ts';
import { caller, idOf, type TestPlane } from '../support/plane.ts';
import { of, refused, table } from './row.ts';
import { body, endpoint, haveWorkspace, nic, rule } from './things.ts';
import { vm, watched, watcher } from './watched.ts';

const rows = (p: TestPlane) =>
  of(p.post(`${idOf('nic/app')}/effectiveRouteTable`), ({ value }) => value as JsonObject[]);
const routeTo = async (p: TestPlane, prefix: string) =>
  (await rows(p)).filter((row) => (row['addressPrefix'] as string[]).includes(prefix));

table('effective routes', watched, [
  [
    'Azure',
    'the network itself, active',
    (p) => routeTo(p, '10.0.0.0/16'),
    [
      {
        source: 'Default',
        state: 'Active',
        addressPrefix: ['10.0.0.0/16'],
        nextHopType: 'VnetLocal',
        nextHopIpAddress: [],
        disableBgpRoutePropagation: false,
      },
    ],
  ],
  [
    'Azure',
    'a peer',
    async (p) => (await routeTo(p, '10.1.0.0/16'))[0],
    { source: 'Default', state: 'Active', nextHopType: 'VNetPeering' },
  ],
  [
    'Azure',
    'a route of one’s own',
    async (p) => (await routeTo(p, '203.0.113.0/24'))[0],
    {
      name: 'inspect',
      source: 'User',
      state: 'Active',
      nextHopType: 'VirtualAppliance',
      nextHopIpAddress: ['10.0.1.9'],
    },
  ],
  [
    'Azure',
    'a system route that is overridden is invalid',
    async (p) =>
      (await routeTo(p, '192.168.0.0/16')).map((row) => [row['source'], row['state'], row['nextHopType']]),
    [
      ['User', 'Active', 'VirtualNetworkGateway'],
      ['Default', 'Invalid', 'None'],
    ],
  ],
  [
    'private-endpoints 5',
    'an address that two members of an endpoint share is there once',
    async (p) => {
      await haveWorkspace(p);
      await p.have(idOf('endpoint/pe'), endpoint(idOf('workspace/mlw'), 'amlworkspace'));
      const prefixes = (await rows(p)).filter((row) => row['nextHopType'] === 'InterfaceEndpoint');
      return prefixes.map((row) => row['addressPrefix']);
    },
    [['10.0.0.5/32'], ['10.0.0.6/32'], ['10.0.0.7/32']],
  ],
  [
    'unknown',
    'a table that is not there',
    async (p) => {
      const stored = p.estate.get(idOf('table/t'));
      p.estate.apply({ writes: [], deletes: stored ? [stored.id] : [] });
      return p.post(`${idOf('nic/app')}/effectiveRouteTable`);
    },
    refused(400, 'NotSupported', 'the routes of t, which is not in the estate'),
  ],
  [
    'Azure',
    'an interface that no machine has',
    async (p) => {
      await p.have(idOf('nic/loose'), nic(['hub/bare', '10.0.1.19']));
      return p.post(`${idOf('nic/loose')}/effectiveRouteTable`);
    },
    refused(400, 'BadRequest', 'must be attached to a running virtual machine'),
  ],
  [
    'rights',
    'who may not ask',
    (p) => p.post(`${idOf('nic/app')}/effectiveRouteTable`, {}, { as: caller('stranger') }),
    refused(403, 'AuthorizationFailed', 'Microsoft.Network/networkInterfaces/effectiveRouteTable/action'),
  ],
]);

const groupsOf = (p: TestPlane) =>
  of(p.post(`${idOf('nic/app')}/effectiveNetworkSecurityGroups`), ({ value }) => value as JsonObject[]);
const rulesOf = async (p: TestPlane) =>
  (await groupsOf(p)).flatMap(({ effectiveSecurityRules }) => effectiveSecurityRules as JsonObject[]);
const ruleOf = async (p: TestPlane, name: string) => (await rulesOf(p)).find((item) => item['name'] === name);

table('effective rules', watched, [
  [
    'Azure',
    'the group of the subnet',
    async (p) =>
      (await groupsOf(p)).map(({ networkSecurityGroup, association }) => ({
        networkSecurityGroup,
        association,
      })),
    [
      {
        networkSecurityGroup: { id: idOf('nsg/g') },
        association: { subnet: { id: idOf('vnet/hub/subnets/a') } },
      },
    ],
  ],
  [
    'Azure',
    'and of the interface, first',
    async (p) => {
      await p.have(idOf('nsg/own'), body());
      const { properties } = nic(['hub/a', '10.0.0.4']);
      await p.have(
        idOf('nic/app'),
        body({ ...(properties as JsonObject), networkSecurityGroup: { id: idOf('nsg/own') } }),
      );
      return (await groupsOf(p)).map(({ association }) => association);
    },
    [{ networkInterface: { id: idOf('nic/app') } }, { subnet: { id: idOf('vnet/hub/subnets/a') } }],
  ],
  [
    'Azure',
    'a rule as it was written',
    (p) => ruleOf(p, 'securityRules/AllowSsh'),
    {
      protocol: 'Tcp',
      sourcePortRange: '0-65535',
      destinationPortRange: '22-22',
      destinationPortRanges: ['22-22'],
      sourceAddressPrefix: '10.0.9.0/24',
      destinationAddressPrefix: '0.0.0.0/0',
      access: 'Allow',
      priority: 100,
      direction: 'Inbound',
    },
  ],
  [
    'Azure',
    'a tag with its addresses',
    (p) => ruleOf(p, 'defaultSecurityRules/AllowVnetInBound'),
    {
      protocol: 'All',
      sourceAddressPrefix: 'VirtualNetwork',
      sourceAddressPrefixes: ['VirtualNetwork'],
      // What is peered, and what the routes of the subnet lead to, belongs to it.
      expandedSourceAddressPrefix: expect.arrayContaining(['168.63.129.16/32', '192.168.0.0/16']),
      priority: 65000,
    },
  ],
  [
    'unknown',
    'a tag without addresses stays a word',
    async (p) => {
      await p.have(`${idOf('nsg/g')}/securityRules/Tag`, {
        properties: rule(101, { sourceAddressPrefix: 'PowerBI' }),
      });
      return ruleOf(p, 'securityRules/Tag');
    },
    { sourceAddressPrefixes: ['PowerBI'], expandedSourceAddressPrefix: ['PowerBI'] },
  ],
  [
    'Azure',
    'every rule is there once',
    async (p) => (await rulesOf(p)).map((item) => item['name']),
    [
      'securityRules/AllowSsh',
      'defaultSecurityRules/AllowVnetInBound',
      'defaultSecurityRules/AllowAzureLoadBalancerInBound',
      'defaultSecurityRules/DenyAllInBound',
      'securityRules/DenyWeb',
      'securityRules/SourcePort',
      'defaultSecurityRules/AllowVnetOutBound',
      'defaultSecurityRules/AllowInternetOutBound',
      'defaultSecurityRules/DenyAllOutBound',
    ],
  ],
  [
    'Azure',
    'the view of a machine has both',
    (p) => of(p.post(`${watcher}/securityGroupView`, { targetResourceId: vm }), ({ body }) => body),
    {
      networkInterfaces: [
        {
          id: idOf('nic/app'),
          securityRuleAssociations: {
            networkInterfaceAssociation: { id: idOf('nic/app'), securityRules: [] },
            subnetAssociation: {
              id: idOf('vnet/hub/subnets/a'),
              securityRules: [{ name: 'AllowSsh' }, { name: 'DenyWeb' }, { name: 'SourcePort' }],
            },
            defaultSecurityRules: expect.arrayContaining([
              expect.objectContaining({ name: 'DenyAllInBound' }),
            ]),
            effectiveSecurityRules: expect.arrayContaining([
              expect.objectContaining({ name: 'securityRules/DenyWeb' }),
            ]),
          },
        },
      ],
    },
  ],
]);

const shape = (p: TestPlane, target: JsonObject) =>
  of(p.post(`${watcher}/topology`, target), ({ body }) =>
    (body['resources'] as JsonObject[]).map(({ name, associations }) =>
      [
        name,
        ...(associations as JsonObject[]).map((item) => `${item['associationType']} ${item['name']}`),
      ].join(', '),
    ),
  );

table('topology', watched, [
  [
    'Azure',
    'of a group',
    (p) => shape(p, { targetResourceGroupName: 'rg' }),
    expect.arrayContaining([
      'hub, Contains a, Contains bare',
      'a, Associated g, Associated t',
      'app, Associated a',
      'app, Associated app',
    ]),
  ],
  [
    'Azure',
    'of a network',
    (p) => shape(p, { targetVirtualNetwork: { id: idOf('vnet/spoke') } }),
    expect.arrayContaining(['spoke, Contains a', 'a']),
  ],
  [
    'Azure',
    'of a subnet',
    (p) => shape(p, { targetSubnet: { id: idOf('vnet/hub/subnets/bare') } }),
    ['bare', 'plain, Associated bare', 'plain, Associated plain'],
  ],
  [
    'refusal',
    'of nothing',
    (p) => p.post(`${watcher}/topology`, {}),
    refused(400, 'InvalidRequestContent', 'needs targetResourceGroupName'),
  ],
  [
    'refusal',
    'of a group that is not there',
    (p) => p.post(`${watcher}/topology`, { targetResourceGroupName: 'none' }),
    refused(404, 'ResourceGroupNotFound', 'none'),
  ],
]);
