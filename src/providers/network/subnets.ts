/**
 * Subnets (docs/semantics/subnets.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType } from '../../arm/id.ts';
import { type LinkedRight, type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import {
  contains,
  covers,
  formatIp,
  formatPrefix,
  overlaps,
  type Prefix,
  parsePrefix,
} from '../../lib/ip.ts';
import { asList, asText } from '../../lib/json.ts';
import { define } from '../define.ts';
import { subnetPrefixes, takenAddresses } from './addresses.ts';
import { mustExist } from './network-interfaces.ts';

export const subnetType = 'Microsoft.Network/virtualNetworks/subnets' as ResourceType;

const properties = shape.object({
  addressPrefix: shape.cidr,
  addressPrefixes: shape.list(shape.cidr),
  networkSecurityGroup: shape.reference,
  routeTable: shape.reference,
  natGateway: shape.reference,
  privateEndpointNetworkPolicies: shape.oneOf(
    'Disabled',
    'Enabled',
    'NetworkSecurityGroupEnabled',
    'RouteTableEnabled',
  ),
  privateLinkServiceNetworkPolicies: shape.oneOf('Disabled', 'Enabled'),
  serviceEndpoints: shape.list(
    shape.object({
      service: shape.required(shape.text),
      locations: shape.list(shape.text),
      ...shape.opaque('networkIdentifier'),
      ...shape.served('provisioningState'),
    }),
  ),
  delegations: shape.list(
    shape.object({
      name: shape.required(shape.text),
      properties: shape.object({
        serviceName: shape.required(shape.text),
        ...shape.served('actions', 'provisioningState'),
      }),
      ...shape.served('id', 'etag', 'type'),
    }),
  ),
  defaultOutboundAccess: shape.bool,
  serviceEndpointPolicies: shape.list(shape.reference),
  ...shape.opaque(
    'ipAllocations',
    'sharingScope',
    'ipamPoolPrefixAllocations',
    'applicationGatewayIPConfigurations',
  ),
  ...shape.served(
    'provisioningState',
    'privateEndpoints',
    'ipConfigurations',
    'ipConfigurationProfiles',
    'resourceNavigationLinks',
    'serviceAssociationLinks',
    'purpose',
  ),
});

type Properties = shape.Of<typeof properties>;

/** Azure's smallest subnet: /29 leaves three addresses. */
const longestPrefix = 29;

export const subnets = define(subnetType, {
  level: 'modelled',
  located: false,
  properties,
  linked: (put) => joinRights(put.properties),
  put: (put, read) => {
    const prefixes = prefixesOf(put.properties);
    const vnet = read.get(put.id.parent ?? '');
    if (vnet) checkPrefixes(put, prefixes, vnet, read);
    const { networkSecurityGroup, routeTable } = put.properties;
    const region = vnet?.location;
    mustExist(read, networkSecurityGroup?.id, 'properties.networkSecurityGroup.id', region);
    mustExist(read, routeTable?.id, 'properties.routeTable.id', region);
    mustExist(read, put.properties.natGateway?.id, 'properties.natGateway.id', region);
    checkPolicies(put, region, read);
    return {
      writes: [
        store(put, {
          ...put.properties,
          privateEndpointNetworkPolicies: put.properties.privateEndpointNetworkPolicies ?? 'Disabled',
          privateLinkServiceNetworkPolicies: put.properties.privateLinkServiceNetworkPolicies ?? 'Enabled',
        }),
      ],
    };
  },
  remove: (subnet, read) => {
    const [user] = read.referencing(subnet.id);
    if (user) {
      throw new ArmError(
        'InUseSubnetCannotBeDeleted',
        `Subnet ${subnet.name} is in use by ${user.id} and cannot be deleted. Delete that first.`,
      );
    }
    return { writes: [] };
  },
  show: (subnet, read) => {
    const users = read.referencing(subnet.id);
    const endpoints = users.filter(
      (user) => user.type.toLowerCase() === 'microsoft.network/privateendpoints',
    );
    const { serviceEndpoints } = propertiesOf(properties, subnet);
    return {
      ...subnet.properties,
      ...(serviceEndpoints === undefined
        ? {}
        : {
            serviceEndpoints: serviceEndpoints.map((each) => ({ ...each, provisioningState: 'Succeeded' })),
          }),
      ...(endpoints.length === 0
        ? {}
        : { privateEndpoints: endpoints.map((endpoint) => ({ id: endpoint.id })) }),
    };
  },
  facts: (subnet) => {
    const stored = propertiesOf(properties, subnet);
    const policies = stored.privateEndpointNetworkPolicies;
    return [
      {
        kind: 'subnet',
        id: subnet.id,
        vnet: partsOf(subnet.id).parent ?? '',
        prefixes: prefixesOf(stored),
        gate: stored.networkSecurityGroup?.id,
        routes: stored.routeTable?.id,
        natGateway: stored.natGateway?.id,
        endpointPolicies: {
          gates: policies === 'Enabled' || policies === 'NetworkSecurityGroupEnabled',
          routes: policies === 'Enabled' || policies === 'RouteTableEnabled',
        },
        serviceEndpoints: (stored.serviceEndpoints ?? []).map(({ service, locations }) => ({
          service,
          locations: locations ?? [],
        })),
        servicePolicies: (stored.serviceEndpointPolicies ?? []).map(({ id }) => id),
        defaultOutbound: stored.defaultOutboundAccess ?? true,
      },
      {
        kind: 'subnet-policies',
        id: subnet.id,
        endpoints: policies ?? 'Disabled',
        services: stored.privateLinkServiceNetworkPolicies ?? 'Enabled',
        delegations: (stored.delegations ?? []).flatMap((item) => item.properties?.serviceName ?? []),
      },
    ];
  },
});

