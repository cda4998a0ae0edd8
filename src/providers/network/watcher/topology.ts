/**
 * Topology: what stands in a group, a network or a subnet, in the watcher's region, and what belongs to what.
 *
 * @module
 */

import { ArmError } from '../../../arm/error.ts';
import { groupId, partsOf, type ResourceType, sameId } from '../../../arm/id.ts';
import { notFound } from '../../../arm/plane.ts';
import type { Action } from '../../../arm/provider.ts';
import type { Read, Resource } from '../../../arm/resource.ts';
import * as shape from '../../../arm/shape.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { inventedId } from '../../ml/link.ts';

const parameters = shape.object({
  targetResourceGroupName: shape.text,
  targetVirtualNetwork: shape.reference,
  targetSubnet: shape.reference,
});

const subnetType = 'Microsoft.Network/virtualNetworks/subnets' as ResourceType;

const shown = [
  'Microsoft.Network/virtualNetworks',
  'Microsoft.Network/virtualNetworks/subnets',
  'Microsoft.Network/networkSecurityGroups',
  'Microsoft.Network/routeTables',
  'Microsoft.Network/networkInterfaces',
  'Microsoft.Network/publicIPAddresses',
  'Microsoft.Compute/virtualMachines',
];

export const topology: Action = {
  right: 'topology/action',
  run: ({ resource: watcher, body, settings, now }, read) => {
    const asked = parameters.check(body, 'parameters');
    const network = asked.targetSubnet ?? asked.targetVirtualNetwork;
    const group = asked.targetResourceGroupName;
    if (!network && group === undefined) {
      const message = 'parameters needs targetResourceGroupName, targetVirtualNetwork or targetSubnet.';
      throw new ArmError('InvalidRequestContent', message);
    }
    const all = shown
      .flatMap((type) => read.ofType(type))
      .filter((resource) => locationOf(resource, read) === watcher.location);
    const resources = network
      ? around(found(network.id, read), all, read)
      : within(found(groupId(settings.subscription, group ?? ''), read), all);
    return {
      body: {
        id: inventedId(watcher.id, `topology ${network?.id ?? group}`),
        createdDateTime: now,
        lastModified: now,
        resources: resources.map((resource) => ({
          name: resource.name,
          id: resource.id,
          location: locationOf(resource, read),
          associations: associationsOf(resource, resources, read),
        })),
      },
    };
  },
};

function found(id: string, read: Read): Resource {
  const resource = read.get(id);
  if (!resource) throw notFound(id);
  return resource;
}

/** A subnet is where its network is. */
function locationOf(resource: Resource, read: Read): string | undefined {
  return resource.location ?? read.get(partsOf(resource.id).parent ?? '')?.location;
}

function within(group: Resource, all: readonly Resource[]): readonly Resource[] {
  return all.filter(({ id }) => sameId(partsOf(id).resourceGroup ?? '', group.name));
}

/** A network or a subnet, what stands in it, and what those are joined with. */
function around(target: Resource, all: readonly Resource[], read: Read): readonly Resource[] {
  const inside = new Set([target.id, ...read.children(target.id, subnetType).map(({ id }) => id)]);
  // Interfaces name subnets, and machines interfaces.
  for (const type of ['Microsoft.Network/networkInterfaces', 'Microsoft.Compute/virtualMachines']) {
    for (const id of [...inside]) {
      for (const user of read.referencing(id)) if (sameId(user.type, type)) inside.add(user.id);
    }
  }
  return all.filter(({ id }) => inside.has(id) || read.referencing(id).some((user) => inside.has(user.id)));
}

function associationsOf(resource: Resource, resources: readonly Resource[], read: Read): JsonObject[] {
  return resources.flatMap((other) => {
    const contains = partsOf(other.id).parent === resource.id;
    if (!contains && !read.referencing(other.id).includes(resource)) return [];
    const associationType = contains ? 'Contains' : 'Associated';
    return [{ name: other.name, resourceId: other.id, associationType }];
  });
}
