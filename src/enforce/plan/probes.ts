/**
 * What is to be sent from a place to find out whether it is what the plan says: one flow that must get there, one that
 * must not, and one question to its resolver. Chosen by asking the walk; nothing is sent here.
 *
 * @module
 */

import { fqdn } from '../../lib/fqdn.ts';
import { formatIp, type Ip, ip } from '../../lib/ip.ts';
import { keyOf } from '../../lib/key.ts';
import { answer } from '../../net/answer.ts';
import { azureDns } from '../../net/azure.ts';
import { egressGates, ingressGates } from '../../net/filter.ts';
import type { Network } from '../../net/model.ts';
import { keyOfPlace, type Place, type Position, positionAt, positionOf } from '../../net/position.ts';
import { serversOf } from '../../net/resolve.ts';
import { answersQuestions } from '../../net/servers.ts';
import type { Disposition, Step } from '../../net/trace.ts';
import { follow, walk } from '../../net/walk.ts';
import { endpointPorts, serviceAddresses } from './listening.ts';
import type { LinuxPlan } from './model.ts';
import type { Word } from './words.ts';

/** A connection from a place. TCP: only that says by itself that it got there. */
export interface ProbeFlow {
  readonly destination: Ip;
  readonly port: number;
}

/** What must get there. `front`: the server process is there; elsewhere nobody needs to take the connection. */
export interface Allowed extends ProbeFlow {
  readonly front: boolean;
}

/** What must not. */
export interface Denied extends ProbeFlow {
  readonly disposition: Disposition;
  readonly by: Pick<Step, 'resource' | 'rule'>;
}

/** The server that a place asks for `askedName`, and the response code that it must answer with. */
export interface Asked {
  readonly server: Ip;
  readonly rcode: number;
}

/** What is sent from one namespace. */
export interface Probe {
  readonly namespace: Word;
  readonly source: Ip;
  /** Where the records of its flows are. */
  readonly router: Word;
  readonly allowed: Allowed | undefined;
  readonly denied: Denied | undefined;
  readonly asked: Asked | undefined;
}

/** A name that everybody may ask for. */
export const askedName = fqdn('login.microsoftonline.com');

/** Walks that are spent on a place at most. */
const mostWalks = 64;
/** Of neighbours, private endpoints and services each. */
const mostOfAKind = 3;
const commonPorts = [443, 22, 3389] as const;
/** Nobody's, in private blocks and in public. */
const strangers = ['10.255.255.254', '172.31.255.254', '192.168.255.254', '198.51.100.1'].map((text) =>
  ip(text),
);

/** Who denies says most: a gate more than a route, and a route more than that nobody is there. */
const tellings: readonly Disposition[] = [
  'dropped-by-gate',
  'endpoint-not-approved',
  'no-route',
  'nothing-listening',
];

/** Chooses for each place that stands in the plan, by its key. */
export function probesOf(
  network: Network,
  plan: LinuxPlan,
  places: readonly Place[],
): ReadonlyMap<string, Probe> {
  const homes = new Map(
    [...plan.senders].flatMap(([router, senders]) =>
      [...senders].map(([source, key]) => [key, { router, source }] as const).toReversed(),
    ),
  );
  const probes = new Map<string, Probe>();
  for (const place of places) {
    const key = keyOfPlace(place);
    const [namespace, home] = [plan.places.get(key), homes.get(key)];
    if (namespace === undefined || !home || probes.has(key)) continue;
    const here = positionOf(network, place, home.source);
    const asked = here && askedOf(network, place, here);
    probes.set(key, { namespace, ...home, ...choose(network, place, here), asked });
  }
  return probes;
}

