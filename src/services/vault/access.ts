/**
 * Who asks a vault, and whether they may: by role or by access policy, as the vault is set.
 *
 * @module
 */

import { idsOf, mayDo } from '../../arm/caller.ts';
import type { Resource } from '../../arm/resource.ts';
import { asList, asText, isObject, type Json, member } from '../../lib/json.ts';
import type { Caller, DataRequest, World } from '../data-plane.ts';
import { callerText, VaultError, vaultText } from './error.ts';
import type { Operation } from './operations.ts';

/** What tokens for a vault are for. */
export const vaultAudience = 'https://vault.azure.net';

type Principal = Extract<Caller, { readonly kind: 'principal' }>;

/** Returns who a request is made as, or throws the challenge that tells clients where to sign in. */
export function authenticate({ caller, resource }: DataRequest, world: World): Principal {
  if (caller.kind === 'principal') return caller;
  const tenant = asText(resource.properties.tenantId) ?? world.settings.tenant;
  const challenge = `Bearer authorization="https://login.microsoftonline.com/${tenant}", resource="${vaultAudience}"`;
  if (caller.kind === 'anonymous') {
    const says = 'AKV10000: Request is missing a Bearer or PoP token.';
    throw new VaultError('Unauthorized', [says], { 'www-authenticate': challenge });
  }
  throw new VaultError('Unauthorized', [`[BearerError] Error validating token: ${caller.problem}`], {
    'www-authenticate': `${challenge}, error="invalid_token"`,
  });
}

/** Throws where the principal lacks the right that an operation needs. */
export function authorize(vault: Resource, caller: Principal, operation: Operation, world: World): void {
  const who = callerText(caller, vault) ?? '';
  if (vault.properties.enableRbacAuthorization !== true) {
    const ids = idsOf(world.read, caller.objectId);
    const policies = asList(vault.properties.accessPolicies);
    if (policies.some((policy) => permits(policy, ids, caller.appId, operation))) return;
    throw new VaultError('AccessDenied', [
      `The user, group or application '${who}' does not have ${operation.kind} ${operation.permission} permission on key vault '${vaultText(vault)}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287`,
    ]);
  }
  const action = `Microsoft.KeyVault/vaults/${operation.action}`;
  const scope = operation.item === '' ? vault.id : `${vault.id}/${operation.kind}/${operation.item}`;
  if (mayDo(world.read, caller.objectId, action, scope, 'data')) return;
  throw new VaultError('ForbiddenByRbac', [
    'Caller is not authorized to perform action on resource.',
    'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
    `Caller: ${who}`,
    `Action: '${action}'`,
    `Resource: '${scope.toLowerCase()}'`,
    'Assignment: (not found)',
    'DenyAssignmentId: null',
    "DecisionReason: 'DeniedWithNoValidRBAC' ",
    `Vault: ${vaultText(vault)}`,
    '',
  ]);
}

/** Reports whether one access policy gives one of the object ids, in an application, what an operation needs. */
function permits(
  policy: Json,
  ids: ReadonlySet<string>,
  appId: string,
  { kind, permission }: Operation,
): boolean {
  if (!isObject(policy) || !ids.has(asText(policy.objectId)?.toLowerCase() ?? '')) return false;
  // A policy for a user in one application counts only there.
  if (policy.applicationId !== undefined && !same(policy.applicationId, appId)) return false;
  const given = asList(member(policy.permissions, kind));
  return given.some((each) => same(each, permission) || same(each, 'all'));
}

function same(value: Json | undefined, text: string): boolean {
  return asText(value)?.toLowerCase() === text.toLowerCase();
}
