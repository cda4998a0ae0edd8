/** Groups of many rules, which are printed in parts: they decide as short ones do, and a changed rule fills little anew. */

import { describe, expect, it } from 'vitest';
import { scriptOf } from '../../src/enforce/linux/script.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { formatIp, ip } from '../../src/lib/ip.ts';
import { Names } from '../../src/net/places.ts';
import type { Flow } from '../../src/net/walk.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { noPackets } from '../support/kernel.ts';
import { type Facts, network, nsg, subnet, vm, vnet } from '../support/network.ts';
import { sendFlows } from './sending.ts';

const estate = (rules: readonly string[]): Facts => [
  nsg('long', ...rules),
  vnet('hub', '10.0.0.0/16', subnet('x', '10.0.1.0/24', { nsg: 'long' }), subnet('y', '10.0.2.0/24')),
  vm('one', 'hub/x', '10.0.1.4'),
  vm('two', 'hub/y', '10.0.2.5'),
];

/** A rule a port, in both directions; every hundredth is for all of them. */
const rules = (count: number, dice: Dice): string[] =>
  Array.from({ length: count }, (_, at) => {
    const access = dice.chance(0.5) ? 'Allow' : 'Deny';
    const ports = at % 100 === 99 ? `${2_000 + at}-${2_100 + at}` : String(2_000 + Math.floor(at / 2));
    return `${100 + at} ${access} ${at % 2 === 0 ? 'In' : 'Out'} tcp ${ports} from * to *`;
  });

describe('a long group', () => {
  it('is filled anew near the rule that changed', () => {
    const before = rules(1_000, new Dice(1));
    for (const at of [0, 1, 500, 731, 999]) {
      const after = before.map((rule, index) => (index === at ? rule.replace(/tcp \S+/, 'udp 7') : rule));
      const script = scriptOf(planOf(network(estate(before))), planOf(network(estate(after))));
      const added = script.filter((text) => text.startsWith('add rule '));
      expect(added.length).toBeGreaterThan(0);
      // A part is sixteen rules on average; where one begins elsewhere, the list of parts is filled anew, too.
      expect(added.length).toBeLessThan(200);
    }
  });

  it.skipIf(noPackets !== undefined)(
    'decides about packets as the walk does',
    { timeout: 120_000 },
    async () => {
      const dice = new Dice(7);
      const net = network(estate(rules(400, dice)));
      const names = new Names(net);
      const flows = Array.from({ length: 80 }, (_, at): Flow => {
        const [name, address] = at % 2 === 0 ? ['vm/one', ip('10.0.2.5')] : ['vm/two', ip('10.0.1.4')];
        const from = names.place(name);
        if (!from.ok) throw new Error(name);
        const to = { kind: 'address', label: formatIp(address), address } as const;
        return { from: from.value, to, protocol: 'tcp', port: 2_000 + dice.below(250) };
      });
      const { sent, wrong } = await sendFlows(net, flows);
      expect(wrong).toEqual([]);
      expect(sent).toBe(80);
    },
  );
});
