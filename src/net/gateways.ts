/**
 * Virtual network gateways: which prefixes lie behind them, and whose routes they are (docs/semantics/gateways.md).
 *
 * @module
 */

import { type Intervals, union } from '../lib/intervals.ts';
import { intervalOf, type Prefix } from '../lib/ip.ts';
import { type IdKey, keyOf, nameOf } from '../lib/key.ts';
import type { GatewayFact, SiteFact } from './facts.ts';
import { type Gathered, isOpen, vnetOfSubnet } from './gather.ts';

/** A gateway with all that lies behind it. */
export interface Gateway {
  readonly fact: GatewayFact;
  /** The virtual network that it is in. */
  readonly vnet: string;
  /** Point-to-site clients, local networks of its tunnels, and sites that say they are joined by it. */
  readonly prefixes: readonly Prefix[];
  readonly behind: Intervals;
}

/** Joins gateways with their tunnels and sites. */
export function linkGateways(all: Gathered): ReadonlyMap<IdKey, Gateway> {
  const { lists } = all;
  const locals = new Map(lists['local-network'].map((fact) => [keyOf(fact.id), fact.prefixes]));
  const far = new Map(lists.gateway.map((fact) => [keyOf(fact.id), vnetOfSubnet(fact.subnet)]));
  return new Map(
    lists.gateway.map((fact) => {
      const tunnels = lists.tunnel.filter(({ gateway }) => keyOf(gateway) === keyOf(fact.id));
      const ends = tunnels.flatMap(({ to }) => {
        const vnet = far.get(keyOf(to));
        return (
          locals.get(keyOf(to)) ?? (vnet === undefined ? [] : (all.vnets.get(keyOf(vnet))?.prefixes ?? []))
        );
      });
      const sites = lists.site.filter((site) => isVia(site, fact)).flatMap(({ prefixes }) => prefixes);
      const prefixes = [...fact.clients, ...ends, ...sites];
      const behind = union(prefixes.map(intervalOf));
      return [keyOf(fact.id), { fact, vnet: vnetOfSubnet(fact.subnet), prefixes, behind }];
    }),
  );
}

/** Reports whether a site says that a gateway joins it. */
export function isVia({ via }: SiteFact, { id, type }: GatewayFact): boolean {
  const [kind, name] = [via.slice(0, via.indexOf('/')), via.slice(via.indexOf('/') + 1)];
  return kind === type && (name.toLowerCase() === nameOf(id).toLowerCase() || keyOf(name) === keyOf(id));
}

/** The gateways that a network's subnets learn routes from: its own, and those of peers that share theirs. */
export function gatewaysFor(
  vnet: string,
  all: Gathered,
  gateways: ReadonlyMap<IdKey, Gateway>,
): readonly Gateway[] {
  return [...gateways.values()].filter((gateway) => {
    if (keyOf(gateway.vnet) === keyOf(vnet)) return true;
    const near = all.peeringsByVnet
      .get(keyOf(vnet))
      ?.find(({ remote }) => keyOf(remote) === keyOf(gateway.vnet));
    const far = all.peeringsByVnet
      .get(keyOf(gateway.vnet))
      ?.find(({ remote }) => keyOf(remote) === keyOf(vnet));
    return near !== undefined && isOpen(near) && near.remoteGateways && far?.transit === true;
  });
}
