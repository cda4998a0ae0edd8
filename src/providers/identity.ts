/**
 * Managed identities: the principal that a service makes for a resource.
 *
 * @module
 */

import { ArmError } from '../arm/error.ts';
import { childId, type ResourceId, type ResourceType } from '../arm/id.ts';
import type { Draft, Put, Settings } from '../arm/provider.ts';
import type { Resource } from '../arm/resource.ts';
import * as shape from '../arm/shape.ts';
import { asText, type JsonObject } from '../lib/json.ts';
import type { Fact } from '../net/facts.ts';
import { inventedId } from './ml/link.ts';

const identityShape = shape.object({
  type: shape.required(shape.text),
  userAssignedIdentities: shape.any,
  ...shape.served('principalId', 'tenantId', 'clientId'),
});

const kinds = ['None', 'SystemAssigned', 'UserAssigned', 'SystemAssigned,UserAssigned'] as const;

/** Returns the identity as it is stored: in canonical spelling, with the principal of a system-assigned one. */
export function withPrincipal(put: Put): JsonObject | undefined {
  const { identity } = put.envelope;
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
  if (!kind.startsWith('SystemAssigned')) return { ...asked, type: kind };
  return {
    ...asked,
    type: kind,
    principalId: inventedId(put.id.id, 'principalId'),
    tenantId: put.settings.tenant,
  };
}

/** The principal of a resource's system-assigned identity. */
export function principalOf(resource: Pick<Resource, 'identity'>): string | undefined {
  return asText(resource.identity?.['principalId']);
}

/** What every resource with an identity says. */
export function identityFacts(resource: Resource): Fact[] {
  const principal = principalOf(resource);
  return principal === undefined ? [] : [{ kind: 'identity', resource: resource.id, principal }];
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
