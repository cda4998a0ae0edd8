/**
 * Effective routes of a subnet as one table (docs/semantics/routes.md, docs/semantics/network-policies.md;
 * docs/semantics/routes.md).
 *
 * Precedence is settled when the table is made: longest prefix first, then user-defined before system. After that
 * the first match decides, as in every other table.
 *
 * @module
 */

import { subtract, union } from '../lib/intervals.ts';
import { covers, formatPrefix, type Ip, intervalOf, type Prefix } from '../lib/ip.ts';
import { nameOf } from '../lib/key.ts';
import { anyAddress, droppedByDefault, publicAddresses, serviceEndpointTags } from './azure.ts';
import type { EndpointFact, PeeringFact, RouteFact, SubnetFact, VnetFact } from './facts.ts';
import type { Gateway } from './gateways.ts';
import type { Row, Table } from './table.ts';
import { regionOf, tagAddresses } from './tags.ts';

/** Where a packet goes next. */
export type NextHop =
  | { readonly kind: 'vnet' }
  | { readonly kind: 'peering'; readonly peering: string; readonly remote: string }
  | { readonly kind: 'endpoint'; readonly endpoint: string }
  | { readonly kind: 'service-endpoint'; readonly service: string }
  | { readonly kind: 'appliance'; readonly address: Ip }
  | { readonly kind: 'gateway'; readonly gateway: string | undefined }
  | { readonly kind: 'internet' }
  | { readonly kind: 'none' };

/** A private endpoint that a route table must know: its addresses, and whether its subnet obeys routes. */
export interface EndpointRoutes {
  readonly endpoint: EndpointFact;
  /** `privateEndpointNetworkPolicies` of the endpoint's subnet has its route half on. */
  readonly obeysRoutes: boolean;
  /** Address space of the network that holds the endpoint. */
  readonly space: readonly Prefix[];
}

/** What a route table is compiled from. */
export interface RouteInputs {
  readonly vnet: VnetFact;
  readonly subnet: SubnetFact;
  readonly userDefined: readonly RouteFact[];
  /** Id of the subnet's route table, where the estate does not have it. */
  readonly missing: string | undefined;
  /** Open peerings with networks whose address space is not known. */
  readonly strangers: readonly PeeringFact[];
  /** Connected peerings that let traffic through, with the peer's prefixes. */
  readonly peers: readonly { readonly peering: PeeringFact; readonly prefixes: readonly Prefix[] }[];
  readonly endpoints: readonly EndpointRoutes[];
  /** Gateways that teach this subnet what lies behind them. */
  readonly gateways: readonly Gateway[];
}

interface Candidate {
  readonly to: Prefix;
  /** User-defined by prefix, by regional tag, by tag; then system. */
  readonly rank: number;
  readonly row: Row<NextHop>;
}

const userRank = 0;
const learnedRank = 8;
const systemRank = 9;
const noPrefix: Prefix = { base: 0 as Ip, length: 0 };

/** Reports whether two hops are the same for the question "does it matter which of two rows matches". */
export function sameHop(a: NextHop, b: NextHop): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Compiles the effective routes of a subnet. */
export function compileRoutes(inputs: RouteInputs): Table<NextHop> {
  const user = inputs.userDefined.flatMap((route) => userRoutes(route));
  const candidates = [
    ...user.filter((c) => c.row.unknown === undefined),
    ...systemRoutes(inputs),
    ...learnedRoutes(inputs),
    ...endpointRoutes(inputs),
  ];
  candidates.sort((a, b) => b.to.length - a.to.length || a.rank - b.rank);
  const undecidable = user.filter((c) => c.row.unknown !== undefined);
  return [...unknownRoutes(inputs), ...[...undecidable, ...candidates].map((c) => c.row)];
}

/** Routes that there are and nobody can see: those of a table, or to a peer, that the estate does not have. */
function unknownRoutes({ vnet, missing, strangers, peers, gateways }: RouteInputs): Row<NextHop>[] {
  const rows: Row<NextHop>[] = [];
  const match = { destination: [] };
  if (missing !== undefined) {
    const gap = {
      missing: `the routes of ${nameOf(missing)}, which is not in the estate`,
      within: anyAddress,
    };
    const by = { resource: missing, rule: 'routes' };
    rows.push({ match, action: { kind: 'none' }, by, unknown: { destination: gap } });
  }
  const known = [vnet.prefixes, ...peers.map((peer) => peer.prefixes)].flat().map(intervalOf);
  const within = subtract(union(droppedByDefault.map(intervalOf)), union(known));
  for (const { fact, behind } of gateways) {
    if (!fact.learns || behind.length > 0) continue;
    const gap = { missing: `the prefixes that ${nameOf(fact.id)} learns`, within };
    const by = { resource: fact.id, rule: 'learned routes' };
    rows.push({ match, action: { kind: 'gateway', gateway: fact.id }, by, unknown: { destination: gap } });
  }
  for (const { id: peering, remote } of strangers) {
    const gap = { missing: `the address space of ${nameOf(remote)}, which is not in the estate`, within };
    const by = { resource: peering, rule: 'peering' };
    rows.push({ match, action: { kind: 'peering', peering, remote }, by, unknown: { destination: gap } });
  }
  return rows;
}

