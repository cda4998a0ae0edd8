/**
 * Route tables that are unfit for what stands behind them (docs/semantics/routes.md).
 *
 * @module
 */

import { contains, formatIp, formatPrefix, type Ip } from '../../../lib/ip.ts';
import type { Json } from '../../../lib/json.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import { protocolNumbers } from '../../../lib/ports.ts';
import type { RouteFact, RouteHop } from '../../../net/facts.ts';
import type { Subnet } from '../../../net/model.ts';
import { type NextHop, sameHop } from '../../../net/routes.ts';
import { decide } from '../../../net/table.ts';
import { regionOf, tagAddresses } from '../../../net/tags.ts';
import { placedComputes } from '../../computes.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { type Repair, setting } from '../../repair.ts';

/** The user-defined routes of a table. */
export function routesOf({ network }: Model, table: string | undefined): readonly RouteFact[] {
  return table === undefined ? [] : (network.routes.get(keyOf(table)) ?? []);
}

/** Reports whether a route is for every address. */
export function isDefault({ to }: RouteFact): boolean {
  return 'length' in to && to.length === 0;
}

/** To where packets of a subnet for an address go next; undefined: nobody knows. */
export function hopTo(subnet: Subnet, destination: Ip): NextHop | undefined {
  const source = subnet.fact.prefixes[0]?.base;
  const point = { source, destination, protocol: protocolNumbers.tcp, port: 443, sourcePort: undefined };
  const decision = decide(subnet.routes, point, sameHop);
  return decision.kind === 'row' ? decision.row.action : undefined;
}

/** The service calls a compute at its public address, and the replies take another way (C-2). */
export function* serviceRoutes(model: Model): Generator<Fault> {
  for (const { fact, subnet, shown, classic } of placedComputes(model)) {
    const table = subnet.fact.routes;
    const forced = routesOf(model, table).find((route) => isDefault(route) && route.hop !== 'Internet');
    if (!shown || table === undefined || !forced) continue;
    const missing = ['AzureMachineLearning', ...(classic ? ['BatchNodeManagement'] : [])].filter((tag) => {
      const address = tagAddresses(`${tag}.${regionOf(fact.location)}`)?.[0]?.[0];
      return address !== undefined && hopTo(subnet, address as Ip)?.kind !== 'internet';
    });
    if (missing.length === 0) continue;
    yield {
      subject: table,
      at: nameOf(forced.id),
      says: `${nameOf(forced.id)} of ${nameOf(table)} takes the replies of ${nameOf(fact.id)} to ${missing.join(' and ')} another way than the requests came`,
      concerns: [subnet.fact.id, fact.id],
      blockers: [
        {
          resource: table,
          property: 'routes',
          is: `${nameOf(forced.id)} takes everything`,
          needs: `a route to ${missing.join(' and to ')} with next hop Internet`,
        },
      ],
      repairs: [
        {
          says: `send ${missing.join(' and ')} to the internet`,
          edits: missing.map((tag) => ({
            kind: 'insert',
            resource: table,
            property: ['properties', 'routes'],
            value: { name: tag, properties: { addressPrefix: tag, nextHopType: 'Internet' } },
          })),
        },
      ],
    };
  }
}

/** Nodes that leave by user-defined routes need them, and so do the pods of kubenet. */
export function* clusterTables(model: Model): Generator<Fault> {
  const { declared, subnets } = model.network;
  for (const cluster of declared.of('cluster')) {
    const homes = declared
      .of('node-pool')
      .filter((pool) => keyOf(pool.cluster) === keyOf(cluster.id))
      .flatMap((pool) => subnets.get(keyOf(pool.subnet ?? ''))?.subnet ?? []);
    const routed = cluster.outbound.toLowerCase() === 'userdefinedrouting';
    if (!routed && cluster.plugin !== 'kubenet') continue;
    for (const { fact } of new Set(homes)) {
      const why = unfit(model, fact.routes, routed);
      if (why === undefined) continue;
      const property = 'routeTable';
      const fit = [...model.network.routeTables.values()].filter(
        ({ id }) => unfit(model, id, routed) === undefined,
      );
      yield {
        subject: fact.routes ?? fact.id,
        at: fact.routes === undefined ? property : 'routes',
        says: `the nodes of ${nameOf(cluster.id)} stand in ${nameOf(fact.id)}, ${why}`,
        concerns: [cluster.id, fact.id],
        blockers: [
          {
            resource: fact.routes ?? fact.id,
            property: fact.routes === undefined ? property : 'routes',
            is: why,
            needs: routed
              ? 'a table whose default route leads to an appliance or a gateway'
              : 'a route table for the pods',
          },
        ],
        repairs: [
          ...fit.map(({ id }) => ({
            says: `associate ${nameOf(id)}`,
            edits: [setting(fact.id, 'routeTable.id', id)],
          })),
          ...(routed && (cluster.plugin !== 'kubenet' || fact.routes !== undefined)
            ? [
                {
                  says: 'leave by a load balancer',
                  edits: [setting(cluster.id, 'networkProfile.outboundType', 'loadBalancer')],
                },
              ]
            : []),
        ],
      };
    }
  }
}

