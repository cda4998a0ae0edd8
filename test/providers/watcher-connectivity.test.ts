/** Network watchers: the connectivity check. docs/semantics/network-watcher.md */

import { expect } from 'vitest';
import type { JsonObject } from '../../src/lib/json.ts';
import { idOf, type TestPlane } from '../support/plane.ts';
import { of, refused, table } from './row.ts';
import { body, machine, nic, rule, vnet } from './things.ts';
import { vm, watched, watcher } from './watched.ts';

/** The estate, with an agent on the machine, another machine in the peer, and an appliance. */
async function checked(p: TestPlane): Promise<void> {
  await watched(p);
  const publisher = 'Microsoft.Azure.NetworkWatcher';
  await p.have(`${vm}/extensions/agent`, body({ publisher, type: 'NetworkWatcherAgentLinux' }));
  await p.have(idOf('vnet/apart'), vnet('10.0.0.0/16', { a: '10.0.1.0/24' }));
  await p.have(idOf('nic/apart'), nic(['apart/a', '10.0.1.9']));
  await p.have(idOf('nic/far'), nic(['spoke/a', '10.1.0.4']));
  await p.have(idOf('vm/far'), machine(['far']));
  const { properties } = nic(['hub/bare', '10.0.1.9']);
  await p.have(idOf('nic/router'), body({ ...(properties as JsonObject), enableIPForwarding: true }));
  await p.have(idOf('vm/router'), machine(['router']));
}

const check = (p: TestPlane, destination: JsonObject, more: JsonObject = {}) =>
  p.post(`${watcher}/connectivityCheck`, { source: { resourceId: vm }, destination, ...more });
const checking = (p: TestPlane, destination: JsonObject, more: JsonObject = {}) =>
  of(check(p, destination, more), ({ body }) => body);
const hopsOf = async (p: TestPlane, destination: JsonObject) =>
  ((await checking(p, destination))['hops'] as JsonObject[]).map((item) => [
    item['type'],
    item['address'],
    ...(item['issues'] as JsonObject[]).map((issue) => `${issue['origin']} ${issue['type']}`),
  ]);
const reachable = { connectionStatus: 'Reachable', probesSent: 1, probesFailed: 0 };
const unreachable = { connectionStatus: 'Unreachable', probesSent: 1, probesFailed: 1 };

