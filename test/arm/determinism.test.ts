/** The same template gives the same estate, offline and running; one change gives the same network as all anew. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { defaultGroup } from '../../src/app/defaults.ts';
import { open } from '../../src/app/files.ts';
import type { Estate } from '../../src/arm/resource.ts';
import { readJson } from '../../src/arm/template/json.ts';
import type { Linked } from '../../src/net/link.ts';
import { Names } from '../../src/net/places.ts';
import { walk } from '../../src/net/walk.ts';
import { networkOf } from '../../src/providers/network-of.ts';
import {
  endpoint,
  haveWorkspace,
  link,
  nic,
  rule,
  storage,
  vnet,
  workspace,
  zone,
} from '../providers/things.ts';
import { idOf, rg, root, TestPlane } from '../support/plane.ts';

const example = fileURLToPath(new URL('../../examples/secure-workspace', import.meta.url));

/** What a template made, without the records of deployments: those have times. */
function made(estate: Estate): string {
  const kept = [...estate.all()].filter((item) => !/^microsoft\.resources\/deployments/i.test(item.type));
  return JSON.stringify(
    kept.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    null,
    1,
  );
}

describe('determinism', () => {
  it('gives the same estate offline twice, byte for byte', async () => {
    const [one, two] = [await open([example]), await open([example])];
    expect(made(one.estate)).toBe(made(two.estate));
    expect(one.estate.size).toBeGreaterThan(30);
  });

  it.each([1, 2, 3])('gives the same estate running, whatever takes how long (%i)', async (seed) => {
    const offline = await open([example]);
    const plane = new TestPlane();
    let state = seed;
    const delay = (): Promise<void> => {
      state = (state * 48271) % 2147483647;
      return new Promise((resolve) => setTimeout(resolve, state % 7));
    };
    const transact = plane.transact.bind(plane);
    plane.transact = async (plan) => {
      await delay();
      return transact(plan);
    };
    plane.effect = delay;
    await plane.have(`${root}/resourceGroups/${defaultGroup}`, { location: 'eastus' });
    const { value } = readJson(readFileSync(`${example}/main.json`, 'utf8'), 'main.json');
    const deployed = await plane.deploy(value, { scope: `${root}/resourceGroups/${defaultGroup}` });
    expect(deployed.properties['error'] ?? deployed.message).toBeUndefined();
    expect(made(plane.estate)).toBe(made(offline.estate));
  });
});

/** All answers of a network. */
function answers({ network }: Linked): unknown[] {
  const names = new Names(network);
  return names.places().flatMap((from) =>
    names.targets().flatMap((label) => {
      const target = names.target(label);
      if (!target.ok) throw new Error(target.error.message);
      return [443, 22].map((port) => walk(network, { from, to: target.value.target, port, protocol: 'tcp' }));
    }),
  );
}

const subnet = (path: string): string => idOf(`vnet/${path.replace('/', '/subnets/')}`);
const peering = (to: string) => ({
  properties: { remoteVirtualNetwork: { id: idOf(`vnet/${to}`) }, allowForwardedTraffic: true },
});

async function start(): Promise<TestPlane> {
  const p = await TestPlane.start();
  await haveWorkspace(p);
  await p.have(idOf('nsg/g'), { location: 'eastus', properties: {} });
  await p.have(idOf('table/t'), { location: 'eastus', properties: {} });
  for (const [at, name] of ['hub', 'spoke', 'lone'].entries()) {
    await p.have(idOf(`vnet/${name}`), vnet(`10.${at}.0.0/16`));
    await p.have(subnet(`${name}/a`), {
      properties: {
        addressPrefix: `10.${at}.0.0/24`,
        ...(name === 'hub'
          ? { networkSecurityGroup: { id: idOf('nsg/g') }, routeTable: { id: idOf('table/t') } }
          : {}),
      },
    });
    await p.have(idOf(`nic/${name}`), nic(`${name}/a`));
  }
  await p.have(idOf('vnet/hub/virtualNetworkPeerings/p'), peering('spoke'));
  await p.have(idOf('vnet/spoke/virtualNetworkPeerings/p'), peering('hub'));
  await p.have(idOf('zone/privatelink.blob.core.windows.net'), zone);
  await p.have(idOf('endpoint/blob'), endpoint(idOf('storage/data'), 'blob'));
  await p.have(
    idOf('endpoint/mlw'),
    endpoint(idOf('workspace/mlw'), 'amlworkspace', { subnet: { id: subnet('lone/a') } }),
  );
  return p;
}

