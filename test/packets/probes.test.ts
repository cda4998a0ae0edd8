/** Status from packets: a place is active when what must get there does and what must not does not, and says why else. */

import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../src/compute/process/harness.testing.ts';
import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import { probePlaces } from '../../src/enforce/linux/probes.ts';
import { type Opened, openSockets } from '../../src/enforce/linux/sockets.ts';
import { probesOf } from '../../src/enforce/plan/probes.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { formatIp } from '../../src/lib/ip.ts';
import { Names } from '../../src/net/places.ts';
import { keyOfPlace } from '../../src/net/position.ts';
import { noPackets } from '../support/kernel.ts';
import { ids, network, nsg, peered, privateEndpoint, storage, subnet, vm, vnet } from '../support/network.ts';
import { type Closable, openResolvers } from './packets.ts';

const estate = network(
  storage('acct'),
  nsg('few', '100 Deny In tcp 22 from * to *'),
  vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { nsg: 'few' }), subnet('pe', '10.0.3.0/24')),
  vnet('spoke', '10.1.0.0/16', subnet('x', '10.1.1.0/24')),
  peered('hub', 'spoke'),
  vm('one', 'hub/x', '10.0.1.4'),
  vm('two', 'hub/x', '10.0.1.5'),
  vm('three', 'spoke/x', '10.1.1.4'),
  privateEndpoint('blob', 'hub/pe', '10.0.3.5', ids.storage('acct'), 'blob'),
);
const plan = planOf(estate);
const places = new Names(estate).places().filter(({ kind }) => kind === 'nic' || kind === 'internet');
const labels = places.map(({ label }) => label);

describe('what is sent', () => {
  it('is a flow that must get there, one that a gate stops if there is a gate, and a question', () => {
    const probes = probesOf(estate, plan, places);
    const sent = places.map((place) => {
      const probe = probes.get(keyOfPlace(place));
      const { allowed, denied, asked } = probe ?? {};
      return [
        place.label,
        allowed && `${formatIp(allowed.destination)}:${allowed.port}`,
        denied && `${formatIp(denied.destination)}:${denied.port} ${denied.disposition} ${denied.by.rule}`,
        asked && `${formatIp(asked.server)} ${asked.rcode}`,
      ];
    });
    expect(sent).toEqual([
      ['internet', expect.stringMatching(/:443$/), '10.255.255.254:443 no-route public routing', undefined],
      ['vm/one', '10.0.3.5:443', '10.0.1.5:22 dropped-by-gate DenyIn100', '168.63.129.16 0'],
      ['vm/three', expect.stringMatching(/:443$/), expect.stringContaining('no-route'), '168.63.129.16 0'],
      ['vm/two', '10.0.3.5:443', '10.0.1.4:22 dropped-by-gate DenyIn100', '168.63.129.16 0'],
      ['nic/one-nic', '10.0.3.5:443', '10.0.1.5:22 dropped-by-gate DenyIn100', '168.63.129.16 0'],
      [
        'nic/three-nic',
        expect.stringMatching(/:443$/),
        expect.stringContaining('no-route'),
        '168.63.129.16 0',
      ],
      ['nic/two-nic', '10.0.3.5:443', '10.0.1.4:22 dropped-by-gate DenyIn100', '168.63.129.16 0'],
    ]);
  });
});

