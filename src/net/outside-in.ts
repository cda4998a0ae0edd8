/**
 * From behind a gateway into the networks that it joins (docs/semantics/gateways.md).
 *
 * @module
 */

import { formatIp } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import type { Gateway } from './gateways.ts';
import { isOpen } from './gather.ts';
import type { Landing } from './landing.ts';
import type { Network, Vnet } from './model.ts';
import { travelFromInternet } from './outside.ts';
import { travel } from './path.ts';
import { gatewayOf, type Place, type Position } from './position.ts';
import type { Packet, Recorder } from './trace.ts';

/** Sends a packet from a site or a client: into the tunnel what the gateway has told of, the rest to the internet. */
export function travelFromOutside(
  network: Network,
  from: Place,
  here: Position,
  packet: Packet,
  rec: Recorder,
): Landing | undefined {
  const gateway = gatewayOf(network, from);
  const region = from.kind === 'site' ? from.site.region : undefined;
  if (!gateway) return travelFromInternet(network, { ...packet, source: undefined }, region, rec);
  const by = { resource: gateway.fact.id, rule: 'advertised routes' };
  const carried = advertisedBy(network, gateway).find((vnet) => rec.isIn(vnet.space, packet.destination));
  if (!carried) {
    // The provider of a site's internet access translates, and its address is nobody's to know here.
    rec.pass(
      'route',
      by,
      `${formatIp(packet.destination)} is not behind ${nameOf(gateway.fact.id)}: it goes out locally`,
    );
    return travelFromInternet(network, { ...packet, source: undefined }, region, rec);
  }
  rec.pass('route', by, `through ${nameOf(gateway.fact.id)} towards ${nameOf(carried.fact.id)}`);
  return travel(network, here, packet, rec);
}

/** A gateway tells the far end of its own network, and of peers that use it. */
export function advertisedBy(network: Network, gateway: Gateway): readonly Vnet[] {
  const home = network.vnets.get(keyOf(gateway.vnet));
  if (!home) return [];
  const peers = home.peerings.flatMap((near) => {
    const there = near.transit && isOpen(near) ? network.vnets.get(keyOf(near.remote)) : undefined;
    const back = there?.peerings.find(({ remote }) => keyOf(remote) === keyOf(gateway.vnet));
    return there && back?.remoteGateways === true ? [there] : [];
  });
  return [home, ...peers];
}
