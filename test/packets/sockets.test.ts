/** Sockets that follow a plan: opened where it says so, and again after one could not be. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import type { LinuxPlan } from '../../src/enforce/plan/model.ts';
import { type Line, line } from '../../src/enforce/plan/words.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { Names } from '../../src/net/places.ts';
import { Listeners } from '../../src/server/kernel/listeners.ts';
import { noPackets } from '../support/kernel.ts';
import { network, subnet, vm, vnet } from '../support/network.ts';

describe.skipIf(noPackets !== undefined)('sockets of a plan', () => {
  const estate = network(
    ['red', 'blue', 'green'].map((name) => [
      vnet(name, '10.0.0.0/16', subnet('x', '10.0.1.0/24')),
      vm(name, `${name}/x`, '10.0.1.4'),
    ]),
  );
  const plan = planOf(estate);
  const all = plan.namespaces.reduce((sum, { sockets }) => sum + sockets.length, 0);
  let fabric: LinuxFabric;
  let listeners: Listeners;
  const logged: unknown[] = [];

  beforeEach(() => {
    fabric = new LinuxFabric();
    listeners = new Listeners(fabric, {
      ground: { network: estate, names: new Names(estate) },
      deliver: (socket) => socket.destroy(),
      proxy: (site) => logged.push(`${site} has no proxy`),
      denied: () => {},
      log: (error) => logged.push(error),
    });
  });
  afterEach(async () => {
    listeners.close();
    await fabric.close();
    expect(logged).toEqual([]);
  });

  /** Asks as a machine does; not synchronously, for the answer is this process's own. */
  const ask = async (name: string): Promise<string> => {
    const [, namespace = ''] = [...fabric.plan.places].find(([key]) => key.endsWith(`/${name}-nic`)) ?? [];
    const dig = ['dig', '+short', '@168.63.129.16', 'management.azure.com'];
    return (await fabric.holder.run(dig, '', namespace)).stdout;
  };
  /** A plan in which the routers listen elsewhere, too, after what they have. */
  const listening = (further: Line): LinuxPlan => ({
    ...plan,
    namespaces: plan.namespaces.map((at) =>
      at.role === 'network' ? { ...at, sockets: [...at.sockets, further] } : at,
    ),
  });

  it('are all open, once', async () => {
    await fabric.apply(plan);
    await listeners.follow();
    await listeners.follow();
    expect(listeners.size).toBe(all);
  });

  it('are opened again where one of them could not be', async () => {
    await fabric.apply(listening(line`tcp 10.9.9.9:53`));
    await expect(listeners.follow()).rejects.toThrow('EADDRNOTAVAIL');
    await fabric.apply(plan);
    await listeners.follow();
    expect(listeners.size).toBe(all);
    expect(await Promise.all(['red', 'blue', 'green'].map(ask))).toEqual(
      Array(3).fill(expect.stringMatching(/^198\.18\./)),
    );
  });

  it('are closed with what they stand in', async () => {
    await fabric.apply(listening(line`tcp 0.0.0.0:7`));
    await listeners.follow();
    expect(listeners.size).toBe(all + 3);
    await fabric.apply(plan);
    await listeners.follow();
    expect(listeners.size).toBe(all);
    const without = plan.namespaces.filter(({ about }) => !about.endsWith('/red'));
    await fabric.apply({ ...plan, namespaces: without, wires: [] });
    await listeners.follow();
    expect(listeners.size).toBeLessThan(all);
  });
});
