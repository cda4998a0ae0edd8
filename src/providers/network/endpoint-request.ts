/**
 * What a private endpoint asks for, checked against what is there.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, sameId } from '../../arm/id.ts';
import { type Put, propertiesOf } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import { nearest } from '../../lib/near.ts';
import { groupsOf, type LinkGroup, type LinkTarget } from '../private-link/target.ts';
import { linkTarget } from '../private-link/targets.ts';
import { type EndpointProperties, endpointProperties, linkOf } from './endpoint-shape.ts';

/** What a private endpoint asks for, taken from whichever of the two lists it is in. */
export interface EndpointRequest {
  readonly list: 'privateLinkServiceConnections' | 'manualPrivateLinkServiceConnections';
  readonly target: Resource;
  readonly link: LinkTarget;
  readonly group: LinkGroup;
  readonly message: string;
}

/** Reads a request. Throws where the target is not there, or has no such sub-resource. */
export function requestOf(asked: EndpointProperties, read: Read): EndpointRequest {
  const automatic = asked.privateLinkServiceConnections ?? [];
  const manual = asked.manualPrivateLinkServiceConnections ?? [];
  const [only, ...more] = [...automatic, ...manual];
  if (!only?.properties || more.length > 0) {
    throw new ArmError(
      'InvalidRequestContent',
      'A private endpoint has exactly one connection, in privateLinkServiceConnections or in manualPrivateLinkServiceConnections.',
      {
        target: 'properties.privateLinkServiceConnections',
      },
    );
  }
  const { privateLinkServiceId, groupIds, requestMessage } = only.properties;
  const at = 'properties.privateLinkServiceConnections[0].properties';
  const target = read.get(privateLinkServiceId);
  const link = linkTarget(partsOf(privateLinkServiceId).type);
  if (!link) {
    const { type } = partsOf(privateLinkServiceId);
    throw new ArmError('NotSupported', `Private endpoints to '${type}' are not supported by Cloister.`, {
      target: `${at}.privateLinkServiceId`,
    });
  }
  if (!target) {
    throw new ArmError(
      'InvalidResourceReference',
      `Resource ${privateLinkServiceId} was not found. Create it first, or add it to dependsOn.`,
      {
        target: `${at}.privateLinkServiceId`,
      },
    );
  }
  link.check?.(target);
  const groups = groupsOf(link, target);
  const ids = groups.map((group) => group.id);
  const [wanted, ...others] = groupIds ?? [];
  const group = groups.find((candidate) => wanted !== undefined && sameId(candidate.id, wanted));
  if (!group || others.length > 0) {
    const hint = nearest(wanted ?? '', ids);
    throw new ArmError(
      'InvalidParameter',
      `groupIds must name exactly one sub-resource of ${target.name}: ${ids.join(', ')}${hint === undefined ? '' : `; did you mean '${hint}'?`}`,
      {
        target: `${at}.groupIds`,
      },
    );
  }
  return {
    list: automatic.length > 0 ? 'privateLinkServiceConnections' : 'manualPrivateLinkServiceConnections',
    target,
    link,
    group,
    message: requestMessage ?? '',
  };
}

/** Same region as its network (PE-1); subnet and target never change (PE-6). */
export function checkPlace(put: Put<EndpointProperties>, read: Read, request: EndpointRequest): void {
  const subnetId = put.properties.subnet.id;
  const vnet = read.get(partsOf(subnetId).parent ?? '');
  if (!read.get(subnetId) || !vnet) {
    throw new ArmError(
      'InvalidResourceReference',
      `Resource ${subnetId} was not found. Create the subnet first, or add it to dependsOn.`,
      {
        target: 'properties.subnet.id',
      },
    );
  }
  if (vnet.location !== put.envelope.location) {
    throw new ArmError(
      'InvalidParameter',
      `A private endpoint must be in the region of its virtual network: ${vnet.location}, not ${put.envelope.location}.`,
      {
        target: 'location',
      },
    );
  }
  const before = put.before && propertiesOf(endpointProperties, put.before);
  const link = before && linkOf(before);
  if (!before || !link) return;
  const changed =
    !sameId(before.subnet.id, subnetId) ||
    !sameId(link.target, request.target.id) ||
    !sameId(link.group, request.group.id) ||
    !sameId(before.customNetworkInterfaceName ?? '', put.properties.customNetworkInterfaceName ?? '');
  if (changed) {
    throw new ArmError(
      'InvalidParameter',
      'The subnet, the target and the interface of a private endpoint cannot change. Delete it and create it anew.',
      { target: 'properties' },
    );
  }
}
