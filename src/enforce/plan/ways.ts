/**
 * Routes of all subnets in which something stands, and the wires to appliances in other networks that they need.
 *
 * @module
 */

import { type IdKey, keyOf } from '../../lib/key.ts';
import type { Network, Subnet, Vnet } from '../../net/model.ts';
import type { Position } from '../../net/position.ts';
import type { Far, HandOver, Peer, Spreader, Station } from './model.ts';
import type { SubnetPlan } from './passages.ts';
import { printRoutes } from './routes.ts';
import type { Ids, Word } from './words.ts';

/** A network, what stands in it, and whom it is joined to. */
export interface Site {
  readonly vnet: Vnet;
  readonly router: Word;
  readonly stations: readonly Station[];
  /** What its gateways join to it. */
  readonly far: readonly Far[];
  readonly spreaders: readonly Spreader[];
  readonly peers: readonly Peer[];
}

/** Prints the routes of every subnet that is in use; nobody asks for those of others. */
export function waysOf(
  network: Network,
  sites: readonly Site[],
  ids: Ids,
): { readonly subnets: ReadonlyMap<IdKey, SubnetPlan>; readonly handOvers: readonly HandOver[] } {
  const routers = new Map(sites.map(({ vnet, router }) => [vnet, router]));
  const placed = new Map(
    sites.flatMap((site) => site.stations.map((station) => [keyAt(station.position), station] as const)),
  );
  const handOvers = new Map<Word, HandOver>();
  const subnets = new Map<IdKey, SubnetPlan>();
  for (const { vnet, router, stations, far, peers } of sites) {
    const towards = (appliance: Position): Word | undefined => {
      const to = placed.get(keyAt(appliance));
      const home = routers.get(appliance.vnet);
      if (!to || home === undefined || appliance.vnet === vnet) return to?.link;
      const path = `${keyOf(vnet.fact.id)} ${keyAt(appliance)}`;
      const link = ids.of('h', path);
      const far = { namespace: home, link: ids.of('h', `${path} far`) };
      handOvers.set(link, { from: vnet, to, near: { namespace: router, link }, far });
      return link;
    };
    const links = new Map(peers.map((peer) => [keyOf(peer.vnet.fact.id), peer.link]));
    const used: readonly Subnet[] = [
      ...new Set([...stations, ...far].map(({ position }) => position.subnet)),
    ];
    for (const { fact, routes } of used) {
      const table = ids.number(`routes ${keyOf(fact.id)}`);
      subnets.set(keyOf(fact.id), {
        table,
        routes: printRoutes(routes, { network, vnet, table, peers: links, towards }),
      });
    }
  }
  return { subnets, handOvers: [...handOvers.values()] };
}

function keyAt({ vnet, address }: Position): string {
  return `${keyOf(vnet.fact.id)} ${address}`;
}
