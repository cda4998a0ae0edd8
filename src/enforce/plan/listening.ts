/**
 * Where the server process listens in a router, and on which addresses.
 *
 * @module
 */

import type { Ip } from '../../lib/ip.ts';
import { azureDns, instanceMetadata } from '../../net/azure.ts';
import type { Network } from '../../net/model.ts';
import { address, type Line, line } from './words.ts';

/** Addresses of Azure's own that every router has. */
export const platform: readonly Ip[] = [azureDns, instanceMetadata];

/** Every port of every service, and Azure's own addresses. */
export function socketsOf(network: Network): Line[] {
  const surfaces = [...network.services.values()].flatMap(({ fact }) => fact.surfaces);
  const ports = new Set(surfaces.flatMap((surface) => surface.ports));
  return [
    ...[...ports].toSorted((a, b) => a - b).map((port) => line`tcp 0.0.0.0:${port}`),
    line`tcp ${address(azureDns)}:53`,
    line`udp ${address(azureDns)}:53`,
    line`tcp ${address(instanceMetadata)}:80`,
  ];
}

/** Public addresses of services, in order. */
export function serviceAddresses(network: Network): Ip[] {
  return [...network.publicServices.keys()].toSorted((a, b) => a - b);
}
