/**
 * The internet of an estate: the public front ends of its services, the public addresses of its machines, one client,
 * and nothing else that answers.
 *
 * @module
 */

import { keyOf, nameOf } from '../../lib/key.ts';
import type { Network } from '../../net/model.ts';
import { internetClient } from '../../net/tags.ts';
import { frontEnds, serviceAddresses, socketsOf } from './listening.ts';
import type { Namespace, Outlet, Wire } from './model.ts';
import { type Ending, insideSet, Rules } from './ruleset.ts';
import { address, type Ids, type Line, line, word } from './words.ts';

/** The namespace between all networks, the client that the place `internet` is, and the wire between them. */
export interface Internet {
  readonly backbone: Namespace;
  readonly client: Namespace;
  readonly wire: Wire;
  readonly endings: ReadonlyMap<number, Ending>;
}

/** Plans the internet. */
export function internetOf(network: Network, outlets: readonly Outlet[], ids: Ids): Internet {
  const rules = new Rules(ids);
  const services = serviceAddresses(network);
  rules.collections.push(frontEnds(network));
  const fronts = services.map((ip) => line`${address(ip)}`);
  rules.set(word`fronts`, line`ipv4_addr`, fronts, 'their addresses, on every port');
  rules.collections.push(insideSet);
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
      line`${address(internetClient)} dev client`,
      line`local default dev lo table main`,
    ],
    ruleset: rules,
    sockets: socketsOf(network),
    zones: [],
  };
  const client: Namespace = {
    id: ids.of('m', 'internet'),
    role: 'machine',
    about: 'internet',
    addresses: [line`${address(internetClient)}/32 dev eth0`],
    rules: [],
    routes: [line`default dev eth0`],
    ruleset: undefined,
    sockets: [],
    zones: [],
  };
  const wire: Wire = {
    ends: [
      { namespace: backbone.id, link: word`client` },
      { namespace: client.id, link: word`eth0` },
    ],
  };
  return { backbone, client, wire, endings: rules.endings };
}

/** Public addresses that no interface of the estate has: who answers there is not known. */
function unattached(network: Network, rules: Rules): Line[] {
  return [...network.publicAddresses].flatMap(([id, ip]): Line[] => {
    if (network.publicAttachments.has(ip)) return [];
    const ending = {
      stage: 'listener',
      disposition: 'unknown',
      by: { resource: id, rule: 'ipAddress' },
    } as const;
    const name = rules.chain(rules.id(`${id} unattached`), nameOf(id), [rules.end(ending)]);
    return [line`${address(ip)} : jump ${name}`];
  });
}
