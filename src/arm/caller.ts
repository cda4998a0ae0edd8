/**
 * Who asks the control plane, and whether they may (docs/semantics/callers.md).
 *
 * Assignments and definitions are resources of the estate like any other, so rights change when they do.
 *
 * @module
 */

import { asList, asText, isObject, type Json } from '../lib/json.ts';
import { grants, isInScope, type Permission, type Plane } from '../lib/rights.ts';
import { ArmError } from './error.ts';
import { resourceGroupType, sameId } from './id.ts';
import type { Read } from './resource.ts';
import { builtInRole } from './roles.ts';

/** An identity that a token proved. */
export interface Caller {
  readonly objectId: string;
  readonly appId: string;
  readonly name: string;
  /** Principal name, where it is a user. */
  readonly upn?: string | undefined;
}

const assignmentType = 'Microsoft.Authorization/roleAssignments';
const definitionType = 'Microsoft.Authorization/roleDefinitions';

/** Object ids whose rights a principal has: its own, and those of its groups. In lower case. */
export function idsOf(read: Read, objectId: string): ReadonlySet<string> {
  return new Set([objectId.toLowerCase(), ...read.groupsOf(objectId)]);
}

/** Reports whether a principal may do an operation at a scope. Additive over all its assignments. */
export function mayDo(read: Read, objectId: string, operation: string, scope: string, plane: Plane): boolean {
  const ids = idsOf(read, objectId);
  return read.ofType(assignmentType).some((assignment) => {
    const { principalId, roleDefinitionId, scope: at } = assignment.properties;
    return (
      ids.has(asText(principalId)?.toLowerCase() ?? '') &&
      isInScope(scope, asText(at) ?? '') &&
      permissionsOf(read, asText(roleDefinitionId) ?? '').some((p) => grants(p, operation, plane))
    );
  });
}

/** What a verb on a type is called among rights (`.../read`). Those of resource groups have a name of their own. */
export function actionOn(type: string, verb: string): string {
  return `${sameId(type, resourceGroupType) ? 'Microsoft.Resources/subscriptions/resourceGroups' : type}/${verb}`;
}

/** Throws `AuthorizationFailed` where the caller lacks the action at the scope. */
export function authorize(read: Read, caller: Caller, action: string, scope: string): void {
  if (mayDo(read, caller.objectId, action, scope, 'control')) return;
  throw new ArmError(
    'AuthorizationFailed',
    `The client '${caller.upn ?? caller.appId}' with object id '${caller.objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

/** Throws `LinkedAuthorizationFailed` where an operation on one resource needs a right on another. */
export function authorizeLinked(
  read: Read,
  caller: Caller,
  on: { readonly action: string; readonly scope: string },
  linked: { readonly action: string; readonly scope: string },
): void {
  if (mayDo(read, caller.objectId, linked.action, linked.scope, 'control')) return;
  throw new ArmError(
    'LinkedAuthorizationFailed',
    `The client '${caller.upn ?? caller.appId}' with object id '${caller.objectId}' has permission to perform action '${on.action}' on scope '${on.scope}'; however, it does not have permission to perform action '${linked.action}' on the linked scope(s) '${linked.scope}' or the linked scope(s) are invalid.`,
  );
}

/** Permissions of a role, built in or custom, by the id that an assignment has. */
export function permissionsOf(read: Read, roleDefinitionId: string): readonly Permission[] {
  const guid = roleDefinitionId.slice(roleDefinitionId.lastIndexOf('/') + 1).toLowerCase();
  const builtIn = builtInRole(guid);
  if (builtIn) return [builtIn.permission];
  const custom = read.ofType(definitionType).find((role) => role.name.toLowerCase() === guid);
  return custom ? asList(custom.properties['permissions']).map(permissionFrom) : [];
}

/** Reads one permission of a role definition's body. */
export function permissionFrom(value: Json): Permission {
  const words = (name: string): readonly string[] =>
    isObject(value) ? asList(value[name]).filter((word): word is string => typeof word === 'string') : [];
  return {
    actions: words('actions'),
    notActions: words('notActions'),
    dataActions: words('dataActions'),
    notDataActions: words('notDataActions'),
  };
}