/** Processes that see what the holder sees: itself, and the first in its process namespace. */
function livingIn({ holder }: LinuxFabric): number[] {
  const own = readlinkSync(`/proc/${holder.pid}/ns/mnt`);
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/mnt`) === own;
    } catch {
      // It ended in the meantime.
      return false;
    }
  });
}

describe.skipIf(noPackets !== undefined)('status', () => {
  let fabric: LinuxFabric;
  let resolvers: readonly Closable[] = [];
  let fronts: ReadonlyMap<string, () => void>;
  beforeEach(async () => {
    fabric = new LinuxFabric();
    await fabric.apply(plan);
    resolvers = await openResolvers(fabric, estate, new Set());
    fronts = await openFronts();
  });
  afterEach(async () => {
    await Promise.all(resolvers.map((resolver) => resolver.close()));
    for (const close of fronts.values()) close();
    await fabric.close();
  });

  /** The server's own sockets, of which the kernel takes connections by itself. */
  const openFronts = async (): Promise<ReadonlyMap<string, () => void>> => {
    const opened = plan.namespaces.map(async ({ id, about, sockets }) => {
      const wanted = sockets.filter((socket) => socket.endsWith(':443'));
      const found: Opened[] = [];
      if (wanted.length > 0) await openSockets(fabric.holder, id, wanted, (each) => found.push(each));
      const close = (): void => {
        for (const each of found) if (each.protocol === 'tcp') each.server.close();
      };
      return [about.slice(about.lastIndexOf('/') + 1), close] as const;
    });
    return new Map(await Promise.all(opened));
  };

  /** A machine that is busy takes its time: only silence waits for all of it. */
  const status = async (patience = 60_000): Promise<Readonly<Record<string, string>>> => {
    const probed = await probePlaces(fabric, estate, places, patience);
    return Object.fromEntries(probed.map(({ place, problem }) => [place.label, problem ?? 'active']));
  };

  const allActive = Object.fromEntries(labels.map((label) => [label, 'active']));
  const spare = { 'vm/three': 'active', 'nic/three-nic': 'active', internet: 'active' };

  /** The namespace of a machine, or of what a network is about. */
  const idOf = (name: string): string => {
    const found = plan.namespaces.find(({ about }) => about.endsWith(`/${name}`));
    if (!found) throw new Error(`there is no ${name}`);
    return found.id;
  };

  const breakIt = async (command: string): Promise<void> => {
    const { code, stderr } = await fabric.holder.run(['sh', '-euc', command]);
    if (code !== 0) throw new Error(stderr);
  };

  it('is active, again and again', async () => {
    expect(await status()).toEqual(allActive);
    expect(await status()).toEqual(allActive);
    // What has sent may take a moment to end.
    await eventually(() => expect(livingIn(fabric)).toEqual([fabric.holder.pid, expect.any(Number)]));
  });

  it.each([
    ['its interface is lost', () => `ip -n ${idOf('one-nic')} link del eth0`, 'nothing can be sent from it'],
    [
      'its interface is down',
      () => `ip -n ${idOf('one-nic')} link set eth0 down`,
      'nothing can be sent from it',
    ],
    ['its namespace is deleted', () => `ip netns del ${idOf('one-nic')}`, 'its namespace cannot be entered'],
  ])('names a place when %s, and none that has nothing to do with it', async (_, command, why) => {
    await breakIt(command());
    const found = await status();
    for (const label of ['vm/one', 'nic/one-nic']) expect(found[label]).toContain(why);
    expect(found).toMatchObject(spare);
  });

  it('names a place from which nothing comes', async () => {
    await breakIt(`ip -n ${idOf('hub')} link set ${linkOf('one-nic')} down`);
    const found = await status(2_000);
    expect(found['vm/one']).toMatch(/^no router has seen what was sent to /);
  });

  it('waits no longer for one where the clock is set back', async () => {
    await breakIt(`ip -n ${idOf('hub')} link set ${linkOf('one-nic')} down`);
    // A clock that stands still is one that is set back all the time.
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      expect((await status(2_000))['vm/one']).toMatch(/^no router has seen what was sent to /);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    [
      'rules are flushed away',
      () => `${inHub()} nft flush ruleset`,
      'the records of its network cannot be read',
    ],
    [
      'gates let everything through',
      () => `${inHub()} nft flush map ip cloister entering`,
      'was let through',
    ],
    ['router is deleted', () => `ip netns del ${idOf('hub')}`, 'the records of its network cannot be read'],
  ])('names all places of a network whose %s', async (_, command, why) => {
    await breakIt(command());
    const found = await status();
    for (const label of ['vm/one', 'vm/two']) expect(found[label]).toContain(why);
    expect(found).toMatchObject(spare);
  });

  it('says that nobody answers questions once the resolver is gone', async () => {
    for (const resolver of resolvers) await resolver.close();
    resolvers = [];
    const { internet, ...inside } = await status();
    expect(internet).toBe('active');
    for (const state of Object.values(inside)) {
      expect(state).toBe('nobody answers questions at 168.63.129.16');
    }
  });

  it('says that nobody listens once the front is gone', async () => {
    fronts.get('hub')?.();
    const found = await status();
    expect(found['vm/one']).toBe('nobody listens at 10.0.3.5:443');
    expect(found).toMatchObject(spare);
  });

  it('says that the holder has ended, and is active once the plan is applied again', async () => {
    process.kill(fabric.holder.pid, 'SIGKILL');
    await vi.waitFor(() => expect(() => fabric.holder.pid).toThrow('the holder has ended'), {
      timeout: 20_000,
    });
    const found = await status();
    expect(new Set(Object.values(found))).toEqual(new Set(['the holder has ended']));
    await fabric.close();
    await fabric.apply(plan);
    resolvers = [...resolvers, ...(await openResolvers(fabric, estate, new Set()))];
    fronts = await openFronts();
    expect(await status()).toEqual(allActive);
  });

  const inHub = (): string => `nsenter --net=/run/netns/${idOf('hub')}`;
  const linkOf = (name: string): string => {
    const ends = plan.wires.find(({ ends }) => ends.some(({ namespace }) => namespace === idOf(name)))?.ends;
    return ends?.find(({ namespace }) => namespace === idOf('hub'))?.link ?? '';
  };
});