/** Rights that attaching things to a subnet needs on those things. */
function joinRights(asked: Properties): LinkedRight[] {
  const join = (reference: { readonly id: string } | undefined, type: string): LinkedRight[] =>
    reference ? [{ action: `Microsoft.Network/${type}/join/action`, scope: reference.id }] : [];
  return [
    ...join(asked.networkSecurityGroup, 'networkSecurityGroups'),
    ...join(asked.routeTable, 'routeTables'),
    ...join(asked.natGateway, 'natGateways'),
    ...(asked.serviceEndpointPolicies ?? []).flatMap((policy) => join(policy, 'serviceEndpointPolicies')),
  ];
}

/** Policies limit service endpoints to storage, so there must be one. */
function checkPolicies(
  { id, properties: asked }: Put<Properties>,
  region: string | undefined,
  read: Read,
): void {
  const target = 'properties.serviceEndpointPolicies';
  const policies = asked.serviceEndpointPolicies ?? [];
  for (const policy of policies) mustExist(read, policy.id, target, region);
  const limited = (asked.serviceEndpoints ?? []).some(({ service }) =>
    /^microsoft\.storage\b/i.test(service),
  );
  if (policies.length === 0 || limited) return;
  throw new ArmError(
    'InvalidParameter',
    `Subnet ${id.name} has service endpoint policies and no service endpoint for Microsoft.Storage, which they would limit.`,
    { target },
  );
}

function prefixesOf(asked: Properties): readonly Prefix[] {
  const texts = asked.addressPrefix === undefined ? (asked.addressPrefixes ?? []) : [asked.addressPrefix];
  return texts.flatMap((text) => parsePrefix(text) ?? []);
}

function checkPrefixes(put: Put<Properties>, prefixes: readonly Prefix[], vnet: Resource, read: Read): void {
  const { name } = put.id;
  if (prefixes.length === 0) {
    throw new ArmError('InvalidRequestContent', `Subnet ${name} needs an addressPrefix.`, {
      target: 'properties.addressPrefix',
    });
  }
  const space = vnetPrefixes(vnet);
  for (const prefix of prefixes) {
    const text = formatPrefix(prefix);
    if (prefix.length > longestPrefix) {
      throw new ArmError(
        'InvalidParameter',
        `Subnet ${name} with prefix ${text} is too small: the smallest is /${longestPrefix}, because Azure keeps five addresses of each.`,
        {
          target: 'properties.addressPrefix',
        },
      );
    }
    if (!space.some((block) => covers(block, prefix))) {
      throw new ArmError(
        'NetcfgSubnetRangeOutsideVnet',
        `Subnet '${name}' is not valid because its IP address range ${text} is outside the IP address range of virtual network '${vnet.name}' (${space.map(formatPrefix).join(', ')}).`,
        {
          target: 'properties.addressPrefix',
        },
      );
    }
    const clash = read
      .children(vnet.id, subnetType)
      .find(
        (other) =>
          other.name.toLowerCase() !== name.toLowerCase() &&
          subnetPrefixes(read, other.id).some((p) => overlaps(p, prefix)),
      );
    if (clash) {
      throw new ArmError(
        'NetcfgSubnetRangesOverlap',
        `Subnet '${name}' is not valid because its IP address range ${text} overlaps with that of subnet '${clash.name}'.`,
        {
          target: 'properties.addressPrefix',
        },
      );
    }
  }
  if (!put.before) return;
  for (const [address, holder] of takenAddresses(read, put.before.id)) {
    if (prefixes.some((prefix) => contains(prefix, address))) continue;
    throw new ArmError(
      'InUsePrefixCannotBeDeleted',
      `Subnet ${name} cannot change to ${prefixes.map(formatPrefix).join(', ')}: ${holder} has ${formatIp(address)} in it.`,
      {
        target: 'properties.addressPrefix',
      },
    );
  }
}

/** The address space of a virtual network as it is stored. */
export function vnetPrefixes(vnet: Resource): readonly Prefix[] {
  const space = vnet.properties['addressSpace'];
  const texts = asList(
    typeof space === 'object' && space !== null && 'addressPrefixes' in space ? space.addressPrefixes : [],
  );
  return texts.flatMap((text) => parsePrefix(asText(text) ?? '') ?? []);
}
