/** Changed rules are told to programs of `nft` that stay in routers, and hold as after a script, whatever becomes of them. */

import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import type { LinuxPlan } from '../../src/enforce/plan/model.ts';
import { line } from '../../src/enforce/plan/words.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { type Linked, link } from '../../src/net/link.ts';
import { noPackets } from '../support/kernel.ts';
import { type Facts, flat, nsg, subnet, vm, vnet } from '../support/network.ts';
import { eventually } from '../support/running.ts';

/** So many networks that share a group. */
const estate = (networks: number): Facts =>
  Array.from({ length: networks }, (_, at): Facts => {
    const name = `net${at}`;
    return [
      vnet(name, `10.${at}.0.0/16`, subnet('x', `10.${at}.1.0/24`, { nsg: 'shared' })),
      vm(`vm${at}`, `${name}/x`, `10.${at}.1.4`),
    ];
  });

interface State {
  readonly linked: Linked;
  readonly plan: LinuxPlan;
}

describe.skipIf(noPackets !== undefined)('a changed rule', () => {
  let fabric: LinuxFabric;
  let state: State | undefined;
  beforeEach(() => {
    fabric = new LinuxFabric();
    state = undefined;
  });
  afterEach(() => fabric.close());

  /** Plans as a running server does: what did not change is the same object. */
  const networks = new Map<number, readonly ReturnType<typeof flat>[number][]>();
  const planned = (count: number, ...rules: readonly string[]): LinuxPlan => {
    const known = networks.get(count) ?? flat(estate(count));
    networks.set(count, known);
    const linked = link([...known, ...flat(nsg('shared', ...rules))], state?.linked);
    state = { linked, plan: planOf(linked.network, [], state?.plan) };
    return state.plan;
  };
  const list = async (of: LinuxFabric): Promise<string> => {
    const each = 'for n in /run/netns/r*; do nsenter --net=$n nft -s list ruleset; done';
    const { stdout } = await of.holder.run(['sh', '-euc', each]);
    return stdout.split('\n').toSorted().join('\n');
  };
  /** What holds is what holds after a plan from nothing. */
  const expectInForce = async (plan: LinuxPlan): Promise<void> => {
    const other = new LinuxFabric();
    try {
      await other.apply(plan);
      expect(await list(fabric)).toBe(await list(other));
    } finally {
      await other.close();
    }
  };
  const router = (plan: LinuxPlan): string =>
    plan.namespaces.find(({ role }) => role === 'network')?.id ?? '';

  it('is told to one program that stays, for as long as its network does', async () => {
    await fabric.apply(planned(2));
    expect(standing()).toEqual([]);
    await fabric.apply(planned(2, '100 Deny In tcp 22 from * to *'));
    const programs = standing();
    expect(programs.length).toBe(2);
    const last = planned(2, '100 Allow In * 22-23 from Storage to *', '110 Deny Out udp 53 from * to *');
    await fabric.apply(last);
    expect(standing()).toEqual(programs);
    await expectInForce(last);
    await fabric.apply(planned(1));
    expect(standing().length).toBe(1);
    await fabric.close();
    expect(standing()).toEqual([]);
  });

  it('is a script where more networks ask it than programs stay', async () => {
    await fabric.apply(planned(17));
    const plan = planned(17, '100 Deny In tcp 22 from * to *');
    await fabric.apply(plan);
    expect(standing()).toEqual([]);
    await expectInForce(plan);
  });

  it('holds where the program was ended', async () => {
    await fabric.apply(planned(1));
    await fabric.apply(planned(1, '100 Deny In tcp 22 from * to *'));
    const [pid = 0] = standing();
    process.kill(pid, 'SIGKILL');
    await eventually(() => !standing().includes(pid));
    const plan = planned(1, '100 Deny In tcp 23 from * to *');
    await fabric.apply(plan);
    await expectInForce(plan);
  });

  it('is refused where the namespace is another by now', async () => {
    await fabric.apply(planned(1));
    const changed = planned(1, '100 Deny In tcp 22 from * to *');
    await fabric.apply(changed);
    const id = router(changed);
    await fabric.holder.run(['sh', '-euc', `ip netns del ${id}; ip netns add ${id}`]);
    const plan = planned(1, '100 Deny In tcp 23 from * to *');
    await expect(fabric.apply(plan)).rejects.toThrow('nft');
    expect(standing()).toEqual([]);
    await fabric.apply(plan);
    await expectInForce(plan);
  });

  it('that nft refuses says why, and leaves nothing', async () => {
    const plan = planned(1);
    await fabric.apply(plan);
    const broken = plan.namespaces.map((namespace) => {
      const { id, ruleset } = namespace;
      if (id !== router(plan) || !ruleset) return namespace;
      const [first, ...others] = ruleset.chains;
      if (!first) return namespace;
      const chains = [{ ...first, rules: [line`jump nowhere`] }, ...others];
      return { ...namespace, ruleset: { ...ruleset, chains } };
    });
    await expect(fabric.apply({ ...plan, namespaces: broken })).rejects.toThrow(/jump nowhere/);
    expect(standing()).toEqual([]);
    await fabric.apply(plan);
    await expectInForce(plan);
  });
});

/** Programs of `nft` that this process has started and that run. */
function standing(): readonly number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const parent = / (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) . /, ' '))?.[1];
      const isOurs = parent === String(process.pid) && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'nft\n';
      return isOurs ? [Number(pid)] : [];
    } catch {
      // It ended in the meantime.
      return [];
    }
  });
}
