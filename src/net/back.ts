/**
 * The way back: a reply needs no rule, but it needs a route, over the same stateful hops (docs/semantics/return.md).
 *
 * @module
 */

import type { Intervals } from '../lib/intervals.ts';
import { formatIp, type Ip } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import { type Protocol, protocolNumbers } from '../lib/ports.ts';
import { privateAddresses } from './azure.ts';
import { barrierTo } from './forward.ts';
import type { Landing, Passed } from './landing.ts';
import type { Network, Vnet } from './model.ts';
import type { Position } from './position.ts';
import { type NextHop, sameHop } from './routes.ts';
import type { Row } from './table.ts';
import { internetClient } from './tags.ts';
import type { Packet, Recorder } from './trace.ts';

/**
 * Checks that the reply of what was reached comes back to where the flow came from; `here` undefined: outside. `asked`:
 * the packet as it was sent.
 */
export function wayBack(
  network: Network,
  here: Position | undefined,
  landing: Landing,
  asked: Pick<Packet, 'destination' | 'protocol'>,
  rec: Recorder,
): void {
  const reply = { network, replier: asked.destination, protocol: asked.protocol, rec };
  switch (landing.kind) {
    case 'public':
      fromOutside(reply, landing.appliances ?? []);
      return;
    case 'private-endpoint':
      fromEndpoint(reply, landing);
      return;
    case 'machine':
      fromMachine(reply, here, landing);
      return;
  }
}

interface Reply {
  readonly network: Network;
  /** The address that replies. */
  readonly replier: Ip;
  readonly protocol: Protocol;
  readonly rec: Recorder;
}

const connections: Intervals = [[protocolNumbers.tcp, protocolNumbers.tcp]];

/** A connection is made by three packets, and who keeps state wants to see all of them; anything else is answered by one. */
function isWatched({ protocol, rec }: Reply): boolean {
  return rec.isIn(connections, protocolNumbers[protocol]);
}

/** From the public side a reply comes by itself to whoever showed his address there. */
function fromOutside(reply: Reply, appliances: readonly Passed[]): boolean {
  const last = appliances.at(-1);
  return last === undefined || comesBack(reply, last.at, last.source, appliances.slice(0, -1));
}

/** A private endpoint answers who asked it itself, whatever the routes say (docs/semantics/network-policies.md). */
function fromEndpoint(reply: Reply, landing: Extract<Landing, { kind: 'private-endpoint' }>): void {
  const { appliances } = landing.over;
  const last = appliances.at(-1);
  if (last === undefined || last.standsIn || !isWatched(reply)) {
    fromOutside(reply, appliances.slice(0, appliances.findLastIndex(({ standsIn }) => standsIn) + 1));
    return;
  }
  const by = { resource: landing.endpoint.id, rule: 'reply' };
  const over = formatIp(last.at.address);
  const says = `the private endpoint replies directly, past the appliance ${over} that the request went through`;
  reply.rec.assume('an-appliance-keeps-the-source');
  reply.rec.stop('no-return-path', 'return', by, says, {
    resource: landing.endpoint.id,
    property: 'routes of the client subnet',
    is: `next hop ${over}`,
    needs: 'source translation at the appliance, or no appliance on the way',
  });
}

function fromMachine(
  reply: Reply,
  here: Position | undefined,
  { at: start, over }: Extract<Landing, { kind: 'machine' }>,
): void {
  if (here?.nic !== undefined && here.nic === start.nic) return;
  const own = { ...reply, replier: start.address };
  const back = over.public
    ? comesBack(own, start, over.source, []) && fromOutside(reply, over.appliances)
    : comesBack(own, start, over.source, over.appliances);
  if (!back) return;
  const by = { resource: start.subnet.fact.id, rule: 'routes' };
  reply.rec.pass('return', by, `the reply takes the same way back from ${nameOf(start.subnet.fact.id)}`);
}

/**
 * A reply has to meet no other appliances than the request, and a connection's has to meet all of them, in the opposite
 * order. `to`: whom it is for, which is the last one on the way who put himself in the place of others, or who asked.
 */
