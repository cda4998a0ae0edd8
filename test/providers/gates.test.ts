/** Security groups, route tables, interfaces, public addresses and application security groups. */

import { expect } from 'vitest';
import type { JsonObject } from '../../src/lib/json.ts';
import { idOf, type TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import { body, machine, nic, rule, vnet } from './things.ts';

const hub = (plane: TestPlane) =>
  plane.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24', b: '10.0.1.0/24' }));
const group = idOf('nsg/g');
const ruleId = (name: string): string => `${group}/securityRules/${name}`;
const withRules = (rules: Readonly<Record<string, JsonObject>>) =>
  body({ securityRules: Object.entries(rules).map(([name, properties]) => ({ name, properties })) });
const putRule = (p: TestPlane, more: JsonObject, priority = 100) =>
  p.put(ruleId('r'), { properties: rule(priority, more) });
const prefix = (text: string): JsonObject => ({ sourceAddressPrefix: text });

table('security groups', (p) => p.have(group, withRules({ one: rule(100), two: rule(200) })), [
  ['wire-shapes', 'inline rules are resources', (p) => p.list(`${group}/securityRules`), ['one', 'two']],
  [
    'wire-shapes',
    'a rule that was put by itself is embedded',
    async (p) => {
      await p.have(ruleId('three'), { properties: rule(300) });
      return of(p.get(group), (a) =>
        (a.properties['securityRules'] as { name: string }[]).map((r) => r.name),
      );
    },
    ['one', 'two', 'three'],
  ],
  [
    'network-semantics 1',
    'GET shows the six defaults',
    (p) =>
      of(p.get(group), (a) =>
        (a.properties['defaultSecurityRules'] as { name: string; properties: { priority: number } }[]).map(
          (r) => `${r.properties.priority} ${r.name}`,
        ),
      ),
    [
      '65000 AllowVnetInBound',
      '65001 AllowAzureLoadBalancerInBound',
      '65500 DenyAllInBound',
      '65000 AllowVnetOutBound',
      '65001 AllowInternetOutBound',
      '65500 DenyAllOutBound',
    ],
  ],
  [
    'wire-shapes 1',
    'and lists them',
    (p) => of(p.get(`${group}/defaultSecurityRules`), (a) => [a.status, a.value.length]),
    [200, 6],
  ],
  [
    'Azure',
    'a list replaces the rules',
    async (p) => {
      await p.have(group, withRules({ two: rule(200), four: rule(400) }));
      return p.list(`${group}/securityRules`);
    },
    ['two', 'four'],
  ],
  [
    'Azure',
    'a rule may have the priority of one that goes',
    async (p) => {
      await p.have(group, withRules({ new: rule(100) }));
      return p.list(`${group}/securityRules`);
    },
    ['new'],
  ],
  [
    'Azure',
    'two rules may change places',
    async (p) => {
      await p.have(group, withRules({ one: rule(200), two: rule(100) }));
      return of(p.get(ruleId('one')), (a) => a.properties['priority']);
    },
    200,
  ],
  [
    'Azure',
    'rules stay where a PUT says nothing of them',
    async (p) => {
      await p.have(group, body());
      return p.list(`${group}/securityRules`);
    },
    ['one', 'two'],
  ],
  [
    'real-clients 2',
    'the whole body that was got can be put back',
    async (p) => {
      const got = await p.get(group);
      const put = await p.put(group, got.body);
      return [put.status, put.body['etag'] === got.body['etag']];
    },
    [200, true],
  ],
  [
    'SecurityRuleConflict',
    'one priority for a direction',
    (p) => putRule(p, {}),
    refused(400, 'SecurityRuleConflict', 'conflicts with rule one'),
  ],
  [
    'network-semantics 1',
    'priorities are unique per direction',
    (p) => putRule(p, { direction: 'Outbound' }),
    answered(201),
  ],
  [
    'SecurityRuleConflict',
    'inline too',
    (p) => p.put(group, withRules({ x: rule(100), y: rule(100) })),
    refused(400, 'SecurityRuleConflict'),
  ],
  [
    'network-semantics 1',
    'the lowest priority is 100',
    (p) => putRule(p, {}, 99),
    refused(400, 'SecurityRuleParameterPriorityOutOfRange', '99', 'properties.priority'),
  ],
  [
    'network-semantics 1',
    'the highest is 4096',
    (p) => putRule(p, {}, 4097),
    refused(400, 'SecurityRuleParameterPriorityOutOfRange'),
  ],
  ['network-semantics 1', '4096 is taken', (p) => putRule(p, {}, 4096), answered(201)],
  [
    'shape',
    'a priority is a number',
    (p) => putRule(p, { priority: 'first' }),
    refused(400, 'InvalidRequestContent', 'whole number', 'properties.priority'),
  ],
  [
    'shape',
    'enumerations are read without case',
    (p) => putRule(p, { access: 'ALLOW', protocol: 'tcp', direction: 'outbound' }),
    answered(201, { access: 'Allow', protocol: 'Tcp', direction: 'Outbound' }),
  ],
  [
    'shape',
    'another protocol is refused with those there are',
    (p) => putRule(p, { protocol: 'Http' }, 300),
    refused(400, 'InvalidRequestContent', "'Tcp', 'Udp', 'Icmp', 'Esp', 'Ah', '*'", 'properties.protocol'),
  ],
  [
    'shape',
    'a protocol is required',
    (p) => putRule(p, { protocol: null }, 300),
    refused(400, 'InvalidRequestContent', 'properties.protocol is required'),
  ],
  [
    'network-semantics 1',
    'a port',
    (p) => putRule(p, { destinationPortRange: '22' }, 300),
    answered(201, { destinationPortRange: '22' }),
  ],
  [
    'real-clients 2',
    'a port as a number',
    (p) => putRule(p, { destinationPortRange: 22 }, 300),
    answered(201, { destinationPortRange: '22' }),
  ],
  [
    'network-semantics 1',
    'a range',
    (p) => putRule(p, { destinationPortRange: '8000-8080' }, 300),
    answered(201),
  ],
  [
    'network-semantics 1',
    'several ports are a list',
    (p) => putRule(p, { destinationPortRange: null, destinationPortRanges: ['22', '80-90'] }, 300),
    answered(201, { destinationPortRanges: ['22', '80-90'] }),
  ],
  [
    'SecurityRuleInvalidPortRange',
    'a range backwards',
    (p) => putRule(p, { destinationPortRange: '90-80' }, 300),
    refused(400, 'SecurityRuleInvalidPortRange', '"90-80"', 'properties.destinationPortRange'),
  ],
  [
    'SecurityRuleInvalidPortRange',
    'a port above 65535',
    (p) => putRule(p, { destinationPortRange: '65536' }, 300),
    refused(400, 'SecurityRuleInvalidPortRange'),
  ],
  [
    'SecurityRuleInvalidPortRange',
    'a list in one text',
    (p) => putRule(p, { destinationPortRange: '22,80' }, 300),
    refused(400, 'SecurityRuleInvalidPortRange'),
  ],
  [
    'network-semantics 9',
    'a service tag',
    (p) => putRule(p, prefix('BatchNodeManagement.EastUS'), 300),
    answered(201, prefix('BatchNodeManagement.EastUS')),
  ],
  [
    'network-semantics 1',
    'several prefixes',
    (p) => putRule(p, { sourceAddressPrefix: null, sourceAddressPrefixes: ['10.0.0.0/24', '10.1.0.4'] }, 300),
    answered(201),
  ],
  [
    'network-semantics 1',
    'several tags are refused',
    (p) => putRule(p, { sourceAddressPrefix: null, sourceAddressPrefixes: ['Internet', 'Storage'] }, 300),
    refused(400, 'SecurityRuleParameterContainsUnsupportedValue', 'one service tag, not Internet, Storage'),
  ],
  [
    'azure-powershell 4557',
    'a prefix with host bits is refused with the right one',
    (p) => putRule(p, prefix('50.206.209.68/27'), 300),
    refused(
      400,
      'SecurityRuleInvalidAddressPrefix',
      "Write '50.206.209.64/27'.",
      'properties.sourceAddressPrefix',
    ),
  ],
  [
    'ernest 473',
    "the word any is refused: it is '*'",
    (p) => putRule(p, prefix('any'), 300),
    refused(400, 'SecurityRuleInvalidAddressPrefix', "Write '*'."),
  ],
  [
    'SecurityRuleInvalidAddressPrefix',
    'half an address',
    (p) => putRule(p, prefix('208.130.28/24'), 300),
    refused(400, 'SecurityRuleInvalidAddressPrefix'),
  ],
  [
    'shape',
    'a source is required',
    (p) => putRule(p, { sourceAddressPrefix: null }, 300),
    refused(400, 'InvalidRequestContent', 'sourceAddressPrefix is required'),
  ],
  [
    'network-semantics 1',
    'an application security group',
    async (p) => {
      await p.have(idOf('asg/web'), body());
      return putRule(
        p,
        { sourceAddressPrefix: null, sourceApplicationSecurityGroups: [{ id: idOf('asg/web') }] },
        300,
      );
    },
    answered(201),
  ],
  [
    'Azure',
    'a group beside a prefix is refused',
    async (p) => {
      await p.have(idOf('asg/web'), body());
      return putRule(p, { sourceApplicationSecurityGroups: [{ id: idOf('asg/web') }] }, 300);
    },
    refused(400, 'SecurityRuleInvalidAddressPrefix', 'beside application security groups'),
  ],
  [
    'InvalidResourceReference',
    'a group that is not there',
    (p) =>
      putRule(
        p,
        { sourceAddressPrefix: null, sourceApplicationSecurityGroups: [{ id: idOf('asg/none') }] },
        300,
      ),
    refused(400, 'InvalidResourceReference', 'applicationSecurityGroups/none'),
  ],
  [
    'Azure',
    'an error in an inline rule has its whole path',
    (p) => p.put(group, withRules({ x: rule(100, { destinationPortRange: 'ssh' }) })),
    refused(
      400,
      'SecurityRuleInvalidPortRange',
      '',
      'properties.securityRules[0].properties.destinationPortRange',
    ),
  ],
  [
    'ResourceInUse',
    'a group at a subnet cannot be deleted',
    async (p) => {
      await p.have(
        idOf('vnet/hub'),
        body({
          addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
          subnets: [
            { name: 'a', properties: { addressPrefix: '10.0.0.0/24', networkSecurityGroup: { id: group } } },
          ],
        }),
      );
      return p.remove(group);
    },
    refused(409, 'ResourceInUse', '/subnets/a'),
  ],
  [
    'wire-shapes',
    'a group shows its subnets',
    async (p) => {
      await p.have(
        idOf('vnet/hub'),
        body({
          addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
          subnets: [
            { name: 'a', properties: { addressPrefix: '10.0.0.0/24', networkSecurityGroup: { id: group } } },
          ],
        }),
      );
      return of(p.get(group), (a) => a.properties['subnets']);
    },
    [{ id: idOf('vnet/hub/subnets/a') }],
  ],
  [
    'Azure',
    'deleting a group takes its rules',
    async (p) => {
      await p.remove(group);
      return of(p.get(ruleId('one')), (a) => a.status);
    },
    404,
  ],
  [
    'Azure',
    'deleting a rule',
    async (p) => {
      await p.remove(ruleId('one'));
      return p.list(`${group}/securityRules`);
    },
    ['two'],
  ],
  [
    'charter: facts',
    'a group without rules is known to the network',
    async (p) => {
      await p.have(idOf('nsg/empty'), body());
      await p.have(
        idOf('vnet/hub'),
        body({
          addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
          subnets: [
            {
              name: 'a',
              properties: { addressPrefix: '10.0.0.0/24', networkSecurityGroup: { id: idOf('nsg/empty') } },
            },
          ],
        }),
      );
      return [...p.network().subnets.values()].map(({ subnet }) => subnet.gate?.id);
    },
    [idOf('nsg/empty')],
  ],
]);

const routes = idOf('table/t');
const route = (addressPrefix: string, nextHopType: string, nextHopIpAddress?: string): JsonObject => ({
  addressPrefix,
  nextHopType,
  ...(nextHopIpAddress === undefined ? {} : { nextHopIpAddress }),
});
const putRoute = (p: TestPlane, ...given: Parameters<typeof route>) =>
  p.put(`${routes}/routes/r`, { properties: route(...given) });

table(
  'route tables',
  (p) =>
    p.have(
      routes,
      body({ routes: [{ name: 'out', properties: route('0.0.0.0/0', 'VirtualAppliance', '10.0.0.4') }] }),
    ),
  [
    ['wire-shapes', 'inline routes are resources', (p) => p.list(`${routes}/routes`), ['out']],
    [
      'wire-shapes',
      'and are embedded',
      (p) => of(p.get(routes), (a) => a.properties['routes']),
      [expect.objectContaining({ name: 'out', id: `${routes}/routes/out` })],
    ],
    [
      'network-semantics 2',
      'an appliance needs an address',
      (p) => putRoute(p, '10.0.0.0/8', 'VirtualAppliance'),
      refused(400, 'InvalidParameter', 'needs nextHopIpAddress', 'properties.nextHopIpAddress'),
    ],
    [
      'network-semantics 2',
      'nothing else has one',
      (p) => putRoute(p, '10.0.0.0/8', 'Internet', '10.0.0.4'),
      refused(400, 'InvalidParameter', 'only goes with VirtualAppliance'),
    ],
    [
      'network-semantics 2',
      'an empty one is none',
      (p) => putRoute(p, '10.0.0.0/8', 'None', ''),
      answered(201),
    ],
    [
      'network-semantics 2',
      'peering cannot be chosen',
      (p) => putRoute(p, '10.0.0.0/8', 'VNetPeering'),
      refused(400, 'InvalidRequestContent', "'VirtualNetworkGateway'", 'properties.nextHopType'),
    ],
    [
      'network-semantics 2',
      'VnetLocal in any case',
      (p) => putRoute(p, '10.0.0.0/8', 'VNetLocal'),
      answered(201, { nextHopType: 'VnetLocal' }),
    ],
    [
      'network-semantics 2',
      'to a service tag',
      (p) => putRoute(p, 'AzureMachineLearning', 'Internet'),
      answered(201),
    ],
    [
      'Azure',
      'host bits are refused',
      (p) => putRoute(p, '10.0.0.1/8', 'Internet'),
      refused(400, 'InvalidParameter', 'without host bits', 'properties.addressPrefix'),
    ],
    [
      'Azure',
      'one route for a prefix',
      (p) => putRoute(p, '0.0.0.0/0', 'Internet'),
      refused(409, 'Conflict', 'as out has'),
    ],
    [
      'Azure',
      'a route may be put again',
      (p) => p.put(`${routes}/routes/out`, { properties: route('0.0.0.0/0', 'None') }),
      answered(200, { nextHopType: 'None' }),
    ],
    [
      'ResourceInUse',
      'a table at a subnet cannot be deleted',
      async (p) => {
        await p.have(
          idOf('vnet/hub'),
          body({
            addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
            subnets: [
              { name: 'a', properties: { addressPrefix: '10.0.0.0/24', routeTable: { id: routes } } },
            ],
          }),
        );
        return p.remove(routes);
      },
      refused(409, 'ResourceInUse', '/subnets/a'),
    ],
    [
      'real-clients 2',
      'the whole body that was got can be put back',
      async (p) => p.put(routes, (await p.get(routes)).body),
      answered(200),
    ],
  ],
);

const ipOn = (subnet: string, more: JsonObject = {}): JsonObject => ({
  name: 'ip0',
  properties: { subnet: { id: idOf(`vnet/${subnet.replace('/', '/subnets/')}`) }, ...more },
});

table('interfaces and addresses', hub, [
  [
    'wire-shapes',
    'an answer has the address and the configuration an id',
    (p) => of(p.put(idOf('nic/one'), nic('hub/a')), (a) => [a.status, a.properties['ipConfigurations']]),
    [201, [expect.objectContaining({ id: `${idOf('nic/one')}/ipConfigurations/ip0` })]],
  ],
  [
    'shape',
    'at least one configuration',
    (p) => p.put(idOf('nic/one'), body({ ipConfigurations: [] })),
    refused(400, 'InvalidRequestContent', 'at least one'),
  ],
  [
    'shape',
    'a configuration needs a subnet',
    (p) => p.put(idOf('nic/one'), body({ ipConfigurations: [{ name: 'x', properties: {} }] })),
    refused(
      400,
      'InvalidRequestContent',
      'subnet is required',
      'properties.ipConfigurations[0].properties.subnet',
    ),
  ],
  [
    'shape',
    'configurations have different names',
    (p) => p.put(idOf('nic/one'), body({ ipConfigurations: [ipOn('hub/a'), ipOn('hub/b')] })),
    refused(400, 'InvalidRequestContent', 'listed twice'),
  ],
  [
    'Azure',
    'only one is primary',
    (p) =>
      of(
        p.put(
          idOf('nic/one'),
          body({
            ipConfigurations: [ipOn('hub/a'), { ...ipOn('hub/a', { primary: true }), name: 'second' }],
          }),
        ),
        (a) =>
          (a.properties['ipConfigurations'] as { properties: { primary: boolean } }[]).map(
            (c) => c.properties.primary,
          ),
      ),
    [false, true],
  ],
  [
    'InvalidResourceReference',
    'an interface is in the region of its network',
    (p) => p.put(idOf('nic/one'), { ...nic('hub/a'), location: 'westus' }),
    refused(400, 'InvalidResourceReference', 'is in the region eastus, not in westus'),
  ],
  [
    'InvalidResourceReference',
    'a security group that is not there',
    (p) =>
      p.put(
        idOf('nic/one'),
        body({ ipConfigurations: [ipOn('hub/a')], networkSecurityGroup: { id: idOf('nsg/none') } }),
      ),
    refused(400, 'InvalidResourceReference', 'networkSecurityGroups/none'),
  ],
  [
    'InvalidResourceReference',
    'an application security group that is not there',
    (p) =>
      p.put(
        idOf('nic/one'),
        body({
          ipConfigurations: [ipOn('hub/a', { applicationSecurityGroups: [{ id: idOf('asg/none') }] })],
        }),
      ),
    refused(400, 'InvalidResourceReference'),
  ],
  [
    'real-clients 2',
    'the whole body that was got can be put back',
    async (p) => {
      await p.have(idOf('nic/one'), nic('hub/a'));
      return p.put(idOf('nic/one'), (await p.get(idOf('nic/one'))).body);
    },
    answered(200),
  ],
  [
    'ResourceInUse',
    'an interface of a machine cannot be deleted',
    async (p) => {
      await p.have(idOf('nic/one'), nic('hub/a'));
      await p.have(idOf('vm/vm'), machine(['one']));
      return p.remove(idOf('nic/one'));
    },
    refused(409, 'ResourceInUse', '/virtualMachines/vm'),
  ],
  [
    'charter',
    'a public address is the same for the same id',
    async (p) => {
      const first = await p.put(idOf('pip/out'), body({ publicIPAllocationMethod: 'Static' }));
      await p.remove(idOf('pip/out'));
      const second = await p.put(idOf('pip/out'), body({ publicIPAllocationMethod: 'Static' }));
      return [
        first.status,
        first.properties['ipAddress'] === second.properties['ipAddress'],
        String(first.properties['ipAddress']).startsWith('198.19.'),
      ];
    },
    [201, true, true],
  ],
  [
    'charter',
    'two public addresses differ',
    async (p) => {
      const seen = new Set<unknown>();
      for (let at = 0; at < 50; at++)
        seen.add((await p.put(idOf(`pip/p${at}`), body())).properties['ipAddress']);
      return seen.size;
    },
    50,
  ],
  [
    'ResourceInUse',
    'a public address at an interface cannot be deleted',
    async (p) => {
      await p.have(idOf('pip/out'), body());
      await p.have(
        idOf('nic/one'),
        body({ ipConfigurations: [ipOn('hub/a', { publicIPAddress: { id: idOf('pip/out') } })] }),
      );
      return p.remove(idOf('pip/out'));
    },
    refused(409, 'ResourceInUse', '/networkInterfaces/one'),
  ],
  [
    'Azure',
    'a public address is at one interface',
    async (p) => {
      await p.have(idOf('pip/out'), body());
      await p.have(
        idOf('nic/one'),
        body({ ipConfigurations: [ipOn('hub/a', { publicIPAddress: { id: idOf('pip/out') } })] }),
      );
      return p.put(
        idOf('nic/two'),
        body({ ipConfigurations: [ipOn('hub/a', { publicIPAddress: { id: idOf('pip/out') } })] }),
      );
    },
    refused(409, 'ResourceInUse', '/networkInterfaces/one'),
  ],
  [
    'shape',
    'IPv6 is refused',
    (p) => p.put(idOf('pip/out'), body({ publicIPAddressVersion: 'IPv6' })),
    refused(400, 'InvalidRequestContent', "'IPv4'", 'properties.publicIPAddressVersion'),
  ],
  [
    'ResourceInUse',
    'an application security group with a member cannot be deleted',
    async (p) => {
      await p.have(idOf('asg/web'), body());
      await p.have(
        idOf('nic/one'),
        body({ ipConfigurations: [ipOn('hub/a', { applicationSecurityGroups: [{ id: idOf('asg/web') }] })] }),
      );
      return p.remove(idOf('asg/web'));
    },
    refused(409, 'ResourceInUse'),
  ],
  [
    'deployments',
    'a deployment that made it does not keep a resource',
    async (p) => {
      const resource = {
        type: 'Microsoft.Network/networkSecurityGroups',
        apiVersion: '2023-01-01',
        name: 'made',
        location: 'eastus',
        properties: {},
      };
      await p.deploy({
        $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
        contentVersion: '1.0.0.0',
        resources: [resource],
      });
      return p.remove(idOf('nsg/made'));
    },
    answered(200),
  ],
]);
