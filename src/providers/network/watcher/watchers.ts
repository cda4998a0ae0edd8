/**
 * Network watchers: questions about one machine, answered from the tables that packets meet
 * (docs/semantics/network-watcher.md).
 *
 * @module
 */

import { ArmError } from '../../../arm/error.ts';
import { sameId } from '../../../arm/id.ts';
import { store } from '../../../arm/provider.ts';
import * as shape from '../../../arm/shape.ts';
import { define } from '../../define.ts';
import { connectivityCheck } from './connectivity.ts';
import { ipFlowVerify } from './flows.ts';
import { nextHop } from './next-hop.ts';
import { securityGroupView } from './security-view.ts';
import { topology } from './topology.ts';

const watcherType = 'Microsoft.Network/networkWatchers';

export const networkWatchers = define(watcherType, {
  level: 'modelled',
  located: true,
  properties: shape.object(shape.served('provisioningState', 'runningOperationIds')),
  put: (put, read) => {
    const { location } = put.envelope;
    const other = read
      .ofType(watcherType)
      .find((watcher) => watcher.location === location && !sameId(watcher.id, put.id.id));
    if (!other) return { writes: [store(put)] };
    throw new ArmError(
      'NetworkWatcherCountLimitReached',
      `Cannot create more than 1 network watchers for this subscription in this region: ${location} has ${other.id}.`,
    );
  },
  actions: { ipFlowVerify, nextHop, securityGroupView, connectivityCheck, topology },
});
