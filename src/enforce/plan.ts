/**
 * Plans the kernel's part: namespaces, links, addresses, routes and rulesets. Pure; `plan/print.ts` prints it.
 *
 * A router namespace a virtual network, a namespace a network interface, one for the internet between them. Every
 * packet passes the router of its sender's network, also within a subnet, so that gates hold there as in Azure.
 *
 * @module
 */

import { type Ip, ip, ipAt } from '../lib/ip.ts';
import { type IdKey, keyOf } from '../lib/key.ts';
import { nearby } from '../net/forward.ts';
import { sameItems } from '../net/gather.ts';
import type { Network, Vnet } from '../net/model.ts';
import { listenerOf } from '../net/proxies.ts';
import { spreadersOf } from './plan/balancing.ts';
import { beyondOf, farOf } from './plan/beyond.ts';
import { guestsOf } from './plan/guests.ts';
import { internetOf } from './plan/internet.ts';
import { machinesOf } from './plan/machines.ts';
import type { End, HandOver, Lack, LinuxPlan, Namespace, Peer, Wire } from './plan/model.ts';
import type { SubnetPlan } from './plan/passages.ts';
import { regated } from './plan/regated.ts';
import { routerOf } from './plan/router.ts';
import { behindBalancer } from './plan/routes.ts';
import { stationsOf } from './plan/stations.ts';
import { type Site, waysOf } from './plan/ways.ts';
import { Ids, type Word, word } from './plan/words.ts';

/** Networks show the internet addresses of this block and after, one each (RFC 5737), where they have none of their own. */
const outlet: Ip = ip('192.0.2.0');

/** What a plan was made of, for the next one. */
interface Draft {
  readonly network: Network;
  readonly probed: ReadonlySet<string>;
  readonly ids: Ids;
  readonly sites: readonly Addressed[];
  readonly subnets: ReadonlyMap<IdKey, SubnetPlan>;
  readonly handOvers: readonly HandOver[];
}

/** A network, with what it shows to the internet. */
interface Addressed extends Site {
  readonly address: Ip;
}

const drafts = new WeakMap<LinuxPlan, Draft>();

/**
 * Plans. `probes`: subnets in which something is to stand that the estate does not have. Of the plan `before`, if it is
 * given, is taken over what is the same: after a changed rule, all but the routers that ask it.
 */
export function planOf(network: Network, probes: readonly string[] = [], before?: LinuxPlan): LinuxPlan {
  const probed = new Set(probes.map(keyOf));
  const draft = before && drafts.get(before);
  const gates =
    draft && sameItems([...draft.probed], [...probed]) ? regated(draft.network, network) : undefined;
  return before && draft && gates
    ? withGates(before, draft, network, new Set(gates))
    : wholePlan(network, probed);
}

/** The same plan, but for the gates of some networks. */
function withGates(before: LinuxPlan, draft: Draft, network: Network, gates: ReadonlySet<IdKey>): LinuxPlan {
  const sites = draft.sites.map((site): Addressed => {
    const key = keyOf(site.vnet.fact.id);
    const vnet = gates.has(key) ? network.vnets.get(key) : undefined;
    if (!vnet) return site;
    const stations = stationsOf(network, vnet, draft.probed, draft.ids);
    const far = farOf(network, vnet, draft.ids);
    return { ...site, vnet, stations, far, spreaders: spreadersOf(network, vnet, draft.ids) };
  });
  const next = { ...draft, network, sites };
  const routers = new Map(
    sites
      .filter(({ vnet }) => gates.has(keyOf(vnet.fact.id)))
      .map((site) => [site.router, routerAt(site, next)] as const),
  );
  const namespaces = before.namespaces.map((namespace) => routers.get(namespace.id) ?? namespace);
  const plan = { ...before, namespaces };
  drafts.set(plan, next);
  return plan;
}

function routerAt(site: Addressed, { network, subnets, handOvers, ids }: Draft): Namespace {
  const handed = handOvers.filter(({ far }) => far.namespace === site.router);
  return routerOf({ ...site, network, subnets, handed, ids });
}

