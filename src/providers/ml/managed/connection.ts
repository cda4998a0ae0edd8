/**
 * Connections of the private endpoints that Azure makes for managed networks, as their targets see them.
 *
 * @module
 */

import { partsOf, type ResourceId } from '../../../arm/id.ts';
import type { Draft } from '../../../arm/provider.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { connectionType } from '../../private-link/connections.ts';
import type { LinkTarget } from '../../private-link/target.ts';

/** A connection that is to be on a target. */
export interface Connecting {
  readonly id: ResourceId;
  /** What it goes along with when it is deleted. */
  readonly owner: ResourceId;
  /** The private endpoint, which nobody but Azure sees. */
  readonly endpoint: string;
  readonly group: string;
  readonly state: JsonObject;
}

/** The state of a connection that nobody has to approve. */
export const approved: JsonObject = {
  status: 'Approved',
  description: 'Auto-approved',
  actionsRequired: 'None',
};

/** Writes a connection down. */
export function connectionTo(link: LinkTarget, { id, owner, endpoint, group, state }: Connecting): Draft {
  return {
    id,
    name: partsOf(id).name,
    type: connectionType(link),
    owner,
    properties: {
      provisioningState: 'Succeeded',
      privateEndpoint: { id: endpoint },
      groupIds: [group],
      privateLinkServiceConnectionState: state,
    },
  };
}
