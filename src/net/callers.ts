/**
 * Callers: who asks, and whether they may do the least that a service is for (docs/semantics/callers.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../lib/key.ts';
import { grants, isInScope, type Plane } from '../lib/rights.ts';
import type { AssignmentFact } from './facts.ts';
import type { Network, Service } from './model.ts';
import type { Blocker, Recorder } from './trace.ts';

/** The identity that a request is made as. `label` is how people write it. */
export type Caller =
  | { readonly kind: 'anonymous'; readonly label: string }
  | { readonly kind: 'key'; readonly label: string }
  | { readonly kind: 'principal'; readonly label: string; readonly objectId: string };

/** Who may do what. */
type Granted = Pick<Network, 'assignments' | 'roles' | 'principals'>;

/** Assignments of a principal and of the groups that it is in. */
function assignmentsOf(network: Granted, objectId: string): readonly AssignmentFact[] {
  return idsOf(network, objectId).flatMap((id) => network.assignments.get(id) ?? []);
}

/** Object ids whose rights a principal has. */
function idsOf(network: Granted, objectId: string): readonly string[] {
  const own = objectId.toLowerCase();
  return [own, ...(network.principals.get(own)?.groups ?? [])];
}

/** Reports which role lets a principal do an operation at a scope, if one does. */
export function roleFor(
  network: Granted,
  objectId: string,
  operation: string,
  plane: Plane,
  scope: string,
): { readonly role: string; readonly assignment: string } | undefined {
  for (const assignment of assignmentsOf(network, objectId)) {
    if (!isInScope(scope, assignment.scope)) continue;
    const role = network.roles.get(keyOf(nameOf(assignment.role)));
    if (role?.permissions.some((permission) => grants(permission, operation, plane))) {
      return { role: role.name, assignment: assignment.id };
    }
  }
  return undefined;
}

/** Decides about the caller, after the door let the connection in. */
export function askCaller(network: Network, service: Service, caller: Caller, rec: Recorder): void {
  const { access, id } = service.fact;
  const name = nameOf(id);
  if (access.by === 'nothing') {
    rec.pass('caller', { resource: id, rule: 'sign-in' }, `${name} is asked without a token`);
    return;
  }
  if (caller.kind === 'anonymous') {
    rec.stop('unauthenticated', 'caller', { resource: id, rule: 'token' }, `${name} wants a token`);
    return;
  }
  if (access.by === 'key' && caller.kind === 'key') {
    rec.pass('caller', { resource: id, rule: 'authMode Key' }, `${name} takes its key`);
    return;
  }
  if (access.by === 'role' && access.keys && caller.kind === 'key') {
    const { flag, allowed } = access.keys;
    if (allowed) rec.pass('caller', { resource: id, rule: 'account key' }, `${name} takes its key`);
    else {
      rec.stop('unauthorized', 'caller', { resource: id, rule: flag }, `${name} takes no account keys`, {
        resource: id,
        property: `properties.${flag}`,
        is: 'false',
        needs: 'true',
      });
    }
    return;
  }
  if (caller.kind === 'key') {
    rec.stop('unauthenticated', 'caller', { resource: id, rule: 'token' }, `${name} takes no key`);
    return;
  }
  switch (access.by) {
    case 'token':
      rec.pass('caller', { resource: id, rule: 'token' }, `${name} takes any valid token`);
      return;
    case 'policy': {
      const ids = idsOf(network, caller.objectId);
      const policies = access.policies.filter((policy) => ids.includes(policy.objectId.toLowerCase()));
      const wanted = access.permission.toLowerCase();
      const has = policies
        .flatMap((policy) => policy.secrets)
        .some((s) => s.toLowerCase() === wanted || s.toLowerCase() === 'all');
      const by = { resource: id, rule: 'accessPolicies' };
      if (has)
        rec.pass('caller', by, `an access policy of ${name} gives ${caller.label} '${access.permission}'`);
      else {
        rec.stop(
          'unauthorized',
          'caller',
          by,
          `no access policy of ${name} gives ${caller.label} '${access.permission}'`,
          {
            resource: id,
            property: 'properties.accessPolicies',
            is: policies.length > 0 ? `no '${access.permission}'` : 'no policy for the caller',
            needs: `'${access.permission}' on secrets for ${caller.objectId}`,
          },
        );
      }
      return;
    }
    case 'role':
    case 'key': {
      const plane: Plane = access.by === 'role' ? access.plane : 'control';
      const found = roleFor(network, caller.objectId, access.operation, plane, id);
      if (found) {
        rec.pass(
          'caller',
          { resource: found.assignment, rule: found.role },
          `${found.role} lets ${caller.label} do ${access.operation}`,
        );
        return;
      }
      const missing = unseen(network, caller.objectId, access.operation, plane, id);
      if (missing !== undefined) {
        const says = `cannot say whether ${caller.label} may do ${access.operation} without ${missing}`;
        rec.stop('unknown', 'caller', { resource: id, rule: access.operation }, says);
        return;
      }
      const says = `no role of ${caller.label} allows ${access.operation}`;
      rec.stop(
        'unauthorized',
        'caller',
        { resource: id, rule: access.operation },
        says,
        missingRole(id, access.operation, plane, caller),
      );
      return;
    }
  }
}

const managementGroup = '/providers/microsoft.management/managementgroups/';

/** What an assignment rests on that the estate does not have: the role's definition, or the tree of management groups. */
export function unseen(
  network: Network,
  objectId: string,
  operation: string,
  plane: Plane,
  scope: string,
): string | undefined {
  for (const assignment of assignmentsOf(network, objectId)) {
    const above = assignment.scope.toLowerCase().startsWith(managementGroup);
    if (!above && !isInScope(scope, assignment.scope)) continue;
    const role = network.roles.get(keyOf(nameOf(assignment.role)));
    if (!role) return `the definition of role ${nameOf(assignment.role)}, which is not in the estate`;
    if (above && role.permissions.some((permission) => grants(permission, operation, plane))) {
      return `what is in management group ${nameOf(assignment.scope)}`;
    }
  }
  return undefined;
}

function missingRole(
  id: string,
  operation: string,
  plane: Plane,
  caller: Extract<Caller, { kind: 'principal' }>,
): Blocker {
  return {
    resource: id,
    property: 'Microsoft.Authorization/roleAssignments',
    is: `none for ${caller.objectId} with ${plane === 'data' ? 'data action' : 'action'} ${operation}`,
    needs: `a role with ${operation} at this scope`,
  };
}
