/**
 * The router of one virtual network: what its machines may send and receive, and what it has itself, the private
 * endpoints and the public front ends.
 *
 * @module
 */

import type { Ip } from '../../lib/ip.ts';
import { type IdKey, keyOf } from '../../lib/key.ts';
import type { EndpointFact } from '../../net/facts.ts';
import type { Network, Subnet, Vnet } from '../../net/model.ts';
import { platform, serviceAddresses, socketsOf } from './listening.ts';
import type { Namespace, Peer, Station } from './model.ts';
import { arrivingOf, barrierOf, enteringOf, leavingOf, platformOf, type SubnetPlan } from './passages.ts';
import { printRoutes } from './routes.ts';
import { type Ending, Rules } from './ruleset.ts';
import { addTranslation } from './translation.ts';
import { address, block, type Ids, line, type Word, word } from './words.ts';

/** What a router is planned from. */
export interface RouterInputs {
  readonly network: Network;
  readonly vnet: Vnet;
  readonly router: Word;
  /** What it shows to the internet. */
  readonly address: Ip;
  readonly stations: readonly Station[];
  readonly peers: readonly Peer[];
  readonly ids: Ids;
}

/** Plans a router. */
export function routerOf(inputs: RouterInputs): {
  readonly namespace: Namespace;
  readonly endings: ReadonlyMap<number, Ending>;
} {
  const { network, vnet, router, stations, peers, ids } = inputs;
  const subnets = subnetsOf(inputs);
  const rules = new Rules(ids);
  const endpoints = endpointsOf(network, vnet);
  const own = [...platform, ...endpoints.flatMap(({ members }) => members.map((member) => member.address))];
  const services = serviceAddresses(network);
  const barriers = peers.flatMap((peer) => barrierOf(vnet, peer, rules));
  const leaving = stations.map((station) => leavingOf(station, network, subnets, rules));
  const naming = stations.flatMap((station) => platformOf(station, rules));
  const entering = stations.map((station) => enteringOf(station, rules));
  const arriving = endpoints.flatMap((endpoint) => arrivingOf(network, endpoint, rules));
  const addresses = line`ipv4_addr`;
  const byInterface = line`ifname : verdict`;
  rules.set(
    word`platform`,
    addresses,
    platform.map((ip) => line`${address(ip)}`),
    "Azure's own",
  );
  rules.set(
    word`services`,
    addresses,
    services.map((ip) => line`${address(ip)}`),
    'public front ends',
  );
  rules.map(word`barriers`, byInterface, barriers, 'what peers may not send');
  rules.map(word`leaving`, byInterface, leaving, 'what stations send');
  rules.map(word`naming`, byInterface, naming, "what stations may not send to Azure's own");
  rules.map(word`entering`, byInterface, entering, 'what stations receive');
  rules.map(word`arriving`, line`ipv4_addr : verdict`, arriving, 'what private endpoints take');
  addTranslation(rules, network, vnet, stations);
  const replies = ids.number(`replies ${keyOf(vnet.fact.id)}`);
  return {
    endings: rules.endings,
    namespace: {
      id: router,
      role: 'network',
      about: vnet.fact.id,
      addresses: [line`${address(inputs.address)}/32 dev inet`],
      rules: [
        ...platform.map((ip) => line`pref 50 to ${address(ip)} lookup local`),
        ...stations.map(
          ({ link, position }) =>
            line`pref 100 iif ${link} lookup ${subnets.get(keyOf(position.subnet.fact.id))?.table ?? 0}`,
        ),
        line`pref 1000 lookup local`,
        ...(peers.length > 0 ? [line`pref 1100 iif lo lookup ${replies}`] : []),
      ],
      routes: [
        ...[...own, ...services].map((ip) => line`local ${address(ip)} dev lo`),
        ...stations.map(({ link, position }) => line`${address(position.address)} dev ${link}`),
        // Nobody has the rest of the space: the router takes such packets, so that the gates are asked first.
        ...vnet.fact.prefixes.map((prefix) => line`local ${block(prefix)} dev lo table main`),
        line`default dev inet`,
        ...peers.flatMap(({ vnet: peer, link }) =>
          peer.fact.prefixes.map((prefix) => line`${block(prefix)} dev ${link} table ${replies}`),
        ),
        ...[...subnets.values()].flatMap(({ routes }) => routes.lines),
      ],
      ruleset: rules,
      sockets: socketsOf(network),
      zones: [...(network.views.get(keyOf(vnet.fact.id))?.keys() ?? [])].toSorted(),
    },
  };
}

/** Subnets in which something stands; nobody asks for the routes of others. */
function subnetsOf({ network, vnet, stations, peers, ids }: RouterInputs): ReadonlyMap<IdKey, SubnetPlan> {
  const links = new Map(peers.map((peer) => [keyOf(peer.vnet.fact.id), peer.link]));
  const used: readonly Subnet[] = [...new Set(stations.map(({ position }) => position.subnet))];
  return new Map(
    used.map((subnet) => {
      const key = keyOf(subnet.fact.id);
      const table = ids.number(`routes ${key}`);
      return [key, { table, routes: printRoutes(subnet.routes, { network, vnet, table, peers: links }) }];
    }),
  );
}

/** Private endpoints that stand in a network. */
function endpointsOf(network: Network, vnet: Vnet): EndpointFact[] {
  const attached = new Set([...vnet.attachments.values()].map(({ nic }) => nic.endpoint));
  return [...network.endpoints.values()].filter(({ id, subnet }) => {
    return attached.has(id) && network.subnets.get(keyOf(subnet))?.vnet === vnet;
  });
}
