/** New flows as the log hears of them: once each, with what decided, also where the rule is gone by then. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import type { FlowRecord } from '../../src/enforce/linux/records.ts';
import { FlowWatch } from '../../src/enforce/linux/watch.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { formatIp } from '../../src/lib/ip.ts';
import { noPackets } from '../support/kernel.ts';
import { type Facts, network, nsg, subnet, vm, vnet } from '../support/network.ts';

const estate = (...more: readonly string[]): Facts => [
  nsg('few', ...more),
  vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { nsg: 'few' })),
  vm('one', 'hub/x', '10.0.1.4'),
  vm('two', 'hub/x', '10.0.1.5'),
];
const shut = planOf(network(estate('100 Deny In udp 9 from * to *')));
const open = planOf(network(estate('110 Deny In udp 10 from * to *')));

describe.skipIf(noPackets !== undefined)('new flows', () => {
  let fabric: LinuxFabric;
  let watch: FlowWatch;
  let seen: string[];
  beforeEach(async () => {
    fabric = new LinuxFabric();
    await fabric.apply(shut);
    watch = new FlowWatch(fabric);
    seen = [];
  });
  afterEach(() => fabric.close());

  const send = async (port: number): Promise<void> => {
    const [, from] = [...fabric.plan.places].find(([key]) => key.endsWith('/one-nic')) ?? [];
    await fabric.holder.run(['bash', '-c', `echo > /dev/udp/10.0.1.5/${port}`], '', from);
  };

  const print = ({ protocol, source, destination, port, ended }: FlowRecord): string => {
    const how = typeof ended === 'string' ? ended : `${ended.disposition} ${ended.by.rule}`;
    return `${protocol} ${formatIp(source)} ${formatIp(destination)}:${port} ${how}`;
  };

  const look = async (): Promise<readonly string[]> => {
    const { flows, problems } = await watch.look();
    expect(problems).toEqual([]);
    return flows.map(print).toSorted();
  };

  /** Packets are on their way when the program that sends them ends. */
  const arrives = (...flows: readonly string[]) =>
    vi.waitFor(
      async () => {
        seen.push(...(await look()));
        expect(seen.toSorted()).toEqual(flows.toSorted());
      },
      { timeout: 20_000 },
    );

  it('are told of once, with what decided', async () => {
    expect(await look()).toEqual([]);
    await send(9);
    await send(80);
    await arrives('udp 10.0.1.4 10.0.1.5:80 passed', 'udp 10.0.1.4 10.0.1.5:9 dropped-by-gate DenyIn100');
    expect(await look()).toEqual([]);
  });

  it('keep the rule that decided when it is gone', async () => {
    await send(9);
    await vi.waitFor(async () => expect(await fabric.records()).toHaveLength(1), { timeout: 20_000 });
    await fabric.apply(open);
    expect(await look()).toEqual(['udp 10.0.1.4 10.0.1.5:9 dropped-by-gate DenyIn100']);
    await send(9);
    await arrives('udp 10.0.1.4 10.0.1.5:9 passed');
  });

  it('are told of once whatever the clock does, and whoever could not be asked meanwhile', async () => {
    await send(80);
    await arrives('udp 10.0.1.4 10.0.1.5:80 passed');
    vi.useFakeTimers({ now: Date.now() + 86_400_000, toFake: ['Date'] });
    expect(await look()).toEqual([]);
    vi.useRealTimers();
    const router = shut.namespaces.find(({ role }) => role === 'network')?.id;
    const away = ['mount -t tmpfs none /run/netns', 'umount /run/netns'] as const;
    await fabric.holder.run(['sh', '-euc', away[0]]);
    const { flows, problems } = await watch.look();
    expect(flows).toEqual([]);
    expect(problems).toEqual(expect.arrayContaining([expect.stringContaining(`/run/netns/${router}`)]));
    await fabric.holder.run(['sh', '-euc', away[1]]);
    expect(await look()).toEqual([]);
  });
});
