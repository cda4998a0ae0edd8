/**
 * NAT gateways (docs/semantics/outbound.md).
 *
 * @module
 */

import { propertiesOf, store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { define } from '../define.ts';
import { mustExist } from './network-interfaces.ts';
import { refuseInUse } from './security-groups.ts';

const properties = shape.object({
  idleTimeoutInMinutes: shape.int(4, 120),
  publicIpAddresses: shape.list(shape.reference),
  publicIpPrefixes: shape.list(shape.reference),
  ...shape.served('provisioningState', 'resourceGuid', 'subnets', 'virtualNetwork', 'sourceVirtualNetwork'),
});

export const natGateways = define('Microsoft.Network/natGateways', {
  level: 'modelled',
  located: true,
  properties,
  put: (put, read) => {
    for (const [at, { id }] of (put.properties.publicIpAddresses ?? []).entries()) {
      mustExist(read, id, `properties.publicIpAddresses[${at}].id`, put.envelope.location);
    }
    return { writes: [store(put, { idleTimeoutInMinutes: 4, ...put.properties })] };
  },
  remove: (gateway, read) => {
    refuseInUse(gateway, read);
    return { writes: [] };
  },
  facts: (gateway) => {
    const { publicIpAddresses = [], publicIpPrefixes = [] } = propertiesOf(properties, gateway);
    return [
      {
        kind: 'nat-gateway',
        id: gateway.id,
        publicAddresses: publicIpAddresses.map(({ id }) => id),
        publicPrefixes: publicIpPrefixes.map(({ id }) => id),
      },
    ];
  },
});
