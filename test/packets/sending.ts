/**
 * Flows that are written down, as packets: each that has an address to go to is sent, and compared with its walk. Names
 * are looked up by the walk; what resolvers answer is tested beside this.
 *
 * @module
 */

import { LinuxFabric } from '../../src/enforce/linux/fabric.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { parseIp } from '../../src/lib/ip.ts';
import { azureDns } from '../../src/net/azure.ts';
import type { Network } from '../../src/net/model.ts';
import { answersQuestions } from '../../src/net/servers.ts';
import { type Flow, walk } from '../../src/net/walk.ts';
import { compareFlow } from './comparing.ts';
import { addressAt, namespaceOf } from './drawing.ts';
import { type Sent, send } from './packets.ts';

/** What was seen: how many flows were sent, and what disagreed. */
export interface Seen {
  readonly sent: number;
  readonly wrong: readonly string[];
}

/** Applies the plan of a network, and sends flows. */
export async function sendFlows(network: Network, flows: readonly Flow[]): Promise<Seen> {
  const probes = [...network.subnets.values()].map(({ subnet }) => subnet.fact.id);
  const plan = planOf(network, probes);
  const sent = flows.flatMap((asked, at): { readonly flow: Flow; readonly sent: Sent }[] => {
    const { protocol, port, from } = asked;
    const namespace = namespaceOf(plan, from);
    const source = addressAt(plan, from);
    const flow: Flow = { ...asked, ...(from.kind === 'internet' || !source ? {} : { source }) };
    const destination = parseIp(walk(network, flow).address ?? '');
    if (namespace === undefined || source === undefined || destination === undefined) return [];
    if (protocol !== 'tcp' && protocol !== 'udp') return [];
    // Where names are answered, what the probe says is no question.
    if (port === 53 && (destination === azureDns || answersQuestions(network, destination))) return [];
    const sourcePort = 50_000 + at;
    const packet = { namespace, source, sourcePort, protocol, destination, port };
    return [{ flow: { ...flow, sourcePort }, sent: packet }];
  });
  if (sent.length === 0) return { sent: 0, wrong: [] };
  const fabric = new LinuxFabric();
  try {
    await fabric.apply(plan);
    const outcomes = await send(
      fabric,
      network,
      sent.map((each) => each.sent),
    );
    const compared = sent.map(({ flow, sent }, at) =>
      compareFlow(network, { network, plan }, flow, sent, outcomes[at] ?? { kind: 'silent' }),
    );
    const wrong = compared.flatMap(({ wrong, says }) => (wrong ? [says] : []));
    // What is not carried is dropped, and recorded as unknown.
    const carried = wrong.filter((says) => plan.lacks.length === 0 || !says.includes('packets: unknown'));
    return { sent: sent.length, wrong: carried };
  } finally {
    await fabric.close();
  }
}
