/**
 * From a place's wish to connect to a connection at the front: the walk, and what of it the front must know.
 *
 * @module
 */

import type { Duplex } from 'node:stream';
import type { Decision, Destination } from '../../enforce/userspace/decision.ts';
import type { Arrival } from '../../lib/arrival.ts';
import { parseFqdn } from '../../lib/fqdn.ts';
import { formatIp, type Ip, parseIp } from '../../lib/ip.ts';
import { keyOf } from '../../lib/key.ts';
import type { Network } from '../../net/model.ts';
import type { Names } from '../../net/places.ts';
import { follow, type Target, type Walked } from '../../net/walk.ts';

/** How a connection came, and from where. */
export interface Passage {
  readonly place: string;
  readonly arrival: Arrival;
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
  'endpoint-not-approved',
  'no-return-path',
  'resolver-unreachable',
]);

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
  if (!connected.has(trace.disposition)) {
    const last = trace.steps.at(-1);
    return {
      verdict: 'refuse',
      disposition: trace.disposition,
      says: last?.says ?? trace.disposition,
      timeout: silent.has(trace.disposition),
      ...(last ? { rule: last.rule, resource: last.resource } : {}),
    };
  }
  const arrival = arrivalOf(ground.network, walked);
  if (!arrival) {
    const says = `${destination.host} is outside this estate, and Cloister never dials the real network`;
    return walked.landing?.kind === 'machine'
      ? refusal('nothing-listening', `${destination.host} is a machine: nothing runs on it here`)
      : refusal('unknown', says);
  }
  return {
    verdict: 'connect',
    deliver: (socket, head) => deliver(socket, head, { place: place.value.label, arrival }),
  };
}

function targetOf(host: string): Target | undefined {
  const address = parseIp(host);
  if (address !== undefined) return { kind: 'address', label: formatIp(address), address };
  const name = parseFqdn(host);
  return name === undefined ? undefined : { kind: 'name', label: name, name };
}

function arrivalOf(network: Network, { trace, landing, service }: Walked): Arrival | undefined {
  const address = parseIp(trace.address ?? '');
  if (!landing || !service || address === undefined) return undefined;
  if (landing.kind === 'private-endpoint') {
    const connection = network.connections.get(keyOf(landing.endpoint.id));
    return {
      via: 'private-endpoint',
      endpoint: landing.endpoint.id,
      connection: connection?.id ?? landing.endpoint.connection,
      address,
      source: landing.source ?? (0 as Ip),
    };
  }
  if (landing.kind !== 'public') return undefined;
  return landing.subnet === undefined
    ? { via: 'public', address, source: landing.source }
    : { via: 'service-endpoint', subnet: landing.subnet, address, source: landing.source ?? (0 as Ip) };
}

function refusal(disposition: string, says: string): Decision {
  return { verdict: 'refuse', disposition, says, timeout: silent.has(disposition) };
}
