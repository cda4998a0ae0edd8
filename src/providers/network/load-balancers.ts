/**
 * Load balancers (docs/semantics/load-balancers.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { keyOf, sameId } from '../../arm/id.ts';
import { type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import { formatIp } from '../../lib/ip.ts';
import { asText, type JsonObject } from '../../lib/json.ts';
import { define } from '../define.ts';
import { type AddressWish, allocate } from './addresses.ts';
import { balancerFacts } from './load-balancer-facts.ts';
import { type BalancerProperties, balancerShape } from './load-balancer-shape.ts';
import { mustExist } from './network-interfaces.ts';
import { refuseInUse } from './security-groups.ts';

/** Lists of named items. */
const lists = [
  'frontendIPConfigurations',
  'backendAddressPools',
  'loadBalancingRules',
  'probes',
  'inboundNatRules',
  'outboundRules',
] as const;

export const loadBalancers = define('Microsoft.Network/loadBalancers', {
  level: 'modelled',
  located: true,
  properties: balancerShape,
  linked: (put) =>
    put.properties.frontendIPConfigurations.flatMap(({ properties: { subnet, publicIPAddress } }) => [
      ...(subnet
        ? [{ action: 'Microsoft.Network/virtualNetworks/subnets/join/action', scope: subnet.id }]
        : []),
      ...(publicIPAddress
        ? [{ action: 'Microsoft.Network/publicIPAddresses/join/action', scope: publicIPAddress.id }]
        : []),
    ]),
  put: (put, read) => {
    const sku = asText(put.envelope.sku?.['name']) ?? 'Standard';
    const tier = ['Standard', 'Basic'].find((name) => name.toLowerCase() === sku.toLowerCase());
    if (tier === undefined) {
      const message = `A load balancer has the sku Standard or Basic here, not ${sku}.`;
      throw new ArmError('InvalidRequestContent', message, { target: 'sku.name' });
    }
    checkItems(put);
    checkRules(put, tier === 'Standard');
    const frontends = addressed(put, read);
    return {
      writes: [
        {
          ...store(put, { ...put.properties, frontendIPConfigurations: frontends }),
          sku: { tier: 'Regional', ...put.envelope.sku, name: tier },
        },
      ],
    };
  },
  remove: (balancer, read) => {
    // Interfaces name pools and inbound NAT rules, by ids below.
    const stored = propertiesOf(balancerShape, balancer);
    const below = lists.flatMap((list) =>
      (stored[list] ?? []).map(({ name }) => `${balancer.id}/${list}/${name}`),
    );
    const user = below.flatMap((id) => read.referencing(id)).find((other) => !sameId(other.id, balancer.id));
    if (user) {
      const message = `Load balancer ${balancer.name} is used by ${user.id}. Detach that first.`;
      throw new ArmError('ResourceInUse', message);
    }
    refuseInUse(balancer, read);
    return { writes: [] };
  },
  show: (balancer) => {
    const stored = propertiesOf(balancerShape, balancer);
    const withIds = lists.flatMap((list): [string, JsonObject[]][] => {
      const items = stored[list];
      return items
        ? [[list, items.map((item) => ({ ...item, id: `${balancer.id}/${list}/${item.name}` }))]]
        : [];
    });
    return { ...stored, ...Object.fromEntries(withIds) };
  },
  facts: balancerFacts,
});

/** Names are unique in a list, and what an item refers to is an item of the same load balancer. */
function checkItems(put: Put<BalancerProperties>): void {
  const known = new Set<string>();
  for (const list of lists) {
    for (const [at, { name }] of (put.properties[list] ?? []).entries()) {
      const key = keyOf(`${put.id.id}/${list}/${name}`);
      const target = `properties.${list}[${at}].name`;
      if (known.has(key)) {
        throw new ArmError('InvalidRequestContent', `${target}: '${name}' is listed twice.`, { target });
      }
      known.add(key);
    }
  }
  for (const [target, id] of referencesOf(put.properties)) {
    if (known.has(keyOf(id))) continue;
    const message = `${target} names ${id}, which is no part of load balancer ${put.id.name}.`;
    throw new ArmError('InvalidResourceReference', message, { target });
  }
}

function referencesOf({
  loadBalancingRules = [],
  inboundNatRules = [],
  outboundRules = [],
}: BalancerProperties): (readonly [target: string, id: string])[] {
  const out: [string, string][] = [];
  const add = (target: string, reference: { readonly id: string } | undefined): void => {
    if (reference) out.push([`properties.${target}.id`, reference.id]);
  };
  for (const [at, { properties: rule }] of loadBalancingRules.entries()) {
    const path = `loadBalancingRules[${at}].properties`;
    add(`${path}.frontendIPConfiguration`, rule.frontendIPConfiguration);
    add(`${path}.backendAddressPool`, rule.backendAddressPool);
    for (const [index, pool] of (rule.backendAddressPools ?? []).entries())
      add(`${path}.backendAddressPools[${index}]`, pool);
    add(`${path}.probe`, rule.probe);
  }
  for (const [at, { properties: rule }] of inboundNatRules.entries()) {
    add(`inboundNatRules[${at}].properties.frontendIPConfiguration`, rule.frontendIPConfiguration);
    add(`inboundNatRules[${at}].properties.backendAddressPool`, rule.backendAddressPool);
  }
  for (const [at, { properties: rule }] of outboundRules.entries()) {
    const path = `outboundRules[${at}].properties`;
    for (const [index, frontend] of rule.frontendIPConfigurations.entries())
      add(`${path}.frontendIPConfigurations[${index}]`, frontend);
    add(`${path}.backendAddressPool`, rule.backendAddressPool);
  }
  return out;
}