/** Why a table will not do. */
function unfit(model: Model, table: string | undefined, routed: boolean): string | undefined {
  if (table === undefined) return 'which has no route table';
  if (!routed || !model.network.routeTables.has(keyOf(table))) return undefined;
  const way = routesOf(model, table).find(isDefault);
  if (!way) return `whose table ${nameOf(table)} has no default route`;
  const ends = way.hop === 'Internet' || way.hop === 'None' || way.hop === 'VnetLocal';
  return ends ? `whose default route ${nameOf(way.id)} has next hop ${String(way.hop)}` : undefined;
}

/** Azure's limits. */
const most = { routes: 400, tags: 25 } as const;

/** A table that holds more than it may. */
export function* fullTables(model: Model): Generator<Fault> {
  for (const { id } of model.network.routeTables.values()) {
    const routes = routesOf(model, id);
    const tags = routes.filter(({ to }) => 'tag' in to).length;
    const over =
      routes.length > most.routes
        ? `${routes.length} routes, and may have ${most.routes}`
        : tags > most.tags
          ? `${tags} routes to service tags, and may have ${most.tags}`
          : undefined;
    if (over === undefined) continue;
    yield {
      subject: id,
      at: 'routes',
      says: `${nameOf(id)} has ${over}`,
      blockers: [{ resource: id, property: 'routes', is: over, needs: 'fewer, with aggregate prefixes' }],
      repairs: aggregated(model, id, routes),
    };
  }
}

/** One route for each subnet of private endpoints, which must obey routes, in place of one for each address. */
function aggregated(model: Model, table: string, routes: readonly RouteFact[]): Repair[] {
  const singles = routes.filter(({ to }) => 'length' in to && to.length === 32);
  const homes = [...model.network.subnets.values()].flatMap(({ subnet }) => {
    const { fact } = subnet;
    const [block] = fact.prefixes;
    const own = singles.filter(({ to }) => 'base' in to && block !== undefined && contains(block, to.base));
    const [first] = own;
    return block && first ? [{ fact, block, own, hop: first.hop }] : [];
  });
  if (homes.length === 0) return [];
  const gone = new Set(homes.flatMap(({ own }) => own));
  const kept = routes
    .filter((route) => !gone.has(route))
    .map((route) => routeJson(nameOf(route.id), toText(route), route.hop));
  const added = homes.map(({ fact, block, hop }) => routeJson(nameOf(fact.id), formatPrefix(block), hop));
  return [
    {
      says: `one route for each of ${homes.map(({ fact }) => nameOf(fact.id)).join(', ')}`,
      edits: [
        setting(table, 'routes', [...kept, ...added]),
        ...homes
          .filter(({ fact }) => !fact.endpointPolicies.routes)
          .map(({ fact }) => setting(fact.id, 'privateEndpointNetworkPolicies', 'RouteTableEnabled')),
      ],
    },
  ];
}

function toText({ to }: RouteFact): string {
  return 'tag' in to ? to.tag : formatPrefix(to);
}

function routeJson(name: string, addressPrefix: string, hop: RouteHop): Json {
  return {
    name,
    properties: {
      addressPrefix,
      ...(typeof hop === 'string'
        ? { nextHopType: hop }
        : { nextHopType: 'VirtualAppliance', nextHopIpAddress: formatIp(hop.appliance) }),
    },
  };
}
