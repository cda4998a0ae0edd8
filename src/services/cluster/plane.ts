/**
 * The API server of a cluster. Who comes in is decided as for everything else; there is no cluster behind it.
 *
 * @module
 */

import type { DataPlane, DataRequest, DataResponse } from '../data-plane.ts';

/** What answers at a private cluster's names, in the words of Kubernetes. */
export const clusterPlane: DataPlane = {
  // The server of Entra for clusters.
  audiences: () => ['6dae42f8-4368-4678-94ff-3960e28e3630'],
  refuse: () => status(403, 'Forbidden', 'The door of this cluster is shut.'),
  handle: async ({ headers, method }: DataRequest) =>
    headers['authorization'] === undefined
      ? status(401, 'Unauthorized', 'Unauthorized')
      : status(501, 'NotImplemented', `Cloister has no cluster behind this name (${method}).`),
};

function status(code: number, reason: string, message: string): DataResponse {
  return {
    status: code,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code }),
  };
}
