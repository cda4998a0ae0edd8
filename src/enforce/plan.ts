/**
 * Plans the kernel's part: namespaces, links, addresses, routes and rulesets. Pure; `plan/print.ts` prints it.
 *
 * A router namespace a virtual network, a namespace a network interface, one for the internet between them. Every
 * packet passes the router of its sender's network, also within a subnet, so that gates hold there as in Azure.
 *
 * @module
 */

import { contains, type Ip, ip, ipAt } from '../lib/ip.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import type { Network, Vnet } from '../net/model.ts';
import { type Position, positionAt, positionOf } from '../net/position.ts';
import { internetOf } from './plan/internet.ts';
import type { Lack, LinuxPlan, Namespace, Peer, Station, Wire } from './plan/model.ts';
import { routerOf } from './plan/router.ts';
import type { Ending } from './plan/ruleset.ts';
import { address, Ids, line, type Word, word } from './plan/words.ts';

/** Networks show the internet addresses of this block and after, one each (RFC 5737), where they have none of their own. */
const outlet: Ip = ip('192.0.2.0');

/** Plans. `probes`: subnets in which something is to stand that the estate does not have. */
export function planOf(network: Network, probes: readonly string[] = []): LinuxPlan {
  const ids = new Ids();
  const keys = [...network.vnets.keys()].toSorted();
  const vnets = keys.flatMap((key) => network.vnets.get(key) ?? []);
  const outlets = vnets.map((vnet, at) => ({
    vnet,
    router: ids.of('r', keyOf(vnet.fact.id)),
    link: ids.of('i', keyOf(vnet.fact.id)),
    address: ipAt(outlet, at + 1),
  }));
  const internet = internetOf(network, outlets, ids);
  const namespaces: Namespace[] = [];
  const wires: Wire[] = [];
  const endings = new Map<number, Ending>();
  const places = new Map<string, Word>();
  for (const { vnet, router, link, address: own } of outlets) {
    const stations = stationsOf(network, vnet, probes, ids);
    const peers = peersOf(network, vnet, ids);
    wires.push({
      ends: [
        { namespace: router, link: word`inet` },
        { namespace: internet.backbone.id, link },
      ],
    });
    for (const { key, namespace, link, inner } of stations) {
      const ends = [
        { namespace: router, link },
        { namespace, link: inner },
      ] as const;
      wires.push({ ends });
      places.set(key, namespace);
    }
    for (const { vnet: peer, link, far } of peers) {
      if (keyOf(vnet.fact.id) < keyOf(peer.fact.id)) wires.push({ ends: [{ namespace: router, link }, far] });
    }
    const made = routerOf({ network, vnet, router, address: own, stations, peers, ids });
    namespaces.push(made.namespace, ...machinesOf(stations));
    for (const [number, ending] of made.endings) endings.set(number, ending);
  }
  for (const [number, ending] of internet.endings) endings.set(number, ending);
  places.set('internet', internet.client.id);
  return {
    namespaces: [...namespaces, internet.backbone, internet.client],
    wires: [...wires, internet.wire],
    endings,
    lacks: lacksOf(network),
    places,
  };
}

/** What stands in a network: its interfaces, one station an address, and probes. */
function stationsOf(network: Network, vnet: Vnet, probes: readonly string[], ids: Ids): Station[] {
  const inners = new Map<string, number>();
  const station = (position: Position, id: string): Station => {
    const key = keyOf(id);
    const at = inners.get(key) ?? 0;
    inners.set(key, at + 1);
    const link = ids.of('n', `${key} ${position.address}`);
    return { key, about: id, namespace: ids.of('m', key), link, inner: word`eth${at}`, position };
  };
  const attached = [...vnet.attachments.values()].flatMap(({ nic, configuration }) => {
    const position = nic.endpoint === undefined ? positionAt(network, nic, configuration) : undefined;
    return position ? [station(position, nic.id)] : [];
  });
  const probed = vnet.subnets.flatMap(({ fact: { id } }) => {
    if (!probes.some((probe) => keyOf(probe) === keyOf(id))) return [];
    const position = positionOf(network, { kind: 'subnet', label: nameOf(id), subnet: id });
    return position ? [station(position, id)] : [];
  });
  return [...attached, ...probed];
}

/** Networks to which there is a wire: either side has a peering. */
function peersOf(network: Network, vnet: Vnet, ids: Ids): Peer[] {
  const own = keyOf(vnet.fact.id);
  return [...network.vnets.values()].flatMap((other) => {
    const key = keyOf(other.fact.id);
    const joined =
      key !== own &&
      (vnet.peerings.some(({ remote }) => keyOf(remote) === key) ||
        other.peerings.some(({ remote }) => keyOf(remote) === own));
    if (!joined) return [];
    const far = { namespace: ids.of('r', key), link: ids.of('p', `${key} ${own}`) };
    return [{ vnet: other, link: ids.of('p', `${own} ${key}`), far }];
  });
}

/** A machine has its addresses and sends everything to its network; what it sends from each leaves by its interface. */
function machinesOf(stations: readonly Station[]): Namespace[] {
  return [...new Set(stations.map(({ namespace }) => namespace))].map((id): Namespace => {
    const own = stations.filter(({ namespace }) => namespace === id);
    const addresses = own.map(({ inner, position }) => {
      const { prefix } = surroundings(position);
      return line`${address(position.address)}/${prefix.length} dev ${inner}`;
    });
    const gateways = own.map(({ inner, position }, at) => {
      const { gateway } = surroundings(position);
      const route = line`default via ${address(gateway)} dev ${inner}`;
      return at === 0 ? route : line`${route} table ${100 + at}`;
    });
    const rules = own
      .map(({ position }, at) => line`pref 100 from ${address(position.address)} lookup ${100 + at}`)
      .slice(1);
    return {
      id,
      role: 'machine',
      about: own[0]?.about ?? '',
      addresses,
      rules,
      routes: gateways,
      ruleset: undefined,
      sockets: [],
      zones: [],
    };
  });
}

function surroundings({ subnet, address }: Position): {
  readonly prefix: { length: number };
  readonly gateway: Ip;
} {
  const prefix = subnet.fact.prefixes.find((candidate) => contains(candidate, address)) ?? {
    base: address,
    length: 32,
  };
  return { prefix, gateway: ipAt(prefix.base, 1) };
}

function lacksOf(network: Network): Lack[] {
  const gateways = [...network.gateways.values()].map(({ fact }): Lack => {
    return { resource: fact.id, says: 'nothing behind a virtual network gateway is reached' };
  });
  const firewalls = [...network.firewalls.keys()].map((id): Lack => {
    return { resource: id, says: 'a firewall passes nothing on' };
  });
  return [...gateways, ...firewalls];
}