function userRoutes(route: RouteFact): Candidate[] {
  const by = { resource: route.table, rule: route.id.slice(route.id.lastIndexOf('/') + 1) };
  const action = hopOf(route);
  if ('base' in route.to) {
    return [
      { to: route.to, rank: userRank, row: { match: { destination: [intervalOf(route.to)] }, action, by } },
    ];
  }
  const { tag } = route.to;
  const addresses = tagAddresses(tag);
  if (!addresses) {
    // A tag holds public addresses only, so private destinations stay decided.
    const unknown = {
      destination: { missing: `the addresses of service tag '${tag}'`, within: publicAddresses },
    };
    return [{ to: noPrefix, rank: userRank, row: { match: { destination: [] }, action, by, unknown } }];
  }
  return addresses.flatMap((interval) =>
    prefixesOf(interval).map((to) => ({
      to,
      rank: tag.includes('.') ? userRank + 1 : userRank + 2,
      row: { match: { destination: [intervalOf(to)] }, action, by },
    })),
  );
}

function hopOf({ hop }: RouteFact): NextHop {
  switch (hop) {
    case 'VnetLocal':
      return { kind: 'vnet' };
    case 'Internet':
      return { kind: 'internet' };
    case 'None':
      return { kind: 'none' };
    case 'VirtualNetworkGateway':
      return { kind: 'gateway', gateway: undefined };
    default:
      return { kind: 'appliance', address: hop.appliance };
  }
}

function systemRoutes({ vnet, subnet, peers }: RouteInputs): Candidate[] {
  const local = vnet.prefixes.map((to) => system(vnet.id, to, { kind: 'vnet' }));
  const own = new Set(vnet.prefixes.map(formatPrefix));
  const peered = peers.flatMap(({ peering, prefixes }) =>
    prefixes.map((to) =>
      system(peering.id, to, { kind: 'peering', peering: peering.id, remote: peering.remote }),
    ),
  );
  const dropped = droppedByDefault
    .filter((block) => !own.has(formatPrefix(block)))
    .map((to) => system(vnet.id, to, { kind: 'none' }));
  const direct = subnet.serviceEndpoints.flatMap(({ service, locations }) =>
    serviceRoutes(subnet, service, locations.length > 0 ? locations : ownLocations(service, vnet)),
  );
  return [...local, ...peered, ...direct, ...dropped, system(vnet.id, noPrefix, { kind: 'internet' })];
}

/** What gateways teach, but for what the network itself and its peers have: those routes are preferred, however long. */
function learnedRoutes({ vnet, peers, gateways }: RouteInputs): Candidate[] {
  const own = [vnet.prefixes, ...peers.map(({ prefixes }) => prefixes)].flat();
  return gateways.flatMap(({ fact, prefixes }) =>
    prefixes
      .filter((to) => !own.some((block) => covers(block, to)))
      .map((to) => ({
        to,
        rank: learnedRank,
        row: {
          match: { destination: [intervalOf(to)] },
          action: { kind: 'gateway', gateway: fact.id },
          by: { resource: fact.id, rule: `learned route ${formatPrefix(to)}` },
          builtIn: true,
        },
      })),
  );
}

/** Where a service endpoint leads that names no locations: for storage here, for every other service everywhere. */
function ownLocations(service: string, vnet: VnetFact): readonly string[] {
  return service.toLowerCase() === 'microsoft.storage' ? [vnet.location] : ['*'];
}

/** A service endpoint adds the service's public prefixes, more specific than any forced tunnel (SE-5). */
function serviceRoutes(subnet: SubnetFact, service: string, locations: readonly string[]): Candidate[] {
  const tag = serviceEndpointTags.get(service.toLowerCase());
  const action: NextHop = { kind: 'service-endpoint', service };
  const by = { resource: subnet.id, rule: `service endpoint ${service}` };
  return locations.flatMap((location) => {
    const name = location === '*' ? tag : `${tag}.${regionOf(location)}`;
    const addresses = tag === undefined ? undefined : tagAddresses(name ?? '');
    if (!addresses) {
      const missing = `the addresses of ${service} in ${location}`;
      const unknown = { destination: { missing, within: publicAddresses } };
      const match = { destination: [] };
      return [{ to: { base: 0 as Ip, length: 33 }, rank: systemRank, row: { match, action, by, unknown } }];
    }
    return addresses.flatMap((interval) =>
      prefixesOf(interval).map((to) => ({
        to,
        rank: systemRank,
        row: { match: { destination: [intervalOf(to)] }, action, by },
      })),
    );
  });
}

function system(resource: string, to: Prefix, action: NextHop): Candidate {
  const by = { resource, rule: `system route ${formatPrefix(to)}` };
  return {
    to,
    rank: systemRank,
    row: { match: { destination: [intervalOf(to)] }, action, by, builtIn: true },
  };
}

/**
 * Each address of a private endpoint is a /32 route, unless its subnet obeys routes and a user-defined route is at
 * least as specific as the address space that the endpoint is in.
 */
function endpointRoutes({ userDefined, endpoints }: RouteInputs): Candidate[] {
  return endpoints.flatMap(({ endpoint, obeysRoutes, space }) =>
    endpoint.members.flatMap(({ address }): Candidate[] => {
      const to: Prefix = { base: address, length: 32 };
      const home = space.find((block) => covers(block, to));
      const overridden =
        obeysRoutes &&
        home !== undefined &&
        userDefined.some(
          (route) => 'base' in route.to && covers(route.to, to) && route.to.length >= home.length,
        );
      return overridden ? [] : [system(endpoint.id, to, { kind: 'endpoint', endpoint: endpoint.id })];
    }),
  );
}

/** Splits an interval into the fewest prefixes. */
export function prefixesOf([low, high]: readonly [number, number]): Prefix[] {
  const out: Prefix[] = [];
  for (let at = low; at <= high; ) {
    let size = at === 0 ? 2 ** 32 : (at & -at) >>> 0;
    while (size > high - at + 1) size /= 2;
    out.push({ base: at as Ip, length: 32 - Math.log2(size) });
    at += size;
  }
  return out;
}
