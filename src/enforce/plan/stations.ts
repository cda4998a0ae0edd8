/**
 * What stands in a virtual network: its interfaces, what Azure runs in its subnets, and probes.
 *
 * @module
 */

import { type Intervals, subtract } from '../../lib/intervals.ts';
import type { Ip } from '../../lib/ip.ts';
import { keyOf, nameOf } from '../../lib/key.ts';
import type { Network, Vnet } from '../../net/model.ts';
import {
  addressesOf,
  type Place,
  type Position,
  positionAt,
  positionOf,
  subnetOf,
} from '../../net/position.ts';
import type { Station } from './model.ts';
import { type Ids, word } from './words.ts';

/** Reports whether something accepts packets that are not for it, to pass them on. */
export function passesOn({ nic }: Position): boolean {
  return nic?.forwarding === true || nic?.runs === 'firewall';
}

/** Places what stands in a network, one station an address. `probes`: subnets in which something is to stand besides. */
export function stationsOf(
  network: Network,
  vnet: Vnet,
  probes: ReadonlySet<string>,
  ids: Ids,
): readonly Station[] {
  const inners = new Map<string, number>();
  const station = (position: Position, id: string): Station => {
    const key = keyOf(id);
    const at = inners.get(key) ?? 0;
    inners.set(key, at + 1);
    const link = ids.of('n', `${key} ${position.address}`);
    return { key, about: id, namespace: ids.of('m', key), link, inner: word`eth${at}`, position };
  };
  const attached = [...vnet.attachments.values()].flatMap(({ nic, configuration }) => {
    // A load balancer is no machine, and a private endpoint is its network's own.
    const stands = nic.endpoint === undefined && nic.runs !== 'balancer';
    const position = stands ? positionAt(network, nic, configuration) : undefined;
    return position ? [station(position, nic.id)] : [];
  });
  const probed = vnet.subnets.flatMap(({ fact: { id } }) => {
    const position = probes.has(keyOf(id))
      ? positionOf(network, { kind: 'subnet', label: nameOf(id), subnet: id })
      : undefined;
    return position ? [station(position, id)] : [];
  });
  const run = vnet.subnets.flatMap(({ fact: { id } }) =>
    workloadsIn(network, id, ids).map((position) => station(position.at, position.id)),
  );
  return [...attached, ...probed, ...run];
}

/**
 * Azure picks an address for each that it runs in a subnet, and here one is picked: always the same while it is free.
 * The first free one is left to probes.
 */
function workloadsIn(
  network: Network,
  subnet: string,
  ids: Ids,
): readonly { readonly id: string; readonly at: Position }[] {
  const key = keyOf(subnet);
  const own = [...network.workloads.values()].filter((fact) => keyOf(subnetOf(network, fact) ?? '') === key);
  if (own.length === 0) return [];
  let free = afterFirst(addressesOf(network, { kind: 'subnet', label: '', subnet }) ?? []);
  return own.flatMap(({ id, place: label }) => {
    const place: Place = { kind: 'workload', label, workload: id };
    const address = pick(free, ids.number(`address ${keyOf(id)}`));
    const at = address === undefined ? undefined : positionOf(network, place, address);
    if (address === undefined || !at) return [];
    free = subtract(free, [[address, address]]);
    return [{ id, at }];
  });
}

/** All but the first free address, which is what a probe has. */
function afterFirst(free: Intervals): Intervals {
  const [first] = free;
  return first ? subtract(free, [[first[0], first[0]]]) : free;
}

/** The first free address from the one that a number gives, so that it stays while others come and go. */
function pick(free: Intervals, number: number): Ip | undefined {
  const [first, last] = [free[0]?.[0], free.at(-1)?.[1]];
  if (first === undefined || last === undefined) return undefined;
  const wanted = first + (number % (last - first + 1));
  const [low] = free.find(([, high]) => high >= wanted) ?? [first];
  return Math.max(low, wanted) as Ip;
}
