/**
 * Network interfaces.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { keyOf, partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import { type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { formatIp, type Ip, parseIp } from '../../lib/ip.ts';
import { asList, asText, member } from '../../lib/json.ts';
import type { NicConfiguration } from '../../net/facts.ts';
import { define } from '../define.ts';
import { type AddressWish, allocate } from './addresses.ts';
import { effectiveNetworkSecurityGroups, effectiveRouteTable } from './watcher/effective.ts';

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
    loadBalancerBackendAddressPools: shape.list(shape.reference),
    loadBalancerInboundNatRules: shape.list(shape.reference),
    ...shape.opaque('privateIPAddressVersion'),
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
    mustExist(
      read,
      put.properties.networkSecurityGroup?.id,
      'properties.networkSecurityGroup.id',
      put.envelope.location,
    );
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
  actions: { effectiveNetworkSecurityGroups, effectiveRouteTable },
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
          const balanced = balancedBy(item.properties);
          return [
            {
              subnet,
              address,
              publicAddress: item.properties?.publicIPAddress?.id,
              groups: (item.properties?.applicationSecurityGroups ?? []).map((group) => group.id),
              ...(balanced.length === 0 ? {} : { balanced }),
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
  const subnets = ipConfigurations.map((item, at) => checkConfiguration(put, item, at, read));
  const addresses = addressesOf(put, subnets, read);
  const anyPrimary = ipConfigurations.some((item) => item.properties?.primary === true);
  return ipConfigurations.map((item, at) => {
    const address = addresses[at];
    return {
      ...item,
      properties: {
        ...item.properties,
        privateIPAllocationMethod: item.properties?.privateIPAllocationMethod ?? 'Dynamic',
        ...(address === undefined ? {} : { privateIPAddress: formatIp(address) }),
        primary: item.properties?.primary ?? (at === 0 && !anyPrimary),
      },
    };
  });
}

/** Checks one configuration; answers its subnet. */
function checkConfiguration(
  put: Put<Properties>,
  { name, properties: asked }: Properties['ipConfigurations'][number],
  at: number,
  read: Read,
): string {
  const path = `properties.ipConfigurations[${at}]`;
  const fail = (member: string, message: string): ArmError =>
    new ArmError('InvalidRequestContent', message, { target: `${path}.${member}` });
  const twin = put.properties.ipConfigurations.findIndex((item) => sameId(item.name, name));
  if (twin !== at) throw fail('name', `${path}.name: '${name}' is listed twice.`);
  if (!asked?.subnet) throw fail('properties.subnet', `${path}.properties.subnet is required.`);
  if (asked.privateIPAllocationMethod === 'Static' && asked.privateIPAddress === undefined) {
    const message = `${path}.properties.privateIPAddress is required with the allocation method Static.`;
    throw fail('properties.privateIPAddress', message);
  }
  const { location } = put.envelope;
  mustExist(read, asked.subnet.id, `${path}.properties.subnet.id`, location);
  mustExist(read, asked.publicIPAddress?.id, `${path}.properties.publicIPAddress.id`, location);
  checkPublicAddress(put, asked.publicIPAddress?.id, `${path}.properties.publicIPAddress.id`, read);
  for (const group of asked.applicationSecurityGroups ?? [])
    mustExist(read, group.id, `${path}.properties.applicationSecurityGroups`, location);
  for (const id of balancedBy(asked)) checkBalanced(id, `${path}.properties`, location, read);
  return asked.subnet.id;
}

/** Pools of load balancers, and inbound NAT rules. */
function balancedBy(asked: Properties['ipConfigurations'][number]['properties']): readonly string[] {
  const { loadBalancerBackendAddressPools = [], loadBalancerInboundNatRules = [] } = asked ?? {};
  return [...loadBalancerBackendAddressPools, ...loadBalancerInboundNatRules].map(({ id }) => id);
}

/** The load balancer must be there and have the pool, or the rule. */
function checkBalanced(id: string, target: string, location: string | undefined, read: Read): void {
  const { parent = '', name } = partsOf(id);
  mustExist(read, parent, target, location);
  const kind = id.split('/').at(-2) ?? '';
  const stored = Object.entries(read.get(parent)?.properties ?? {});
  const list = asList(stored.find(([property]) => sameId(property, kind))?.[1]);
  if (list.some((item) => sameId(asText(member(item, 'name')) ?? '', name))) return;
  throw new ArmError('InvalidResourceReference', `${target}: ${parent} has no ${kind}/${name}.`, { target });
}

/** A public address is at one configuration of one interface. */
function checkPublicAddress(put: Put<Properties>, id: string | undefined, target: string, read: Read): void {
  if (id === undefined) return;
  const here = put.properties.ipConfigurations.filter((item) =>
    sameId(item.properties?.publicIPAddress?.id ?? '', id),
  );
  const other = read
    .referencing(id)
    .find((user) => sameId(user.type, networkInterfaceType) && !sameId(user.id, put.id.id));
  if (!other && here.length < 2) return;
  const message = `Public address ${id} is used by ${other?.id ?? put.id.id} already.`;
  throw new ArmError('ResourceInUse', message, { target });
}

/** Asks for the addresses of one subnet together, so that no configuration takes what another has. */
function addressesOf(put: Put<Properties>, subnets: readonly string[], read: Read): (Ip | undefined)[] {
  const before = put.before ? propertiesOf(properties, put.before).ipConfigurations : [];
  const again = put.rehearsed?.get(put.id.id);
  const rehearsed = again ? propertiesOf(properties, again).ipConfigurations : [];
  const had = (name: string): string | undefined =>
    [...before, ...rehearsed].find((item) => sameId(item.name, name))?.properties?.privateIPAddress;
  const given: (Ip | undefined)[] = [];
  for (const subnet of new Map(subnets.map((id) => [keyOf(id), id])).values()) {
    const places = subnets.flatMap((id, at) => (sameId(id, subnet) ? [at] : []));
    const wishes = places.map((at): AddressWish => {
      const { name = '', properties: asked } = put.properties.ipConfigurations[at] ?? {};
      const isStatic = asked?.privateIPAllocationMethod === 'Static';
      return { exactly: isStatic ? asked.privateIPAddress : undefined, preferably: had(name) };
    });
    const addresses = allocate(read, subnet, put.id.id, wishes);
    for (const [index, at] of places.entries()) given[at] = addresses[index];
  }
  return given;
}

/** Refuses a reference to what is not there, or is in another region than what refers to it. */
export function mustExist(read: Read, id: string | undefined, target: string, location?: string): void {
  if (id === undefined) return;
  const { type, parent = '' } = partsOf(id);
  const found = read.get(id);
  const at = found?.location ?? read.get(parent)?.location;
  const message = !found
    ? `was not found. Create the ${type} first, or add it to dependsOn.`
    : location !== undefined && at !== undefined && at !== location
      ? `is in the region ${at}, not in ${location}.`
      : undefined;
  if (message === undefined) return;
  throw new ArmError('InvalidResourceReference', `Resource ${id} referenced by ${target} ${message}`, {
    target,
  });
}
