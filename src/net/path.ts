/**
 * The way of a packet: routes, gates, forwarding and where it lands (network-semantics.md section 10).
 *
 * A bounded loop of hops. At each: the route, the gates on the way out, the step itself, the gates on the way in.
 *
 * @module
 */

import { has } from '../lib/intervals.ts';
import { formatIp, type Ip } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { privateAddresses } from './azure.ts';
import type { EndpointFact } from './facts.ts';
import { egress, ingress, pointOf } from './filter.ts';
import { isOpen } from './gather.ts';
import type { Network, Service } from './model.ts';
import { type Position, positionAt, positionByAddress } from './position.ts';
import { type NextHop, sameHop } from './routes.ts';
import { decide, type Row } from './table.ts';
import type { Packet, Recorder } from './trace.ts';

/** Where a packet ended up. */
export type Landing =
  | { readonly kind: 'machine'; readonly at: Position; readonly over: Passage }
  | {
      readonly kind: 'private-endpoint';
      readonly endpoint: EndpointFact;
      readonly source: Ip | undefined;
      readonly over: Passage;
    }
  | {
      readonly kind: 'public';
      readonly services: readonly Service[];
      readonly source: Ip | undefined;
      /** The subnet whose identity a service endpoint shows. */
      readonly subnet: string | undefined;
    };

/** What a packet went over, for the way back. */
export interface Passage {
  /** Addresses of the appliances on the way, in order. */
  readonly appliances: readonly Ip[];
  /** It came in by a public address. */
  readonly public: boolean;
  readonly source: Ip | undefined;
}

const maxHops = 8;

/** Sends a packet from a spot inside a network. Undefined where it is lost and the recorder was told why. */
export function travel(network: Network, from: Position, packet: Packet, rec: Recorder): Landing | undefined {
  const appliances: Ip[] = [];
  let at = from;
  for (let hops = 0; hops < maxHops; hops++) {
    const row = nextHop(at, packet, rec);
    if (!row) return undefined;
    egress(at, packet, rec);
    const over = { appliances, public: false, source: packet.source };
    switch (row.action.kind) {
      case 'none':
        rec.stop(
          'no-route',
          'route',
          row.by,
          `${row.by.rule} drops packets to ${formatIp(packet.destination)}`,
          {
            resource: row.by.resource,
            property: row.by.rule,
            is: 'next hop None',
            needs: `a route to ${formatIp(packet.destination)}`,
          },
        );
        return undefined;
      case 'gateway':
        rec.stop(
          'unknown',
          'forward',
          row.by,
          'the way leads through a virtual network gateway, which is only stored',
        );
        return undefined;
      case 'vnet':
        return arrive(network, at, at, packet, over, rec);
      case 'endpoint':
        return arriveAtEndpoint(network, row.action.endpoint, packet, over, rec);
      case 'peering': {
        const there = crossPeering(network, at, row.action, packet, rec);
        return there && arrive(network, at, there, packet, over, rec);
      }
      case 'service-endpoint':
        rec.pass(
          'outbound',
          row.by,
          `${row.action.service} sees the subnet ${nameOf(at.subnet.fact.id)} itself`,
        );
        return land(network, packet, at.address, at.subnet.fact.id, rec);
      case 'internet':
        return leave(network, at, packet, rec);
      case 'appliance': {
        const next = forward(network, at, row, row.action.address, packet, rec);
        if (!next) return undefined;
        appliances.push(row.action.address);
        at = next;
        break;
      }
    }
  }
  rec.stop(
    'no-route',
    'forward',
    { resource: at.subnet.fact.id, rule: 'routes' },
    `appliances pass the packet on without end`,
  );
  return undefined;
}

/** Sends a packet from the internet. */
export function travelFromInternet(network: Network, packet: Packet, rec: Recorder): Landing | undefined {
  const by = { resource: 'internet', rule: 'public routing' };
  if (has(privateAddresses, packet.destination)) {
    rec.stop(
      'no-route',
      'route',
      by,
      `${formatIp(packet.destination)} is a private address: the internet has no route to it`,
    );
    return undefined;
  }
  return land(network, packet, packet.source, undefined, rec);
}

