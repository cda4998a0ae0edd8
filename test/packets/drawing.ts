/**
 * Random flows over an estate, so many of each way to end as a histogram wants.
 *
 * @module
 */

import type { LinuxPlan } from '../../src/enforce/plan/model.ts';
import { planOf } from '../../src/enforce/plan.ts';
import { type Fqdn, fqdn } from '../../src/lib/fqdn.ts';
import { formatIp, type Ip, ip, parseIp } from '../../src/lib/ip.ts';
import { keyOf } from '../../src/lib/key.ts';
import { azureDns } from '../../src/net/azure.ts';
import type { Fact } from '../../src/net/facts.ts';
import type { Network } from '../../src/net/model.ts';
import { Names } from '../../src/net/places.ts';
import { keyOfPlace, type Place, positionOf } from '../../src/net/position.ts';
import { serversOf } from '../../src/net/resolve.ts';
import { answersQuestions } from '../../src/net/servers.ts';
import { internetClient } from '../../src/net/tags.ts';
import type { Stage } from '../../src/net/trace.ts';
import { type Flow, follow, type Walked } from '../../src/net/walk.ts';
import type { Dice } from '../../src/verify/sets/rules.testing.ts';
import { network } from '../support/network.ts';
import { packetFacts } from './estates.ts';
import type { Sent } from './packets.ts';

/** A flow: where it starts, what it wants, and the packet that it sends once it knows where to. */
export interface Drawn {
  readonly from: Place;
  /** Absent: it wants the address. */
  readonly name?: Fqdn;
  /** Without a destination: nobody tells the name's address. */
  readonly sent: Omit<Sent, 'destination'> & { readonly destination: Ip | undefined };
}

/** An estate as the kernel is told of it, and flows. */
export interface Drawing {
  readonly facts: readonly Fact[];
  readonly network: Network;
  readonly plan: LinuxPlan;
  readonly flows: readonly Drawn[];
}

const elsewhere = ['10.1.1.77', '10.9.9.9', '192.168.1.9', '8.8.8.8', '168.63.129.16', '169.254.169.254'].map(
  ip,
);
const further = ['web.corp.example', 'www.corp.example', 'loop.corp.example', 'pypi.org', 'nobody.example'];
const ports = [443, 443, 443, 80, 53, 22, 445, 1500];
/** Rules about source ports draw the line at 49152. */
const sourcePorts = { high: 50_000, low: 20_000 };

/** How often an end is wanted, where not as often as others. */
const wanted: Readonly<Record<string, number>> = {
  delivered: 4,
  'name-not-found at name': 1.8,
  'resolver-unreachable at name': 1.8,
  'no-route at route': 1.7,
  'no-route at forward': 1.7,
  'no-route at outbound': 1.7,
  'dropped-by-gate at egress': 2.5,
  'dropped-by-gate at ingress': 2.5,
  'dropped-by-firewall at forward': 2.5,
  'endpoint-not-approved at endpoint': 2.5,
  'nothing-listening at listener': 2,
  'refused-by-door at door': 2.5,
  'no-return-path at return': 2.5,
};
/** And whole kinds: what load balancers are asked about, and what is unknown. */
const wantedKinds = [
  ['balanced', 0.4],
  ['unknown', 0.3],
] as const;

/** Plans a network with something in every subnet. */
export function planEverywhere(net: Network, before?: LinuxPlan): LinuxPlan {
  return planOf(
    net,
    [...net.subnets.values()].map(({ subnet }) => subnet.fact.id),
    before,
  );
}

/** Draws one estate after the other, and keeps count of what has been drawn so far. */
export class Artist {
  readonly #counts = new Map<string, number>();