function checkRules({ id, properties }: Put<BalancerProperties>, standard: boolean): void {
  const {
    frontendIPConfigurations,
    loadBalancingRules = [],
    inboundNatRules = [],
    outboundRules = [],
  } = properties;
  const refuse = (target: string, message: string): ArmError =>
    new ArmError('InvalidRequestContent', message, { target: `properties.${target}` });
  const publicOf = (reference: { readonly id: string }): boolean =>
    frontendIPConfigurations.some(
      ({ name, properties: { publicIPAddress } }) =>
        publicIPAddress !== undefined && sameId(reference.id, `${id.id}/frontendIPConfigurations/${name}`),
    );
  if (outboundRules.length > 0 && !standard) {
    throw refuse('outboundRules', 'A Basic load balancer has no outbound rules.');
  }
  for (const [at, { name, properties: rule }] of outboundRules.entries()) {
    if (rule.frontendIPConfigurations.every(publicOf)) continue;
    throw refuse(`outboundRules[${at}]`, `Outbound rule ${name} needs frontends with public addresses.`);
  }
  for (const [at, { name, properties: rule }] of loadBalancingRules.entries()) {
    const all = rule.protocol === 'All';
    if (all !== (rule.frontendPort === 0)) {
      const message = `Rule ${name}: protocol All goes with frontendPort 0, and only with it.`;
      throw refuse(`loadBalancingRules[${at}]`, message);
    }
    if (all && (!standard || publicOf(rule.frontendIPConfiguration))) {
      const message = `Rule ${name}: all ports are for private frontends of Standard load balancers.`;
      throw refuse(`loadBalancingRules[${at}]`, message);
    }
  }
  for (const [at, { name, properties: rule }] of inboundNatRules.entries()) {
    const range = rule.frontendPortRangeStart !== undefined && rule.frontendPortRangeEnd !== undefined;
    if (rule.backendAddressPool ? range : rule.frontendPort !== undefined) continue;
    const message = `Inbound NAT rule ${name} needs a frontendPort, or a backendAddressPool with frontendPortRangeStart and frontendPortRangeEnd.`;
    throw refuse(`inboundNatRules[${at}]`, message);
  }
}

/** Gives every private frontend its address; one that has one keeps it. */
function addressed(put: Put<BalancerProperties>, read: Read): BalancerProperties['frontendIPConfigurations'] {
  const { frontendIPConfigurations: frontends } = put.properties;
  const { location } = put.envelope;
  if (frontends.length === 0) {
    const target = 'properties.frontendIPConfigurations';
    throw new ArmError('InvalidRequestContent', `${target} needs a frontend.`, { target });
  }
  const had = [put.before, put.rehearsed?.get(put.id.id)].flatMap((known?: Resource) =>
    known ? propertiesOf(balancerShape, known).frontendIPConfigurations : [],
  );
  const wishes = new Map<string, { readonly name: string; readonly wish: AddressWish }[]>();
  for (const [at, { name, properties }] of frontends.entries()) {
    const path = `properties.frontendIPConfigurations[${at}].properties`;
    const { subnet, publicIPAddress, publicIPPrefix, privateIPAllocationMethod, privateIPAddress } =
      properties;
    if ([subnet, publicIPAddress, publicIPPrefix].filter((item) => item !== undefined).length !== 1) {
      const message = `${path} needs a subnet, or else a publicIPAddress.`;
      throw new ArmError('InvalidRequestContent', message, { target: path });
    }
    mustExist(read, publicIPAddress?.id, `${path}.publicIPAddress.id`, location);
    if (!subnet) continue;
    mustExist(read, subnet.id, `${path}.subnet.id`, location);
    const fixed = privateIPAllocationMethod === 'Static';
    if (fixed && privateIPAddress === undefined) {
      const message = `${path}.privateIPAddress is required with the allocation method Static.`;
      throw new ArmError('InvalidRequestContent', message, { target: `${path}.privateIPAddress` });
    }
    const preferably = had.find((item) => sameId(item.name, name))?.properties.privateIPAddress;
    const wish = { exactly: fixed ? privateIPAddress : undefined, preferably };
    const key = keyOf(subnet.id);
    wishes.set(key, [...(wishes.get(key) ?? []), { name, wish }]);
  }
  const given = new Map<string, string>();
  for (const [subnet, asked] of wishes) {
    const addresses = allocate(
      read,
      subnet,
      put.id.id,
      asked.map(({ wish }) => wish),
    );
    for (const [at, address] of addresses.entries()) given.set(asked[at]?.name ?? '', formatIp(address));
  }
  return frontends.map((item) => {
    const address = given.get(item.name);
    if (address === undefined) return item;
    const { privateIPAllocationMethod = 'Dynamic' } = item.properties;
    return {
      ...item,
      properties: { ...item.properties, privateIPAllocationMethod, privateIPAddress: address },
    };
  });
}
