/** Managed clusters: the address and the names of a private API server, for as long as the cluster is there. */

import { expect } from 'vitest';
import type { JsonObject } from '../../src/lib/json.ts';
import { idOf, rg, root, type TestPlane } from '../support/plane.ts';
import { refused, table } from './row.ts';

const PRIVATE = 'https://learn.microsoft.com/azure/aks/private-clusters';
const aks = `${rg}/providers/Microsoft.ContainerService/managedClusters/aks`;
const interfaces = `${root}/resourceGroups/MC_rg_aks_eastus/providers/Microsoft.Network/networkInterfaces`;

const nodes = (p: TestPlane): Promise<unknown> =>
  p.have(idOf('vnet/net'), {
    location: 'eastus',
    properties: {
      addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
      subnets: [
        { name: 'nodes', properties: { addressPrefix: '10.0.0.0/24' } },
        { name: 'full', properties: { addressPrefix: '10.0.1.0/29' } },
      ],
    },
  });

const cluster = (access: JsonObject, subnet = 'nodes', more: JsonObject = {}): JsonObject => ({
  location: 'eastus',
  properties: {
    dnsPrefix: 'ward',
    agentPoolProfiles: [{ name: 'system', count: 1, vnetSubnetID: idOf(`vnet/net/subnets/${subnet}`) }],
    apiServerAccessProfile: access,
    ...more,
  },
});
const closed = { enablePrivateCluster: true };
const namesOf = async (p: TestPlane, body: JsonObject): Promise<readonly unknown[]> => {
  const { properties } = await p.put(aks, body);
  return [properties['privateFQDN'], properties['fqdn']];
};
const addresses = async (p: TestPlane): Promise<readonly unknown[]> =>
  [...p.network().endpoints.values()].flatMap(({ members }) => members.map(({ address }) => address));

table('the API server of a private cluster', nodes, [
  [
    PRIVATE,
    'has a private name and a public one',
    (p) => namesOf(p, cluster(closed)),
    [
      expect.stringMatching(/^ward-[0-9a-f]{8}\.[0-9a-f-]{36}\.privatelink\.eastus\.azmk8s\.io$/),
      expect.stringMatching(/^ward-[0-9a-f]{8}\.hcp\.eastus\.azmk8s\.io$/),
    ],
  ],
  [
    PRIVATE,
    'has no public name where that is said',
    (p) => namesOf(p, cluster({ ...closed, enablePrivateClusterPublicFQDN: false })),
    [expect.any(String), undefined],
  ],
  [
    PRIVATE,
    'has a public name alone without a zone, whatever is said of it',
    (p) => namesOf(p, cluster({ ...closed, privateDNSZone: 'none', enablePrivateClusterPublicFQDN: false })),
    [undefined, expect.any(String)],
  ],
  [
    PRIVATE,
    'is called as it is asked in a zone that it is given',
    (p) =>
      namesOf(
        p,
        cluster({ ...closed, privateDNSZone: idOf('zone/privatelink.eastus.azmk8s.io') }, 'nodes', {
          fqdnSubdomain: 'labs',
        }),
      ),
    ['labs.privatelink.eastus.azmk8s.io', expect.any(String)],
  ],
  [
    PRIVATE,
    'keeps its address when the cluster is written as it is shown',
    async (p) => {
      const { body } = await p.put(aks, cluster(closed));
      const before = await addresses(p);
      const again = await p.put(aks, body);
      return [again.status, (await addresses(p)).length, (await addresses(p))[0] === before[0]];
    },
    [200, 1, true],
  ],
  [
    PRIVATE,
    'goes with the cluster',
    async (p) => {
      await p.put(aks, cluster(closed));
      const before = await p.list(interfaces);
      await p.remove(aks);
      return [before.length, await p.list(interfaces), await addresses(p)];
    },
    [1, [], []],
  ],
  [
    PRIVATE,
    'is not there for a public cluster',
    async (p) => [await namesOf(p, cluster({})), await addresses(p)],
    [[undefined, undefined], []],
  ],
  [
    PRIVATE,
    'is not known in a subnet of its own',
    async (p) => {
      await p.put(aks, cluster({ ...closed, enableVnetIntegration: true }));
      return addresses(p);
    },
    [],
  ],
  [
    'subnets',
    'needs an address',
    async (p) => {
      for (const name of ['a', 'b', 'c']) {
        await p.have(idOf(`nic/${name}`), {
          location: 'eastus',
          properties: {
            ipConfigurations: [
              { name: 'one', properties: { subnet: { id: idOf('vnet/net/subnets/full') } } },
            ],
          },
        });
      }
      return p.put(aks, cluster(closed, 'full'));
    },
    refused(400, 'SubnetIsFull', 'does not have enough capacity'),
  ],
]);
