/**
 * Private endpoints as checks look at them: by target and sub-resource, with the state of their connection.
 *
 * @module
 */

import { keyOf } from '../lib/key.ts';
import type { DoorFact, EndpointFact, ServiceFact } from '../net/facts.ts';
import type { Model } from './model.ts';

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
