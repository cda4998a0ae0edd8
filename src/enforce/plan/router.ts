/**
 * The router of one virtual network: what its machines may send and receive, and what it has itself, the private
 * endpoints and the public front ends.
 *
 * @module
 */

import type { Ip, Prefix } from '../../lib/ip.ts';
import { type IdKey, keyOf } from '../../lib/key.ts';
import type { EndpointFact } from '../../net/facts.ts';
import type { Network, Vnet } from '../../net/model.ts';
import { prefixesOf } from '../../net/routes.ts';
import { spreadOf } from './balancing.ts';
import { answeringSet, frontEnds, platform, platformSet, serviceAddresses, socketsOf } from './listening.ts';
import type { Far, HandOver, Namespace, Peer, Spreader, Station } from './model.ts';
import {
  arrivingOf,
  barrierOf,
  enteringOf,
  fromOutside,
  leavingOf,
  platformOf,
  type SubnetPlan,
  unsureOf,
} from './passages.ts';
import { Rules } from './ruleset.ts';
import { passesOn } from './stations.ts';
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
  /** What its gateways join to it. */
  readonly far: readonly Far[];
  readonly spreaders: readonly Spreader[];
  readonly peers: readonly Peer[];
  readonly subnets: ReadonlyMap<IdKey, SubnetPlan>;
  /** What other networks hand to appliances here. */
  readonly handed: readonly HandOver[];
  readonly ids: Ids;
}

/** Plans a router. */
export function routerOf(inputs: RouterInputs): Namespace {
  const { network, vnet, router, stations, far, spreaders, peers, subnets, handed, ids } = inputs;
  const senders = [...stations, ...far];
  const rules = new Rules(ids);
  const endpoints = endpointsOf(network, vnet);
  // Several names may have one address.
  const arrived = new Set(endpoints.flatMap(({ members }) => members.map((member) => member.address)));
  const own = [...platform, ...arrived];
  const services = serviceAddresses(network);
  const barriers = peers.flatMap((peer) => {
    const further = handed.filter(({ from }) => from === peer.vnet).map(({ far }) => far.link);
    return barrierOf(vnet, peer.vnet, [peer.link, ...further], rules);
  });
  const unsure = senders.flatMap((station) => unsureOf(station, subnets, rules));
  const leaving = [
    ...stations.map((station) => leavingOf(station, network, subnets, rules)),
    ...far.map((each) => fromOutside(each, subnets, rules)),
  ];
  const naming = senders.flatMap((station) => platformOf(station, rules));
  const spread = spreaders.map((each) => ({ ...each, chain: spreadOf(each, network, rules) }));
  const entering = stations.map((station) => enteringOf(station, network, rules));
  const arriving = endpoints.flatMap((endpoint) => arrivingOf(network, endpoint, rules));
  const byInterface = line`ifname : verdict`;
  rules.collections.push(platformSet);
  rules.set(
    word`loops`,
    line`ifname . ifname`,
    senders.map(({ link }) => line`"${link}" . "${link}"`),
    'back to where it came from',
  );
  const closed = stations.filter(({ position }) => !passesOn(position));
  rules.set(
    word`closed`,
    line`ifname`,
    closed.map(({ link }) => line`"${link}"`),
    'who passes nothing on',
  );
  rules.set(
    word`owners`,
    line`ifname . ipv4_addr`,
    stations.map(({ link, position }) => line`"${link}" . ${address(position.address)}`),
    'and what is whose',
  );
  rules.collections.push(answeringSet, frontEnds(network));
  rules.map(word`barriers`, byInterface, barriers, 'what peers may not send');
  rules.map(word`unsure`, byInterface, unsure, 'where the route is not known');
  rules.map(word`leaving`, byInterface, leaving, 'what stations send');
  rules.map(word`naming`, byInterface, naming, "what stations may not send to Azure's own");
  rules.map(word`entering`, byInterface, entering, 'what stations receive');
  rules.set(
    word`returning`,
    line`ifname`,
    spread.flatMap(({ wire }) => (wire ? [line`"${wire.back}"`] : [])),
    'where load balancers hand packets to machines',
  );
  rules.map(
    word`spreading`,
    byInterface,
    spread.flatMap(({ wire, chain }) => (wire ? [line`"${wire.back}" : jump ${chain}`] : [])),
    'to which',
  );
  rules.map(
    word`frontends`,
    line`ipv4_addr : verdict`,
    spread.flatMap(({ shown, chain }) => shown.map((ip) => line`${address(ip)} : jump ${chain}`)),
    'and those behind public frontends',
  );
  rules.map(word`arriving`, line`ipv4_addr : verdict`, arriving, 'what private endpoints take');
  addTranslation(rules, network, vnet, stations, inputs.address);
  const replies = ids.number(`replies ${keyOf(vnet.fact.id)}`);
  return {
    id: router,
    role: 'network',
    about: vnet.fact.id,
    addresses: [],
    rules: [
      ...platform.map((ip) => line`pref 50 to ${address(ip)} lookup local`),
      ...senders.map(
        ({ link, position }) =>
          line`pref 100 iif ${link} lookup ${subnets.get(keyOf(position.subnet.fact.id))?.table ?? 0}`,
      ),
      ...handed.map(({ far }) => line`pref 100 iif ${far.link} lookup ${ids.number(`handed ${far.link}`)}`),
      line`pref 1000 lookup local`,
      ...(peers.length > 0 ? [line`pref 1100 iif lo lookup ${replies}`] : []),
    ],
    routes: [
      ...[...own, ...services].map((ip) => line`local ${address(ip)} dev lo`),
      ...stations.map(({ link, position }) => line`${address(position.address)} dev ${link}`),
      ...spreaders.flatMap(({ wire, inside }) =>
        wire ? inside.map((ip) => line`${address(ip)} dev ${wire.out}`) : [],
      ),
      ...far.flatMap(({ link, prefixes }) => prefixes.map((prefix) => line`${block(prefix)} dev ${link}`)),
      // Nobody has the rest of the space: the router takes such packets, so that the gates are asked first.
      ...vnet.fact.prefixes.map((prefix) => line`local ${block(prefix)} dev lo table main`),
      line`default dev inet`,
      ...peers.flatMap(({ vnet: peer, link }) =>
        [...peer.fact.prefixes, ...sharedBy(peer, vnet)].map(
          (prefix) => line`${block(prefix)} dev ${link} table ${replies}`,
        ),
      ),
      ...handed.map(({ far, to }) => line`default dev ${to.link} table ${ids.number(`handed ${far.link}`)}`),
      ...vnet.subnets.flatMap(({ fact }) => subnets.get(keyOf(fact.id))?.routes.lines ?? []),
    ],
    ruleset: rules,
    sockets: socketsOf(network),
    zones: [...(network.views.get(keyOf(vnet.fact.id))?.keys() ?? [])].toSorted(),
  };
}

/** What is behind the gateways that a network uses of a peer. */
function sharedBy(peer: Vnet, { gateways }: Vnet): Prefix[] {
  const own = gateways.filter((gateway) => keyOf(gateway.vnet) === keyOf(peer.fact.id));
  return own.flatMap(({ behind }) => behind.flatMap(prefixesOf));
}

/** Private endpoints that stand in a network. */
function endpointsOf(network: Network, vnet: Vnet): EndpointFact[] {
  const attached = new Set([...vnet.attachments.values()].map(({ nic }) => nic.endpoint));
  return [...network.endpoints.values()].filter(({ id, subnet }) => {
    return attached.has(id) && network.subnets.get(keyOf(subnet))?.vnet === vnet;
  });
}
