/**
 * Public addresses, and application security groups: the two small types that others refer to.
 *
 * @module
 */

import { store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { formatIp, parseIp } from '../../lib/ip.ts';
import { asText } from '../../lib/json.ts';
import { customerAddressOf } from '../../net/tags.ts';
import { define } from '../define.ts';
import { refuseInUse } from './security-groups.ts';

const publicAddressType = 'Microsoft.Network/publicIPAddresses';

export const publicAddresses = define(publicAddressType, {
  level: 'modelled',
  located: true,
  properties: shape.object({
    publicIPAllocationMethod: shape.oneOf('Dynamic', 'Static'),
    publicIPAddressVersion: shape.oneOf('IPv4'),
    dnsSettings: shape.any,
    ...shape.opaque(
      'idleTimeoutInMinutes',
      'ddosSettings',
      'ipTags',
      'publicIPPrefix',
      'deleteOption',
      'natGateway',
    ),
    ...shape.served('provisioningState', 'ipAddress', 'ipConfiguration', 'resourceGuid'),
  }),
  put: (put, read) => {
    const taken = new Set(
      read
        .ofType(publicAddressType)
        .flatMap((other) =>
          other.id === put.before?.id ? [] : (parseIp(asText(other.properties['ipAddress']) ?? '') ?? []),
        ),
    );
    const address = customerAddressOf(put.id.id, (candidate) => taken.has(candidate));
    return { writes: [store(put, { ...put.properties, ipAddress: formatIp(address) })] };
  },
  remove: (resource, read) => {
    refuseInUse(resource, read);
    return { writes: [] };
  },
  facts: (resource) => {
    const address = parseIp(asText(resource.properties['ipAddress']) ?? '');
    return address === undefined ? [] : [{ kind: 'public-address', id: resource.id, address }];
  },
});

export const applicationSecurityGroups = define('Microsoft.Network/applicationSecurityGroups', {
  level: 'modelled',
  located: true,
  properties: shape.object(shape.served('provisioningState', 'resourceGuid')),
  remove: (group, read) => {
    refuseInUse(group, read);
    return { writes: [] };
  },
});
