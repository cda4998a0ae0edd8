/**
 * Network interfaces.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import { type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { formatIp, parseIp } from '../../lib/ip.ts';
import type { NicConfiguration } from '../../net/facts.ts';
import { define } from '../define.ts';
import { allocate } from './addresses.ts';

export const networkInterfaceType = 'Microsoft.Network/networkInterfaces' as ResourceType;

const configuration = shape.object({
  name: shape.required(shape.text),
  properties: shape.object({
    subnet: shape.reference,
    privateIPAddress: shape.address,
    privateIPAllocationMethod: shape.oneOf('Dynamic', 'Static'),
    publicIPAddress: shape.reference,
    applicationSecurityGroups: shape.list(shape.reference),
    primary: shape.bool,
    privateLinkConnectionProperties: shape.any,
    ...shape.opaque(
      'privateIPAddressVersion',
      'loadBalancerBackendAddressPools',
      'loadBalancerInboundNatRules',
    ),
    ...shape.served('provisioningState'),
  }),
  ...shape.served('id', 'etag', 'type'),
});

const properties = shape.object({
  ipConfigurations: shape.required(shape.list(configuration)),
  networkSecurityGroup: shape.reference,
  enableIPForwarding: shape.bool,
  dnsSettings: shape.object({
    dnsServers: shape.list(shape.text),
    ...shape.opaque('internalDnsNameLabel'),
    ...shape.served('appliedDnsServers', 'internalDomainNameSuffix', 'internalFqdn'),
  }),
  privateEndpoint: shape.reference,
  ...shape.opaque(
    'enableAcceleratedNetworking',
    'nicType',
    'disableTcpStateTracking',
    'auxiliaryMode',
    'auxiliarySku',
  ),
  ...shape.served(
    'provisioningState',
    'virtualMachine',
    'macAddress',
    'primary',
    'resourceGuid',
    'vnetEncryptionSupported',
    'hostedWorkloads',
    'tapConfigurations',
  ),
});

type Properties = shape.Of<typeof properties>;

const join = 'Microsoft.Network/virtualNetworks/subnets/join/action';

export const networkInterfaces = define(networkInterfaceType, {
  level: 'modelled',
  located: true,
  properties,
  linked: (put) => [
    ...put.properties.ipConfigurations.flatMap((item) =>
      item.properties?.subnet ? [{ action: join, scope: item.properties.subnet.id }] : [],
    ),
    ...(put.properties.networkSecurityGroup
      ? [
          {
            action: 'Microsoft.Network/networkSecurityGroups/join/action',
            scope: put.properties.networkSecurityGroup.id,
          },
        ]
      : []),
  ],
  put: (put, read) => {
    if (put.before?.owner !== undefined) {
      throw new ArmError(
        'BadRequest',
        `Network interface ${put.id.name} belongs to ${put.before.owner} and cannot be changed by itself.`,
      );
    }
    mustExist(read, put.properties.networkSecurityGroup?.id, 'properties.networkSecurityGroup.id');
    return { writes: [store(put, { ...put.properties, ipConfigurations: configurations(put, read) })] };
  },
  remove: (nic, read) => {
    const user = read
      .referencing(nic.id)
      .find((resource) => sameId(resource.type, 'Microsoft.Compute/virtualMachines'));
    if (user) {
      throw new ArmError(
        'ResourceInUse',
        `Network interface ${nic.name} is used by ${user.id}. Delete or detach that first.`,
      );
    }
    if (nic.owner !== undefined && read.get(nic.owner)) {
      throw new ArmError(
        'CannotDeleteResource',
        `Network interface ${nic.name} belongs to ${nic.owner} and goes when that is deleted.`,
      );
    }
    return { writes: [] };
  },
  show: (nic) => {
    const stored = propertiesOf(properties, nic);
    return {
      ...stored,
      ipConfigurations: stored.ipConfigurations.map((item) => ({
        ...item,
        id: `${nic.id}/ipConfigurations/${item.name}`,
      })),
    };
  },
  facts: (nic) => {
    const stored = propertiesOf(properties, nic);
    return [
      {
        kind: 'nic',
        id: nic.id,
        configurations: stored.ipConfigurations.flatMap((item): NicConfiguration[] => {
          const address = parseIp(item.properties?.privateIPAddress ?? '');
          const subnet = item.properties?.subnet?.id;
          if (address === undefined || subnet === undefined) return [];
          return [
            {
              subnet,
              address,
              publicAddress: item.properties?.publicIPAddress?.id,
              groups: (item.properties?.applicationSecurityGroups ?? []).map((group) => group.id),
            },
          ];
        }),
        gate: stored.networkSecurityGroup?.id,
        dnsServers: (stored.dnsSettings?.dnsServers ?? []).flatMap((text) => parseIp(text) ?? []),
        forwarding: stored.enableIPForwarding ?? false,
        endpoint: stored.privateEndpoint?.id,
      },
    ];
  },
});

/** Gives every configuration its address; one that has one keeps it. */
function configurations(put: Put<Properties>, read: Read): Properties['ipConfigurations'] {
  const { ipConfigurations } = put.properties;
  if (ipConfigurations.length === 0) {
    throw new ArmError('InvalidRequestContent', 'A network interface needs at least one IP configuration.', {
      target: 'properties.ipConfigurations',
    });
  }
  const before = put.before ? propertiesOf(properties, put.before).ipConfigurations : [];
  const again = put.rehearsed?.get(put.id.id);
  const rehearsed = again ? propertiesOf(properties, again).ipConfigurations : [];
  const had = (name: string): string | undefined =>
    [...before, ...rehearsed].find((item) => sameId(item.name, name))?.properties?.privateIPAddress;
  const out: Properties['ipConfigurations'][number][] = [];
  for (const [at, item] of ipConfigurations.entries()) {
    const subnet = item.properties?.subnet;
    const path = `properties.ipConfigurations[${at}].properties`;
    if (!subnet)
      throw new ArmError('InvalidRequestContent', `${path}.subnet is required.`, {
        target: `${path}.subnet`,
      });
    mustExist(read, item.properties?.publicIPAddress?.id, `${path}.publicIPAddress.id`);
    checkGroups(item.properties?.applicationSecurityGroups ?? [], read, path);
    const isStatic = item.properties?.privateIPAllocationMethod === 'Static';
    if (isStatic && item.properties?.privateIPAddress === undefined) {
      throw new ArmError(
        'InvalidRequestContent',
        `${path}.privateIPAddress is required with the allocation method Static.`,
        {
          target: `${path}.privateIPAddress`,
        },
      );
    }
    const taken = out.flatMap((o) => o.properties?.privateIPAddress ?? []);
    const exactly = isStatic ? item.properties?.privateIPAddress : undefined;
    // Addresses that earlier configurations of this interface got are asked for again, so that they count as taken.
    const wishes = [
      ...taken.map((address) => ({ exactly: address })),
      { exactly, preferably: had(item.name) },
    ];
    const address = allocate(
      read,
      subnet.id,
      put.id.id,
      sameSubnet(out, subnet.id) ? wishes : wishes.slice(-1),
    ).at(-1);
    out.push({
      ...item,
      properties: {
        ...item.properties,
        privateIPAllocationMethod: isStatic ? 'Static' : 'Dynamic',
        ...(address === undefined ? {} : { privateIPAddress: formatIp(address) }),
        primary: item.properties?.primary ?? at === 0,
      },
    });
  }
  return out;
}

function sameSubnet(items: Properties['ipConfigurations'], subnet: string): boolean {
  return items.length > 0 && items.every((item) => sameId(item.properties?.subnet?.id ?? '', subnet));
}

/** All interfaces of an application security group are in one virtual network. */
function checkGroups(groups: readonly { readonly id: string }[], read: Read, path: string): void {
  for (const group of groups) mustExist(read, group.id, `${path}.applicationSecurityGroups`);
}

/** Refuses a reference to what is not there. */
export function mustExist(read: Read, id: string | undefined, target: string): void {
  if (id === undefined || read.get(id)) return;
  const { type } = partsOf(id);
  throw new ArmError(
    'InvalidResourceReference',
    `Resource ${id} referenced by ${target} was not found. Create the ${type} first, or add it to dependsOn.`,
    {
      target,
    },
  );
}
