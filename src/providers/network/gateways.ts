/**
 * Virtual network gateways, the networks at the far end of their tunnels, and the tunnels (docs/semantics/gateways.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import { propertiesOf, store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { type Prefix, parsePrefix } from '../../lib/ip.ts';
import { define } from '../define.ts';
import { mustExist } from './network-interfaces.ts';
import { refuseInUse } from './security-groups.ts';

const gatewayType = 'Microsoft.Network/virtualNetworkGateways' as ResourceType;

/** The one name that a gateway's subnet may have. */
const subnetName = 'GatewaySubnet';

const addressSpace = shape.object({ addressPrefixes: shape.required(shape.list(shape.cidr)) });

const gatewayProperties = shape.object({
  gatewayType: shape.oneOf('Vpn', 'ExpressRoute'),
  vpnType: shape.oneOf('RouteBased', 'PolicyBased'),
  ipConfigurations: shape.required(
    shape.list(
      shape.object({
        name: shape.required(shape.text),
        properties: shape.required(
          shape.object({
            subnet: shape.required(shape.reference),
            publicIPAddress: shape.reference,
            privateIPAllocationMethod: shape.oneOf('Dynamic'),
            ...shape.served('provisioningState', 'privateIPAddress'),
          }),
        ),
        ...shape.served('id', 'etag', 'type'),
      }),
    ),
  ),
  enableBgp: shape.bool,
  vpnClientConfiguration: shape.object({
    vpnClientAddressPool: addressSpace,
    ...shape.opaque(
      'vpnClientProtocols',
      'vpnAuthenticationTypes',
      'vpnClientRootCertificates',
      'vpnClientRevokedCertificates',
      'vpnClientIpsecPolicies',
      'radiusServerAddress',
      'radiusServerSecret',
      'radiusServers',
      'aadTenant',
      'aadAudience',
      'aadIssuer',
    ),
  }),
  ...shape.opaque(
    'sku',
    'vpnGatewayGeneration',
    'activeActive',
    'activeMode',
    'active',
    'bgpSettings',
    'enablePrivateIpAddress',
    'enableDnsForwarding',
    'enableBgpRouteTranslationForNat',
    'disableIPSecReplayProtection',
    'allowRemoteVnetTraffic',
    'allowVirtualWanTraffic',
    'adminState',
  ),
  ...shape.served('provisioningState', 'resourceGuid', 'inboundDnsForwardingEndpoint'),
});

export const virtualNetworkGateways = define(gatewayType, {
  level: 'modelled',
  located: true,
  properties: gatewayProperties,
  linked: (put) =>
    put.properties.ipConfigurations.map((item) => ({
      action: 'Microsoft.Network/virtualNetworks/subnets/join/action',
      scope: item.properties.subnet.id,
    })),
  put: (put, read) => {
    const [first] = put.properties.ipConfigurations;
    const target = 'properties.ipConfigurations';
    if (!first) throw new ArmError('InvalidRequestContent', `${target} needs one with a subnet.`, { target });
    const subnet = first.properties.subnet.id;
    if (partsOf(subnet).name.toLowerCase() !== subnetName.toLowerCase()) {
      const message = `A gateway stands in the subnet ${subnetName}, not in ${partsOf(subnet).name}.`;
      throw new ArmError('InvalidRequestContent', message, { target });
    }
    const { location } = put.envelope;
    mustExist(read, subnet, `${target}[0].properties.subnet.id`, location);
    for (const [at, { properties }] of put.properties.ipConfigurations.entries()) {
      mustExist(
        read,
        properties.publicIPAddress?.id,
        `${target}[${at}].properties.publicIPAddress.id`,
        location,
      );
    }
    const kind = put.properties.gatewayType ?? 'Vpn';
    const twin = read
      .referencing(subnet)
      .find(
        ({ id, type, properties }) =>
          sameId(type, gatewayType) &&
          !sameId(id, put.id.id) &&
          (properties['gatewayType'] ?? 'Vpn') === kind,
      );
    if (twin) {
      const message = `${partsOf(twin.id).name} is a gateway of type ${kind} in that network already: it takes one of each type.`;
      throw new ArmError('Conflict', message, { target });
    }
    return { writes: [store(put, { ...put.properties, gatewayType: kind })] };
  },
  remove: (gateway, read) => {
    refuseInUse(gateway, read);
    return { writes: [] };
  },
  facts: (gateway) => {
    const stored = propertiesOf(gatewayProperties, gateway);
    const [first] = stored.ipConfigurations;
    if (!first) return [];
    const isExpressRoute = stored.gatewayType === 'ExpressRoute';
    return [
      {
        kind: 'gateway',
        id: gateway.id,
        subnet: first.properties.subnet.id,
        type: isExpressRoute ? 'expressroute' : 'vpn',
        clients: prefixesIn(stored.vpnClientConfiguration?.vpnClientAddressPool),
        learns: isExpressRoute || stored.enableBgp === true,
      },
    ];
  },
});

