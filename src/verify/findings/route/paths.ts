/**
 * Private endpoints that no route leads to (docs/semantics/routes.md, docs/semantics/peering.md).
 *
 * @module
 */

import { formatIp } from '../../../lib/ip.ts';
import { keyOf, nameOf } from '../../../lib/key.ts';
import type { EndpointFact } from '../../../net/facts.ts';
import type { Vnet } from '../../../net/model.ts';
import { type Place, positionOf } from '../../../net/position.ts';
import type { Blocker, Trace } from '../../../net/trace.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { statusOf } from '../../private-link.ts';
import { type Edit, type Repair, setting } from '../../repair.ts';

/** The name leads to the private endpoint, and packets do not: a peering, a gateway or a route is in the way. */
export function* noRoute(model: Model): Generator<Fault> {
  const told = new Set<string>();
  for (const { flow, trace, requirement } of model.failing) {
    if (trace.disposition !== 'no-route' && trace.disposition !== 'no-return-path') continue;
    const endpoint = endpointAt(model, trace);
    const last = trace.steps.at(-1);
    if (!endpoint || !last) continue;
    const [blocker] = trace.blockers;
    const [subject, at] = [blocker?.resource ?? last.resource, blocker?.property ?? last.rule];
    // One peering or route is in the way of all that lies behind it.
    const key = `${keyOf(subject)} ${at} ${flow.from.label}`;
    if (told.has(key)) continue;
    told.add(key);
    yield {
      subject,
      at,
      says: `${flow.from.label} finds no way to ${trace.address}, where ${nameOf(endpoint.id)} is: ${last.says}`,
      flow,
      trace,
      ...(requirement ? { requirement } : {}),
      concerns: [endpoint.id, endpoint.target],
      repairs: opening(model, flow.from, endpoint, blocker),
    };
  }
}

/** The approved private endpoint that has the address a name led to. */
function endpointAt(model: Model, { address, name }: Trace): EndpointFact | undefined {
  if (name === null || address === null) return undefined;
  return [...model.network.endpoints.values()].find(
    (endpoint) =>
      statusOf(model, endpoint) === 'Approved' &&
      endpoint.members.some((member) => formatIp(member.address) === address),
  );
}

/** Opens both sides of the peering between the two networks, or takes away the route that ends the flow. */
function opening(
  model: Model,
  from: Place,
  endpoint: EndpointFact,
  blocker: Blocker | undefined,
): readonly Repair[] {
  const { network } = model;
  const here = positionOf(network, from)?.vnet;
  const there = network.subnets.get(keyOf(endpoint.subnet))?.vnet;
  const table = network.routes.get(keyOf(blocker?.resource ?? ''));
  const route = table?.find(({ id }) => nameOf(id) === blocker?.property);
  if (route)
    return [{ says: `take ${nameOf(route.id)} away`, edits: [{ kind: 'delete', resource: route.id }] }];
  if (!here || !there || here === there) return [];
  if (from.kind !== 'nic' && from.kind !== 'subnet') return [];
  const edits = [...side(here, there), ...side(there, here)];
  return edits.length === 0
    ? []
    : [{ says: `open the peering of ${nameOf(here.fact.id)} and ${nameOf(there.fact.id)}`, edits }];
}

/** One side of a peering, open: made where it is missing. */
function side({ fact, peerings }: Vnet, other: Vnet): readonly Edit[] {
  const found = peerings.find(({ remote }) => keyOf(remote) === keyOf(other.fact.id));
  if (!found) {
    return [{ kind: 'create', creation: { what: 'peering', vnet: fact.id, remote: other.fact.id } }];
  }
  return found.access ? [] : [setting(found.id, 'allowVirtualNetworkAccess', true)];
}
