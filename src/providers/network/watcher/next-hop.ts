/**
 * Next hop: where packets from an interface to an address go.
 *
 * @module
 */

import type { Action } from '../../../arm/provider.ts';
import * as shape from '../../../arm/shape.ts';
import { ip } from '../../../lib/ip.ts';
import { keyOf } from '../../../lib/key.ts';
import { askRoutes } from '../../../net/watch.ts';
import { fromNetwork } from '../../define.ts';
import { machineFor, spotOf, undecided } from './subject.ts';
import { hopAddress, hopType } from './words.ts';

const parameters = shape.object({
  targetResourceId: shape.required(shape.resourceId),
  targetNicResourceId: shape.resourceId,
  sourceIPAddress: shape.required(shape.address),
  destinationIPAddress: shape.required(shape.address),
});

export const nextHop: Action = {
  right: 'nextHop/action',
  run: ({ resource: watcher, body }, read) => {
    const asked = parameters.check(body, 'parameters');
    const machine = machineFor(watcher, asked.targetResourceId, 'targetResourceId', read);
    const source = ip(asked.sourceIPAddress);
    const destination = ip(asked.destinationIPAddress);
    const wanted = { machine, nic: asked.targetNicResourceId, address: source, member: 'sourceIPAddress' };
    return fromNetwork((network) => {
      // Routes look at nothing but the destination.
      const packet = { source, destination, protocol: 'tcp', port: 443 } as const;
      const decision = askRoutes(spotOf(network, wanted), packet);
      if (decision.kind === 'unknown') throw undecided('the next hop', `it takes ${decision.missing}`);
      if (decision.kind === 'none') return { nextHopType: 'None', routeTableId: 'System Route' };
      const { action, by } = decision.row;
      const table = network.routeTables.get(keyOf(by.resource));
      const address = hopAddress(action);
      return {
        nextHopType: hopType(action),
        ...(address === undefined ? {} : { nextHopIpAddress: address }),
        routeTableId: table?.id ?? 'System Route',
      };
    });
  },
};
