/**
 * The way of a packet: a bounded loop of hops (docs/semantics/dispositions.md). At each: the route, the gates on the
 * way out, the step itself, the gates on the way in.
 *
 * @module
 */

import { has } from '../lib/intervals.ts';
import { formatIp, type Ip } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { arrive, arriveAtEndpoint } from './arrive.ts';
import { isGateway, platformPorts } from './azure.ts';
import { hopBehind } from './backends.ts';
import { egress, isPlatformDenied, pointOf } from './filter.ts';
import { crossPeering, handOver, passOn } from './forward.ts';
import { isOpen } from './gather.ts';
import type { Landing, Passage, Passed } from './landing.ts';
import type { Network, Vnet } from './model.ts';
import { land, leave, outward } from './outside.ts';
import type { Position } from './position.ts';
import { type NextHop, sameHop } from './routes.ts';
import type { Row } from './table.ts';
import type { Blocker, Packet, Recorder } from './trace.ts';

const maxHops = 8;

/** Sends a packet from a spot inside a network. Undefined where it is lost and the recorder was told why. */
export function travel(network: Network, from: Position, sent: Packet, rec: Recorder): Landing | undefined {
  if (rec.find(platformPorts, sent.destination)) return toPlatform(from, sent, rec);
  let packet = sent;
  const appliances: Passed[] = [];
  let at = from;
  for (let hops = 0; hops < maxHops; hops++) {
    const row = nextHop(network, at, packet, rec);
    if (!row) return undefined;
    // What would mend a drop by Azure's own route, a peering or a route, puts the destination into VirtualNetwork.
    egress(at, packet, rec, row.action.kind === 'none' && row.builtIn === true);
    const over = { appliances, public: false, source: packet.source };
    switch (row.action.kind) {
      case 'none':
        return undefined;
      case 'gateway':
        return leaveByGateway(network, at.vnet, row, row.action.gateway, packet, over, rec);
      case 'vnet':
        return arrive(network, at, at.vnet, packet, over, rec);
      case 'endpoint':
        return arriveAtEndpoint(network, at, row.action.endpoint, packet, over, rec);
      case 'peering': {
        const there = crossPeering(network, at.vnet, row.action.remote, packet.source, rec);
        return there && arrive(network, at, there, packet, over, rec);
      }
      case 'service-endpoint': {
        const says = `${row.action.service} sees the subnet ${nameOf(at.subnet.fact.id)} itself`;
        rec.pass('outbound', row.by, says);
        const sender = { source: at.address, subnet: at.subnet.fact.id, appliances: outward(appliances) };
        return land(network, packet, sender, rec);
      }
      case 'internet':
        return leave(network, at, packet, appliances, rec);
      case 'appliance': {
        const hop = handOver(network, at.vnet, row, row.action.address, packet, rec);
        const next = hop && hopBehind(network, hop, packet, rec);
        if (!next) return undefined;
        // What is addressed to the appliance itself is not passed on.
        if (rec.isIn([[next.address, next.address]], packet.destination)) {
          return arrive(network, at, next.vnet, packet, over, rec);
        }
        const onward = passOn(network, next, packet, rec);
        if (!onward) return undefined;
        appliances.push({ at: next, source: packet.source, standsIn: onward !== packet });
        packet = onward;
        at = next;
        break;
      }
    }
  }
  const by = { resource: at.subnet.fact.id, rule: 'routes' };
  rec.stop('no-route', 'forward', by, 'appliances pass the packet on without end');
  return undefined;
}

