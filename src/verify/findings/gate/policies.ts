/**
 * Service endpoint policies that keep computes and nodes from accounts of the platform
 * (docs/semantics/service-endpoint-policies.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import { machineLearningAlias } from '../../../net/azure.ts';
import { placedComputes } from '../../computes.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { setting } from '../../repair.ts';
import { requirements } from '../../requirements.ts';

const list = 'serviceEndpointPolicyDefinitions';

/** Computes need the alias of the service (C-9); for nodes of clusters there is none. */
export function* tooNarrow(model: Model): Generator<Fault> {
  const users = new Map<string, { readonly id: string; readonly node: boolean }[]>();
  const use = (subnet: string | undefined, id: string, node: boolean): void => {
    if (subnet !== undefined) users.set(keyOf(subnet), [...(users.get(keyOf(subnet)) ?? []), { id, node }]);
  };
  for (const { fact } of placedComputes(model)) use(fact.subnet, fact.id, false);
  for (const pool of model.network.declared.of('node-pool')) use(pool.subnet, pool.id, true);
  for (const { subnet } of model.network.subnets.values()) {
    const { id, servicePolicies: ids } = subnet.fact;
    const [first] = ids;
    if (first === undefined) continue;
    const here = users.get(keyOf(id)) ?? [];
    const nodes = here.filter(({ node }) => node);
    const computes = here.filter(({ node }) => !node);
    if (nodes.length > 0) yield aroundNodes(id, first, nodes);
    else if (computes.length > 0 && !hasAlias(model, ids)) yield withoutAlias(id, first, computes);
  }
}

/** A policy that the estate does not have may list anything. */
function hasAlias({ network }: Model, ids: readonly string[]): boolean {
  return ids.some((id) => {
    const policy = network.servicePolicies.get(keyOf(id));
    return !policy || policy.aliases.some((alias) => keyOf(alias) === keyOf(machineLearningAlias));
  });
}

function withoutAlias(subnet: string, policy: string, users: readonly { readonly id: string }[]): Fault {
  return {
    subject: policy,
    at: list,
    says: `${nameOf(policy)} keeps ${namesOf(users)} in ${nameOf(subnet)} from storage of the platform: it does not list ${machineLearningAlias}`,
    requirement: requirements['compute/service-policy'],
    concerns: [subnet, ...users.map(({ id }) => id)],
    blockers: [
      { resource: policy, property: list, is: 'a list without the platform', needs: machineLearningAlias },
    ],
    repairs: [
      {
        says: `list ${machineLearningAlias}`,
        edits: [
          {
            kind: 'insert',
            resource: policy,
            property: ['properties', list],
            value: {
              name: 'machine-learning',
              properties: { service: 'Global', serviceResources: [machineLearningAlias] },
            },
          },
        ],
      },
    ],
  };
}

function aroundNodes(subnet: string, policy: string, users: readonly { readonly id: string }[]): Fault {
  const at = 'serviceEndpointPolicies';
  return {
    subject: subnet,
    at,
    says: `${nameOf(policy)} keeps the nodes of ${namesOf(users)} in ${nameOf(subnet)} from the storage behind public registries`,
    requirement: requirements['cluster/service-policy'],
    concerns: [policy, ...users.map(({ id }) => id)],
    blockers: [{ resource: subnet, property: at, is: nameOf(policy), needs: 'no policy' }],
    repairs: [{ says: 'take the policy off the subnet', edits: [setting(subnet, at, undefined)] }],
  };
}

function namesOf(users: readonly { readonly id: string }[]): string {
  return [...new Set(users.map(({ id }) => nameOf(id)))].join(', ');
}
