/**
 * Virtual networks: an address space, and subnets and peerings that are resources of their own.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { sameId } from '../../arm/id.ts';
import { type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { covers, formatPrefix, overlaps, parseIp, parsePrefix } from '../../lib/ip.ts';
import { omit } from '../../lib/json.ts';
import { define } from '../define.ts';
import { linkType } from '../dns/zones.ts';
import { embed, type InlineKind, inlineChildren, inlineRights, planInline } from '../inline.ts';
import { subnetPrefixes } from './addresses.ts';
import { memberType } from './managers.ts';
import { peerings } from './peerings.ts';
import { subnets, subnetType } from './subnets.ts';

const properties = shape.object({
  addressSpace: shape.required(
    shape.object({
      addressPrefixes: shape.required(shape.list(shape.cidr)),
      ...shape.opaque('ipamPoolPrefixAllocations'),
    }),
  ),
  dhcpOptions: shape.object({ dnsServers: shape.list(shape.address) }),
  subnets: inlineChildren,
  virtualNetworkPeerings: inlineChildren,
  ...shape.opaque(
    'flowTimeoutInMinutes',
    'enableDdosProtection',
    'enableVmProtection',
    'ddosProtectionPlan',
    'bgpCommunities',
    'encryption',
    'ipAllocations',
    'privateEndpointVNetPolicies',
  ),
  ...shape.served('provisioningState', 'resourceGuid', 'flowLogs', 'defaultPublicNatGateway'),
});

type Properties = shape.Of<typeof properties>;

const kinds: readonly InlineKind[] = [
  { member: 'subnets', provider: subnets },
  { member: 'virtualNetworkPeerings', provider: peerings },
];

export const virtualNetworks = define('Microsoft.Network/virtualNetworks', {
  level: 'modelled',
  located: true,
  properties,
  linked: (put, read) => inlineRights(put, read, kinds),
  put: (put, read) => {
    checkSpace(put, read);
    const own = store(put, omit(put.properties, 'subnets', 'virtualNetworkPeerings'));
    return planInline(put, read, own, kinds);
  },
  remove: (vnet, read, now) => {
    for (const subnet of read.children(vnet.id, subnetType)) subnets.remove?.(subnet, read, now);
    // A zone's links go with the network (L-5), and so does its place in network groups.
    const goes = read
      .referencing(vnet.id)
      .filter((item) => [linkType, memberType].some((type) => sameId(item.type, type)));
    return { writes: [], deletes: goes.map((item) => item.id) };
  },
  show: (vnet, read, settings) => ({
    ...vnet.properties,
    subnets: embed(read, settings, vnet.id, subnets),
    virtualNetworkPeerings: embed(read, settings, vnet.id, peerings),
  }),
  facts: (vnet) => {
    const stored = propertiesOf(properties, vnet);
    return [
      {
        kind: 'vnet',
        id: vnet.id,
        location: vnet.location ?? '',
        prefixes: stored.addressSpace.addressPrefixes.flatMap((text) => parsePrefix(text) ?? []),
        dnsServers: (stored.dhcpOptions?.dnsServers ?? []).flatMap((text) => parseIp(text) ?? []),
      },
    ];
  },
});

function checkSpace(put: Put<Properties>, read: Read): void {
  const at = 'properties.addressSpace.addressPrefixes';
  const space = put.properties.addressSpace.addressPrefixes.flatMap((text) => parsePrefix(text) ?? []);
  if (space.length === 0)
    throw new ArmError('InvalidRequestContent', `${at} needs at least one prefix.`, { target: at });
  for (const [index, prefix] of space.entries()) {
    const other = space.slice(0, index).find((before) => overlaps(before, prefix));
    if (other) {
      throw new ArmError(
        'InvalidParameter',
        `${at}: ${formatPrefix(prefix)} overlaps with ${formatPrefix(other)}.`,
        { target: at },
      );
    }
  }
  if (!put.before || put.properties.subnets !== undefined) return;
  for (const subnet of read.children(put.before.id, subnetType)) {
    const outside = subnetPrefixes(read, subnet.id).find(
      (prefix) => !space.some((block) => covers(block, prefix)),
    );
    if (outside) {
      throw new ArmError(
        'NetcfgSubnetRangeOutsideVnet',
        `Subnet '${subnet.name}' (${formatPrefix(outside)}) would be outside the address space of '${put.id.name}'.`,
        {
          target: at,
        },
      );
    }
  }
}
