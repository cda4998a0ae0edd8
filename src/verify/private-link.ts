/**
 * Private endpoints as checks look at them: by target and sub-resource, with the state of their connection.
 *
 * @module
 */

import { keyOf, nameOf } from '../lib/key.ts';
import type { LinkGroup } from '../net/declared/endpoint.ts';
import type { DoorFact, EndpointFact, ServiceFact } from '../net/facts.ts';
import { labelOf, type Model } from './model.ts';
import type { Repair } from './repair.ts';

/** A private endpoint of the estate. */
export interface Link {
  readonly endpoint: EndpointFact;
  /** `Absent`: there is no connection on the target, so the endpoint could not be made. */
  readonly status: 'Approved' | 'Pending' | 'Rejected' | 'Disconnected' | 'Absent';
}

/** The private endpoints of a target, in the order of the estate. */
export function linksTo(model: Model, target: string): readonly Link[] {
  const { endpoints } = model.network;
  return [...endpoints.values()]
    .filter((endpoint) => keyOf(endpoint.target) === keyOf(target))
    .map((endpoint) => ({ endpoint, status: statusOf(model, endpoint) }));
}

/** The state of a private endpoint's connection. */
export function statusOf(model: Model, endpoint: EndpointFact): Link['status'] {
  return model.network.connections.get(keyOf(endpoint.id))?.status ?? 'Absent';
}

/** A service with a door of its own. */
export interface Doored {
  readonly fact: ServiceFact;
  readonly door: DoorFact;
}

/** Services that have doors, Azure's own excepted. */
export function doors(model: Model): readonly Doored[] {
  return [...model.network.services.values()].flatMap(({ fact }) =>
    fact.door && fact.service !== 'platform' ? [{ fact, door: fact.door }] : [],
  );
}

/** Sub-resources of a service that private endpoints can be made for, with the zones and names of each. */
export function groupsOf(model: Model, target: string): readonly LinkGroup[] {
  const found = model.network.declared.of('link-groups').find(({ id }) => keyOf(id) === keyOf(target));
  return found?.groups ?? [];
}

/**
 * Ways to add private endpoints for sub-resources of a service, all in one subnet: where there are private endpoints
 * already, or in any subnet. With the zones that the network is linked to, or else those that the estate has, and with
 * Reader for the identity of `reader`.
 */
export function additions(
  model: Model,
  target: string,
  groups: readonly string[],
  near: readonly Link[],
  reader?: string,
): Repair[] {
  const { network } = model;
  const used = [...near, ...linksTo(model, target)].map(({ endpoint }) => keyOf(endpoint.subnet));
  const others = [...network.endpoints.values()].map(({ subnet }) => keyOf(subnet));
  const home = [...used, ...others, ...network.subnets.keys()]
    .map((key) => network.subnets.get(key))
    .find((found) => found !== undefined);
  if (!home) return [];
  const { vnet, subnet } = home;
  const zonesOf = (group: string): readonly string[] =>
    (groupsOf(model, target).find(({ id }) => id === group)?.zones ?? []).flatMap((name) => {
      const linked = network.views.get(keyOf(vnet.fact.id))?.get(name)?.zone;
      return linked?.id ?? network.zones.get(name)?.[0]?.id ?? [];
    });
  return [
    {
      says: `add ${groups.length === 1 ? 'a private endpoint' : 'private endpoints'} for ${groups.join(', ')} in ${nameOf(subnet.fact.id)}`,
      edits: groups.map((group) => ({
        kind: 'create',
        creation: {
          what: 'private-endpoint',
          target,
          group,
          subnet: subnet.fact.id,
          location: vnet.fact.location,
          zones: zonesOf(group),
          ...(reader === undefined ? {} : { reader }),
        },
      })),
    },
  ];
}

/** What people call the names of a sub-resource of a target, and of what stands behind it. */
export function labelsOf(model: Model, target: string, group: string): readonly string[] {
  return [...model.network.services.values()]
    .filter(({ fact }) => keyOf(fact.behind ?? fact.id) === keyOf(target))
    .flatMap(({ fact }) =>
      fact.surfaces.filter((surface) => surface.group === group).map((surface) => labelOf(fact, surface)),
    );
}
