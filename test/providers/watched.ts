/**
 * The estate that network watchers are asked about: a machine in a network with a peer, routes and rules.
 *
 * @module
 */

import type { JsonObject } from '../../src/lib/json.ts';
import { idOf, type TestPlane } from '../support/plane.ts';
import { body, machine, nic, rule, vnet } from './things.ts';

export const watcher = idOf('watcher/NetworkWatcher_eastus');
export const vm = idOf('vm/app');

/** Hub with a machine, a spoke beside it, a route table and a group on the machine's subnet. */
export async function watched(p: TestPlane): Promise<void> {
  await p.have(watcher, body());
  await p.have(
    idOf('nsg/g'),
    body({
      securityRules: [
        {
          name: 'AllowSsh',
          properties: rule(100, { destinationPortRange: '22', sourceAddressPrefix: '10.0.9.0/24' }),
        },
        {
          name: 'DenyWeb',
          properties: rule(200, { direction: 'Outbound', access: 'Deny', destinationPortRange: '80' }),
        },
        {
          name: 'SourcePort',
          properties: rule(300, {
            direction: 'Outbound',
            access: 'Deny',
            destinationPortRange: '25',
            sourcePortRange: '1000',
          }),
        },
      ],
    }),
  );
  const route = (
    name: string,
    addressPrefix: string,
    nextHopType: string,
    nextHopIpAddress?: string,
  ): JsonObject => ({
    name,
    properties: {
      addressPrefix,
      nextHopType,
      ...(nextHopIpAddress === undefined ? {} : { nextHopIpAddress }),
    },
  });
  await p.have(
    idOf('table/t'),
    body({
      routes: [
        route('drop', '198.51.100.0/24', 'None'),
        route('inspect', '203.0.113.0/24', 'VirtualAppliance', '10.0.1.9'),
        route('office', '192.168.0.0/16', 'VirtualNetworkGateway'),
      ],
    }),
  );
  await p.have(
    idOf('vnet/hub'),
    body({
      addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
      subnets: [
        {
          name: 'a',
          properties: {
            addressPrefix: '10.0.0.0/24',
            networkSecurityGroup: { id: idOf('nsg/g') },
            routeTable: { id: idOf('table/t') },
          },
        },
        { name: 'bare', properties: { addressPrefix: '10.0.1.0/24' } },
      ],
    }),
  );
  await p.have(idOf('vnet/spoke'), vnet('10.1.0.0/16', { a: '10.1.0.0/24' }));
  for (const [from, to] of [
    ['hub', 'spoke'],
    ['spoke', 'hub'],
  ]) {
    await p.have(idOf(`vnet/${from}/virtualNetworkPeerings/to`), {
      properties: { remoteVirtualNetwork: { id: idOf(`vnet/${to}`) }, allowVirtualNetworkAccess: true },
    });
  }
  await p.have(idOf('nic/app'), nic(['hub/a', '10.0.0.4']));
  await p.have(vm, machine(['app']));
  await p.have(idOf('nic/plain'), nic(['hub/bare', '10.0.1.4']));
  await p.have(idOf('vm/plain'), machine(['plain']));
}