function comesBack(reply: Reply, start: Position, to: Ip | undefined, over: readonly Passed[]): boolean {
  for (let [at, left] = [start, over]; ; ) {
    const last = left.findLastIndex(({ standsIn }) => standsIn);
    const next = hopBack(reply, at, to, left.slice(last + 1));
    if (next === 'lost') return false;
    const met = next === 'home' ? left[last] : next;
    if (!met) return true;
    left = left.slice(0, left.lastIndexOf(met));
    ({ at, source: to } = met);
  }
}

/** One hop of the reply, from `at` to an appliance that has seen the request, or home. `left`: those still before it. */
function hopBack(
  reply: Reply,
  at: Position,
  to: Ip | undefined,
  left: readonly Passed[],
): Passed | 'home' | 'lost' {
  const { network, replier, rec } = reply;
  // An unknown public source is answered the way any public address is.
  const row = replyRoute(replier, at, to ?? internetClient, rec);
  if (row === 'unknown') return 'lost';
  const hop: NextHop = row?.action ?? { kind: 'none' };
  const by = { resource: at.subnet.fact.id, rule: 'routes' };
  const what = `the reply of ${formatIp(replier)}`;
  const last = left.at(-1);
  const expected = last && isWatched(reply) ? last : undefined;
  const stop = (says: string, is: string): 'lost' => {
    rec.stop('no-return-path', 'return', by, says, {
      resource: at.subnet.fact.routes ?? at.subnet.fact.id,
      property: 'routes',
      is,
      needs:
        expected === undefined
          ? 'a direct route to the source'
          : `a route over ${formatIp(expected.at.address)}`,
    });
    return 'lost';
  };
  switch (hop.kind) {
    case 'none':
      return stop(`${what} is dropped: next hop None`, 'next hop None');
    case 'gateway': {
      const gateway = at.vnet.gateways.find(
        ({ fact }) => hop.gateway === undefined || fact.id === hop.gateway,
      );
      if (gateway && to !== undefined && rec.isIn(gateway.behind, to)) break;
      return stop(
        `${what} goes to a gateway that does not lead to its source`,
        'next hop VirtualNetworkGateway',
      );
    }
    case 'appliance': {
      const known = expected ? [expected] : left;
      const next = known.findLast((each) => each.at.address === hop.address);
      if (next) return crosses(at, next.at.vnet, replier, rec) ? next : 'lost';
      // The source may itself be the next hop of the route back to it.
      if (expected === undefined && to !== undefined && rec.isIn([[hop.address, hop.address]], to)) break;
      return stop(
        `${what} goes through the appliance ${formatIp(hop.address)}, which has not seen the request`,
        `next hop ${formatIp(hop.address)}`,
      );
    }
    case 'internet':
      if (expected === undefined && to !== undefined && rec.isIn(privateAddresses, to)) {
        return stop(`${what} leaves for the internet`, 'next hop Internet');
      }
      break;
    default:
      break;
  }
  if (expected !== undefined) {
    return stop(`${what} goes past the appliance that the request went through`, 'a direct route');
  }
  const target = hop.kind === 'peering' ? network.vnets.get(keyOf(hop.remote)) : undefined;
  return target === undefined || crosses(at, target, replier, rec) ? 'home' : 'lost';
}

/** Replies go over peerings too, and the far side has to take them. */
function crosses(at: Position, there: Vnet, source: Ip, rec: Recorder): boolean {
  const barrier = there === at.vnet ? undefined : barrierTo(there, at.vnet, source, rec);
  if (!barrier) return true;
  if (barrier.by.rule === 'allowForwardedTraffic') rec.assume('a-peering-asks-replies-too');
  rec.stop('no-return-path', 'return', barrier.by, `the reply is lost: ${barrier.says}`, barrier.blocker);
  return false;
}

/** The route for the reply; `unknown` where the recorder was told that it is not known. */
function replyRoute(replier: Ip, at: Position, to: Ip, rec: Recorder): Row<NextHop> | undefined | 'unknown' {
  const point = { source: replier, destination: to, protocol: 6, port: 49152, sourcePort: 443 };
  const decision = rec.decide(at.subnet.routes, point, sameHop);
  if (decision.kind === 'row') return decision.row;
  if (decision.kind === 'none') return undefined;
  rec.stop('unknown', 'return', decision.row.by, `cannot say how the reply goes without ${decision.missing}`);
  return 'unknown';
}
