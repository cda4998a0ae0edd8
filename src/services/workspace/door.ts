/**
 * How the machine-learning service words a door that is shut (docs/semantics/workspaces.md).
 *
 * @module
 */

import type { DataRequest, DataResponse } from '../data-plane.ts';
import { refusalAnswer } from './error.ts';

/**
 * Words the refusal of a connection to a workspace, or to the scoring host of one of its online endpoints: both
 * say the same. `resource` is the workspace or the endpoint.
 */
export function denyByPrivateLink(request: DataRequest): DataResponse {
  const message = 'Access to workspace was denied based on workspace private link configuration.';
  return refusalAnswer(request, { kind: 'denied', message }, 'managementfrontend');
}