function choose(
  network: Network,
  place: Place,
  here: Position | undefined,
): Pick<Probe, 'allowed' | 'denied'> {
  let allowed: Allowed | undefined;
  let denied: Denied | undefined;
  let walks = 0;
  for (const flow of candidates(network, here)) {
    if (++walks > mostWalks || (allowed && denied?.disposition === tellings[0])) break;
    const found = tried(network, place, here, flow);
    if (!found) continue;
    if ('front' in found) allowed ??= found;
    else if (!denied || tellings.indexOf(found.disposition) < tellings.indexOf(denied.disposition))
      denied = found;
  }
  return { allowed, denied };
}

/** What becomes of a flow, where packets can show it. */
function tried(
  network: Network,
  place: Place,
  here: Position | undefined,
  flow: ProbeFlow,
): Allowed | Denied | undefined {
  const { destination: address, port } = flow;
  const to = { kind: 'address', label: formatIp(address), address } as const;
  const source = here ? { source: here.address } : {};
  const { trace, landing } = follow(network, { from: place, to, protocol: 'tcp', port, ...source });
  const { disposition, steps } = trace;
  const arrived = ['delivered', 'refused-by-door', 'unauthenticated', 'unauthorized'].includes(disposition);
  if (arrived) {
    if (!landing) return undefined;
    if (landing.kind === 'public' && landing.services.length === 0) return undefined;
    return { ...flow, front: landing.kind !== 'machine' };
  }
  const last = steps.at(-1);
  return last && tellings.includes(disposition) ? { ...flow, disposition, by: last } : undefined;
}

/** Flows worth a walk, the most telling ones first. */
function* candidates(network: Network, here: Position | undefined): Generator<ProbeFlow> {
  const attached = [...(here?.vnet.attachments.values() ?? [])].filter(({ nic, configuration }) => {
    return nic.id !== here?.nic?.id && configuration.address !== here?.address;
  });
  for (const { nic, configuration } of attached.filter((each) => each.nic.endpoint).slice(0, mostOfAKind)) {
    const endpoint = network.endpoints.get(keyOf(nic.endpoint ?? ''));
    const [port = 443] = endpoint ? endpointPorts(network, endpoint) : [];
    yield { destination: configuration.address, port };
  }
  for (const destination of serviceAddresses(network).slice(0, mostOfAKind)) {
    yield { destination, port: 443 };
  }
  const machines = attached.filter(({ nic }) => !nic.endpoint).slice(0, mostOfAKind);
  const ports = new Set([...commonPorts, ...deniedPorts(here, 'egress')]);
  for (const { nic, configuration } of machines) {
    const there = positionAt(network, nic, configuration);
    for (const port of new Set([...ports, ...deniedPorts(there, 'ingress')])) {
      yield { destination: configuration.address, port };
    }
  }
  for (const destination of strangers) {
    for (const port of ports) yield { destination, port };
  }
}

/** The first ports of rules that deny. */
function deniedPorts(at: Position | undefined, way: 'egress' | 'ingress'): number[] {
  const gates = at ? (way === 'egress' ? egressGates(at) : ingressGates(at)) : [];
  const rows = gates.flatMap((gate) => gate[way]).filter(({ action }) => action === 'deny');
  return rows.flatMap(({ match }) => match.port?.[0]?.[0] ?? []).slice(0, mostOfAKind);
}

/** What the first server of a place must say, if it is one that answers and is reached. */
function askedOf(network: Network, place: Place, here: Position): Asked | undefined {
  const [server = azureDns] = serversOf(here);
  if (server === here.address) return undefined;
  if (server !== azureDns && !answersQuestions(network, server)) return undefined;
  const to = { kind: 'address', label: formatIp(server), address: server } as const;
  const flow = { from: place, to, protocol: 'udp', port: 53, source: here.address } as const;
  if (walk(network, flow).disposition !== 'delivered') return undefined;
  const reply = answer(network, place, { name: askedName, type: 'A' });
  if (reply.kind === 'found') return { server, rcode: 0 };
  return reply.kind === 'no-such-name' ? { server, rcode: 3 } : undefined;
}

/** Prints a flow for people. */
export function printFlow({ destination, port }: ProbeFlow): string {
  return `${formatIp(destination)}:${port}`;
}
