/** The fabric on this machine: it is made, changed, and taken away, and the host is none the wiser. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import type { LinuxPlan } from '../../src/enforce/plan/model.ts';
import { line } from '../../src/enforce/plan/words.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { type Host, host as hostAsItIs, noPackets } from '../support/kernel.ts';
import {
  type Facts,
  ids,
  network,
  nsg,
  peered,
  privateEndpoint,
  storage,
  subnet,
  vm,
  vnet,
} from '../support/network.ts';
import { planEverywhere } from './drawing.ts';
import { packetFacts } from './estates.ts';

const estate = (...more: readonly string[]): readonly Facts[] => [
  nsg('few', '100 Deny In tcp 22 from * to *', ...more),
  vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { nsg: 'few' })),
  vnet('spoke', '10.1.0.0/16', subnet('x', '10.1.1.0/24')),
  vnet('twin', '10.1.0.0/16', subnet('x', '10.1.1.0/24')),
  peered('hub', 'spoke'),
  vm('one', 'hub/x', '10.0.1.4'),
  vm('two', 'hub/x', '10.0.1.5'),
  vm('three', 'spoke/x', '10.1.1.4'),
  vm('four', 'twin/x', '10.1.1.4'),
];

function isPeering(facts: Facts): boolean {
  return JSON.stringify(facts).includes('"kind":"peering"');
}

/** All that the host could notice, and how many namespaces there are of ours. */
interface Noticed extends Host {
  readonly namespaces: number;
}

function host(): Noticed {
  return { ...hostAsItIs(), namespaces: namespacesOfOurs() };
}

/** Network namespaces that processes of this one's making are in. */
function namespacesOfOurs(): number {
  const own = readlinkSync('/proc/self/ns/net');
  const found = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = / (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) . /, ' '))?.[1];
      if (parent === String(process.pid)) found.add(readlinkSync(`/proc/${pid}/ns/net`));
    } catch {
      // It ended in the meantime.
    }
  }
  found.delete(own);
  return found.size;
}

