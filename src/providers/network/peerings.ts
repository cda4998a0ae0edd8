/**
 * Peerings: one side each; traffic flows when both exist (docs/semantics/peering.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import { type Draft, propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { formatPrefix, overlaps } from '../../lib/ip.ts';
import { define } from '../define.ts';
import { vnetPrefixes } from './subnets.ts';

export const peeringType = 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings' as ResourceType;

const properties = shape.object({
  remoteVirtualNetwork: shape.required(shape.reference),
  allowVirtualNetworkAccess: shape.bool,
  allowForwardedTraffic: shape.bool,
  allowGatewayTransit: shape.bool,
  useRemoteGateways: shape.bool,
  peeringState: shape.oneOf('Initiated', 'Connected', 'Disconnected'),
  ...shape.opaque(
    'doNotVerifyRemoteGateways',
    'peerCompleteVnets',
    'enableOnlyIPv6Peering',
    'localSubnetNames',
    'remoteSubnetNames',
  ),
  ...shape.served(
    'provisioningState',
    'remoteAddressSpace',
    'remoteVirtualNetworkAddressSpace',
    'localAddressSpace',
    'localVirtualNetworkAddressSpace',
    'peeringSyncLevel',
    'resourceGuid',
    'remoteBgpCommunities',
    'remoteVirtualNetworkEncryption',
  ),
});

export const peerings = define(peeringType, {
  level: 'modelled',
  located: false,
  properties,
  linked: (put) => [
    {
      action: 'Microsoft.Network/virtualNetworks/peer/action',
      scope: put.properties.remoteVirtualNetwork.id,
    },
  ],
  put: (put, read) => {
    const here = put.id.parent ?? '';
    const there = put.properties.remoteVirtualNetwork.id;
    checkSpaces(put.id.id, here, there, read);
    if (put.before && !sameId(remoteOf(put.before), there)) {
      throw new ArmError(
        'BadRequest',
        `Peering ${put.id.name} leads to ${remoteOf(put.before)}: that cannot change. Delete it and create it anew.`,
        { target: 'properties.remoteVirtualNetwork.id' },
      );
    }
    const back = read.children(there, peeringType).find((other) => sameId(remoteOf(other), here));
    if (put.before && stateOf(put.before) === 'Disconnected') {
      throw new ArmError(
        'BadRequest',
        `Peering ${put.id.name} is Disconnected: its other side was deleted. Delete it and create it anew.`,
      );
    }
    const other: Draft[] =
      back && stateOf(back) === 'Initiated'
        ? [{ ...back, properties: { ...back.properties, peeringState: 'Connected' } }]
        : [];
    const own = store(put, {
      allowVirtualNetworkAccess: true,
      allowForwardedTraffic: false,
      allowGatewayTransit: false,
      useRemoteGateways: false,
      ...put.properties,
      peeringState: back && stateOf(back) !== 'Disconnected' ? 'Connected' : 'Initiated',
    });
    return { writes: [own, ...other] };
  },
  remove: (peering, read) => {
    const here = partsOf(peering.id).parent ?? '';
    const back = read.children(remoteOf(peering), peeringType).find((other) => sameId(remoteOf(other), here));
    return {
      writes: back ? [{ ...back, properties: { ...back.properties, peeringState: 'Disconnected' } }] : [],
    };
  },
  show: (peering, read) => {
    const remote = read.get(remoteOf(peering));
    if (!remote) return peering.properties;
    const space = { addressPrefixes: vnetPrefixes(remote).map(formatPrefix) };
    return { ...peering.properties, remoteAddressSpace: space, remoteVirtualNetworkAddressSpace: space };
  },
  facts: (peering) => {
    const stored = propertiesOf(properties, peering);
    return [
      {
        kind: 'peering',
        id: peering.id,
        vnet: partsOf(peering.id).parent ?? '',
        remote: stored.remoteVirtualNetwork.id,
        access: stored.allowVirtualNetworkAccess ?? true,
        forwarded: stored.allowForwardedTraffic ?? false,
        transit: stored.allowGatewayTransit ?? false,
        remoteGateways: stored.useRemoteGateways ?? false,
        state: stateOf(peering),
      },
    ];
  },
});

function remoteOf(peering: Resource): string {
  return propertiesOf(properties, peering).remoteVirtualNetwork.id;
}

function stateOf(peering: Resource): 'Initiated' | 'Connected' | 'Disconnected' {
  return propertiesOf(properties, peering).peeringState ?? 'Initiated';
}

function checkSpaces(id: string, here: string, there: string, read: Read): void {
  const [own, remote] = [read.get(here), read.get(there)];
  const target = 'properties.remoteVirtualNetwork.id';
  if (!remote) {
    throw new ArmError(
      'InvalidResourceReference',
      `Resource ${there} was not found. Create the virtual network first, or add it to dependsOn.`,
      { target },
    );
  }
  if (sameId(here, there))
    throw new ArmError('InvalidParameter', 'A virtual network cannot be peered with itself.', { target });
  const twin = read
    .children(here, peeringType)
    .find((other) => sameId(remoteOf(other), there) && !sameId(other.id, id));
  if (twin)
    throw new ArmError('Conflict', `Peering ${twin.name} to ${remote.name} exists already.`, { target });
  for (const block of own ? vnetPrefixes(own) : []) {
    const clash = vnetPrefixes(remote).find((other) => overlaps(block, other));
    if (clash) {
      throw new ArmError(
        'InvalidParameter',
        `Cannot peer: ${formatPrefix(block)} overlaps with ${formatPrefix(clash)} of ${remote.name}.`,
        { target },
      );
    }
  }
}
