/**
 * The internet of an estate: the public front ends of its services, the public addresses of its machines, one client,
 * what Azure runs in its own network, and nothing else that answers.
 *
 * @module
 */

import { keyOf, nameOf } from '../../lib/key.ts';
import type { Network, Vnet } from '../../net/model.ts';
import { homeOf } from './balancing.ts';
import { answeringSet, frontEnds, platformSet, serviceAddresses, socketsOf } from './listening.ts';
import { guestOf } from './machines.ts';
import type { Guest, Namespace, Outlet, Wire } from './model.ts';
import { insideSet, Rules } from './ruleset.ts';
import { address, type Ids, type Line, line, type Word, word } from './words.ts';

/** The namespace between all networks, those of its guests, and the wires between them. */
export interface Internet {
  readonly backbone: Namespace;
  readonly machines: readonly Namespace[];
  readonly wires: readonly Wire[];
}

/** Plans the internet. */
export function internetOf(
  network: Network,
  outlets: readonly Outlet[],
  guests: readonly Guest[],
  ids: Ids,
): Internet {
  const rules = new Rules(ids);
  const services = serviceAddresses(network);
  rules.collections.push(frontEnds(network));
  const fronts = services.map((ip) => line`${address(ip)}`);
  rules.set(word`fronts`, line`ipv4_addr`, fronts, 'their addresses, on every port');
  const hosted = guests.filter((guest) => guest.hosted).map(({ link }) => line`"${link}"`);
  rules.set(word`hosted`, line`ifname`, hosted, "who is in Azure's own network");
  rules.collections.push(platformSet, answeringSet, insideSet);
  rules.map(
    word`nobodys`,
    line`ipv4_addr : verdict`,
    unattached(network, rules),
    'addresses of what is only stored',
  );
  const links = new Map(outlets.map(({ vnet, link }) => [vnet, link]));
  const attached = [...network.publicAttachments].flatMap(([shown, { configuration }]) => {
    const vnet = network.subnets.get(keyOf(configuration.subnet))?.vnet;
    const link = vnet && links.get(vnet);
    return link === undefined ? [] : [line`${address(shown)} dev ${link}`];
  });
  const backbone: Namespace = {
    id: ids.of('b', 'internet'),
    role: 'internet',
    about: 'internet',
    addresses: [],
    rules: [],
    routes: [
      ...services.map((ip) => line`local ${address(ip)} dev lo`),
      ...outlets.map(({ address: ip, link }) => line`${address(ip)} dev ${link}`),
      ...attached,
      ...translators(network, outlets),
      ...frontendsOf(network, links),
      ...guests.map(({ address: ip, link }) => line`${address(ip)} dev ${link}`),
      line`local default dev lo table main`,
    ],
    ruleset: rules,
    sockets: socketsOf(network),
    zones: [],
  };
  const wires = guests.map(({ namespace, link, inner }): Wire => {
    return {
      ends: [
        { namespace: backbone.id, link },
        { namespace, link: inner },
      ],
    };
  });
  const alone = guests.filter(({ key, hosted }) => hosted || key === 'internet');
  return { backbone, machines: alone.map(guestOf), wires };
}

/** What NAT gateways show: replies come back to the network that they are of. */
function translators(network: Network, outlets: readonly Outlet[]): Line[] {
  const shown = outlets.flatMap(({ vnet, link }) =>
    vnet.subnets
      .flatMap(({ fact }) => network.natGateways.get(keyOf(fact.natGateway ?? ''))?.publicAddresses ?? [])
      .flatMap((id) => network.publicAddresses.get(keyOf(id)) ?? [])
      .map((ip) => [ip, link] as const),
  );
  return [...new Map(shown)].map(([ip, link]) => line`${address(ip)} dev ${link}`);
}

/** Public frontends of load balancers. */
function frontendsOf(network: Network, links: ReadonlyMap<Vnet, Word>): Line[] {
  return [...network.publicFrontends].flatMap(([ip, balancer]) => {
    const home = homeOf(network, balancer);
    const link = home && links.get(home);
    return link === undefined ? [] : [line`${address(ip)} dev ${link}`];
  });
}

/** Public addresses that no interface of the estate has: who answers there is not known. */
function unattached(network: Network, rules: Rules): Line[] {
  return [...network.publicAddresses].flatMap(([id, ip]): Line[] => {
    if (network.publicAttachments.has(ip) || network.publicFrontends.has(ip)) return [];
    const ending = {
      stage: 'listener',
      disposition: 'unknown',
      by: { resource: id, rule: 'ipAddress' },
    } as const;
    const name = rules.chain(rules.id(`${id} unattached`), nameOf(id), [rules.end(ending)]);
    return [line`${address(ip)} : jump ${name}`];
  });
}