describe.skipIf(noPackets !== undefined)('the fabric', () => {
  let fabric: LinuxFabric;
  let before: Noticed;
  beforeEach(() => {
    before = host();
    fabric = new LinuxFabric();
  });
  afterEach(() => fabric.close());

  const inside = async (command: string): Promise<string> =>
    (await fabric.holder.run(['sh', '-euc', command])).stdout.trim();

  it('lives in a place of its own, and leaves nothing behind', async () => {
    await fabric.apply(planOf(network(estate())));
    const { namespaces, ...rest } = host();
    const { namespaces: none, ...untouched } = before;
    expect([none, namespaces]).toEqual([0, 1]);
    expect(rest).toEqual(untouched);
    // Three routers, four machines, the internet and its client.
    expect(await inside('ls /run/netns | wc -l')).toBe('9');
    await fabric.close();
    expect(host()).toEqual(before);
  });

  it('takes away what a plan has no more, and adds what it has', async () => {
    const [large, small] = [planOf(network(estate())), planOf(network(estate().slice(0, 2)))];
    await fabric.apply(large);
    await fabric.apply(small);
    expect(await inside('ls /run/netns | wc -l')).toBe('3');
    await fabric.apply(large);
    expect(await inside('ls /run/netns | wc -l')).toBe('9');
    const ids = large.namespaces.map(({ id }) => id).toSorted();
    expect((await inside('ls /run/netns')).split('\n').toSorted()).toEqual(ids);
  });

  /** All that is there, but for flows. */
  const state = async (): Promise<string> => {
    const each = 'for n in $(ls /run/netns); do nsenter --net=/run/netns/$n sh -c';
    // Whether the other end is up already is told a little later.
    const addresses = "ip -br address | sed -E 's/(@[^ ]+)? +[A-Z]+ */ /'";
    const what = `"${addresses}; ip rule; ip route show table all | sort; nft -s list ruleset"`;
    return canonical(await inside(`${each} ${what}; done`));
  };

  /** What can be changed in an estate, so that some of it goes and some comes. */
  const changes: readonly (readonly [string, readonly Facts[], readonly Facts[]])[] = [
    [
      'rules',
      estate('130 Deny In tcp 1-7 from * to *'),
      estate('110 Deny Out udp 53 from * to Internet', '120 Allow In * * from Storage to *'),
    ],
    [
      'an address of a machine',
      [vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24')), vm('one', 'hub/x', '10.0.1.4')],
      [vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24')), vm('one', 'hub/x', '10.0.1.9')],
    ],
    [
      'the subnet of a machine, and another takes its address',
      [
        vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24'), subnet('y', '10.0.2.0/24')),
        vm('one', 'hub/x', '10.0.1.4'),
      ],
      [
        vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24'), subnet('y', '10.0.2.0/24')),
        vm('one', 'hub/y', '10.0.2.4'),
        vm('two', 'hub/x', '10.0.1.4'),
      ],
    ],
    [
      'the addresses of a subnet',
      [vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24')), vm('one', 'hub/x', '10.0.1.4')],
      [vnet('hub', '10.0.0.0/16', subnet('x', '10.0.0.0/23')), vm('one', 'hub/x', '10.0.1.4')],
    ],
    ['a peering', estate(), estate().filter((facts) => !isPeering(facts))],
  ];

  it.each(changes)('ends in the same state by a change of %s as from nothing', async (_, first, second) => {
    const [before, after] = [planOf(network(first)), planOf(network(second))];
    await fabric.apply(before);
    await fabric.apply(after);
    const changed = await state();
    await fabric.close();
    fabric = new LinuxFabric();
    await fabric.apply(after);
    expect(changed).toEqual(await state());
    expect(changed.length).toBeGreaterThan(5000);
  });

  it.each<[string, (plan: LinuxPlan) => string, RegExp]>([
    ['an interface', (plan) => `ip -n ${idOf(plan, 'one-nic')} link del eth0`, /^one-nic .*eth0$/],
    ['an interface that is up', (plan) => `ip -n ${idOf(plan, 'hub')} link set inet down`, /^hub .*inet/],
    [
      'an address',
      (plan) => `ip -n ${idOf(plan, 'one-nic')} address flush dev eth0`,
      /^one-nic .*an address$/,
    ],
    ['a route', (plan) => `ip -n ${idOf(plan, 'hub')} route del 10.0.1.4`, /^hub .*a route$/],
    [
      'a rule for routes',
      (plan) => `ip -n ${idOf(plan, 'hub')} rule del pref 1000`,
      /^hub .*rule for routes$/,
    ],
    [
      'a rule of every namespace',
      (plan) => `ip -n ${idOf(plan, 'one-nic')} rule del pref 32766`,
      /rule for routes$/,
    ],
    ['routes to nowhere', (plan) => `ip -n ${idOf(plan, 'hub')} link del none`, /^hub .*none$/],
    ['gates', (plan) => `${within(plan, 'hub')} nft flush ruleset`, /^hub .*gates .*\(record\)$/],
    [
      'what leads to gates',
      (plan) => `${within(plan, 'hub')} nft flush map ip cloister entering`,
      /^hub .*entering\)$/,
    ],
    [
      'a gate that is asked first',
      (plan) => `${within(plan, 'hub')} nft insert rule ip cloister through accept`,
      /^hub .*through\)$/,
    ],
    ['a machine', (plan) => `ip netns del ${idOf(plan, 'one-nic')}`, /^one-nic .*the namespace$/],
    ['a router', (plan) => `ip netns del ${idOf(plan, 'hub')}`, /^hub .*the namespace$/],
    ['the name of a router', (plan) => `umount /run/netns/${idOf(plan, 'hub')}`, /^hub .*the namespace$/],
    ['everything', () => 'for n in /run/netns/*; do umount $n; rm $n; done', /the namespace$/],
  ])('makes %s again that somebody took away', async (_, damage, told) => {
    const plan = planOf(network(estate()));
    await fabric.apply(plan);
    const before = await state();
    expect((await fabric.observe()).says).toEqual([]);
    const { code, stderr } = await fabric.holder.run(['sh', '-euc', damage(plan)]);
    expect([code, stderr]).toEqual([0, '']);
    const { says } = await fabric.observe();
    expect(says).toEqual(expect.arrayContaining([expect.stringMatching(told)]));
    await fabric.apply(plan);
    expect((await fabric.observe()).says).toEqual([]);
    expect(await state()).toBe(before);
  });

  it('lets a private endpoint go that has one address for several names', async () => {
    const at = '10.0.1.9,10.0.1.9,10.0.1.10';
    const several = privateEndpoint('blob', 'hub/x', at, ids.storage('acct'), 'blob');
    await fabric.apply(planOf(network(estate(), storage('acct'), several)));
    await fabric.apply(planOf(network(estate(), storage('acct'))));
    expect((await fabric.observe()).says).toEqual([]);
  });

  it('makes once what it miscounts, and says that it cannot tell', async () => {
    const plan = planOf(network(estate()));
    const namespaces = plan.namespaces.map((each) => {
      const twice = [line`local 10.9.9.9 dev lo`, line`local 10.9.9.9/32 dev lo`];
      return each.about.endsWith('/hub') ? { ...each, routes: [...each.routes, ...twice] } : each;
    });
    const odd = { ...plan, namespaces };
    await fabric.apply(odd);
    expect((await fabric.observe()).says).toEqual(['hub has lost or changed: a route']);
    await fabric.apply(odd);
    expect((await fabric.observe()).says).toEqual([]);
    expect(fabric.unclear).toEqual(['hub']);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'misses nothing where nobody was, in the estate of seed %i',
    async (seed) => {
      await fabric.apply(planEverywhere(network(packetFacts(new Dice(seed)))));
      expect((await fabric.observe()).says).toEqual([]);
    },
  );

  it('refuses what the kernel refuses, says why, and leaves nothing', async () => {
    const plan = planOf(network(estate()));
    const [first, ...others] = plan.namespaces;
    if (!first) throw new Error('no namespace');
    const broken = { ...first, routes: [...first.routes, line`10.9.9.9 dev nowhere`] };
    await expect(fabric.apply({ ...plan, namespaces: [broken, ...others] })).rejects.toThrow('nowhere');
    expect(host()).toEqual(before);
    await fabric.apply(plan);
    expect(await inside('ls /run/netns | wc -l')).toBe('9');
  });

  it('applies plans one after the other, in the order in which they came', async () => {
    const plans = [3, 22, 80, 443].map((port) =>
      planOf(network(estate(`110 Deny In tcp ${port} from * to *`))),
    );
    await Promise.all(plans.map((plan) => fabric.apply(plan)));
    expect(fabric.plan).toBe(plans.at(-1));
    const rules = await inside('for n in /run/netns/r*; do nsenter --net=$n nft list ruleset; done');
    expect(rules).toContain('tcp dport 443');
    expect(rules).not.toContain('tcp dport 80 ');
  });
});

/** The namespace of a machine, or of what a network is about. */
function idOf(plan: LinuxPlan, name: string): string {
  const found = plan.namespaces.find(({ about }) => about.endsWith(`/${name}`));
  if (!found) throw new Error(`there is no ${name}`);
  return found.id;
}

function within(plan: LinuxPlan, name: string): string {
  return `nsenter --net=/run/netns/${idOf(plan, name)}`;
}

/** The same whatever came first: sets and chains in the order of their names, and interfaces by name only. */
function canonical(listing: string): string {
  return listing
    .split('\n')
    .map((text) => text.trim())
    .toSorted()
    .join('\n');
}
