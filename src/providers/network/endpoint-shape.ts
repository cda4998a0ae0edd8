/**
 * The shape of a private endpoint, and what it leads to.
 *
 * @module
 */

import { partsOf, type ResourceId, type ResourceType, sameId } from '../../arm/id.ts';
import * as shape from '../../arm/shape.ts';
import { connectionType } from '../private-link/connections.ts';
import { linkTarget } from '../private-link/targets.ts';

const connectionShape = shape.object({
  name: shape.text,
  properties: shape.object({
    privateLinkServiceId: shape.required(shape.resourceId),
    groupIds: shape.list(shape.text),
    requestMessage: shape.text,
    ...shape.served('provisioningState', 'privateLinkServiceConnectionState'),
  }),
  ...shape.served('id', 'type', 'etag'),
});

export const endpointProperties = shape.object({
  subnet: shape.required(shape.reference),
  privateLinkServiceConnections: shape.list(connectionShape),
  manualPrivateLinkServiceConnections: shape.list(connectionShape),
  ipConfigurations: shape.list(
    shape.object({
      name: shape.text,
      properties: shape.object({
        groupId: shape.text,
        memberName: shape.text,
        privateIPAddress: shape.required(shape.address),
      }),
      ...shape.served('type', 'etag', 'id'),
    }),
  ),
  applicationSecurityGroups: shape.list(shape.reference),
  customNetworkInterfaceName: shape.text,
  ...shape.opaque('ipVersionType'),
  ...shape.served('provisioningState', 'networkInterfaces', 'customDnsConfigs', 'resourceGuid'),
});

/** Properties of a private endpoint. */
export type EndpointProperties = shape.Of<typeof endpointProperties>;

/** Where a stored endpoint leads: the target, its sub-resource, and the type of the target's connections. */
export function linkOf(
  stored: EndpointProperties,
): { target: ResourceId; group: string; type: ResourceType } | undefined {
  const [only] = [
    ...(stored.privateLinkServiceConnections ?? []),
    ...(stored.manualPrivateLinkServiceConnections ?? []),
  ];
  const target = only?.properties?.privateLinkServiceId;
  const link = target === undefined ? undefined : linkTarget(partsOf(target).type);
  if (target === undefined || !link) return undefined;
  const wanted = only?.properties?.groupIds?.[0] ?? '';
  const group = link.groups.find((candidate) => sameId(candidate.id, wanted))?.id ?? wanted;
  return { target: target as ResourceId, group, type: connectionType(link) };
}
