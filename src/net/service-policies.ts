/**
 * Service endpoint policies: which storage accounts the service endpoints of a subnet lead to
 * (docs/semantics/service-endpoint-policies.md).
 *
 * @module
 */

import { type IdKey, keyOf } from '../lib/key.ts';
import { type Gathered, grouped } from './gather.ts';

/** A policy with all that its definitions list. */
export interface ServicePolicy {
  readonly id: string;
  /** Accounts, and resource groups and subscriptions with all of theirs. */
  readonly scopes: readonly string[];
  /** Accounts of a service of Azure, by its name: `/services/Azure/MachineLearning`. Which those are is not known. */
  readonly aliases: readonly string[];
}

/** Joins policies with their definitions. */
export function linkServicePolicies({ lists }: Gathered): ReadonlyMap<IdKey, ServicePolicy> {
  const definitions = grouped(lists['service-policy-definition'], ({ policy }) => [keyOf(policy)], undefined);
  return new Map(
    lists['service-policy'].map(({ id }) => {
      const resources = (definitions.get(keyOf(id)) ?? []).flatMap((definition) => definition.resources);
      const isAlias = (text: string): boolean => text.toLowerCase().startsWith('/services/');
      const scopes = resources.filter((text) => !isAlias(text));
      return [keyOf(id), { id, scopes, aliases: resources.filter(isAlias) }];
    }),
  );
}
