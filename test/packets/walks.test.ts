/**
 * Answer = packet on the networks of `test/support/walks`: each row whose flow has an address to go to is sent, and
 * ends where its row says. Names are looked up by the walk: what resolvers answer is tested beside this.
 */

import { describe, expect, it } from 'vitest';
import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { parseIp } from '../../src/lib/ip.ts';
import { Names } from '../../src/net/places.ts';
import { type Flow, walk } from '../../src/net/walk.ts';
import { noPackets } from '../support/kernel.ts';
import * as computes from '../support/walks/computes.ts';
import * as managed from '../support/walks/managed.ts';
import { flowOf, type Walks } from '../support/walks/row.ts';
import { addressAt, compareFlow, namespaceOf } from './drawing.ts';
import { type Sent, send } from './packets.ts';

const all: readonly Walks[] = [computes, managed].flatMap((file) => Object.values(file));

describe.skipIf(noPackets !== undefined)('packets do what walks say', () => {
  it.each(all.map((walks) => [walks.title, walks] as const))('%s', async (_, { network, rows }) => {
    const probes = [...network.subnets.values()].map(({ subnet }) => subnet.fact.id);
    const plan = planOf(network, probes);
    const names = new Names(network);
    const sent = rows.flatMap(([, text], at): { readonly flow: Flow; readonly sent: Sent }[] => {
      const asked = flowOf(names, text);
      const { protocol, port, from } = asked;
      const namespace = namespaceOf(plan, from);
      const source = addressAt(plan, from);
      const flow: Flow = { ...asked, ...(from.kind === 'internet' || !source ? {} : { source }) };
      const destination = parseIp(walk(network, flow).address ?? '');
      if (namespace === undefined || source === undefined || destination === undefined) return [];
      if (protocol !== 'tcp' && protocol !== 'udp') return [];
      const sourcePort = 50_000 + at;
      const packet = { namespace, source, sourcePort, protocol, destination, port };
      return [{ flow: { ...flow, sourcePort }, sent: packet }];
    });
    const fabric = new LinuxFabric();
    try {
      await fabric.apply(plan);
      const outcomes = await send(
        fabric,
        network,
        sent.map((each) => each.sent),
      );
      const compared = sent.map(({ flow, sent }, at) =>
        compareFlow(network, plan, flow, sent, outcomes[at] ?? { kind: 'silent' }),
      );
      const wrong = compared.flatMap(({ wrong, says }) => (wrong ? [says] : []));
      // What is not carried is dropped, and recorded as unknown.
      const carried = wrong.filter((says) => plan.lacks.length === 0 || !says.includes('packets: unknown'));
      expect(carried).toEqual([]);
      console.log(`${sent.length} of ${rows.length} rows were sent`);
      expect(sent.length).toBeGreaterThan(0);
    } finally {
      await fabric.close();
    }
  });
});
