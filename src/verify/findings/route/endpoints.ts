/**
 * Routes to private endpoints that are not taken, or in one direction only (docs/semantics/network-policies.md).
 *
 * @module
 */

import { contains, formatIp, formatPrefix, type Ip, type Prefix } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import type { EndpointFact, RouteFact } from '../../../net/facts.ts';
import type { Subnet, Vnet } from '../../../net/model.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { type Repair, setting } from '../../repair.ts';
import { routesOf } from './tables.ts';

interface Meant {
  readonly from: Subnet;
  readonly table: string;
  readonly route: RouteFact;
  readonly to: Prefix;
  readonly endpoint: EndpointFact;
  readonly address: Ip;
  readonly home: { readonly vnet: Vnet; readonly subnet: Subnet };
}

/** One fault for each route, or for each subnet that does not obey it. */
export function* notApplied(model: Model): Generator<Fault> {
  const told = new Set<string>();
  for (const meant of meantRoutes(model)) {
    const fault = withoutEffect(meant) ?? oneWay(model, meant);
    if (!fault) continue;
    const key = `${keyOf(fault.subject)} ${fault.at}`;
    if (!told.has(key)) yield fault;
    told.add(key);
  }
}

/** Routes whose prefix has a private endpoint in reach; a default route is meant for something else. */
function* meantRoutes(model: Model): Generator<Meant> {
  const { network } = model;
  for (const { vnet, subnet: from } of network.subnets.values()) {
    const table = from.fact.routes;
    if (table === undefined) continue;
    const near = new Set([
      vnet,
      ...vnet.peerings.flatMap(({ remote }) => network.vnets.get(keyOf(remote)) ?? []),
    ]);
    for (const route of routesOf(model, table)) {
      const { to } = route;
      if ('tag' in to || to.length === 0) continue;
      for (const endpoint of network.endpoints.values()) {
        const home = network.subnets.get(keyOf(endpoint.subnet));
        const address = endpoint.members.map((member) => member.address).find((one) => contains(to, one));
        if (!home || address === undefined || !near.has(home.vnet)) continue;
        yield { from, table, route, to, endpoint, address, home };
      }
    }
  }
}

function withoutEffect({ table, route, to, endpoint, address, home }: Meant): Fault | undefined {
  const { fact } = home.subnet;
  const obeys = fact.endpointPolicies.routes;
  const name = nameOf(route.id);
  const concerns = [table, fact.id, endpoint.id];
  if (route.hop === 'VnetLocal') {
    if (!obeys) return undefined;
    return {
      subject: table,
      at: name,
      says: `${name} of ${nameOf(table)} has next hop VnetLocal, which does nothing to ${formatIp(address)} of ${nameOf(endpoint.id)}`,
      concerns,
      blockers: [
        {
          resource: table,
          property: `routes/${name}`,
          is: 'next hop VnetLocal',
          needs: 'next hop VirtualAppliance',
        },
      ],
      repairs: [{ says: `delete ${name}`, edits: [{ kind: 'delete', resource: route.id }] }],
    };
  }
  if (typeof route.hop === 'string') return undefined;
  if (!obeys && to.length < 32) {
    const property = 'privateEndpointNetworkPolicies';
    return {
      subject: fact.id,
      at: property,
      says: `${name} of ${nameOf(table)} means ${nameOf(endpoint.id)}, and private endpoints in ${nameOf(fact.id)} do not obey routes`,
      concerns,
      nearMiss: name,
      blockers: [{ resource: fact.id, property, is: 'Disabled', needs: 'RouteTableEnabled' }],
      repairs: [
        {
          says: 'let routes apply to private endpoints',
          edits: [setting(fact.id, property, fact.endpointPolicies.gates ? 'Enabled' : 'RouteTableEnabled')],
        },
        { says: `delete ${name}`, edits: [{ kind: 'delete', resource: route.id }] },
      ],
    };
  }
  const block = home.vnet.fact.prefixes.find((prefix) => contains(prefix, address));
  if (!obeys || !block || to.length >= block.length) return undefined;
  return {
    subject: table,
    at: name,
    says: `${name} of ${nameOf(table)} is for ${formatPrefix(to)}, which is wider than the network of ${nameOf(endpoint.id)}: the private endpoint's own route wins`,
    concerns,
    blockers: [
      { resource: table, property: `routes/${name}`, is: formatPrefix(to), needs: formatPrefix(block) },
    ],
    repairs: narrowing(route, block),
  };
}

function narrowing(route: RouteFact, block: Prefix): Repair[] {
  return [
    {
      says: `make ${nameOf(route.id)} as specific as the network`,
      edits: [setting(route.id, 'addressPrefix', formatPrefix(block))],
    },
  ];
}

/** A private endpoint replies by itself: an appliance that keeps the source never sees it. */
function oneWay(model: Model, { from, table, route, endpoint, address }: Meant): Fault | undefined {
  if (typeof route.hop === 'string') return undefined;
  const place = model.names
    .places()
    .find((one) => one.kind === 'subnet' && keyOf(one.subnet) === keyOf(from.fact.id));
  if (!place) return undefined;
  const surface = [...model.network.services.values()]
    .filter(({ fact }) => keyOf(fact.behind ?? fact.id) === keyOf(endpoint.target))
    .flatMap(({ fact }) => fact.surfaces)
    .find(({ group }) => group === endpoint.group);
  const to = surface
    ? ({ kind: 'name', label: surface.name, name: surface.name } as const)
    : ({ kind: 'address', label: formatIp(address), address } as const);
  const flow = { from: place, to, port: surface?.ports[0] ?? 443, protocol: 'tcp' } as const;
  const trace = model.trace(flow);
  const last = trace.steps.at(-1);
  if (trace.disposition !== 'no-return-path' || last?.rule !== 'reply') return undefined;
  const name = nameOf(route.id);
  return {
    subject: table,
    at: name,
    says: `${name} of ${nameOf(table)} leads to ${nameOf(endpoint.id)} through ${formatIp(route.hop.appliance)}, which keeps the source; the reply comes back past it`,
    flow,
    concerns: [endpoint.id, endpoint.target],
    repairs: [{ says: `go there directly: delete ${name}`, edits: [{ kind: 'delete', resource: route.id }] }],
  };
}
