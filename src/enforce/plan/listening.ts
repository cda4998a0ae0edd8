/**
 * Where the server process listens in a router, and on which addresses.
 *
 * @module
 */

import type { Ip } from '../../lib/ip.ts';
import { type IdKey, keyOf } from '../../lib/key.ts';
import { azureDns, instanceMetadata, platformPorts } from '../../net/azure.ts';
import type { EndpointFact, Surface } from '../../net/facts.ts';
import type { Network } from '../../net/model.ts';
import type { Collection } from './ruleset.ts';
import { address, type Line, line, word } from './words.ts';

/** Addresses of Azure's own that every router has. */
export const platform: readonly Ip[] = [azureDns, instanceMetadata];

/** The same as a set. */
export const platformSet: Collection = {
  name: word`platform`,
  kind: 'set',
  type: line`ipv4_addr`,
  elements: platform.map((ip) => line`${address(ip)}`),
  about: "Azure's own",
};

/** The ports on which they answer. */
export const answeringSet: Collection = {
  name: word`answering`,
  kind: 'set',
  type: line`ipv4_addr . inet_service`,
  elements: [...platformPorts].flatMap(([ip, ports]) => ports.map((port) => line`${address(ip)} . ${port}`)),
  about: "Azure's own, and the ports on which it answers",
};

/** Services in the shapes in which every router asks for them. Made once, for as long as the services are the same. */
interface Listening {
  readonly sockets: readonly Line[];
  /** Public addresses, in order. */
  readonly addresses: readonly Ip[];
  readonly frontEnds: Collection;
  /** Surfaces by what private endpoints lead to. */
  readonly behind: ReadonlyMap<IdKey, readonly Surface[]>;
}

const known = new WeakMap<Network['services'], Listening & Pick<Network, 'publicServices'>>();

function listeningOf({ services, publicServices }: Network): Listening {
  const before = known.get(services);
  if (before?.publicServices === publicServices) return before;
  const addresses = [...publicServices.keys()].toSorted((a, b) => a - b);
  const elements = addresses.flatMap((ip) => {
    const surfaces = (publicServices.get(ip) ?? []).flatMap(({ fact }) => fact.surfaces);
    return portsOf(surfaces).map((port) => line`${address(ip)} . ${port}`);
  });
  const behind = new Map<IdKey, Surface[]>();
  for (const { fact } of services.values()) {
    const key = keyOf(fact.behind ?? fact.id);
    behind.set(key, [...(behind.get(key) ?? []), ...fact.surfaces]);
  }
  const ports = portsOf([...services.values()].flatMap(({ fact }) => fact.surfaces));
  const type = line`ipv4_addr . inet_service`;
  const made = {
    publicServices,
    sockets: [
      ...ports.map((port) => line`tcp 0.0.0.0:${port}`),
      line`tcp ${address(azureDns)}:53`,
      line`udp ${address(azureDns)}:53`,
      line`tcp ${address(instanceMetadata)}:80`,
    ],
    addresses,
    frontEnds: { name: word`services`, kind: 'set', type, elements, about: 'public front ends' },
    behind,
  } as const;
  known.set(services, made);
  return made;
}

/** Every port of every service, and Azure's own addresses. */
export function socketsOf(network: Network): readonly Line[] {
  return listeningOf(network).sockets;
}

/** Public addresses of services, in order. */
export function serviceAddresses(network: Network): readonly Ip[] {
  return listeningOf(network).addresses;
}

/** The set of public front ends: addresses and ports. */
export function frontEnds(network: Network): Collection {
  return listeningOf(network).frontEnds;
}

/** On which ports a private endpoint leads to a service. */
export function endpointPorts(network: Network, { target, group }: EndpointFact): number[] {
  const surfaces = listeningOf(network).behind.get(keyOf(target)) ?? [];
  return portsOf(surfaces.filter((surface) => surface.group === group));
}

function portsOf(surfaces: readonly Surface[]): number[] {
  return [...new Set(surfaces.flatMap(({ ports }) => ports))].toSorted((a, b) => a - b);
}
