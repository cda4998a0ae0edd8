/**
 * What is outside Azure: sites, clients of gateways, and whatever else lies behind a gateway. What a gateway has told
 * of goes into the tunnel, all the rest to the internet as an address of its own.
 *
 * @module
 */

import { type Intervals, subtract, union } from '../../lib/intervals.ts';
import { contains, type Ip, intervalOf, ipAt, type Prefix, sizeOf } from '../../lib/ip.ts';
import { keyOf } from '../../lib/key.ts';
import type { Gateway } from '../../net/gateways.ts';
import type { Network, Vnet } from '../../net/model.ts';
import { advertisedBy } from '../../net/outside-in.ts';
import { gatewayOf, keyOfPlace, type Place, type Position, positionOf } from '../../net/position.ts';
import { listenerOf } from '../../net/proxies.ts';
import { prefixesOf } from '../../net/routes.ts';
import { addressOf } from '../../net/servers.ts';
import type { Far, Guest, Namespace } from './model.ts';
import type { Ruleset } from './ruleset.ts';
import { address, block, type Ids, type Line, line, word } from './words.ts';

/** Nothing of its own beside what stands in every site. */
const bare: Ruleset = { collections: [], chains: [], endings: new Map() };

type Outsider = Extract<Place, { readonly kind: 'site' | 'client' }>;

/** Sites and clients that send from somewhere: behind a gateway of the estate, or on the internet. */
export function outsidersOf(network: Network): readonly Outsider[] {
  const sites = [...network.sites.values()].map((site): Outsider => {
    return { kind: 'site', label: `site/${site.name}`, site };
  });
  const clients = [...network.gateways.values()].flatMap(({ fact }): Outsider[] => {
    return fact.clients.length === 0 ? [] : [{ kind: 'client', label: '', gateway: fact.id }];
  });
  return [...sites, ...clients].filter((place) =>
    gatewayOf(network, place)
      ? positionOf(network, place) !== undefined
      : place.kind === 'site' && place.site.via === 'internet',
  );
}

/** What the gateways of a network join to it. Addresses that several claim are the first one's. */
export function farOf(network: Network, vnet: Vnet, ids: Ids): readonly Far[] {
  const own = [...network.gateways.values()].filter((gateway) => keyOf(gateway.vnet) === keyOf(vnet.fact.id));
  const outsiders = outsidersOf(network);
  return own.flatMap((gateway): Far[] => {
    let taken: Intervals = [];
    const claim = (prefixes: readonly Prefix[]): readonly Prefix[] => {
      const free = subtract(union(prefixes.map(intervalOf)), taken);
      taken = union(taken, free);
      return free.flatMap(prefixesOf);
    };
    const named = outsiders.flatMap((place): Far[] => {
      if (gatewayOf(network, place) !== gateway) return [];
      const position = positionOf(network, place);
      const all = place.kind === 'site' ? place.site.prefixes : gateway.fact.clients;
      return position ? [far(keyOfPlace(place), aboutOf(place), claim(all), position, ids)] : [];
    });
    const rest = claim(gateway.prefixes);
    const home = network.subnets.get(keyOf(gateway.fact.subnet));
    const [first] = rest;
    if (!home || !first) return named;
    const { id } = gateway.fact;
    const at = { ...home, nic: undefined, configuration: undefined, address: someAddress(first) };
    return [...named, far(`behind ${keyOf(id)}`, id, rest, at, ids)];
  });
}

function far(key: string, about: string, prefixes: readonly Prefix[], position: Position, ids: Ids): Far {
  const namespace = ids.of('m', key);
  return { key, about, namespace, link: ids.of('n', key), inner: word`eth0`, position, prefixes };
}

/** By what a place is found again: people's word for it, or the gateway's id. */
function aboutOf(place: Outsider): string {
  return place.kind === 'site' ? place.label : place.gateway;
}

function someAddress(pool: Prefix): Ip {
  return ipAt(pool.base, Math.min(4, sizeOf(pool) - 1));
}

/** Plans their namespaces: every address of theirs answers. `guests`: as whom they are on the internet, by key. */
export function beyondOf(
  network: Network,
  fars: readonly Far[],
  guests: ReadonlyMap<string, Guest>,
): readonly Namespace[] {
  const outsiders = outsidersOf(network);
  const named = outsiders.flatMap((place): Namespace[] => {
    const guest = guests.get(keyOfPlace(place));
    if (!guest) return [];
    const behind = fars.find(({ key }) => key === guest.key);
    const gateway = gatewayOf(network, place);
    const prefixes = behind?.prefixes ?? (place.kind === 'site' ? place.site.prefixes : []);
    const [pool] = prefixes;
    const own = behind?.position.address ?? (pool && someAddress(pool));
    const tunnel = own === undefined ? [] : tunnelOf(network, gateway, own);
    return [
      {
        id: guest.namespace,
        role: 'site',
        about: guest.about,
        addresses: [
          ...(own === undefined ? [] : [line`${address(own)}/32 dev ${behind ? word`eth0` : word`lo`}`]),
          line`${address(guest.address)}/32 dev eth1`,
        ],
        rules: [],
        routes: [
          ...prefixes.map((prefix) => line`local ${block(prefix)} dev lo`),
          ...tunnel,
          line`default dev eth1 src ${address(guest.address)}`,
        ],
        ruleset: bare,
        sockets: [
          ...resolverAt(network, prefixes),
          ...proxyAt(place, prefixes),
          line`tcp 127.0.0.1:53`,
          line`udp 127.0.0.1:53`,
        ],
        zones: [],
      },
    ];
  });
  const others = fars.filter(({ key }) => !guests.has(key));
  return [
    ...named,
    ...others.map(({ namespace, about, prefixes, position }): Namespace => {
      return {
        id: namespace,
        role: 'site',
        about,
        addresses: [line`${address(position.address)}/32 dev eth0`],
        rules: [],
        routes: [...prefixes.map((prefix) => line`local ${block(prefix)} dev lo`), line`default dev eth0`],
        ruleset: bare,
        sockets: [],
        zones: [],
      };
    }),
  ];
}

function tunnelOf(network: Network, gateway: Gateway | undefined, own: Ip): Line[] {
  if (!gateway) return [];
  const told = advertisedBy(network, gateway).flatMap(({ fact }) => fact.prefixes);
  return told.map((prefix) => line`${block(prefix)} dev eth0 src ${address(own)}`);
}

/** Its proxy, where that has an address there. */
function proxyAt(place: Outsider, prefixes: readonly Prefix[]): Line[] {
  const at = place.kind === 'site' ? listenerOf({ prefixes, proxy: place.site.proxy }) : undefined;
  return at ? [line`tcp ${address(at.address)}:${at.port}`] : [];
}

/** DNS servers that have an address there. */
function resolverAt(network: Network, prefixes: readonly Prefix[]): Line[] {
  return network.dnsServers.flatMap((server) => {
    const ip = addressOf(network, server);
    if (ip === undefined || !prefixes.some((prefix) => contains(prefix, ip))) return [];
    return [line`tcp ${address(ip)}:53`, line`udp ${address(ip)}:53`];
  });
}
