/**
 * Route tables and their routes (docs/semantics/routes.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import { propertiesOf, store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { ip, parseIp, parsePrefix } from '../../lib/ip.ts';
import { omit } from '../../lib/json.ts';
import type { RouteHop } from '../../net/facts.ts';
import { define } from '../define.ts';
import { embed, inlineChildren, planInline } from '../inline.ts';
import { refuseInUse } from './security-groups.ts';

const routeType = 'Microsoft.Network/routeTables/routes' as ResourceType;

const routeProperties = shape.object({
  addressPrefix: shape.required(shape.text),
  nextHopType: shape.required(
    shape.oneOf('VirtualAppliance', 'VirtualNetworkGateway', 'VnetLocal', 'Internet', 'None'),
  ),
  nextHopIpAddress: shape.text,
  ...shape.served('provisioningState', 'hasBgpOverride'),
});

export const routes = define(routeType, {
  level: 'modelled',
  located: false,
  properties: routeProperties,
  put: (put, read) => {
    const { addressPrefix, nextHopType, nextHopIpAddress } = put.properties;
    const twin = read
      .children(put.id.parent ?? '', routeType)
      .find((other) => !sameId(other.id, put.id.id) && other.properties['addressPrefix'] === addressPrefix);
    if (twin) {
      const message = `Route ${put.id.name} has the address prefix ${addressPrefix}, as ${twin.name} has: a table takes one.`;
      throw new ArmError('Conflict', message, { target: 'properties.addressPrefix' });
    }
    const address = parseIp(nextHopIpAddress ?? '');
    if (nextHopType === 'VirtualAppliance' && address === undefined) {
      throw new ArmError(
        'InvalidParameter',
        `Route ${put.id.name} needs nextHopIpAddress, the IPv4 address of the appliance.`,
        {
          target: 'properties.nextHopIpAddress',
        },
      );
    }
    if (nextHopType !== 'VirtualAppliance' && (nextHopIpAddress ?? '') !== '') {
      throw new ArmError(
        'InvalidParameter',
        `Route ${put.id.name} has nextHopIpAddress, which only goes with VirtualAppliance.`,
        {
          target: 'properties.nextHopIpAddress',
        },
      );
    }
    if (!parsePrefix(addressPrefix) && !/^[A-Za-z][\w.]*$/.test(addressPrefix)) {
      throw new ArmError(
        'InvalidParameter',
        `Route ${put.id.name} has addressPrefix '${addressPrefix}', which is neither a prefix without host bits nor a service tag.`,
        {
          target: 'properties.addressPrefix',
        },
      );
    }
    return { writes: [store(put)] };
  },
  facts: (route) => {
    const stored = propertiesOf(routeProperties, route);
    const prefix = parsePrefix(stored.addressPrefix);
    const hop: RouteHop =
      stored.nextHopType === 'VirtualAppliance'
        ? { appliance: ip(stored.nextHopIpAddress ?? '') }
        : stored.nextHopType;
    return [
      {
        kind: 'route',
        id: route.id,
        table: partsOf(route.id).parent ?? '',
        to: prefix ?? { tag: stored.addressPrefix },
        hop,
      },
    ];
  },
});

const properties = shape.object({
  routes: inlineChildren,
  disableBgpRoutePropagation: shape.bool,
  ...shape.served('provisioningState', 'subnets', 'resourceGuid'),
});

export const routeTables = define('Microsoft.Network/routeTables', {
  level: 'modelled',
  located: true,
  properties,
  put: (put, read) =>
    planInline(put, read, store(put, omit(put.properties, 'routes')), [
      { member: 'routes', provider: routes },
    ]),
  remove: (table, read) => {
    refuseInUse(table, read);
    return { writes: [] };
  },
  show: (table, read, settings) => ({ ...table.properties, routes: embed(read, settings, table.id, routes) }),
  facts: (table) => {
    const { disableBgpRoutePropagation } = propertiesOf(properties, table);
    return [{ kind: 'route-table', id: table.id, propagates: disableBgpRoutePropagation !== true }];
  },
});