/** A change, and how many networks it makes anew: its own, and the peers that see it. */
const changes: readonly (readonly [string, (p: TestPlane) => Promise<unknown>, number])[] = [
  ['nothing', async () => {}, 0],
  // Facts are remembered by resource, so what no fact tells of counts as a change, too.
  ['tags', (p) => p.patch(idOf('vnet/hub'), { tags: { a: 'b' } }), 2],
  [
    'a rule',
    (p) => p.have(`${idOf('nsg/g')}/securityRules/r`, { properties: rule(100, { access: 'Deny' }) }),
    1,
  ],
  [
    'a group that nobody uses',
    (p) =>
      p.have(idOf('nsg/h'), {
        location: 'eastus',
        properties: { securityRules: [{ name: 'r', properties: rule(100) }] },
      }),
    0,
  ],
  [
    'a route',
    (p) =>
      p.have(`${idOf('table/t')}/routes/r`, {
        properties: { addressPrefix: '0.0.0.0/0', nextHopType: 'None' },
      }),
    1,
  ],
  ['an interface', (p) => p.have(idOf('nic/new'), nic('spoke/a')), 1],
  ['an interface that goes', (p) => p.remove(idOf('nic/spoke')), 1],
  ['a subnet', (p) => p.have(subnet('lone/b'), { properties: { addressPrefix: '10.2.1.0/24' } }), 1],
  [
    'a private endpoint, seen by the peer',
    (p) => p.have(idOf('endpoint/file'), endpoint(idOf('storage/data'), 'file')),
    2,
  ],
  [
    'a private endpoint alone',
    (p) =>
      p.have(
        idOf('endpoint/file'),
        endpoint(idOf('storage/data'), 'file', { subnet: { id: subnet('lone/a') } }),
      ),
    1,
  ],
  [
    'a policy of a subnet with an endpoint',
    (p) => p.patch(subnet('hub/a'), { properties: { privateEndpointNetworkPolicies: 'Enabled' } }),
    2,
  ],
  [
    'a larger space, seen by the peer',
    (p) =>
      p.patch(idOf('vnet/hub'), {
        properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16', '10.9.0.0/16'] } },
      }),
    2,
  ],
  ['a peering that goes, on both sides', (p) => p.remove(idOf('vnet/hub/virtualNetworkPeerings/p')), 2],
  ['a network', (p) => p.have(idOf('vnet/new'), vnet('10.7.0.0/16', { a: '10.7.0.0/24' })), 1],
  [
    'a network that goes',
    (p) =>
      p
        .remove(idOf('endpoint/mlw'))
        .then(() => p.remove(idOf('nic/lone')))
        .then(() => p.remove(idOf('vnet/lone'))),
    0,
  ],
  [
    'a link',
    (p) => p.have(idOf('zone/privatelink.blob.core.windows.net/virtualNetworkLinks/l'), link('hub')),
    0,
  ],
  [
    'a record',
    (p) =>
      p.have(idOf('zone/privatelink.blob.core.windows.net/A/data'), {
        properties: { ttl: 10, aRecords: [{ ipv4Address: '10.0.0.5' }] },
      }),
    0,
  ],
  [
    'a flag of a service',
    (p) => p.have(idOf('storage/data'), storage({ publicNetworkAccess: 'Disabled' })),
    0,
  ],
  [
    'a flag of a workspace',
    (p) => p.have(idOf('workspace/mlw'), workspace({ publicNetworkAccess: 'Disabled' })),
    0,
  ],
  [
    'a compute',
    (p) =>
      p.have(`${idOf('workspace/mlw')}/computes/cpu`, {
        location: 'eastus',
        properties: { computeType: 'AmlCompute', properties: { vmSize: 'Standard_DS3_v2' } },
      }),
    0,
  ],
  ['everything', (p) => p.remove(rg), 0],
];

describe('compiling after one change', () => {
  it.each(changes)('%s', async (_, change, compiled) => {
    const p = await start();
    const before = networkOf(p.estate);
    expect(before.compiled).toBe(3);
    await change(p);
    const after = networkOf(p.estate, [], before);
    const anew = networkOf(p.estate);
    expect(answers(after)).toEqual(answers(anew));
    expect(after.compiled).toBe(compiled);
    expect(networkOf(p.estate, [], after).compiled).toBe(0);
  });
});
