/** Load balancers: https://learn.microsoft.com/azure/load-balancer, wire-shapes. */

import type { Json, JsonObject } from '../../src/lib/json.ts';
import { idOf, type TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import { body, nic, vnet } from './things.ts';

const lb = idOf('balancer/lb');
const item = (path: string): JsonObject => ({ id: `${lb}/${path}` });
const inSubnet = (more: JsonObject = {}): JsonObject => ({
  subnet: { id: idOf('vnet/hub/subnets/a') },
  ...more,
});
const frontend = (properties: JsonObject, name = 'f'): JsonObject => ({ name, properties });
const rule = (more: JsonObject = {}, name = 'web'): JsonObject => ({
  name,
  properties: {
    frontendIPConfiguration: item('frontendIPConfigurations/f'),
    backendAddressPool: item('backendAddressPools/p'),
    protocol: 'Tcp',
    frontendPort: 80,
    backendPort: 80,
    ...more,
  },
});
const balancer = (more: JsonObject = {}, sku: string | null = 'Standard'): JsonObject => ({
  location: 'eastus',
  ...(sku === null ? {} : { sku: { name: sku } }),
  properties: {
    frontendIPConfigurations: [frontend(inSubnet())],
    backendAddressPools: [{ name: 'p', properties: {} }],
    ...more,
  },
});
const put = (p: TestPlane, more: JsonObject, sku?: string | null) => p.put(lb, balancer(more, sku));
const addresses = ({ properties }: { readonly properties: JsonObject }): unknown =>
  (properties['frontendIPConfigurations'] as { properties: JsonObject }[]).map(
    (one) => one.properties['privateIPAddress'],
  );
const behind = (path: string, list = 'loadBalancerBackendAddressPools'): JsonObject => {
  const one = nic('hub/a') as {
    properties: { ipConfigurations: { name: string; properties: JsonObject }[] };
  };
  const [first] = one.properties.ipConfigurations;
  const properties: JsonObject = { ...first?.properties, [list]: [item(path)] };
  return { location: 'eastus', properties: { ipConfigurations: [{ name: 'ip0', properties }] } };
};
const outbound = (frontends: readonly Json[]): JsonObject => ({
  name: 'out',
  properties: {
    frontendIPConfigurations: frontends,
    backendAddressPool: item('backendAddressPools/p'),
    protocol: 'All',
  },
});

async function start(p: TestPlane): Promise<void> {
  await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24', b: '10.0.1.0/24' }));
  await p.have(idOf('pip/front'), body({ publicIPAllocationMethod: 'Static' }));
}

table('load balancers', start, [
  ['ARM reference', 'a private frontend gets an address', (p) => of(put(p, {}), addresses), ['10.0.0.4']],
  [
    'ARM reference',
    'several get different ones, and keep them',
    async (p) => {
      const frontendIPConfigurations = [
        frontend(inSubnet()),
        frontend(inSubnet(), 'g'),
        frontend({ subnet: { id: idOf('vnet/hub/subnets/b') } }, 'h'),
      ];
      const first = await of(put(p, { frontendIPConfigurations }), addresses);
      const again = { frontendIPConfigurations: frontendIPConfigurations.toReversed() };
      return [first, await of(put(p, again), addresses)];
    },
    [
      ['10.0.0.4', '10.0.0.5', '10.0.1.4'],
      ['10.0.1.4', '10.0.0.5', '10.0.0.4'],
    ],
  ],
  [
    'ARM reference',
    'a static one, which is then taken',
    async (p) => {
      const at = { privateIPAddress: '10.0.0.9', privateIPAllocationMethod: 'Static' };
      await p.have(lb, balancer({ frontendIPConfigurations: [frontend(inSubnet(at))] }));
      return p.put(idOf('nic/n'), nic(['hub/a', '10.0.0.9']));
    },
    refused(400, 'PrivateIPAddressIsAllocated', 'already allocated'),
  ],
  [
    'ARM reference',
    'items are shown with ids',
    (p) =>
      of(put(p, { loadBalancingRules: [rule()] }), ({ properties }) =>
        ['frontendIPConfigurations', 'backendAddressPools', 'loadBalancingRules'].map((list) =>
          (properties[list] as { id: string }[])[0]?.id.slice(lb.length),
        ),
      ),
    ['/frontendIPConfigurations/f', '/backendAddressPools/p', '/loadBalancingRules/web'],
  ],
  [
    'real-clients 2',
    'the whole body that was got can be put back',
    async (p) => {
      await p.have(lb, balancer({ loadBalancingRules: [rule()] }));
      const got = await p.get(lb);
      const again = await p.put(lb, got.body);
      return [again.status, again.body['etag'] === got.body['etag']];
    },
    [200, true],
  ],
  [
    'ARM reference',
    'a pool is a name',
    (p) => of(put(p, { backendAddressPools: [{ name: 'p' }] }), ({ status }) => status),
    201,
  ],
  [
    'assumed',
    'Standard without a sku',
    (p) => of(put(p, {}, null), ({ body: { sku } }) => sku),
    { name: 'Standard', tier: 'Regional' },
  ],
  [
    'not modelled',
    'gateway load balancers',
    (p) => put(p, {}, 'Gateway'),
    refused(400, 'InvalidRequestContent', 'Standard or Basic'),
  ],
  [
    'ARM reference',
    'a frontend is needed',
    (p) => put(p, { frontendIPConfigurations: [] }),
    refused(400, 'InvalidRequestContent', 'needs a frontend'),
  ],
  [
    'ARM reference',
    'with a subnet or a public address, not both',
    (p) =>
      put(p, {
        frontendIPConfigurations: [frontend(inSubnet({ publicIPAddress: { id: idOf('pip/front') } }))],
      }),
    refused(400, 'InvalidRequestContent', 'needs a subnet, or else a publicIPAddress'),
  ],
  [
    'ARM reference',
    'names are unique',
    (p) => put(p, { loadBalancingRules: [rule(), rule()] }),
    refused(400, 'InvalidRequestContent', "'web' is listed twice"),
  ],
  [
    'InvalidResourceReference',
    'a pool that is not there',
    (p) => put(p, { loadBalancingRules: [rule({ backendAddressPool: item('backendAddressPools/x') })] }),
    refused(400, 'InvalidResourceReference', 'no part of load balancer lb'),
  ],
  [
    'LB all ports',
    'for private frontends',
    (p) => put(p, { loadBalancingRules: [rule({ protocol: 'All', frontendPort: 0, backendPort: 0 })] }),
    answered(201),
  ],
  [
    'LB all ports',
    'both or neither',
    (p) => put(p, { loadBalancingRules: [rule({ protocol: 'All' })] }),
    refused(400, 'InvalidRequestContent', 'goes with frontendPort 0'),
  ],
  [
    'LB all ports',
    'not for public ones',
    (p) =>
      put(p, {
        frontendIPConfigurations: [frontend({ publicIPAddress: { id: idOf('pip/front') } })],
        loadBalancingRules: [rule({ protocol: 'All', frontendPort: 0, backendPort: 0 })],
      }),
    refused(400, 'InvalidRequestContent', 'private frontends of Standard'),
  ],
  [
    'LB outbound rules',
    'need public frontends',
    (p) => put(p, { outboundRules: [outbound([item('frontendIPConfigurations/f')])] }),
    refused(400, 'InvalidRequestContent', 'needs frontends with public addresses'),
  ],
  [
    'LB outbound rules',
    'not of Basic ones',
    (p) => put(p, { outboundRules: [outbound([item('frontendIPConfigurations/f')])] }, 'Basic'),
    refused(400, 'InvalidRequestContent', 'has no outbound rules'),
  ],
  [
    'LB inbound NAT',
    'a port, or a range for a pool',
    (p) =>
      put(p, {
        inboundNatRules: [
          {
            name: 'n',
            properties: { frontendIPConfiguration: item('frontendIPConfigurations/f'), protocol: 'Tcp' },
          },
        ],
      }),
    refused(400, 'InvalidRequestContent', 'needs a frontendPort'),
  ],
  [
    'ARM reference',
    'an interface joins a pool',
    async (p) => {
      await p.have(lb, balancer());
      return p.put(idOf('nic/n'), behind('backendAddressPools/p'));
    },
    answered(201),
  ],
  [
    'InvalidResourceReference',
    'that must be there',
    async (p) => {
      await p.have(lb, balancer());
      return p.put(idOf('nic/n'), behind('backendAddressPools/q'));
    },
    refused(400, 'InvalidResourceReference', 'has no backendAddressPools/q'),
  ],
  [
    'InvalidResourceReference',
    'as must its load balancer',
    (p) => p.put(idOf('nic/n'), behind('backendAddressPools/p')),
    refused(400, 'InvalidResourceReference', 'was not found'),
  ],
  [
    'Azure',
    'what is used stays',
    async (p) => {
      await p.have(lb, balancer());
      await p.have(idOf('nic/n'), behind('backendAddressPools/p'));
      return p.remove(lb);
    },
    refused(409, 'ResourceInUse', 'is used by'),
  ],
]);
