/**
 * Bastion hosts: a named way to the machines of a network (docs/semantics/bastion.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import { propertiesOf, store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { formatPrefix } from '../../lib/ip.ts';
import { asText } from '../../lib/json.ts';
import { define } from '../define.ts';
import { subnetPrefixes } from './addresses.ts';
import { mustExist } from './network-interfaces.ts';

const bastionType = 'Microsoft.Network/bastionHosts' as ResourceType;

/** The one name that a bastion's subnet may have, and its smallest size. */
const subnetName = 'AzureBastionSubnet';
const longestPrefix = 26;

const properties = shape.object({
  ipConfigurations: shape.list(
    shape.object({
      name: shape.required(shape.text),
      properties: shape.required(
        shape.object({
          subnet: shape.required(shape.reference),
          publicIPAddress: shape.reference,
          privateIPAllocationMethod: shape.oneOf('Dynamic', 'Static'),
          ...shape.served('provisioningState'),
        }),
      ),
      ...shape.served('id', 'etag', 'type'),
    }),
  ),
  enablePrivateOnlyBastion: shape.bool,
  ...shape.opaque(
    'disableCopyPaste',
    'dnsName',
    'enableFileCopy',
    'enableIpConnect',
    'enableKerberos',
    'enableSessionRecording',
    'enableShareableLink',
    'enableTunneling',
    'networkAcls',
    'scaleUnits',
  ),
  ...shape.served('provisioningState', 'resourceGuid'),
});

export const bastionHosts = define(bastionType, {
  level: 'modelled',
  located: true,
  properties,
  linked: (put) =>
    (put.properties.ipConfigurations ?? []).flatMap(({ properties: { subnet, publicIPAddress } }) => [
      { action: 'Microsoft.Network/virtualNetworks/subnets/join/action', scope: subnet.id },
      ...(publicIPAddress
        ? [{ action: 'Microsoft.Network/publicIPAddresses/join/action', scope: publicIPAddress.id }]
        : []),
    ]),
  put: (put, read) => {
    const target = 'properties.ipConfigurations';
    const refuse = (message: string): ArmError => new ArmError('InvalidRequestContent', message, { target });
    const [first, ...others] = put.properties.ipConfigurations ?? [];
    if (!first || others.length > 0) {
      throw refuse(
        `Bastion host ${put.id.name} needs one IP configuration. Developer ones are not supported.`,
      );
    }
    const { subnet, publicIPAddress } = first.properties;
    const { location } = put.envelope;
    if (!sameId(partsOf(subnet.id).name, subnetName)) {
      throw refuse(`A bastion host stands in the subnet ${subnetName}, not in ${partsOf(subnet.id).name}.`);
    }
    mustExist(read, subnet.id, `${target}[0].properties.subnet.id`, location);
    mustExist(read, publicIPAddress?.id, `${target}[0].properties.publicIPAddress.id`, location);
    const small = subnetPrefixes(read, subnet.id).find(({ length }) => length > longestPrefix);
    if (small) {
      throw refuse(
        `${subnetName} ${formatPrefix(small)} is too small: a bastion host needs /${longestPrefix} or larger.`,
      );
    }
    if (!publicIPAddress && put.properties.enablePrivateOnlyBastion !== true) {
      throw refuse(`Bastion host ${put.id.name} needs a publicIPAddress, or enablePrivateOnlyBastion.`);
    }
    const twin = read
      .referencing(subnet.id)
      .find(({ id, type }) => sameId(type, bastionType) && !sameId(id, put.id.id));
    if (twin) throw refuse(`${subnet.id} has the bastion host ${twin.id} already: a network takes one.`);
    const sku = asText(put.envelope.sku?.['name']) ?? 'Standard';
    return { writes: [{ ...store(put), sku: { ...put.envelope.sku, name: sku } }] };
  },
  facts: (bastion) => {
    const { id, name, type, location = '' } = bastion;
    const at = propertiesOf(properties, bastion).ipConfigurations?.[0]?.properties;
    if (!at) return [];
    return [
      {
        kind: 'workload',
        id,
        type,
        place: `bastion/${name}`,
        subnet: at.subnet.id,
        workspace: undefined,
        location,
        shownBy: at.publicIPAddress ? 'ipConfigurations' : undefined,
      },
    ];
  },
});
