/**
 * Private endpoint connections, as the target sees them: the state machine of approval, the same for every service
 * (docs/semantics/private-endpoints.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType } from '../../arm/id.ts';
import type { Provider } from '../../arm/provider.ts';
import { propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Fact } from '../../net/facts.ts';
import { define } from '../define.ts';
import { groupsOf, type LinkTarget } from './target.ts';

/** States of a connection. */
export type ConnectionStatus = 'Approved' | 'Pending' | 'Rejected' | 'Disconnected';

const properties = shape.object({
  privateEndpoint: shape.object({ id: shape.resourceId }),
  privateLinkServiceConnectionState: shape.required(
    shape.object({
      status: shape.required(shape.oneOf('Approved', 'Pending', 'Rejected', 'Disconnected')),
      description: shape.text,
      ...shape.opaque('actionsRequired', 'actionRequired'),
    }),
  ),
  groupIds: shape.list(shape.text),
  ...shape.served('provisioningState', 'linkIdentifier', 'privateLinkServiceConnectionStateId'),
});

/** The type of a target's connections. */
export function connectionType(target: LinkTarget): ResourceType {
  return `${target.type}/privateEndpointConnections` as ResourceType;
}

/** The provider of a target's connections. They are made by private endpoints; a PUT approves or rejects. */
export function connections(target: LinkTarget): Provider<Fact> {
  return define(connectionType(target), {
    level: 'modelled',
    located: false,
    properties,
    created: 200,
    linked: (put) => [{ action: target.approval, scope: put.id.parent ?? put.id.id }],
    put: (put) => {
      const { before } = put;
      const asked = put.properties.privateLinkServiceConnectionState;
      if (!before) {
        throw new ArmError(
          'ResourceNotFound',
          `Private endpoint connection '${put.id.name}' was not found. A connection comes with a private endpoint and cannot be made by itself.`,
        );
      }
      const status = statusOf(before);
      const allowed =
        asked.status === status || (status !== 'Disconnected' && asked.status !== 'Disconnected');
      if (!allowed || (asked.status === 'Pending' && status !== 'Pending')) {
        throw new ArmError(
          'BadRequest',
          `A connection that is ${status} cannot become ${asked.status}. Approve or reject it; a Disconnected one can only be removed.`,
          {
            target: 'properties.privateLinkServiceConnectionState.status',
          },
        );
      }
      const draft = store(put, {
        ...before.properties,
        privateLinkServiceConnectionState: {
          status: asked.status,
          description: asked.description ?? '',
          actionsRequired: 'None',
        },
      });
      return { writes: [{ ...draft, ...(before.owner === undefined ? {} : { owner: before.owner }) }] };
    },
    facts: (resource) => [
      {
        kind: 'connection',
        id: resource.id,
        target: partsOf(resource.id).parent ?? '',
        endpoint: propertiesOf(properties, resource).privateEndpoint?.id ?? '',
        status: statusOf(resource),
      },
    ],
  });
}

/** The state that a stored connection is in. */
export function statusOf(connection: Resource): ConnectionStatus {
  return propertiesOf(properties, connection).privateLinkServiceConnectionState.status;
}

/** `privateEndpointConnections` as the target's own GET embeds them. */
export function embedConnections(read: Read, target: Resource): readonly JsonObject[] {
  return read
    .children(target.id, `${target.type}/privateEndpointConnections`)
    .map(({ id, name, type, properties: shown }) => ({ id, name, type, properties: shown }) as JsonObject);
}

/** `privateLinkResources`: the groups that a private endpoint can be made for. */
export function linkResources(target: LinkTarget): (resource: Resource) => readonly JsonObject[] {
  return (resource) =>
    groupsOf(target, resource).map((group) => ({
      id: `${resource.id}/privateLinkResources/${group.id}`,
      name: group.id,
      type: `${target.type}/privateLinkResources`,
      properties: {
        groupId: group.id,
        requiredMembers: group.requiredMembers ?? group.members(resource).map((item) => item.name),
        requiredZoneNames: group.zones,
      },
    }));
}
