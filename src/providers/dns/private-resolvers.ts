/**
 * DNS private resolvers: inbound and outbound endpoints (docs/semantics/private-resolvers.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import { type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { formatIp, parseIp } from '../../lib/ip.ts';
import { asText, type JsonObject, member } from '../../lib/json.ts';
import { vnetOfSubnet } from '../../net/gather.ts';
import { define } from '../define.ts';
import { allocate } from '../network/addresses.ts';
import { mustExist } from '../network/network-interfaces.ts';

const resolverType = 'Microsoft.Network/dnsResolvers';
export const outboundType = `${resolverType}/outboundEndpoints` as ResourceType;

const resolverProperties = shape.object({
  virtualNetwork: shape.required(shape.reference),
  ...shape.served('provisioningState', 'resourceGuid', 'dnsResolverState'),
});

export const privateResolvers = define(resolverType, {
  level: 'modelled',
  located: true,
  properties: resolverProperties,
  put: (put, read) => {
    const { id } = put.properties.virtualNetwork;
    mustExist(read, id, 'properties.virtualNetwork.id', put.envelope.location);
    return { writes: [store(put, { ...put.properties, dnsResolverState: 'Connected' })] };
  },
  remove: (resolver, read) => {
    const [endpoint] = [`${resolverType}/inboundEndpoints`, outboundType].flatMap((type) =>
      read.children(resolver.id, type as ResourceType),
    );
    if (!endpoint) return { writes: [] };
    const message = `Resolver ${resolver.name} has the endpoint ${endpoint.name}. Delete its endpoints first.`;
    throw new ArmError('CannotDeleteResource', message);
  },
});

const inboundProperties = shape.object({
  ipConfigurations: shape.required(
    shape.list(
      shape.object({
        subnet: shape.required(shape.reference),
        privateIpAddress: shape.address,
        privateIpAllocationMethod: shape.oneOf('Dynamic', 'Static'),
      }),
    ),
  ),
  ...shape.served('provisioningState', 'resourceGuid'),
});

export const inboundEndpoints = define(`${resolverType}/inboundEndpoints`, {
  level: 'modelled',
  located: true,
  properties: inboundProperties,
  linked: (put) => put.properties.ipConfigurations.map(({ subnet }) => joining(subnet.id)),
  put: (put, read) => {
    const [wanted, ...more] = put.properties.ipConfigurations;
    if (!wanted || more.length > 0) {
      throw new ArmError('InvalidRequestContent', 'An inbound endpoint has exactly one IP configuration.', {
        target: 'properties.ipConfigurations',
      });
    }
    checkSubnet(put, wanted.subnet.id, read);
    const isStatic = wanted.privateIpAllocationMethod === 'Static';
    if (isStatic && wanted.privateIpAddress === undefined) {
      throw new ArmError('InvalidRequestContent', 'A static address needs privateIpAddress.', {
        target: 'properties.ipConfigurations[0].privateIpAddress',
      });
    }
    const had = [put.before, put.rehearsed?.get(put.id.id)].flatMap((known) =>
      known ? (propertiesOf(inboundProperties, known).ipConfigurations[0]?.privateIpAddress ?? []) : [],
    );
    const [address] = allocate(read, wanted.subnet.id, put.id.id, [
      { exactly: isStatic ? wanted.privateIpAddress : undefined, preferably: had[0] },
    ]);
    const configuration = {
      subnet: wanted.subnet,
      privateIpAllocationMethod: wanted.privateIpAllocationMethod ?? 'Dynamic',
      ...(address === undefined ? {} : { privateIpAddress: formatIp(address) }),
    };
    return { writes: [store(put, { ipConfigurations: [configuration] })] };
  },
  facts: (endpoint) => {
    const [configuration] = propertiesOf(inboundProperties, endpoint).ipConfigurations;
    const address = parseIp(configuration?.privateIpAddress ?? '');
    if (!configuration || address === undefined) return [];
    const subnet = configuration.subnet.id;
    return [
      { kind: 'resolver-inbound', id: endpoint.id, address },
      {
        kind: 'nic',
        id: endpoint.id,
        configurations: [{ subnet, address, publicAddress: undefined, groups: [] }],
        gate: undefined,
        dnsServers: [],
        forwarding: false,
        endpoint: undefined,
        runs: 'resolver',
      },
    ];
  },
});

const outboundProperties = shape.object({
  subnet: shape.required(shape.reference),
  ...shape.served('provisioningState', 'resourceGuid'),
});

export const outboundEndpoints = define(outboundType, {
  level: 'modelled',
  located: true,
  properties: outboundProperties,
  linked: (put) => [joining(put.properties.subnet.id)],
  put: (put, read) => {
    checkSubnet(put, put.properties.subnet.id, read);
    return { writes: [store(put)] };
  },
  remove: (endpoint, read) => {
    const user = read.referencing(endpoint.id)[0];
    if (!user) return { writes: [] };
    const message = `Outbound endpoint ${endpoint.name} is used by ${user.id}. Delete or change that first.`;
    throw new ArmError('ResourceInUse', message);
  },
  facts: (endpoint) => {
    const { subnet } = propertiesOf(outboundProperties, endpoint);
    return [{ kind: 'resolver-outbound', id: endpoint.id, subnet: subnet.id }];
  },
});

function joining(scope: string): { readonly action: string; readonly scope: string } {
  return { action: 'Microsoft.Network/virtualNetworks/subnets/join/action', scope };
}

/** An endpoint's subnet is its own, and in the network of its resolver. */
function checkSubnet(put: Pick<Put<JsonObject>, 'id' | 'envelope'>, subnet: string, read: Read): void {
  const target = 'properties.subnet.id';
  mustExist(read, subnet, target, put.envelope.location);
  const resolver = read.get(put.id.parent ?? '');
  const home = asText(member(resolver?.properties['virtualNetwork'], 'id')) ?? '';
  if (!sameId(home, vnetOfSubnet(subnet))) {
    const message = `Subnet ${partsOf(subnet).name} is not in ${home}, the network of resolver ${resolver?.name ?? ''}.`;
    throw new ArmError('InvalidParameter', message, { target });
  }
  const other = read.referencing(subnet).find(({ id }) => !sameId(id, put.id.id));
  if (other) {
    const message = `Subnet ${partsOf(subnet).name} is used by ${other.id}: an endpoint of a resolver needs one of its own.`;
    throw new ArmError('InvalidParameter', message, { target });
  }
}
