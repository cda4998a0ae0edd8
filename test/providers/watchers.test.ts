/** Network watchers: IP flow verify and next hop, and whom they refuse. docs/semantics/network-watcher.md */

import type { JsonObject } from '../../src/lib/json.ts';
import { caller, idOf, root, type TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import { body, machine, nic, rule } from './things.ts';
import { vm, watched, watcher } from './watched.ts';

const flow = (more: JsonObject): JsonObject => ({
  targetResourceId: vm,
  direction: 'Outbound',
  protocol: 'TCP',
  localIPAddress: '10.0.0.4',
  localPort: '*',
  remoteIPAddress: '8.8.8.8',
  remotePort: '443',
  ...more,
});
const verify = (p: TestPlane, more: JsonObject = {}) => p.post(`${watcher}/ipFlowVerify`, flow(more));
const answer = (p: TestPlane, more: JsonObject = {}) => of(verify(p, more), ({ body }) => body);
const inbound = (remoteIPAddress: string, localPort: string): JsonObject => ({
  direction: 'Inbound',
  remoteIPAddress,
  remotePort: '*',
  localPort,
});

/** Commits one admin rule for the hub. */
async function commitRule(p: TestPlane, more: JsonObject): Promise<void> {
  const manager = idOf('manager/m');
  const group = `${manager}/networkGroups/g`;
  const configuration = `${manager}/securityAdminConfigurations/c`;
  const collection = `${configuration}/ruleCollections/r`;
  await p.have(
    manager,
    body({ networkManagerScopes: { subscriptions: [root] }, networkManagerScopeAccesses: ['SecurityAdmin'] }),
  );
  await p.have(group, { properties: {} });
  await p.have(`${group}/staticMembers/hub`, { properties: { resourceId: idOf('vnet/hub') } });
  await p.have(configuration, { properties: {} });
  await p.have(collection, { properties: { appliesToGroups: [{ networkGroupId: group }] } });
  await p.have(`${collection}/rules/admin`, {
    kind: 'Custom',
    properties: { protocol: 'Tcp', priority: 10, ...more },
  });
  await p.post(`${manager}/commit`, {
    targetLocations: ['eastus'],
    configurationIds: [configuration],
    commitType: 'SecurityAdmin',
  });
}

table('ip flow verify', watched, [
  [
    'Azure',
    'out by a default rule',
    (p) => answer(p),
    { access: 'Allow', ruleName: 'defaultSecurityRules/AllowInternetOutBound' },
  ],
  [
    'Azure',
    'out to the network itself',
    (p) => answer(p, { remoteIPAddress: '10.0.1.4' }),
    { access: 'Allow', ruleName: 'defaultSecurityRules/AllowVnetOutBound' },
  ],
  [
    'Azure',
    'out to private addresses of nobody',
    (p) => answer(p, { remoteIPAddress: '10.9.0.4' }),
    // Microsoft's own example of a packet that no default rule allows.
    { access: 'Deny', ruleName: 'defaultSecurityRules/DenyAllOutBound' },
  ],
  [
    'Azure',
    'out by a rule',
    (p) => answer(p, { remotePort: '80' }),
    { access: 'Deny', ruleName: 'securityRules/DenyWeb' },
  ],
  ['Azure', 'another protocol', (p) => answer(p, { remotePort: '80', protocol: 'UDP' }), { access: 'Allow' }],
  [
    'Azure',
    'a source port',
    (p) => answer(p, { remotePort: '25', localPort: '1000' }),
    { access: 'Deny', ruleName: 'securityRules/SourcePort' },
  ],
  [
    'Azure',
    'another source port',
    (p) => answer(p, { remotePort: '25', localPort: '1001' }),
    { access: 'Allow' },
  ],
  [
    'Azure',
    'in by a rule',
    (p) => answer(p, inbound('10.0.9.7', '22')),
    { access: 'Allow', ruleName: 'securityRules/AllowSsh' },
  ],
  [
    'Azure',
    'in by no rule',
    (p) => answer(p, inbound('8.8.8.8', '22')),
    { access: 'Deny', ruleName: 'defaultSecurityRules/DenyAllInBound' },
  ],
  [
    'assumed',
    'no group at all',
    (p) => answer(p, { targetResourceId: idOf('vm/plain'), localIPAddress: '10.0.1.4' }),
    { access: 'Allow', ruleName: '' },
  ],
  [
    'assumed',
    'an admin rule, before every group',
    async (p) => {
      await commitRule(p, { access: 'Deny', direction: 'Outbound', destinationPortRanges: ['443'] });
      return answer(p);
    },
    { access: 'Deny', ruleName: 'securityAdminRules/admin' },
  ],
  [
    'assumed',
    'an admin rule that leaves it to the groups',
    async (p) => {
      await commitRule(p, { access: 'Allow', direction: 'Outbound', destinationPortRanges: ['80'] });
      return answer(p, { remotePort: '80' });
    },
    { access: 'Deny', ruleName: 'securityRules/DenyWeb' },
  ],
  [
    'assumed',
    'and one that does not',
    async (p) => {
      await commitRule(p, { access: 'AlwaysAllow', direction: 'Outbound', destinationPortRanges: ['80'] });
      return answer(p, { remotePort: '80' });
    },
    { access: 'Allow', ruleName: 'securityAdminRules/admin' },
  ],
  [
    'unknown',
    'a tag that nobody knows',
    async (p) => {
      await p.have(`${idOf('nsg/g')}/securityRules/Tag`, {
        properties: rule(90 + 10 + 1, {
          direction: 'Outbound',
          access: 'Deny',
          destinationAddressPrefix: 'PowerBI',
        }),
      });
      return verify(p);
    },
    refused(400, 'NotSupported', 'PowerBI'),
  ],
]);

const hop = (p: TestPlane, destinationIPAddress: string, more: JsonObject = {}) =>
  p.post(`${watcher}/nextHop`, {
    targetResourceId: vm,
    sourceIPAddress: '10.0.0.4',
    destinationIPAddress,
    ...more,
  });
const hops = (p: TestPlane, destination: string) => of(hop(p, destination), ({ body }) => body);
const system = 'System Route';

table('next hop', watched, [
  [
    'Azure',
    'the network itself',
    (p) => hops(p, '10.0.1.4'),
    { nextHopType: 'VnetLocal', routeTableId: system },
  ],
  ['Azure', 'a peer', (p) => hops(p, '10.1.0.4'), { nextHopType: 'VnetPeering', routeTableId: system }],
  ['Azure', 'the internet', (p) => hops(p, '8.8.8.8'), { nextHopType: 'Internet', routeTableId: system }],
  ['Azure', 'dropped by Azure', (p) => hops(p, '172.16.0.1'), { nextHopType: 'None', routeTableId: system }],
  [
    'Azure',
    'dropped by a route',
    (p) => hops(p, '198.51.100.1'),
    { nextHopType: 'None', routeTableId: idOf('table/t') },
  ],
  [
    'Azure',
    'an appliance',
    (p) => hops(p, '203.0.113.1'),
    { nextHopType: 'VirtualAppliance', nextHopIpAddress: '10.0.1.9', routeTableId: idOf('table/t') },
  ],
  [
    'Azure',
    'a gateway',
    (p) => hops(p, '192.168.0.1'),
    { nextHopType: 'VirtualNetworkGateway', routeTableId: idOf('table/t') },
  ],
  [
    'refusal',
    'an address of another machine',
    (p) => hop(p, '8.8.8.8', { sourceIPAddress: '10.0.1.4' }),
    refused(400, 'InvalidParameter', 'It has 10.0.0.4', 'sourceIPAddress'),
  ],
  [
    'refusal',
    'no destination',
    (p) => p.post(`${watcher}/nextHop`, { targetResourceId: vm, sourceIPAddress: '10.0.0.4' }),
    refused(400, 'InvalidRequestContent', 'destinationIPAddress is required'),
  ],
  [
    'refusal',
    'a name for an address',
    (p) => hop(p, 'example.org'),
    refused(400, 'InvalidRequestContent', 'an IPv4 address'),
  ],
]);

table('whom a watcher refuses', watched, [
  [
    'refusal',
    'a missing member',
    (p) => p.post(`${watcher}/ipFlowVerify`, { targetResourceId: vm }),
    refused(400, 'InvalidRequestContent', 'direction is required'),
  ],
  [
    'refusal',
    'an unknown member',
    (p) => verify(p, { remotePorts: '80' }),
    refused(400, 'InvalidRequestFormat', "Did you mean 'remotePort'?"),
  ],
  [
    'refusal',
    'no port to go to',
    (p) => verify(p, { remotePort: '*' }),
    refused(400, 'InvalidRequestContent', 'source ports only', 'remotePort'),
  ],
  [
    'refusal',
    'no port to come to',
    (p) => verify(p, inbound('8.8.8.8', '*')),
    refused(400, 'InvalidRequestContent', 'source ports only', 'localPort'),
  ],
  [
    'refusal',
    'a port that is none',
    (p) => verify(p, { remotePort: '65536' }),
    refused(400, 'InvalidRequestContent', 'from 0 to 65535'),
  ],
  [
    'refusal',
    'ICMP',
    (p) => verify(p, { protocol: 'ICMP' }),
    refused(400, 'InvalidRequestContent', "'TCP', 'UDP'"),
  ],
  [
    'refusal',
    'an address of another machine',
    (p) => verify(p, { localIPAddress: '10.0.1.4' }),
    refused(400, 'InvalidParameter', 'It has 10.0.0.4', 'localIPAddress'),
  ],
  [
    'refusal',
    'a machine that is not there',
    (p) => verify(p, { targetResourceId: idOf('vm/nobody') }),
    refused(404, 'ResourceNotFound', 'nobody'),
  ],
  [
    'refusal',
    'what is no machine',
    (p) => verify(p, { targetResourceId: idOf('nic/app') }),
    refused(400, 'NotSupported', 'virtual machine'),
  ],
  [
    'refusal',
    'an interface of another machine',
    (p) => verify(p, { targetNicResourceId: idOf('nic/plain') }),
    refused(400, 'InvalidParameter', 'no network interface of', 'targetNicResourceId'),
  ],
  [
    'Azure',
    'several interfaces, one of which forwards',
    async (p) => {
      await p.have(idOf('nic/second'), {
        ...nic(['hub/bare', '10.0.1.5']),
        properties: {
          ...(nic(['hub/bare', '10.0.1.5'])['properties'] as JsonObject),
          enableIPForwarding: true,
        },
      });
      await p.have(vm, machine(['app', 'second']));
      return verify(p);
    },
    refused(400, 'InvalidRequestContent', 'is required', 'targetNicResourceId'),
  ],
  [
    'refusal',
    'a machine of another region',
    async (p) => {
      await p.have(idOf('watcher/west'), body({}, { location: 'westus' }));
      return p.post(`${idOf('watcher/west')}/ipFlowVerify`, flow({}));
    },
    refused(400, 'InvalidResourceReference', 'is in the region eastus, not in westus', 'targetResourceId'),
  ],
  [
    'Azure',
    'a second one in a region',
    (p) => p.put(idOf('watcher/second'), body()),
    refused(400, 'NetworkWatcherCountLimitReached', watcher),
  ],
  [
    'Azure',
    'itself again',
    (p) => p.put(watcher, body({}, { tags: { a: 'b' } })),
    answered(200, { provisioningState: 'Succeeded' }),
  ],
  [
    'rights',
    'who may not ask',
    (p) => p.post(`${watcher}/ipFlowVerify`, flow({}), { as: caller('stranger') }),
    refused(403, 'AuthorizationFailed', 'Microsoft.Network/networkWatchers/ipFlowVerify/action'),
  ],
  [
    'limits',
    'an action that is not there',
    (p) => p.post(`${watcher}/troubleshoot`, {}),
    refused(400, 'NotSupported', 'troubleshoot'),
  ],
  [
    'limits',
    'a monitor',
    (p) => p.put(`${watcher}/connectionMonitors/m`, body()),
    refused(404, 'InvalidResourceType', 'connectionMonitors'),
  ],
  [
    'refusal',
    'a watcher that is not there',
    (p) => p.post(`${idOf('watcher/none')}/nextHop`, {}),
    refused(404, 'ResourceNotFound', 'none'),
  ],
]);