/** Through a gateway, to who is behind it. */
export function leaveByGateway(
  network: Network,
  vnet: Vnet,
  { by }: Row<NextHop>,
  id: string | undefined,
  packet: Packet,
  over: Passage,
  rec: Recorder,
): Landing | undefined {
  const to = formatIp(packet.destination);
  const gateway = vnet.gateways.find(({ fact }) => id === undefined || keyOf(fact.id) === keyOf(id));
  const home = gateway && network.subnets.get(keyOf(gateway.fact.subnet));
  const stranger = vnet.peerings.find(
    (near) => near.remoteGateways && !network.vnets.has(keyOf(near.remote)),
  );
  if (!gateway && stranger) {
    rec.stop(
      'unknown',
      'forward',
      by,
      `the gateway of ${nameOf(stranger.remote)} is used, which is not in this estate`,
    );
    return undefined;
  }
  if (!gateway || !home) {
    rec.stop('no-route', 'forward', by, `no gateway takes packets of ${nameOf(vnet.fact.id)}`, {
      resource: vnet.fact.id,
      property: 'gateway',
      is: 'absent',
      needs: 'a virtual network gateway, or a peering that uses the one of its peer',
    });
    return undefined;
  }
  if (home.vnet !== vnet && !crossPeering(network, vnet, home.vnet.fact.id, packet.source, rec))
    return undefined;
  const gone = { resource: gateway.fact.id, rule: 'tunnels' };
  if (!rec.isIn(gateway.behind, packet.destination)) {
    if (gateway.fact.learns) {
      rec.stop(
        'unknown',
        'forward',
        gone,
        `what lies behind ${nameOf(gateway.fact.id)} is learned, and nobody described it`,
      );
    } else rec.stop('no-route', 'forward', gone, `nothing behind ${nameOf(gateway.fact.id)} has ${to}`);
    return undefined;
  }
  rec.pass('forward', gone, `through ${nameOf(gateway.fact.id)}`);
  const there = { ...home, nic: undefined, configuration: undefined, address: packet.destination };
  return { kind: 'machine', at: there, over };
}

/** Azure's own addresses are reached whatever the routes say; only a rule that names their tag stops it (N-8). */
function toPlatform(from: Position, packet: Packet, rec: Recorder): Landing | undefined {
  if (isPlatformDenied(from, packet, 'dropped-by-gate', 'egress', rec)) return undefined;
  const by = { resource: from.subnet.fact.id, rule: 'platform address' };
  rec.pass('route', by, `${formatIp(packet.destination)} is Azure's own, on the host of every machine`);
  return { kind: 'public', services: [], source: from.address };
}

/** Returns the route. Next hop None ends the flow, before any gate is asked; the row says so to those who go on. */
function nextHop(network: Network, at: Position, packet: Packet, rec: Recorder): Row<NextHop> | undefined {
  const decision = rec.decide(at.subnet.routes, pointOf(packet), sameHop);
  if (decision.kind === 'row') {
    const { by, action } = decision.row;
    if (action.kind === 'none') drop(network, at, decision.row, packet, rec);
    else rec.pass('route', by, `${by.rule}: next hop ${hopName(action)}`);
    return decision.row;
  }
  if (decision.kind === 'unknown') {
    rec.stop(
      'unknown',
      'route',
      decision.row.by,
      `cannot say which route is taken without ${decision.missing}`,
    );
  } else {
    rec.stop('no-route', 'route', { resource: at.subnet.fact.id, rule: 'routes' }, 'no route matches');
  }
  return undefined;
}

/** Next hop None. Where a gateway is stored, a system route may not be the last word. */
function drop(network: Network, at: Position, row: Row<NextHop>, packet: Packet, rec: Recorder): void {
  const to = formatIp(packet.destination);
  const gateway = row.builtIn && [...network.opaque.values()].find(isGateway);
  if (gateway) {
    const says = `${nameOf(gateway.id)}, which is only stored, may know a route to ${to}`;
    rec.stop('unknown', 'route', row.by, says);
    return;
  }
  rec.stop(
    'no-route',
    'route',
    row.by,
    `${row.by.rule} drops packets to ${to}`,
    closedPeering(network, at, packet.destination) ?? {
      resource: row.by.resource,
      property: row.by.rule,
      is: 'next hop None',
      needs: `a route to ${to}`,
    },
  );
}

/** A peering that would have led there, if it were open. */
function closedPeering(network: Network, at: Position, destination: Ip): Blocker | undefined {
  const peering = at.vnet.peerings.find((candidate) => {
    const space = network.vnets.get(keyOf(candidate.remote))?.space;
    return !isOpen(candidate) && space !== undefined && has(space, destination);
  });
  if (!peering) return undefined;
  return peering.state === 'Connected'
    ? { resource: peering.id, property: 'properties.allowVirtualNetworkAccess', is: 'false', needs: 'true' }
    : { resource: peering.id, property: 'properties.peeringState', is: peering.state, needs: 'Connected' };
}

function hopName(hop: NextHop): string {
  switch (hop.kind) {
    case 'vnet':
      return 'the virtual network';
    case 'peering':
      return `peering ${nameOf(hop.peering)}`;
    case 'endpoint':
      return `private endpoint ${nameOf(hop.endpoint)}`;
    case 'service-endpoint':
      return `service endpoint ${hop.service}`;
    case 'appliance':
      return `appliance ${formatIp(hop.address)}`;
    case 'gateway':
      return 'virtual network gateway';
    case 'internet':
      return 'the internet';
    case 'none':
      return 'None';
  }
}
