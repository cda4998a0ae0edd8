/**
 * From one stretch of the way to the next: over a peering, or through an appliance (docs/semantics/routes.md
 * and 3; docs/semantics/peering.md).
 *
 * @module
 */

import { type Intervals, union } from '../lib/intervals.ts';
import { formatIp, type Ip } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { hasHiddenAddresses } from './azure.ts';
import type { PeeringFact } from './facts.ts';
import { ingress } from './filter.ts';
import { isOpen } from './gather.ts';
import type { Network, Vnet } from './model.ts';
import { type Position, positionByAddress } from './position.ts';
import type { NextHop } from './routes.ts';
import type { Row, Source } from './table.ts';
import { passFirewall } from './through-firewall.ts';
import type { Blocker, Packet, Recorder } from './trace.ts';

/** Why a peering does not carry a packet. */
export interface Barrier {
  readonly by: Source;
  readonly says: string;
  readonly blocker: Blocker;
}

/** Returns what the far side of a peering holds against a packet from a network, if it does. */
export function barrierTo(
  there: Vnet,
  from: Vnet,
  source: Ip | undefined,
  rec: Recorder,
): Barrier | undefined {
  const back = there.peerings.find((peering) => keyOf(peering.remote) === keyOf(from.fact.id));
  const [here, far] = [nameOf(from.fact.id), nameOf(there.fact.id)];
  if (!back) {
    return {
      by: { resource: there.fact.id, rule: 'virtualNetworkPeerings' },
      says: `${far} has no side of the peering with ${here}`,
      blocker: {
        resource: there.fact.id,
        property: 'virtualNetworkPeerings',
        is: 'absent',
        needs: `a peering with ${from.fact.id}`,
      },
    };
  }
  const flaw = flawOf(back, from, source, rec);
  if (!flaw) return undefined;
  const [property, is, needs] = flaw;
  const what = property === 'allowForwardedTraffic' ? 'accept forwarded traffic from' : 'let in';
  return {
    by: { resource: back.id, rule: property },
    says: `${far} does not ${what} ${here} over its side of the peering: ${property} is ${is}`,
    blocker: { resource: back.id, property: `properties.${property}`, is, needs },
  };
}

type Flaw = readonly [property: string, is: string, needs: string];

/** The first property of the far side that is in the way, what it is and what it would have to be. */
function flawOf(back: PeeringFact, from: Vnet, source: Ip | undefined, rec: Recorder): Flaw | undefined {
  if (back.state !== 'Connected') return ['peeringState', back.state, 'Connected'];
  if (!back.access) return ['allowVirtualNetworkAccess', 'false', 'true'];
  const shared = back.remoteGateways ? from.gateways : [];
  const foreign =
    source === undefined ||
    !(rec.isIn(from.space, source) || shared.some(({ behind }) => rec.isIn(behind, source)));
  return foreign && !back.forwarded ? ['allowForwardedTraffic', 'false', 'true'] : undefined;
}

/** Addresses that one side of a peering takes for the other's own: also what is behind a gateway that it uses. */
export function familiarTo(there: Vnet, from: Vnet): Intervals {
  const back = there.peerings.find((peering) => keyOf(peering.remote) === keyOf(from.fact.id));
  const shared = back?.remoteGateways ? from.gateways : [];
  return union(from.space, ...shared.map(({ behind }) => behind));
}

/** Takes a packet over a peering, if the far side lets it in. */
export function crossPeering(
  network: Network,
  from: Vnet,
  remote: string,
  source: Ip | undefined,
  rec: Recorder,
): Vnet | undefined {
  const there = network.vnets.get(keyOf(remote));
  const peering = from.peerings.find((candidate) => keyOf(candidate.remote) === keyOf(remote));
  const by = { resource: peering?.id ?? from.fact.id, rule: 'peering' };
  if (!there) {
    rec.stop('unknown', 'forward', by, `the peer ${nameOf(remote)} is not in this estate`);
    return undefined;
  }
  const barrier = barrierTo(there, from, source, rec);
  if (barrier) {
    rec.stop('no-route', 'forward', barrier.by, barrier.says, barrier.blocker);
    return undefined;
  }
  rec.pass('forward', by, `over the peering to ${nameOf(remote)}`);
  return there;
}

/** A user-defined route hands the packet to an address, in this network or in one that is peered with it. */
export function handOver(
  network: Network,
  from: Vnet,
  { by }: Row<NextHop>,
  address: Ip,
  packet: Pick<Packet, 'source'>,
  rec: Recorder,
): Position | undefined {
  const next = nearby(network, from, address);
  if (next) {
    const { vnet } = next;
    const crossed =
      vnet === from || crossPeering(network, from, vnet.fact.id, packet.source, rec) !== undefined;
    return crossed ? next : undefined;
  }
  const says = whoMayHave(
    network,
    from.peerings.filter(isOpen).map((peering) => peering.remote),
  );
  if (says !== undefined) {
    rec.stop('unknown', 'forward', by, `${formatIp(address)} may belong to ${says}`);
    return undefined;
  }
  rec.stop('no-route', 'forward', by, `nothing has the next hop's address ${formatIp(address)}`, {
    resource: by.resource,
    property: by.rule,
    is: `next hop ${formatIp(address)}`,
    needs: 'the address of a machine that forwards',
  });
  return undefined;
}

/** What has an address in a network or, if nothing there has, in one that is peered with it. */
export function nearby(network: Network, from: Vnet, address: Ip): Position | undefined {
  const peers = from.peerings
    .filter(isOpen)
    .flatMap((peering) => network.vnets.get(keyOf(peering.remote)) ?? []);
  for (const vnet of [from, ...peers]) {
    const found = positionByAddress(network, vnet, address);
    if (found) return found;
  }
  return undefined;
}

/** What could have an address that no network interface of the estate has. */
function whoMayHave(network: Network, remotes: readonly string[]): string | undefined {
  const hidden = [...network.opaque.values()].find(hasHiddenAddresses);
  if (hidden) return `${nameOf(hidden.id)}, which is only stored`;
  const stranger = remotes.find((remote) => !network.vnets.has(keyOf(remote)));
  return stranger && `the peer ${nameOf(stranger)}, which is not in this estate`;
}

/** Returns the packet as an appliance passes it on: the very same one, or one with the appliance as its source. */
export function passOn(network: Network, next: Position, packet: Packet, rec: Recorder): Packet | undefined {
  const firewall = next.nic?.runs === 'firewall' ? network.firewalls.get(keyOf(next.nic.id)) : undefined;
  if (firewall) {
    const passed = passFirewall(firewall, next, packet, rec);
    return passed === 'translated' ? { ...packet, source: next.address } : passed && packet;
  }
  const nic = next.nic?.id ?? next.subnet.fact.id;
  const by = { resource: nic, rule: 'enableIPForwarding' };
  if (!next.nic?.forwarding) {
    rec.stop('no-route', 'forward', by, `${nameOf(nic)} does not accept packets for others`, {
      resource: nic,
      property: 'properties.enableIPForwarding',
      is: 'false',
      needs: 'true',
    });
    return undefined;
  }
  ingress(next, packet, rec);
  rec.assume('an-appliance-forwards');
  rec.pass('forward', by, `${nameOf(nic)} passes the packet on`);
  return packet;
}