function wholePlan(network: Network, probed: ReadonlySet<string>): LinuxPlan {
  const ids = new Ids();
  const keys = [...network.vnets.keys()].toSorted();
  const vnets = keys.flatMap((key) => network.vnets.get(key) ?? []);
  const outlets = vnets.map((vnet, at) => ({
    vnet,
    router: ids.of('r', keyOf(vnet.fact.id)),
    link: ids.of('i', keyOf(vnet.fact.id)),
    address: ipAt(outlet, at + 1),
  }));
  const sites = outlets.map(({ vnet, router, address }): Addressed => {
    return {
      vnet,
      router,
      address,
      stations: stationsOf(network, vnet, probed, ids),
      far: farOf(network, vnet, ids),
      spreaders: spreadersOf(network, vnet, ids),
      peers: peersOf(network, vnet, ids),
    };
  });
  const { subnets, handOvers } = waysOf(network, sites, ids);
  const guests = guestsOf(network, ids);
  const internet = internetOf(network, outlets, guests, ids);
  const draft = { network, probed, ids, sites, subnets, handOvers };
  const stations = sites.flatMap((site) => site.stations);
  const far = sites.flatMap((site) => site.far);
  const plan = {
    namespaces: [
      ...sites.map((site) => routerAt(site, draft)),
      ...machinesOf(network, stations, ids),
      internet.backbone,
      ...internet.machines,
      ...beyondOf(network, far, new Map(guests.map((guest) => [guest.key, guest]))),
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
      ...internet.wires,
    ],
    lacks: lacksOf(network),
    places: new Map([...stations, ...guests].map(({ key, namespace }) => [key, namespace] as const)),
    senders: new Map([
      ...sites.map(({ router, stations: own, far }) => {
        const outside = far.map(({ about, position }) => [position.address, about] as const);
        const inside = own.map(({ key, position }) => [position.address, key] as const);
        return [router, new Map([...outside, ...inside])] as const;
      }),
      [internet.backbone.id, new Map(guests.map(({ about, address }) => [address, about]))],
    ]),
  };
  drafts.set(plan, draft);
  return plan;
}

/** Wires of a network: to each station, and to peers, which has to be said by one side only. */
function wiresOf({ vnet, router, stations, far, spreaders, peers }: Site): Wire[] {
  const own = keyOf(vnet.fact.id);
  return [
    ...[...stations, ...far].map(({ namespace, link, inner }): Wire => {
      return {
        ends: [
          { namespace: router, link },
          { namespace, link: inner },
        ],
      };
    }),
    ...spreaders.flatMap(({ wire }): Wire[] => {
      if (!wire) return [];
      const end = (link: Word): End => ({ namespace: router, link });
      return [{ ends: [end(wire.out), end(wire.back)] }];
    }),
    ...peers
      .filter((peer) => own < keyOf(peer.vnet.fact.id))
      .map(({ link, far }): Wire => ({ ends: [{ namespace: router, link }, far] })),
  ];
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

function lacksOf(network: Network): Lack[] {
  const proxies = [...network.sites.values()].flatMap((site): Lack[] => {
    if (!site.proxy || listenerOf(site)) return [];
    return [
      { resource: `site/${site.name}`, says: `its proxy ${site.proxy.address} has no address in the site` },
    ];
  });
  const named = [...network.vnets.values()].flatMap((vnet) =>
    vnet.subnets.flatMap(({ routes }) =>
      routes.flatMap(({ action }) => {
        const hop = action.kind === 'appliance' ? nearby(network, vnet, action.address) : undefined;
        return hop?.nic?.runs === 'balancer' && !behindBalancer(hop, network) ? [hop.nic.id] : [];
      }),
    ),
  );
  const balancers = [...new Set(named)].map((resource): Lack => {
    return { resource, says: 'what it hands to appliances port by port is not passed on' };
  });
  return [...proxies, ...balancers];
}