function nextHop(at: Position, packet: Packet, rec: Recorder): Row<NextHop> | undefined {
  const decision = decide(at.subnet.routes, pointOf(packet), sameHop);
  if (decision.kind === 'row') {
    const { by, action } = decision.row;
    if (action.kind !== 'none') rec.pass('route', by, `${by.rule}: next hop ${hopName(action)}`);
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

/** The packet reached the network of its destination. */
function arrive(
  network: Network,
  from: Position,
  there: { readonly vnet: Position['vnet'] },
  packet: Packet,
  over: Passage,
  rec: Recorder,
): Landing | undefined {
  const target = positionByAddress(network, there.vnet, packet.destination);
  if (!target) {
    const by = { resource: there.vnet.fact.id, rule: 'addresses' };
    rec.stop(
      'nothing-listening',
      'listener',
      by,
      `nothing in ${nameOf(there.vnet.fact.id)} has the address ${formatIp(packet.destination)}`,
    );
    return undefined;
  }
  if (target.nic?.endpoint !== undefined) {
    return arriveAtEndpoint(network, target.nic.endpoint, packet, over, rec);
  }
  if (target.nic !== from.nic || target.nic === undefined) ingress(target, packet, rec);
  return { kind: 'machine', at: target, over };
}

/** Gates apply to a private endpoint only where its subnet's network policies say so. */
function arriveAtEndpoint(
  network: Network,
  id: string,
  packet: Packet,
  over: Passage,
  rec: Recorder,
): Landing | undefined {
  const endpoint = network.endpoints.get(keyOf(id));
  const found = endpoint && network.subnets.get(keyOf(endpoint.subnet));
  if (!endpoint || !found) {
    rec.stop(
      'nothing-listening',
      'endpoint',
      { resource: id, rule: 'subnet' },
      `private endpoint ${nameOf(id)} has no subnet`,
    );
    return undefined;
  }
  if (found.subnet.fact.endpointPolicies.gates) {
    const attachment = found.vnet.attachments.get(packet.destination);
    const nic = attachment?.nic;
    ingress(
      { ...found, nic, configuration: attachment?.configuration, address: packet.destination },
      packet,
      rec,
    );
  }
  return { kind: 'private-endpoint', endpoint, source: packet.source, over };
}

function crossPeering(
  network: Network,
  at: Position,
  hop: Extract<NextHop, { kind: 'peering' }>,
  packet: Packet,
  rec: Recorder,
): { vnet: Position['vnet'] } | undefined {
  const vnet = network.vnets.get(keyOf(hop.remote));
  const by = { resource: hop.peering, rule: 'peering' };
  if (!vnet) {
    rec.stop('unknown', 'forward', by, `the peer ${nameOf(hop.remote)} is not in this estate`);
    return undefined;
  }
  const back = vnet.peerings.find((peering) => keyOf(peering.remote) === keyOf(at.vnet.fact.id));
  if (!back || !isOpen(back)) {
    const says = `${nameOf(hop.remote)} does not let ${nameOf(at.vnet.fact.id)} in over its side of the peering`;
    rec.stop(
      'no-route',
      'forward',
      { resource: back?.id ?? hop.remote, rule: 'allowVirtualNetworkAccess' },
      says,
      {
        resource: back?.id ?? hop.remote,
        property: back ? 'properties.allowVirtualNetworkAccess' : 'virtualNetworkPeerings',
        is: back ? 'false' : 'absent',
        needs: back ? 'true' : `a peering with ${at.vnet.fact.id}`,
      },
    );
    return undefined;
  }
  const foreign = packet.source === undefined || !has(at.vnet.space, packet.source);
  if (foreign && !back.forwarded) {
    const says = `${nameOf(hop.remote)} does not accept forwarded traffic from ${nameOf(at.vnet.fact.id)}`;
    rec.stop('no-route', 'forward', { resource: back.id, rule: 'allowForwardedTraffic' }, says, {
      resource: back.id,
      property: 'properties.allowForwardedTraffic',
      is: 'false',
      needs: 'true',
    });
    return undefined;
  }
  rec.pass('forward', by, `over the peering to ${nameOf(hop.remote)}`);
  return { vnet };
}

/** A user-defined route hands the packet to an appliance: a machine that forwards. */
function forward(
  network: Network,
  at: Position,
  row: Row<NextHop>,
  address: Ip,
  packet: Packet,
  rec: Recorder,
): Position | undefined {
  const { by } = row;
  const candidates = [
    at.vnet,
    ...at.vnet.peerings.filter(isOpen).flatMap((p) => network.vnets.get(keyOf(p.remote)) ?? []),
  ];
  const next = candidates
    .map((vnet) => positionByAddress(network, vnet, address))
    .find((found) => found !== undefined);
  if (!next?.nic) {
    const firewall = [...network.opaque.values()].find(
      (item) => item.type.toLowerCase() === 'microsoft.network/azurefirewalls',
    );
    if (firewall) {
      rec.stop(
        'unknown',
        'forward',
        by,
        `${formatIp(address)} may be the firewall ${nameOf(firewall.id)}, which is only stored`,
      );
    } else {
      rec.stop('no-route', 'forward', by, `nothing has the next hop's address ${formatIp(address)}`, {
        resource: by.resource,
        property: by.rule,
        is: `next hop ${formatIp(address)}`,
        needs: 'the address of a machine that forwards',
      });
    }
    return undefined;
  }
  if (!next.nic.forwarding) {
    rec.stop(
      'no-route',
      'forward',
      { resource: next.nic.id, rule: 'enableIPForwarding' },
      `${nameOf(next.nic.id)} does not accept packets for others`,
      {
        resource: next.nic.id,
        property: 'properties.enableIPForwarding',
        is: 'false',
        needs: 'true',
      },
    );
    return undefined;
  }
  ingress(next, packet, rec);
  rec.assume('an-appliance-forwards');
  rec.pass(
    'forward',
    { resource: next.nic.id, rule: 'enableIPForwarding' },
    `${nameOf(next.nic.id)} passes the packet on`,
  );
  return next;
}

/** Out to the internet: there must be an outbound method, and the source becomes public (section 6). */
function leave(network: Network, at: Position, packet: Packet, rec: Recorder): Landing | undefined {
  const { fact } = at.subnet;
  const nat = fact.natGateway;
  const shown = network.publicAddresses.get(keyOf(at.configuration?.publicAddress ?? ''));
  if (nat !== undefined) {
    rec.stop(
      'unknown',
      'outbound',
      { resource: nat, rule: 'natGateway' },
      `the way out leads through NAT gateway ${nameOf(nat)}, which is only stored`,
    );
    return undefined;
  }
  if (shown !== undefined) {
    const resource = at.configuration?.publicAddress ?? '';
    rec.pass('outbound', { resource, rule: 'ipAddress' }, `leaves as ${formatIp(shown)}`);
    return land(network, packet, shown, undefined, rec);
  }
  if (!fact.defaultOutbound) {
    rec.stop(
      'no-route',
      'outbound',
      { resource: fact.id, rule: 'defaultOutboundAccess' },
      `${nameOf(fact.id)} has no way out to the internet`,
      {
        resource: fact.id,
        property: 'properties.defaultOutboundAccess',
        is: 'false',
        needs: 'true, a NAT gateway or a public address',
      },
    );
    return undefined;
  }
  rec.assume('default-outbound-access');
  rec.pass(
    'outbound',
    { resource: fact.id, rule: 'defaultOutboundAccess' },
    'leaves by default outbound access, as an address that Azure picks',
  );
  return land(network, packet, undefined, undefined, rec);
}

/** The packet is on the public side: at a service, at a machine's public address, or beyond the estate. */
function land(
  network: Network,
  packet: Packet,
  source: Ip | undefined,
  subnet: string | undefined,
  rec: Recorder,
): Landing | undefined {
  const attached = network.publicAttachments.get(packet.destination);
  if (attached) {
    const at = positionAt(network, attached.nic, attached.configuration);
    if (!at) return undefined;
    const resource = attached.configuration.publicAddress ?? '';
    rec.pass(
      'forward',
      { resource, rule: 'ipAddress' },
      `${formatIp(packet.destination)} is ${nameOf(attached.nic.id)}, ${formatIp(at.address)}`,
    );
    ingress(at, { ...packet, source, destination: at.address }, rec);
    return { kind: 'machine', at, over: { appliances: [], public: true, source } };
  }
  return { kind: 'public', services: network.publicServices.get(packet.destination) ?? [], source, subnet };
}
