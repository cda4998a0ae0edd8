/**
 * Findings of the area `endpoint`: the private endpoint objects themselves.
 *
 * @module
 */

import { keyOf, nameOf } from '../../lib/key.ts';
import type { Fault } from '../finding.ts';
import type { Model } from '../model.ts';
import { statusOf } from '../private-link.ts';
import type { Edit } from '../repair.ts';
import type { Area } from './area.ts';

export const endpoint: Area<'endpoint'> = {
  'private-endpoint-pending': pending,
  'private-endpoint-region-mismatch': regionMismatch,
};

/** Somebody has to approve a connection that was asked for by hand, or by who may not approve it (PE-7). */
function* pending(model: Model): Generator<Fault> {
  for (const { id, target } of model.network.endpoints.values()) {
    const connection = model.network.connections.get(keyOf(id));
    if (connection?.status !== 'Pending') continue;
    const manual = model.network.declared
      .of('endpoint-request')
      .some((r) => keyOf(r.id) === keyOf(id) && r.manual);
    const why = manual ? 'it is asked for by hand' : 'who deploys may not approve it';
    yield {
      subject: id,
      at: manual ? 'manualPrivateLinkServiceConnections' : 'privateLinkServiceConnections',
      says: `the connection of ${nameOf(id)} to ${nameOf(target)} is Pending: ${why}`,
      concerns: [target, connection.id],
      blockers: [
        {
          resource: connection.id,
          property: 'privateLinkServiceConnectionState.status',
          is: 'Pending',
          needs: 'Approved',
        },
      ],
      repairs: manual ? [{ says: 'ask for it automatically', edits: [automatic(id)] }] : [],
    };
  }
}

/** Moves the connection from the list of those that somebody approves to the list of those that approve themselves. */
function automatic(endpoint: string): Edit {
  return {
    kind: 'move',
    resource: endpoint,
    property: ['properties', 'manualPrivateLinkServiceConnections'],
    to: ['properties', 'privateLinkServiceConnections'],
  };
}

/** A private endpoint is made in the region of its network, wherever its target is (PE-1). */
function* regionMismatch(model: Model): Generator<Fault> {
  for (const request of model.network.declared.of('endpoint-request')) {
    const endpoint = model.network.endpoints.get(keyOf(request.id));
    const home = endpoint && model.network.subnets.get(keyOf(endpoint.subnet));
    if (!endpoint || !home || statusOf(model, endpoint) !== 'Absent') continue;
    const { location } = home.vnet.fact;
    if (location === request.location) continue;
    yield {
      subject: request.id,
      at: 'location',
      says: `${nameOf(request.id)} is in ${request.location}, its network ${nameOf(home.vnet.fact.id)} in ${location}`,
      concerns: [endpoint.target],
      blockers: [{ resource: request.id, property: 'location', is: request.location, needs: location }],
      repairs: [
        {
          says: `put it into ${location}`,
          edits: [{ kind: 'set', resource: request.id, property: ['location'], value: location }],
        },
      ],
    };
  }
}
