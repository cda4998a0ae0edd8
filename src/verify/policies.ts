/**
 * Policies that write zone groups, as checks look at them.
 *
 * @module
 */

import { keyOf } from '../lib/key.ts';
import type { EndpointFact, ZonePolicy } from '../net/facts.ts';
import { isGoverned } from '../net/policies.ts';
import type { Model } from './model.ts';
import { statusOf } from './private-link.ts';

/** A policy, and a private endpoint that it may be for. */
export interface Governed {
  readonly policy: ZonePolicy;
  readonly endpoint: EndpointFact;
}

/** Policies with each approved private endpoint in their scope that has no zone group of its own. */
export function governed(model: Model): readonly Governed[] {
  const { policies, declared } = model.network;
  if (policies.length === 0) return [];
  const own = new Set(
    declared.of('zone-group').flatMap((group) => (group.policy ? [] : [keyOf(group.endpoint)])),
  );
  return [...model.network.endpoints.values()]
    .filter((endpoint) => statusOf(model, endpoint) === 'Approved' && !own.has(keyOf(endpoint.id)))
    .flatMap((endpoint) =>
      policies.filter((policy) => isGoverned(policy, endpoint)).map((policy) => ({ policy, endpoint })),
    );
}
