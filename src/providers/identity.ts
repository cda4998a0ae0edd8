/**
 * Managed identities: the principal that a service makes for a resource.
 *
 * @module
 */

import { ArmError } from '../arm/error.ts';
import { childId, type ResourceId, type ResourceType, sameId } from '../arm/id.ts';
import type { Draft, LinkedRight, Put, Settings } from '../arm/provider.ts';
import type { Read, Resource } from '../arm/resource.ts';
import * as shape from '../arm/shape.ts';
import { asText, isObject, type JsonObject } from '../lib/json.ts';
import type { Fact } from '../net/facts.ts';
import { inventedId } from './ml/link.ts';

const identityShape = shape.object({
  type: shape.required(shape.text),
  userAssignedIdentities: shape.mapOf(shape.freeForm),
  ...shape.served('principalId', 'tenantId', 'clientId'),
});

export const userAssignedType = 'Microsoft.ManagedIdentity/userAssignedIdentities' as ResourceType;

const kinds = ['None', 'SystemAssigned', 'UserAssigned', 'SystemAssigned,UserAssigned'] as const;

/** Returns the identity as it is stored: in canonical spelling, with the principals that it stands for. */
export function withPrincipal(
  put: Put,
  read: Read,
  otherwise?: (typeof kinds)[number],
): JsonObject | undefined {
  const identity = put.envelope.identity ?? (otherwise === undefined ? undefined : { type: otherwise });
  if (!identity) return undefined;
  const asked = identityShape.check(identity, 'identity');
  const kind = kinds.find((word) => word.toLowerCase() === asked.type.toLowerCase().replaceAll(' ', ''));
  if (!kind) {
    throw new ArmError(
      'InvalidRequestContent',
      `identity.type must be one of ${kinds.join(' / ')}, not '${asked.type}'.`,
      { target: 'identity.type' },
    );
  }
  const ids = Object.keys(asked.userAssignedIdentities ?? {});
  if (kind.includes('UserAssigned') !== ids.length > 0) {
    throw new ArmError(
      'InvalidRequestContent',
      `identity.userAssignedIdentities goes with the type UserAssigned, which is ${kind} here.`,
      { target: 'identity.userAssignedIdentities' },
    );
  }
  const users = Object.fromEntries(ids.map((id) => [id, userAssigned(id, read)]));
  return {
    type: kind,
    ...(ids.length > 0 ? { userAssignedIdentities: users } : {}),
    ...(kind.startsWith('SystemAssigned')
      ? { principalId: inventedId(put.id.id, 'principalId'), tenantId: put.settings.tenant }
      : {}),
  };
}

function userAssigned(id: string, read: Read): JsonObject {
  const identity = read.get(id);
  if (!identity || !sameId(identity.type, userAssignedType)) {
    const message = `Identity ${id} was not found. Create it first, or add it to dependsOn.`;
    throw new ArmError('InvalidResourceReference', message, { target: 'identity.userAssignedIdentities' });
  }
  const { principalId, clientId } = identity.properties;
  return { principalId, clientId };
}

/** Rights that a resource needs on the identities that it is to act as (docs/semantics/callers.md). */
export function identityRights(put: Put): LinkedRight[] {
  const users = put.envelope.identity?.['userAssignedIdentities'];
  return Object.keys(isObject(users) ? users : {}).map((scope) => ({
    action: `${userAssignedType}/assign/action`,
    scope,
  }));
}

/** The principal of a resource's system-assigned identity. */
export function principalOf(resource: Pick<Resource, 'identity'>): string | undefined {
  return asText(resource.identity?.['principalId']);
}

/** An identity that a resource has of its own. */
export interface ManagedIdentity {
  readonly objectId: string;
  /** Client id. */
  readonly appId: string;
  readonly name: string;
  /** The resource that it is the identity of: for a user-assigned identity, that identity. */
  readonly resource: string;
}

/** The identity that came with a resource: system-assigned, or a user-assigned one itself. */
export function managedIdentities(resource: Resource): readonly ManagedIdentity[] {
  const { id, name, type, properties } = resource;
  const assigned = sameId(type, userAssignedType) ? asText(properties['principalId']) : undefined;
  const objectId = assigned ?? principalOf(resource);
  return objectId === undefined ? [] : [{ objectId, appId: inventedId(id, 'clientId'), name, resource: id }];
}

/** What every resource with an identity says. */
export function identityFacts(resource: Resource): Fact[] {
  const principal = principalOf(resource);
  const { userAssignedIdentities: users, type } = resource.identity ?? {};
  const kind: Fact = {
    kind: 'identity-kind',
    id: resource.id,
    type: resource.type,
    systemAssigned: /systemassigned/i.test(asText(type) ?? ''),
    userAssigned: Object.keys(isObject(users) ? users : {}),
  };
  if (principal === undefined) return resource.identity === undefined ? [] : [kind];
  return [{ kind: 'identity', resource: resource.id, principal }, kind];
}

export const assignmentType = 'Microsoft.Authorization/roleAssignments' as ResourceType;

/** A role assignment that a service makes for the identity of one of its resources. */
export function grantTo(
  owner: ResourceId,
  principal: string,
  role: string,
  scope: string,
  settings: Settings,
): Draft {
  const name = inventedId(`${scope} ${principal}`, role);
  return {
    id: childId(`${scope}/providers/Microsoft.Authorization`, 'roleAssignments', name),
    name,
    type: assignmentType,
    owner,
    properties: {
      scope,
      principalId: principal,
      principalType: 'ServicePrincipal',
      roleDefinitionId: `/subscriptions/${settings.subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
    },
  };
}

/** What a service has granted to a resource's identity and would not grant any more. */
export function staleGrants(owner: ResourceId, granted: readonly Draft[], read: Read): ResourceId[] {
  return read
    .ownedBy(owner)
    .filter((old) => sameId(old.type, assignmentType) && !granted.some((draft) => sameId(draft.id, old.id)))
    .map((old) => old.id);
}
