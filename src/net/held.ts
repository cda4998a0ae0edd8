/**
 * What service endpoint policies hold against a connection (docs/semantics/service-endpoint-policies.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../lib/key.ts';
import type { Network } from './model.ts';
import type { ServicePolicy } from './service-policies.ts';
import type { Blocker } from './trace.ts';

/** What is held against a connection: a refusal, or what would have to be known. */
export interface Held {
  readonly action: 'shut' | 'unknown';
  readonly resource: string;
  readonly rule: string;
  readonly says: string;
  readonly blockers: readonly Blocker[];
}

const rule = 'serviceEndpointPolicyDefinitions';

/**
 * What the policies of a subnet hold against a connection over its service endpoint to an account; undefined is
 * nothing. Several policies add up. No account: one that the estate does not have.
 */
export function heldByPolicies(
  network: Network,
  subnet: string,
  account: string | undefined,
): Held | undefined {
  const ids = network.subnets.get(keyOf(subnet))?.subnet.fact.servicePolicies ?? [];
  const [first] = ids;
  if (first === undefined) return undefined;
  const policies = ids.flatMap((id) => network.servicePolicies.get(keyOf(id)) ?? []);
  if (
    account !== undefined &&
    policies.some(({ scopes }) => scopes.some((scope) => isWithin(account, scope)))
  )
    return undefined;
  const missing = missingTo(network, ids, policies, account);
  const what = account === undefined ? 'an account outside the estate' : nameOf(account);
  const by = { resource: first, rule };
  if (missing !== undefined) {
    const says = `cannot say whether the policies of ${nameOf(subnet)} list ${what} without ${missing}`;
    return { action: 'unknown', ...by, says, blockers: [] };
  }
  const says = `${ids.map(nameOf).join(', ')} of ${nameOf(subnet)} ${ids.length === 1 ? 'does' : 'do'} not list ${what}`;
  const blocker = {
    resource: first,
    property: `properties.${rule}`,
    is: `a list without ${what}`,
    needs: `${account ?? 'the account'}, its resource group or its subscription; or no policy at the subnet`,
  };
  return { action: 'shut', ...by, says, blockers: [blocker] };
}

/** What would have to be known to say that nothing lists an account. */
function missingTo(
  network: Network,
  ids: readonly string[],
  policies: readonly ServicePolicy[],
  account: string | undefined,
): string | undefined {
  const lost = ids.find((id) => !network.servicePolicies.has(keyOf(id)));
  if (lost !== undefined) return `the definitions of ${nameOf(lost)}, which is not in the estate`;
  if (account !== undefined) return undefined;
  const scope = policies.flatMap(({ scopes }) => scopes).find((id) => !network.services.has(keyOf(id)));
  if (scope !== undefined) return `the accounts of ${scope}`;
  const [alias] = policies.flatMap(({ aliases }) => aliases);
  return alias && `the accounts of ${alias}`;
}

function isWithin(id: string, scope: string): boolean {
  return `${keyOf(id)}/`.startsWith(`${keyOf(scope)}/`);
}
