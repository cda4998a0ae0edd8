/**
 * Connections that were not approved, were rejected, or are approved twice (docs/semantics/private-endpoints.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { ConnectionFact } from '../../../net/facts.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { type Edit, setting } from '../../repair.ts';

const state = 'privateLinkServiceConnectionState.status';

/** Every connection on the target's side, those of private endpoints that the estate does not have included. */
function connectionsOf(model: Model): readonly ConnectionFact[] {
  const all = [...model.network.services.values()].flatMap(({ connections }) => connections);
  return [...new Map(all.map((connection) => [keyOf(connection.id), connection])).values()];
}

/** Somebody has to approve a connection that was asked for by hand, or by who may not approve it (PE-7). */
export function* pending(model: Model): Generator<Fault> {
  const requests = model.network.declared.of('endpoint-request');
  for (const connection of connectionsOf(model)) {
    if (connection.status !== 'Pending') continue;
    const endpoint = model.network.endpoints.get(keyOf(connection.endpoint));
    const manual = requests.some(
      ({ id, manual: byHand }) => byHand && keyOf(id) === keyOf(connection.endpoint),
    );
    const why = manual
      ? 'it is asked for by hand'
      : endpoint
        ? 'who deploys may not approve it'
        : 'it comes from outside this estate, and nothing here approves it';
    const list = manual ? 'manualPrivateLinkServiceConnections' : 'privateLinkServiceConnections';
    yield {
      subject: endpoint?.id ?? connection.id,
      at: endpoint ? list : state,
      says: `the connection of ${nameOf(connection.endpoint || connection.id)} to ${nameOf(connection.target)} is Pending: ${why}`,
      concerns: [connection.target, connection.id],
      blockers: [{ resource: connection.id, property: state, is: 'Pending', needs: 'Approved' }],
      repairs: [
        ...(manual && endpoint
          ? [{ says: 'ask for it automatically', edits: [automatic(endpoint.id)] }]
          : []),
        ...(endpoint ? [] : [{ says: 'approve it', edits: [setting(connection.id, state, 'Approved')] }]),
      ],
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

/** What was rejected stays so: the private endpoint has to be made anew (PE-8). */
export function* rejected(model: Model): Generator<Fault> {
  for (const { id, target, endpoint, status } of connectionsOf(model)) {
    if (status !== 'Rejected' && status !== 'Disconnected') continue;
    yield {
      subject: id,
      at: state,
      says: `the connection of ${nameOf(endpoint || id)} to ${nameOf(target)} is ${status}: it cannot be approved any more`,
      concerns: [target, endpoint],
      blockers: [{ resource: id, property: state, is: status, needs: 'Approved' }],
      repairs: [
        { says: 'leave the connection to its private endpoint', edits: [{ kind: 'delete', resource: id }] },
      ],
    };
  }
}

/** Storage refuses to approve what is approved: an automatic connection needs no approval in the template. */
export function* repeated(model: Model): Generator<Fault> {
  const { declared } = model.network;
  const requests = declared.of('endpoint-request');
  for (const { id, type } of declared.of('written')) {
    if (!/^microsoft\.storage\/storageaccounts\/privateendpointconnections$/i.test(type)) continue;
    const connection = connectionsOf(model).find((item) => keyOf(item.id) === keyOf(id));
    const request = requests.find((item) => keyOf(item.id) === keyOf(connection?.endpoint ?? ''));
    if (!connection || !request || request.manual || connection.status !== 'Approved') continue;
    yield {
      subject: id,
      at: state,
      says: `${nameOf(connection.endpoint)} is approved by itself; the template approves it again, which storage refuses the second time`,
      concerns: [connection.endpoint],
      repairs: [{ says: 'leave the approval out', edits: [{ kind: 'delete', resource: id }] }],
    };
  }
}
