/**
 * From a place's wish to connect to a connection at the front: the walk, and what of it the front must know.
 *
 * @module
 */

import type { Duplex } from 'node:stream';
import type { Decision, Destination } from '../../enforce/userspace/decision.ts';
import type { Arrival } from '../../lib/arrival.ts';
import { type Fqdn, parseFqdn } from '../../lib/fqdn.ts';
import { formatIp, type Ip, parseIp } from '../../lib/ip.ts';
import { keyOf, nameOf } from '../../lib/key.ts';
import { instanceMetadata } from '../../net/azure.ts';
import type { Landing } from '../../net/landing.ts';
import { serviceAt } from '../../net/listeners.ts';
import type { Network, Service } from '../../net/model.ts';
import type { Names } from '../../net/places.ts';
import type { Place } from '../../net/position.ts';
import { type Disposition, Recorder, type Step } from '../../net/trace.ts';
import { follow, type Target, type Walked } from '../../net/walk.ts';

/** How a connection came, and from where. */
export interface Passage {
  readonly place: string;
  readonly arrival: Arrival;
  readonly port: number;
}

/** What a decision is made with: the estate as it is at that moment. */
export interface Ground {
  readonly network: Network;
  readonly names: Names;
}

/** Dispositions at which a connection is there, and a service words what is wrong. */
const connected = new Set(['delivered', 'refused-by-door', 'unauthenticated', 'unauthorized']);

/** Dispositions that a client meets as a timeout. */
const silent = new Set([
  'no-route',
  'dropped-by-gate',
  'dropped-by-firewall',
  'endpoint-not-approved',
  'no-return-path',
  'resolver-unreachable',
]);

/** Reports whether a flow that ends so is a connection at a service. */
export function isConnected(disposition: string): boolean {
  return connected.has(disposition);
}

/** Decides about a connection that somebody asks for at a gateway. Nothing is ever dialled. */
export function decide(
  ground: Ground,
  destination: Destination,
  deliver: (socket: Duplex, head: Buffer, passage: Passage) => void,
): Decision {
  const place = ground.names.place(destination.place);
  if (!place.ok) return refusal('no-route', `there is no place '${destination.place}' any more`);
  const target = targetOf(destination.host);
  if (!target) return refusal('name-not-found', `'${destination.host}' is not a host name`);
  const walked = follow(ground.network, {
    from: place.value,
    to: target,
    port: destination.port,
    protocol: 'tcp',
  });
  const { trace } = walked;
  if (!isConnected(trace.disposition)) {
    const last = trace.steps.at(-1);
    return {
      verdict: 'refuse',
      disposition: trace.disposition,
      says: last?.says ?? trace.disposition,
      timeout: silent.has(trace.disposition),
      ...(last ? { rule: last.rule, resource: last.resource } : {}),
    };
  }
  const arrival = arrivalOf(ground.network, walked) ?? arrivalAtMetadata(walked);
  if (!arrival) {
    const says = `${destination.host} is outside this estate, and Cloister never dials the real network`;
    return walked.landing?.kind === 'machine'
      ? refusal('nothing-listening', `${destination.host} is a machine: nothing runs on it here`)
      : refusal('unknown', says);
  }
  return {
    verdict: 'connect',
    deliver: (socket, head) =>
      deliver(socket, head, { place: place.value.label, arrival, port: destination.port }),
  };
}

/** A connection that came by itself: who sent it, from which address, and what was dialled. */
export interface Incoming {
  /** As people write it, or its key. */
  readonly place: string;
  readonly source: Ip;
  readonly address: Ip;
  readonly port: number;
  /** What it asks for, where a firewall on the way read that; `nobody`: it read no name. */
  readonly name?: Fqdn | 'nobody';
}

/** Who sent a connection that the walk ends, and what ends it. */
export interface Denial {
  readonly place: string;
  readonly disposition: Disposition;
  readonly by: Pick<Step, 'resource' | 'rule'> | undefined;
}

/**
 * What a front must know of a connection that the kernel let through, or how the walk ends it. Undefined: it leads to
 * nobody who answers here.
 */