const localProperties = shape.object({
  localNetworkAddressSpace: addressSpace,
  gatewayIpAddress: shape.text,
  ...shape.opaque('fqdn', 'bgpSettings'),
  ...shape.served('provisioningState', 'resourceGuid'),
});

export const localNetworkGateways = define('Microsoft.Network/localNetworkGateways', {
  level: 'modelled',
  located: true,
  properties: localProperties,
  remove: (gateway, read) => {
    refuseInUse(gateway, read);
    return { writes: [] };
  },
  facts: (gateway) => {
    const { localNetworkAddressSpace } = propertiesOf(localProperties, gateway);
    return [{ kind: 'local-network', id: gateway.id, prefixes: prefixesIn(localNetworkAddressSpace) }];
  },
});

const tunnelProperties = shape.object({
  connectionType: shape.required(shape.oneOf('IPsec', 'Vnet2Vnet', 'ExpressRoute')),
  virtualNetworkGateway1: shape.required(shape.reference),
  virtualNetworkGateway2: shape.reference,
  localNetworkGateway2: shape.reference,
  peer: shape.reference,
  enableBgp: shape.bool,
  ...shape.opaque(
    'sharedKey',
    'authorizationKey',
    'routingWeight',
    'connectionProtocol',
    'connectionMode',
    'dpdTimeoutSeconds',
    'ipsecPolicies',
    'usePolicyBasedTrafficSelectors',
    'trafficSelectorPolicies',
    'useLocalAzureIpAddress',
    'expressRouteGatewayBypass',
    'gatewayCustomBgpIpAddresses',
  ),
  ...shape.served(
    'provisioningState',
    'connectionStatus',
    'egressBytesTransferred',
    'ingressBytesTransferred',
    'resourceGuid',
    'tunnelConnectionStatus',
  ),
});

export const gatewayConnections = define('Microsoft.Network/connections', {
  level: 'modelled',
  located: true,
  properties: tunnelProperties,
  put: (put, read) => {
    const { connectionType, virtualNetworkGateway1, virtualNetworkGateway2, localNetworkGateway2 } =
      put.properties;
    mustExist(read, virtualNetworkGateway1.id, 'properties.virtualNetworkGateway1.id', put.envelope.location);
    mustExist(read, virtualNetworkGateway2?.id, 'properties.virtualNetworkGateway2.id');
    mustExist(read, localNetworkGateway2?.id, 'properties.localNetworkGateway2.id');
    const needed = {
      IPsec: 'localNetworkGateway2',
      Vnet2Vnet: 'virtualNetworkGateway2',
      ExpressRoute: 'peer',
    } as const;
    const member = needed[connectionType];
    if (!put.properties[member]) {
      const message = `A connection of type ${connectionType} needs properties.${member}.`;
      throw new ArmError('InvalidRequestContent', message, { target: `properties.${member}` });
    }
    return { writes: [store(put)] };
  },
  facts: (connection) => {
    const stored = propertiesOf(tunnelProperties, connection);
    const to = (stored.localNetworkGateway2 ?? stored.virtualNetworkGateway2)?.id;
    if (to === undefined) return [];
    return [{ kind: 'tunnel', id: connection.id, gateway: stored.virtualNetworkGateway1.id, to }];
  },
});

function prefixesIn(space: { readonly addressPrefixes: readonly string[] } | undefined): readonly Prefix[] {
  return (space?.addressPrefixes ?? []).flatMap((text) => parsePrefix(text) ?? []);
}
