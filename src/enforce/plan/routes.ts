/**
 * Effective routes of a subnet for the kernel: lines of a routing table of its own, and what ends after the gates.
 *
 * The kernel asks the longest prefix first, and so is the Network's table ordered: the first row of a prefix is the
 * one that holds. Where a row leads to what the network itself has (its machines, its private endpoints, the public
 * side), the line is `throw`: the lookup goes on in the tables that all subnets share.
 *
 * @module
 */

import { type Intervals, intersect, subtract, union } from '../../lib/intervals.ts';
import { formatPrefix, type Ip, intervalOf, type Prefix } from '../../lib/ip.ts';
import { keyOf, nameOf } from '../../lib/key.ts';
import { anyPort } from '../../lib/ports.ts';
import { anyAddress, privateAddresses } from '../../net/azure.ts';
import { hopBehind } from '../../net/backends.ts';
import { carried } from '../../net/balancers.ts';
import { handOver } from '../../net/forward.ts';
import type { Network, Vnet } from '../../net/model.ts';
import { leaveByGateway } from '../../net/path.ts';
import type { Position } from '../../net/position.ts';
import { type NextHop, prefixesOf, sameHop } from '../../net/routes.ts';
import type { Row, Source, Table } from '../../net/table.ts';
import { internetClient } from '../../net/tags.ts';
import { Recorder } from '../../net/trace.ts';
import type { Ending } from './ruleset.ts';
import { block, type Line, line, type Word } from './words.ts';

/** Where packets to some addresses end although there is a route: before the gates are asked, or after. */
export interface DeadEnd {
  readonly addresses: Intervals;
  readonly ending: Ending;
}

/** Routes of one subnet. */
export interface SubnetRoutes {
  readonly lines: readonly Line[];
  /** Where nobody knows the route. */
  readonly unknown: readonly DeadEnd[];
  /** After the gates. */
  readonly ends: readonly DeadEnd[];
  /** Addresses for which the subnet needs a way out to the internet. */
  readonly internet: Intervals;
}

/** What routes are printed with. */
export interface RouteSurroundings {
  readonly network: Network;
  readonly vnet: Vnet;
  readonly table: number;
  /** The interface towards each peer, by the peer's key. */
  readonly peers: ReadonlyMap<string, Word>;
  /** The interface on which an appliance here, or in a peer, takes what it is to pass on. */
  readonly towards: (appliance: Position) => Word | undefined;
}

/** Prints the routes of a subnet. */
export function printRoutes(routes: Table<NextHop>, around: RouteSurroundings): SubnetRoutes {
  const lines: Line[] = [];
  const ends: DeadEnd[] = [];
  const seen = new Set<string>();
  const { pieces, unknown } = partition(routes);
  for (const row of routes) {
    for (const prefix of (row.match.destination ?? anyAddress).flatMap(prefixesOf)) {
      if (seen.has(formatPrefix(prefix))) continue;
      seen.add(formatPrefix(prefix));
      const decided = intersect(pieces.get(row) ?? [], [intervalOf(prefix)]);
      const { line: to, ending, lines: further = [], but = [] } = wayOf(row, prefix, around, decided);
      lines.push(...[to, ...further].map((each) => line`${each} table ${around.table}`));
      const addresses = ending ? subtract(decided, but) : [];
      if (ending && addresses.length > 0) ends.push({ addresses, ending });
    }
  }
  const internet = union(
    ...[...pieces].filter(([row]) => row.action.kind === 'internet').map(([, piece]) => piece),
  );
  return { lines, unknown, ends: joined(ends), internet };
}

/** Each row with the addresses that it decides; and where the row is not known. */
function partition(routes: Table<NextHop>): {
  readonly pieces: ReadonlyMap<Row<NextHop>, Intervals>;
  readonly unknown: readonly DeadEnd[];
} {
  const pieces = new Map<Row<NextHop>, Intervals>();
  const maybe: { row: Row<NextHop>; missing: string; within: Intervals }[] = [];
  const unknown: DeadEnd[] = [];
  let left = anyAddress;
  for (const row of routes) {
    const own = intersect(row.match.destination ?? anyAddress, left);
    left = subtract(left, own);
    if (own.length > 0) pieces.set(row, own);
    const gap = row.unknown?.destination;
    if (gap) maybe.push({ row, missing: gap.missing, within: intersect(gap.within, left) });
  }
  for (const { row, missing, within } of maybe) {
    const agreed = [...pieces]
      .filter(([other]) => sameHop(other.action, row.action))
      .map(([, piece]) => piece);
    const addresses = subtract(within, union(...agreed));
    const by = { resource: row.by.resource, rule: missing };
    if (addresses.length > 0) {
      unknown.push({ addresses, ending: { stage: 'route', disposition: 'unknown', by } });
    }
  }
  return { pieces, unknown };
}

interface Way {
  readonly line: Line;
  readonly ending?: Ending;
  /** Narrower ones, for addresses that do not end so. */
  readonly lines?: readonly Line[];
  readonly but?: Intervals;
}

