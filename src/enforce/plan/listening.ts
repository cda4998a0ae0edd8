/**
 * Where the server process listens in a router, and on which addresses.
 *
 * @module
 */

import type { Ip } from '../../lib/ip.ts';
import { keyOf } from '../../lib/key.ts';
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

/** Every port of every service, and Azure's own addresses. */
export function socketsOf(network: Network): Line[] {
  const surfaces = [...network.services.values()].flatMap(({ fact }) => fact.surfaces);
  return [
    ...portsOf(surfaces).map((port) => line`tcp 0.0.0.0:${port}`),
    line`tcp ${address(azureDns)}:53`,
    line`udp ${address(azureDns)}:53`,
    line`tcp ${address(instanceMetadata)}:80`,
  ];
}

/** Public addresses of services, in order. */
export function serviceAddresses(network: Network): Ip[] {
  return [...network.publicServices.keys()].toSorted((a, b) => a - b);
}

/** The set of public front ends: addresses and ports. */
export function frontEnds(network: Network): Collection {
  const elements = serviceAddresses(network).flatMap((ip) => {
    const services = network.publicServices.get(ip) ?? [];
    return portsOf(services.flatMap(({ fact }) => fact.surfaces)).map(
      (port) => line`${address(ip)} . ${port}`,
    );
  });
  const type = line`ipv4_addr . inet_service`;
  return { name: word`services`, kind: 'set', type, elements, about: 'public front ends' };
}

/** On which ports a private endpoint leads to a service. */
export function endpointPorts(network: Network, { target, group }: EndpointFact): number[] {
  const services = [...network.services.values()].filter(
    ({ fact }) => keyOf(fact.behind ?? fact.id) === keyOf(target),
  );
  return portsOf(services.flatMap(({ fact }) => fact.surfaces.filter((surface) => surface.group === group)));
}

function portsOf(surfaces: readonly Surface[]): number[] {
  return [...new Set(surfaces.flatMap(({ ports }) => ports))].toSorted((a, b) => a - b);
}
