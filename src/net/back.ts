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
import type { Landing, Passage } from './landing.ts';
import type { Network, Vnet } from './model.ts';
import type { Position } from './position.ts';
import { type NextHop, sameHop } from './routes.ts';
import type { Row } from './table.ts';
import { internetClient } from './tags.ts';
import type { Recorder } from './trace.ts';

/** Checks that the reply of what was reached comes back to where the flow came from; undefined: outside. */
export function wayBack(
  network: Network,
  here: Position | undefined,
  landing: Landing,
  protocol: Protocol,
  rec: Recorder,
): void {
  switch (landing.kind) {
    case 'public':
      return;
    case 'private-endpoint':
      fromEndpoint(landing, protocol, rec);
      return;
    case 'machine':
      fromMachine(network, here, landing, protocol, rec);
      return;
  }
}

const connections: Intervals = [[protocolNumbers.tcp, protocolNumbers.tcp]];

/** A connection is made by three packets, and who keeps state wants to see all of them; anything else is answered by one. */
function isWatched({ appliances }: Passage, protocol: Protocol, rec: Recorder): boolean {
  return appliances.length > 0 && rec.isIn(connections, protocolNumbers[protocol]);
}

/** A private endpoint answers the client itself, whatever the routes say (docs/semantics/network-policies.md). */
function fromEndpoint(
  landing: Extract<Landing, { kind: 'private-endpoint' }>,
  protocol: Protocol,
  rec: Recorder,
): void {
  const last = landing.over.appliances.at(-1);
  if (last === undefined || !isWatched(landing.over, protocol, rec)) return;
  const by = { resource: landing.endpoint.id, rule: 'reply' };
  const over = formatIp(last.address);
  const says = `the private endpoint replies directly, past the appliance ${over} that the request went through`;
  rec.assume('an-appliance-keeps-the-source');
  rec.stop('no-return-path', 'return', by, says, {
    resource: landing.endpoint.id,
    property: 'routes of the client subnet',
    is: `next hop ${over}`,
    needs: 'source translation at the appliance, or no appliance on the way',
  });
}

/** The reply has to meet no other appliances than the request, and where they watch it, all of them in the opposite order. */
function fromMachine(
  network: Network,
  here: Position | undefined,
  landing: Extract<Landing, { kind: 'machine' }>,
  protocol: Protocol,
  rec: Recorder,
): void {
  const { at: start, over } = landing;
  if (here?.nic !== undefined && here.nic === start.nic) return;
  const watched = isWatched(over, protocol, rec);
  const reply: Reply = { network, start, source: over.source, watched, rec };
  for (let at = start, left = over.appliances; ; ) {
    const next = hopBack(reply, at, left);
    if (next === 'lost') return;
    if (next === 'home') break;
    left = left.slice(0, left.lastIndexOf(next));
    at = next;
  }
  const by = { resource: start.subnet.fact.id, rule: 'routes' };
  rec.pass('return', by, `the reply takes the same way back from ${nameOf(start.subnet.fact.id)}`);
}

interface Reply {
  readonly network: Network;
  /** Who replies. */
  readonly start: Position;
  /** To whom. */
  readonly source: Ip | undefined;
  /** It must not go past an appliance that has seen the request. */
  readonly watched: boolean;
  readonly rec: Recorder;
}

/** One hop of the reply, from `at` to an appliance that has seen the request, or home. `left`: those still before it. */
function hopBack(reply: Reply, at: Position, left: readonly Position[]): Position | 'home' | 'lost' {
  const { network, start, source, watched, rec } = reply;
  // An unknown public source is answered the way any public address is.
  const row = replyRoute(start, at, source ?? internetClient, rec);
  if (row === 'unknown') return 'lost';
  const hop: NextHop = row?.action ?? { kind: 'none' };
  const by = { resource: at.subnet.fact.id, rule: 'routes' };
  const what = `the reply of ${formatIp(start.address)}`;
  const expected = watched ? left.at(-1) : undefined;
  const stop = (says: string, is: string): 'lost' => {
    rec.stop('no-return-path', 'return', by, says, {
      resource: at.subnet.fact.routes ?? at.subnet.fact.id,
      property: 'routes',
      is,
      needs:
        expected === undefined
          ? 'a direct route to the source'
          : `a route over ${formatIp(expected.address)}`,
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
      if (gateway && source !== undefined && rec.isIn(gateway.behind, source)) break;
      return stop(
        `${what} goes to a gateway that does not lead to its source`,
        'next hop VirtualNetworkGateway',
      );
    }
    case 'appliance': {
      const known = expected ? [expected] : left;
      const next = known.findLast(({ address }) => address === hop.address);
      if (next) return crosses(at, next.vnet, start.address, rec) ? next : 'lost';
      // The source may itself be the next hop of the route back to it.
      if (expected === undefined && source !== undefined && rec.isIn([[hop.address, hop.address]], source))
        break;
      return stop(
        `${what} goes through the appliance ${formatIp(hop.address)}, which has not seen the request`,
        `next hop ${formatIp(hop.address)}`,
      );
    }
    case 'internet':
      if (expected === undefined && source !== undefined && rec.isIn(privateAddresses, source)) {
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
  return target === undefined || crosses(at, target, start.address, rec) ? 'home' : 'lost';
}

/** Replies go over peerings too, and the far side has to take them. */
function crosses(at: Position, there: Vnet, source: Ip, rec: Recorder): boolean {
  const barrier = there === at.vnet ? undefined : barrierTo(there, at.vnet, source, rec);
  if (!barrier) return true;
  rec.stop('no-return-path', 'return', barrier.by, `the reply is lost: ${barrier.says}`, barrier.blocker);
  return false;
}

/** The route for the reply; `unknown` where the recorder was told that it is not known. */
function replyRoute(
  start: Position,
  at: Position,
  source: Ip,
  rec: Recorder,
): Row<NextHop> | undefined | 'unknown' {
  const point = { source: start.address, destination: source, protocol: 6, port: 49152, sourcePort: 443 };
  const decision = rec.decide(at.subnet.routes, point, sameHop);
  if (decision.kind === 'row') return decision.row;
  if (decision.kind === 'none') return undefined;
  rec.stop('unknown', 'return', decision.row.by, `cannot say how the reply goes without ${decision.missing}`);
  return 'unknown';
}