function wayOf(row: Row<NextHop>, prefix: Prefix, around: RouteSurroundings, decided: Intervals): Way {
  const { action, by } = row;
  const to = block(prefix);
  switch (action.kind) {
    case 'none':
      return { line: line`${to} dev none` };
    case 'vnet':
    case 'service-endpoint':
      return { line: line`throw ${to}` };
    case 'internet': {
      // Inside, where the internet has no route, the packet still passes the gates on its way out.
      const inside = subtract([intervalOf(prefix)], privateAddresses).length === 0;
      return inside
        ? deadEnd(prefix, 'no-route', { resource: 'internet', rule: 'public routing' })
        : { line: line`throw ${to}` };
    }
    case 'endpoint': {
      const endpoint = around.network.endpoints.get(keyOf(action.endpoint));
      const home = endpoint && around.network.subnets.get(keyOf(endpoint.subnet))?.vnet;
      if (!home || home === around.vnet) return { line: line`throw ${to}` };
      return overPeering(home.fact.id, prefix, by, around);
    }
    case 'peering':
      return overPeering(action.remote, prefix, by, around);
    case 'appliance':
      return overAppliance(row, action.address, prefix, around);
    case 'gateway':
      return overGateway(row, action.gateway, prefix, around, decided);
  }
}

function overPeering(remote: string, prefix: Prefix, by: Source, around: RouteSurroundings): Way {
  const peer = around.peers.get(keyOf(remote));
  return peer === undefined
    ? deadEnd(prefix, 'unknown', { resource: by.resource, rule: `the peer ${nameOf(remote)}` })
    : { line: line`${block(prefix)} dev ${peer}` };
}

/**
 * What is behind the gateway goes there, here or over the peering whose gateway is used; the rest ends. A walk with one
 * address of either kind speaks for all of them.
 */
function overGateway(
  row: Row<NextHop>,
  id: string | undefined,
  prefix: Prefix,
  around: RouteSurroundings,
  decided: Intervals,
): Way {
  const { network, vnet, peers } = around;
  const gateway = vnet.gateways.find(({ fact }) => id === undefined || keyOf(fact.id) === keyOf(id));
  const behind = intersect(decided, gateway?.behind ?? []);
  const ask = (addresses: Intervals): Recorder => {
    const rec = new Recorder();
    const source = vnet.fact.prefixes[0]?.base;
    const destination = (addresses[0]?.[0] ?? prefix.base) as Ip;
    const packet = { source, destination, protocol: 'tcp', port: 443 } as const;
    leaveByGateway(network, vnet, row, id, packet, { appliances: [], public: false, source }, rec);
    return rec;
  };
  const rest = ask(subtract(decided, behind));
  const end = deadEnd(prefix, rest.disposition ?? 'unknown', lastOf(rest, row.by));
  if (behind.length === 0) return end;
  const reached = ask(behind);
  if (reached.disposition !== undefined) {
    return deadEnd(prefix, reached.disposition, lastOf(reached, row.by));
  }
  const home = keyOf(gateway?.vnet ?? '');
  const peer = home === keyOf(vnet.fact.id) ? undefined : peers.get(home);
  const wayTo = (to: Prefix): Line =>
    peer === undefined ? line`throw ${block(to)}` : line`${block(to)} dev ${peer}`;
  if (subtract([intervalOf(prefix)], behind).length === 0) return { line: wayTo(prefix) };
  return { ...end, lines: behind.flatMap(prefixesOf).map(wayTo), but: behind };
}

function lastOf({ steps }: Recorder, otherwise: Source): Source {
  const last = steps.at(-1);
  return last ? { resource: last.resource, rule: last.rule } : otherwise;
}

/** Who has the next hop's address, and whether the way there is open, is the Network's to say. */
function overAppliance(row: Row<NextHop>, hop: Ip, prefix: Prefix, around: RouteSurroundings): Way {
  const rec = new Recorder();
  const source = around.vnet.fact.prefixes[0]?.base;
  const next = handOver(around.network, around.vnet, row, hop, { source }, rec);
  const last = rec.steps.at(-1);
  if (!next) {
    const by = last ? { resource: last.resource, rule: last.rule } : row.by;
    return deadEnd(prefix, rec.disposition ?? 'unknown', by);
  }
  const appliance = next.nic?.runs === 'balancer' ? behindBalancer(next, around.network) : next;
  if (!appliance) return deadEnd(prefix, 'unknown', row.by);
  const link = around.towards(appliance);
  if (link !== undefined) return { line: line`${block(prefix)} dev ${link}` };
  // A private endpoint passes nothing on.
  return deadEnd(prefix, 'no-route', { resource: next.nic?.id ?? '', rule: 'enableIPForwarding' });
}

/** The appliance behind a load balancer that takes every packet alike; undefined: which one, or whether, depends on more. */
export function behindBalancer(frontend: Position, network: Network): Position | undefined {
  const balancer = network.balancers.get(keyOf(frontend.nic?.id ?? ''));
  const row = balancer?.inbound.find(({ match }) => match.destination?.[0]?.[0] === frontend.address);
  const { port = anyPort, protocol = carried } = row?.match ?? {};
  const all = subtract(anyPort, port).length === 0 && subtract(carried, protocol).length === 0;
  if (!row || !all) return undefined;
  const packet = { source: undefined, destination: internetClient, protocol: 'tcp', port: 443 } as const;
  const found = hopBehind(network, frontend, packet, new Recorder());
  const address = found?.configuration?.address;
  return found && address !== undefined ? { ...found, address } : undefined;
}

/** The router itself takes the packet, so that the gates are asked before it ends. */
function deadEnd(prefix: Prefix, disposition: Ending['disposition'], by: Source): Way {
  return {
    line: line`local ${block(prefix)} dev lo`,
    ending: { stage: 'forward', disposition, by },
  };
}

/** One end for each reason. */
function joined(ends: readonly DeadEnd[]): DeadEnd[] {
  const byReason = new Map<string, DeadEnd>();
  for (const { addresses, ending } of ends) {
    const key = `${ending.disposition} ${ending.by.resource} ${ending.by.rule}`;
    const known = byReason.get(key);
    byReason.set(key, { addresses: union(known?.addresses ?? [], addresses), ending });
  }
  return [...byReason.values()];
}