table('connectivity check', checked, [
  ['Azure', 'another machine', (p) => checking(p, { resourceId: idOf('vm/far'), port: 22 }), reachable],
  [
    'Azure',
    'from hop to hop',
    (p) => hopsOf(p, { resourceId: idOf('vm/far'), port: 22 }),
    [
      ['Source', '10.0.0.4'],
      ['VnetLocal', '10.1.0.4'],
    ],
  ],
  ['Azure', 'the internet', (p) => checking(p, { address: '8.8.8.8', port: 443 }), reachable],
  ['Azure', 'a URL', (p) => checking(p, { address: 'https://8.8.8.8/path' }), reachable],
  ['Azure', 'a rule in the way', (p) => checking(p, { address: '8.8.8.8', port: 80 }), unreachable],
  [
    'Azure',
    'is named at its hop',
    (p) => hopsOf(p, { address: '8.8.8.8', port: 80 }),
    [
      ['Source', '10.0.0.4', 'Outbound NetworkSecurityRule'],
      ['Destination', '8.8.8.8'],
    ],
  ],
  [
    'Azure',
    'with the rule',
    async (p) => ((await checking(p, { address: 'http://8.8.8.8' }))['hops'] as JsonObject[])[0]?.['issues'],
    [
      expect.objectContaining({
        severity: 'Error',
        context: expect.arrayContaining([{ key: 'RuleName', value: 'UserRule_DenyWeb' }]),
      }),
    ],
  ],
  [
    'Azure',
    'a route in the way',
    (p) => hopsOf(p, { address: '198.51.100.7', port: 443 }),
    [
      ['Source', '10.0.0.4', 'Outbound UserDefinedRoute'],
      ['Destination', '198.51.100.7'],
    ],
  ],
  [
    'Azure',
    'over an appliance',
    (p) => hopsOf(p, { address: '203.0.113.9', port: 443 }),
    [
      ['Source', '10.0.0.4'],
      ['VirtualAppliance', '10.0.1.9'],
      ['Internet', '203.0.113.9'],
    ],
  ],
  [
    'Azure',
    'the appliance is the one that is near, and not one of that address elsewhere',
    async (p) => {
      const { hops } = await checking(p, { address: '203.0.113.9', port: 443 });
      return (hops as JsonObject[]).map(({ resourceId }) => resourceId);
    },
    [`${idOf('nic/app')}/ipConfigurations/ip0`, `${idOf('nic/router')}/ipConfigurations/ip0`, 'Internet'],
  ],
  [
    'Azure',
    'a rule at the appliance',
    async (p) => {
      await p.have(
        idOf('nsg/narrow'),
        body({
          securityRules: [
            { name: 'NoTransit', properties: rule(100, { access: 'Deny', destinationPortRange: '*' }) },
          ],
        }),
      );
      const { properties } = nic(['hub/bare', '10.0.1.9']);
      const networkSecurityGroup = { id: idOf('nsg/narrow') };
      await p.have(
        idOf('nic/router'),
        body({ ...(properties as JsonObject), enableIPForwarding: true, networkSecurityGroup }),
      );
      return hopsOf(p, { address: '203.0.113.9', port: 443 });
    },
    [
      ['Source', '10.0.0.4'],
      ['VirtualAppliance', '10.0.1.9', 'Inbound NetworkSecurityRule'],
      ['Destination', '203.0.113.9'],
    ],
  ],
  [
    'Azure',
    'a rule at the other end',
    async (p) => {
      await p.have(
        idOf('nsg/closed'),
        body({
          securityRules: [
            { name: 'Nothing', properties: rule(100, { access: 'Deny', destinationPortRange: '*' }) },
          ],
        }),
      );
      const { properties } = nic(['spoke/a', '10.1.0.4']);
      await p.have(
        idOf('nic/far'),
        body({ ...(properties as JsonObject), networkSecurityGroup: { id: idOf('nsg/closed') } }),
      );
      return hopsOf(p, { resourceId: idOf('vm/far'), port: 22 });
    },
    [
      ['Source', '10.0.0.4'],
      ['Destination', '10.1.0.4', 'Inbound NetworkSecurityRule'],
    ],
  ],
  [
    'Azure',
    'a name that is not there',
    (p) => hopsOf(p, { address: 'intranet.example', port: 443 }),
    [
      ['Source', '10.0.0.4', 'Local DnsResolution'],
      ['Destination', undefined],
    ],
  ],
  [
    'unknown',
    'what is not known',
    (p) => checking(p, { address: 'other.blob.core.windows.net', port: 443 }),
    { connectionStatus: 'Unknown', probesFailed: 1 },
  ],
  [
    'assumed',
    'a closed door answers',
    async (p) => {
      await p.have(idOf('storage/shut'), {
        location: 'eastus',
        kind: 'StorageV2',
        sku: { name: 'Standard_LRS' },
        properties: { publicNetworkAccess: 'Disabled' },
      });
      return checking(p, { address: 'https://shut.blob.core.windows.net' });
    },
    reachable,
  ],
  [
    'Azure',
    'without the agent',
    (p) =>
      p.post(`${watcher}/connectivityCheck`, {
        source: { resourceId: idOf('vm/far') },
        destination: { address: '8.8.8.8', port: 443 },
      }),
    refused(400, 'BadRequest', 'NetworkWatcherAgentLinux', 'source.resourceId'),
  ],
  [
    'refusal',
    'nowhere',
    (p) => check(p, {}),
    refused(400, 'InvalidRequestContent', 'needs a resourceId or an address'),
  ],
  [
    'refusal',
    'two places',
    (p) => check(p, { resourceId: idOf('vm/far'), address: '8.8.8.8', port: 22 }),
    refused(400, 'InvalidRequestContent', 'not both'),
  ],
  [
    'refusal',
    'no port',
    (p) => check(p, { address: '8.8.8.8' }),
    refused(400, 'InvalidRequestContent', 'destination.port is required for Tcp', 'destination.port'),
  ],
  [
    'refusal',
    'what is no address',
    (p) => check(p, { address: 'not an address', port: 1 }),
    refused(400, 'InvalidRequestContent', 'an IPv4 address, a name or a URL'),
  ],
  [
    'refusal',
    'a machine that is not there',
    (p) => check(p, { resourceId: idOf('vm/none'), port: 1 }),
    refused(400, 'InvalidParameter', 'none'),
  ],
  [
    'limits',
    'judging answers',
    (p) =>
      check(
        p,
        { address: 'https://8.8.8.8' },
        { protocolConfiguration: { HTTPConfiguration: { validStatusCodes: [200] } } },
      ),
    refused(400, 'NotSupported', 'sends no request'),
  ],
  [
    'limits',
    'IPv6',
    (p) => check(p, { address: '8.8.8.8', port: 1 }, { preferredIPVersion: 'IPv6' }),
    refused(400, 'InvalidRequestContent', "'IPv4'"),
  ],
]);