  /** Draws an estate and flows. */
  draw(dice: Dice, count: number): Drawing {
    const facts = packetFacts(dice);
    const net = network(facts);
    const plan = planEverywhere(net);
    return { facts, network: net, plan, flows: this.#flows(dice, net, plan, count) };
  }

  #flows(dice: Dice, net: Network, plan: LinuxPlan, count: number): readonly Drawn[] {
    const pools = new Map<string, Candidate[]>();
    for (const flow of candidates(dice, net, plan)) {
      const walked = walkOf(net, flow);
      const end = isBalanced(net, walked) ? `balanced ${endOf(walked)}` : endOf(walked);
      const pool = pools.get(end) ?? [];
      pool.push({ flow, decider: deciderOf(walked) });
      pools.set(end, pool);
    }
    const chosen: Drawn[] = [];
    for (let at = 0; at < count && pools.size > 0; at++) {
      const [end = '', pool = []] =
        [...pools].toSorted((a, b) => this.#share(a[0]) - this.#share(b[0]))[0] ?? [];
      this.#counts.set(end, (this.#counts.get(end) ?? 0) + 1);
      const { flow, decider } = pool.splice(dice.below(pool.length), 1)[0] as Candidate;
      // What another rule decides comes before more of the same.
      const others = pool.filter((other) => other.decider !== decider);
      pools.set(end, [...others, ...(others.length > 0 ? [] : pool)]);
      if (pools.get(end)?.length === 0) pools.delete(end);
      const sourcePort = flow.sent.sourcePort + at;
      chosen.push({ ...flow, sent: { ...flow.sent, sourcePort } });
    }
    return chosen;
  }

  #share(end: string): number {
    const [, often = 1] = wantedKinds.find(([kind]) => end.startsWith(kind)) ?? [];
    return (this.#counts.get(end) ?? 0) / (wanted[end] ?? often);
  }
}

interface Candidate {
  readonly flow: Drawn;
  readonly decider: string;
}

/** From everywhere to everything, over some port. */
export function* candidates(dice: Dice, net: Network, plan: LinuxPlan): Iterable<Drawn> {
  const places = new Names(net).places().filter((place) => namespaceOf(plan, place) !== undefined);
  const addresses = new Set([
    ...[...net.vnets.values()].flatMap(({ attachments }) => [...attachments.keys()]),
    ...net.publicServices.keys(),
    ...net.publicAttachments.keys(),
    ...net.publicAddresses.values(),
    ...elsewhere,
  ]);
  for (const from of places) {
    for (const destination of addresses) {
      const sent = packetOf(dice, net, plan, from, destination);
      if (sent) yield { from, sent };
    }
    if (!asksOthers(net, from)) continue;
    for (const name of [...net.servedNames.keys(), ...further.map(fqdn)]) {
      const to = { kind: 'name', label: name, name } as const;
      const { address } = follow(net, { from, to, protocol: 'tcp', port: 443 }).trace;
      const sent = packetOf(dice, net, plan, from, address === null ? undefined : parseIp(address));
      if (sent) yield { from, name, sent };
    }
  }
}

function packetOf(
  dice: Dice,
  net: Network,
  plan: LinuxPlan,
  from: Place,
  destination: Ip | undefined,
): Drawn['sent'] | undefined {
  const source = addressAt(plan, from) ?? internetClient;
  const own = destination === undefined ? [] : balancedAt(net, destination);
  const port = dice.pick([...ports, ...own, ...own]);
  const protocol = dice.chance(0.8) ? 'tcp' : 'udp';
  const sourcePort = dice.chance(0.8) ? sourcePorts.high : sourcePorts.low;
  // What a machine sends to itself never reaches a gate, and the walk asks the gates.
  if (destination === source) return undefined;
  // Where names are answered, nothing else is on that port.
  const answers =
    destination !== undefined && (destination === azureDns || answersQuestions(net, destination));
  if (answers && port === 53) return undefined;
  return { namespace: namespaceOf(plan, from) ?? '', source, sourcePort, protocol, destination, port };
}

/** The first port of each rule of load balancers for an address. */
function balancedAt(net: Network, address: Ip): number[] {
  const rows = [...net.balancers.values()].flatMap(({ inbound }) => inbound);
  return rows.flatMap(({ match: { destination, port } }) =>
    destination?.[0]?.[0] === address ? port?.[0]?.[0] || [] : [],
  );
}

/** Whether a load balancer is asked who gets a packet. */
export function isBalanced({ balancers }: Network, { trace: { steps } }: Walked): boolean {
  return steps.some(({ stage, resource }) => stage === 'forward' && balancers.has(keyOf(resource)));
}

/**
 * Inside networks, servers answer names; what a machine asks itself never reaches a gate. Which of the free addresses of a
 * subnet Azure gives to a workload, an answer does not ask.
 */
function asksOthers(net: Network, from: Place): boolean {
  const here = from.kind === 'workload' ? undefined : positionOf(net, from);
  return here !== undefined && !serversOf(here).includes(here.address);
}

/** Where a place stands. */
export function namespaceOf(plan: LinuxPlan, place: Place): string | undefined {
  return plan.places.get(keyOfPlace(place));
}

/** The first address of a place. */
export function addressAt(plan: LinuxPlan, place: Place): Ip | undefined {
  const id = namespaceOf(plan, place);
  const [line] = plan.namespaces.find((namespace) => namespace.id === id)?.addresses ?? [];
  return line === undefined ? undefined : parseIp(line.split('/')[0] ?? '');
}

/**
 * What the Network says of a flow. Of a name it says whether there is an address; the packets go to that address, so
 * who answers there under which name is not theirs to show.
 */
export function walkOf(net: Network, drawn: Drawn): Walked {
  return follow(net, flowOf(drawn));
}

/** The flow that a Network is asked about. */
export function flowOf({ from, name, sent }: Drawn): Flow {
  const { destination, protocol, port, source, sourcePort } = sent;
  const flow = { from, protocol, port, sourcePort, ...(from.kind === 'internet' ? {} : { source }) };
  if (destination !== undefined) {
    return { ...flow, to: { kind: 'address', label: formatIp(destination), address: destination } };
  }
  if (name === undefined) throw new Error('a flow has a name or an address');
  return { ...flow, to: { kind: 'name', label: name, name } };
}

/** The packets of a flow that a Network may be asked about. */
export function drawnOf(net: Network, plan: LinuxPlan, flow: Flow, sourcePort: number): Drawn {
  const { from, to, protocol, port } = flow;
  const namespace = namespaceOf(plan, from);
  const source = addressAt(plan, from);
  const { address } = follow(net, flow).trace;
  if (namespace === undefined || source === undefined || (protocol !== 'tcp' && protocol !== 'udp'))
    throw new Error(`${from.label} sends no ${protocol}`);
  const destination = address === null ? undefined : parseIp(address);
  const sent = { namespace, source, sourcePort, protocol, destination, port };
  return { from, sent, ...(to.kind === 'name' ? { name: to.name } : {}) };
}

/** `dropped-by-gate at egress`. */
export function endOf(walked: Walked): string {
  const stage = stageOf(walked);
  return `${walked.trace.disposition}${stage === undefined ? '' : ` at ${stage}`}`;
}

/** Where a flow was stopped. */
export function stageOf({ trace: { disposition, steps } }: Walked): Stage | undefined {
  return disposition === 'delivered' ? undefined : steps.at(-1)?.stage;
}

function deciderOf({ trace: { steps } }: Walked): string {
  const last = steps.at(-1);
  return `${last?.resource} ${last?.rule}`;
}
