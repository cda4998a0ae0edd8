/**
 * Role definitions and role assignments (docs/semantics/callers.md).
 *
 * @module
 */

import { permissionFrom } from '../../arm/caller.ts';
import { ArmError } from '../../arm/error.ts';
import { parseId, sameId } from '../../arm/id.ts';
import { type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import { builtInRole, builtInRoles } from '../../arm/roles.ts';
import * as shape from '../../arm/shape.ts';
import { asList, asText, type Json, member } from '../../lib/json.ts';
import { isInScope } from '../../lib/rights.ts';
import { parseUuid } from '../../lib/uuid.ts';
import type { CustomRoleDeclared, RoleText } from '../../net/declared/identity.ts';
import { define } from '../define.ts';
import { assignmentType } from '../identity.ts';

const definitionType = 'Microsoft.Authorization/roleDefinitions';

const words = shape.list(shape.text);

const definitionProperties = shape.object({
  roleName: shape.required(shape.text),
  type: shape.text,
  description: shape.text,
  assignableScopes: words,
  permissions: shape.required(
    shape.list(
      shape.object({
        actions: words,
        notActions: words,
        dataActions: words,
        notDataActions: words,
        ...shape.opaque('condition', 'conditionVersion'),
      }),
    ),
  ),
  ...shape.served('createdOn', 'updatedOn', 'createdBy', 'updatedBy'),
});

export const roleDefinitions = define(definitionType, {
  level: 'modelled',
  located: false,
  updated: 201,
  removedIsShown: true,
  scope: 'any',
  properties: definitionProperties,
  // A role can be used in all its scopes, so whoever writes it must be allowed to in each.
  linked: (put) =>
    (put.properties.assignableScopes ?? [])
      .filter((scope) => parseId(scope).ok)
      .map((scope) => ({ action: `${definitionType}/write`, scope })),
  put: (put, read) => {
    checkGuid(put);
    const scopes = put.properties.assignableScopes ?? [put.id.parent ?? '/'];
    for (const [at, scope] of scopes.entries()) {
      if (parseId(scope).ok) continue;
      throw new ArmError(
        'BadRequest',
        `assignableScopes[${at}] is '${scope}', which is not a scope: write /subscriptions/<id>, /subscriptions/<id>/resourceGroups/<name> or a resource id.`,
        {
          target: `properties.assignableScopes[${at}]`,
        },
      );
    }
    const { roleName } = put.properties;
    const twin = read
      .ofType(definitionType)
      .find(
        (other) => sameId(String(other.properties['roleName']), roleName) && !sameId(other.name, put.id.name),
      );
    const builtIn = builtInRoles.some((role) => sameId(role.name, roleName) || sameId(role.id, put.id.name));
    if (twin || builtIn) {
      throw new ArmError(
        'Conflict',
        `A role named '${roleName}' or with the id ${put.id.name} exists already.`,
      );
    }
    return { writes: [store(put, { type: 'CustomRole', ...put.properties, assignableScopes: scopes })] };
  },
  remove: (role, read) => {
    const user = read
      .ofType(assignmentType)
      .find((item) =>
        String(item.properties['roleDefinitionId']).toLowerCase().endsWith(role.name.toLowerCase()),
      );
    if (user)
      throw new ArmError(
        'ResourceInUse',
        `Role ${role.name} is assigned by ${user.id}. Delete that assignment first.`,
      );
    return { writes: [] };
  },
  facts: (role) => [
    {
      kind: 'role',
      id: role.name,
      name: propertiesOf(definitionProperties, role).roleName,
      permissions: propertiesOf(definitionProperties, role).permissions.map(permissionFrom),
    },
    writtenRole(role),
  ],
});

const operationLists = ['actions', 'notActions', 'dataActions', 'notDataActions'];

function writtenRole({ id, name, properties }: Resource): CustomRoleDeclared {
  const texts = (value: Json | undefined, ...at: (string | number)[]): RoleText[] =>
    asList(value).flatMap((item, index) => {
      const text = asText(item);
      return text === undefined ? [] : [{ text, at: [...at, index] }];
    });
  return {
    kind: 'custom-role',
    id,
    name: asText(properties['roleName']) ?? name,
    operations: asList(properties['permissions']).flatMap((permission, at) =>
      operationLists.flatMap((list) => texts(member(permission, list), 'permissions', at, list)),
    ),
    scopes: texts(properties['assignableScopes'], 'assignableScopes'),
  };
}

const assignmentProperties = shape.object({
  roleDefinitionId: shape.required(shape.text),
  principalId: shape.required(shape.text),
  principalType: shape.text,
  scope: shape.text,
  ...shape.opaque('description', 'condition', 'conditionVersion', 'delegatedManagedIdentityResourceId'),
  ...shape.served('createdOn', 'updatedOn', 'createdBy', 'updatedBy'),
});

export const roleAssignments = define(assignmentType, {
  level: 'modelled',
  located: false,
  removedIsShown: true,
  scope: 'any',
  properties: assignmentProperties,
  put: (put, read) => {
    checkGuid(put);
    const scope = put.id.parent ?? '/';
    const { roleDefinitionId, principalId } = put.properties;
    checkRole(roleDefinitionId, scope, read);
    if (parseUuid(principalId) === undefined) {
      throw new ArmError(
        'InvalidParameter',
        `principalId is '${principalId}', which is not an object id (a GUID).`,
        { target: 'properties.principalId' },
      );
    }
    if (put.properties.condition !== undefined) {
      throw new ArmError('NotSupported', 'Conditions on role assignments are not supported by Cloister.', {
        target: 'properties.condition',
      });
    }
    const before = put.before && propertiesOf(assignmentProperties, put.before);
    if (
      before &&
      !(sameId(before.principalId, principalId) && sameRole(before.roleDefinitionId, roleDefinitionId))
    ) {
      throw new ArmError(
        'RoleAssignmentUpdateNotPermitted',
        'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
        { target: 'properties' },
      );
    }
    const twin = read.ofType(assignmentType).find((other) => {
      const stored = propertiesOf(assignmentProperties, other);
      return (
        !sameId(other.id, put.id.id) &&
        sameId(stored.principalId, principalId) &&
        sameId(stored.scope ?? '', scope) &&
        sameRole(stored.roleDefinitionId, roleDefinitionId)
      );
    });
    if (twin && twin.owner === undefined) {
      throw new ArmError('RoleAssignmentExists', `The role assignment already exists: ${twin.id}.`);
    }
    return { writes: [store(put, { ...put.properties, scope })] };
  },
  facts: (assignment) => {
    const stored = propertiesOf(assignmentProperties, assignment);
    return [
      {
        kind: 'assignment',
        id: assignment.id,
        principal: stored.principalId,
        scope: stored.scope ?? '/',
        role: stored.roleDefinitionId,
      },
    ];
  },
});

/** The same role is written at many scopes: its GUID tells. */
function sameRole(a: string, b: string): boolean {
  return sameId(a.slice(a.lastIndexOf('/') + 1), b.slice(b.lastIndexOf('/') + 1));
}

function checkGuid(put: Put): void {
  if (parseUuid(put.id.name) !== undefined) return;
  throw new ArmError(
    'InvalidResourceName',
    `'${put.id.name}' must be a GUID. In a template, write the name with guid(...).`,
  );
}

/** The role exists, and may be assigned at the scope. */
function checkRole(id: string, scope: string, read: Read): void {
  const guid = id.slice(id.lastIndexOf('/') + 1);
  if (builtInRole(guid.toLowerCase())) return;
  const custom = read.ofType(definitionType).find((role) => sameId(role.name, guid));
  if (!custom) {
    throw new ArmError(
      'NotFound',
      `The role definition '${id}' does not exist, or is a built-in role that Cloister does not know.`,
      { target: 'properties.roleDefinitionId' },
    );
  }
  const scopes = propertiesOf(definitionProperties, custom).assignableScopes ?? [];
  if (!scopes.some((allowed) => isInScope(scope, allowed))) {
    throw new ArmError(
      'BadRequest',
      `Role ${custom.name} cannot be assigned at ${scope}: its assignable scopes are ${scopes.join(', ')}.`,
      { target: 'properties.roleDefinitionId' },
    );
  }
}