export function receive({ network, names }: Ground, incoming: Incoming): Passage | Denial | undefined {
  const { source, address, port } = incoming;
  const place = placeOf({ network, names }, incoming.place);
  if (!place) return undefined;
  // Where several share an address, the way there is the same for each; the front tells them apart.
  const any = network.publicServices.get(address)?.[0]?.fact.surfaces[0]?.name;
  const asked = incoming.name ?? any;
  const name = asked === 'nobody' ? undefined : asked;
  const to = { kind: 'address', label: formatIp(address), address, ...(name ? { name } : {}) } as const;
  const walked = follow(network, { from: place, to, port, protocol: 'tcp', source });
  const { disposition, steps } = walked.trace;
  if (!isConnected(disposition)) return { place: place.label, disposition, by: steps.at(-1) };
  const arrival = arrivalOf(network, walked) ?? arrivalAtMetadata(walked);
  return arrival && { place: place.label, arrival, port };
}

/** A firewall is no place that people name, and sends what it passes on as its own. */
function placeOf({ network, names }: Ground, text: string): Place | undefined {
  const place = names.place(text);
  if (place.ok) return place.value;
  const nic = network.nics.get(keyOf(text));
  return nic?.runs === 'firewall' ? { kind: 'nic', label: nameOf(nic.id), nic: nic.id } : undefined;
}

/**
 * Which service answers for a name on a connection, as the network is now: approval may be taken back while the
 * connection lives, and a client may ask for another name than it connected to.
 */
export function servedOver(
  network: Network,
  { arrival, port }: Passage,
  name: Fqdn,
): Service | { readonly gone: Disposition } {
  const landing = landingOf(network, arrival);
  if (!landing) return { gone: 'endpoint-not-approved' };
  const rec = new Recorder();
  const service = serviceAt(network, landing, name, { port, protocol: 'tcp' }, arrival.address, rec);
  return service && rec.disposition === undefined
    ? service
    : { gone: rec.disposition ?? 'nothing-listening' };
}

function landingOf(network: Network, arrival: Arrival): Landing | undefined {
  const { address, source } = arrival;
  if (arrival.via !== 'private-endpoint') {
    const services = network.publicServices.get(address) ?? [];
    return arrival.via === 'public'
      ? { kind: 'public', services, source, region: arrival.region }
      : { kind: 'public', services, source, subnet: arrival.subnet };
  }
  const endpoint = network.endpoints.get(keyOf(arrival.endpoint));
  // An endpoint that was deleted and made again is another one, whose members may have other addresses.
  if (!endpoint?.members.some((member) => member.address === address)) return undefined;
  const over = { appliances: [], public: false, source };
  return { kind: 'private-endpoint', endpoint, source, over };
}

function targetOf(host: string): Target | undefined {
  const address = parseIp(host);
  if (address !== undefined) return { kind: 'address', label: formatIp(address), address };
  const name = parseFqdn(host);
  return name === undefined ? undefined : { kind: 'name', label: name, name };
}

function arrivalOf(network: Network, { trace, landing, service }: Walked): Arrival | undefined {
  const address = parseIp(trace.address ?? '');
  if (!landing || !service || address === undefined || landing.kind === 'machine') return undefined;
  const { source } = landing;
  if (landing.kind === 'private-endpoint') {
    const { id, connection } = landing.endpoint;
    const known = network.connections.get(keyOf(id));
    return { via: 'private-endpoint', endpoint: id, connection: known?.id ?? connection, address, source };
  }
  return landing.subnet === undefined
    ? { via: 'public', address, source, region: landing.region }
    : { via: 'service-endpoint', subnet: landing.subnet, address, source };
}

/** The metadata service is on the host of every machine: it is no service of the estate, and has no name. */
function arrivalAtMetadata({ trace, landing }: Walked): Arrival | undefined {
  const address = parseIp(trace.address ?? '');
  const there = landing?.kind === 'public' && address === instanceMetadata;
  return there ? { via: 'public', address, source: landing.source, region: landing.region } : undefined;
}

function refusal(disposition: string, says: string): Decision {
  return { verdict: 'refuse', disposition, says, timeout: silent.has(disposition) };
}
