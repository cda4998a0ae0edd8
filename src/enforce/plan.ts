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
import { answersQuestions } from '../net/servers.ts';
import { internetOf } from './plan/internet.ts';
import type { Lack, LinuxPlan, Namespace, Peer, Station, Wire } from './plan/model.ts';
import { routerOf } from './plan/router.ts';
import { insideSet } from './plan/ruleset.ts';
import { type Site, waysOf } from './plan/ways.ts';
import { address, Ids, line, word } from './plan/words.ts';

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
  const sites = outlets.map(({ vnet, router }) => {
    return {
      vnet,
      router,
      stations: stationsOf(network, vnet, probes, ids),
      peers: peersOf(network, vnet, ids),
    };
  });
  const { subnets, handOvers } = waysOf(network, sites, ids);
  const internet = internetOf(network, outlets, ids);
  const routers = sites.map((site, at) => {
    const handed = handOvers.filter(({ to }) => to.position.vnet === site.vnet);
    const address = outlets[at]?.address ?? outlet;
    return routerOf({ ...site, network, address, subnets, handed, ids });
  });
  const stations = sites.flatMap((site) => site.stations);
  return {
    namespaces: [
      ...routers.map(({ namespace }) => namespace),
      ...machinesOf(network, stations),
      internet.backbone,
      internet.client,
    ],
    wires: [
      ...sites.flatMap(wiresOf),
      ...handOvers.map(({ near, far }): Wire => ({ ends: [near, far] })),
      ...outlets.map(({ router, link }): Wire => {
        return {
          ends: [
            { namespace: router, link: word`inet` },
            { namespace: internet.backbone.id, link },
          ],
        };
      }),
      internet.wire,
    ],
    endings: new Map([...routers, internet].flatMap(({ endings }) => [...endings])),
    lacks: lacksOf(network),
    places: new Map([
      ...stations.map(({ key, namespace }) => [key, namespace] as const),
      ['internet', internet.client.id],
    ]),
  };
}

/** Wires of a network: to each station, and to peers, which has to be said by one side only. */
function wiresOf({ vnet, router, stations, peers }: Site): Wire[] {
  const own = keyOf(vnet.fact.id);
  return [
    ...stations.map(({ namespace, link, inner }): Wire => {
      return {
        ends: [
          { namespace: router, link },
          { namespace, link: inner },
        ],
      };
    }),
    ...peers
      .filter((peer) => own < keyOf(peer.vnet.fact.id))
      .map(({ link, far }): Wire => ({ ends: [{ namespace: router, link }, far] })),
  ];
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
function machinesOf(network: Network, stations: readonly Station[]): Namespace[] {
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
    const forwards = own.some(({ position }) => position.nic?.forwarding === true);
    return {
      id,
      role: forwards ? 'appliance' : 'machine',
      about: own[0]?.about ?? '',
      addresses,
      rules,
      routes: gateways,
      ruleset: forwards ? { collections: [insideSet], chains: [] } : undefined,
      sockets: own.flatMap(({ position }) => {
        const at = line`${address(position.address)}:53`;
        return answersQuestions(network, position.address) ? [line`tcp ${at}`, line`udp ${at}`] : [];
      }),
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
  const balancers = [...network.balancers.keys()].map((id): Lack => {
    return { resource: id, says: 'a load balancer passes nothing on' };
  });
  return [...gateways, ...firewalls, ...balancers];
}
