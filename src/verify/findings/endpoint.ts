/**
 * Findings of the area `endpoint`: the private endpoint objects themselves.
 *
 * @module
 */

import type { Area } from './area.ts';
import { pending, rejected, repeated } from './endpoint/connections.ts';
import { apartRegistries, misplaced, missing } from './endpoint/layout.ts';
import { networkPolicies, regionMismatch, unresolvedSubnet } from './endpoint/places.ts';

export const endpoint: Area<'endpoint'> = {
  'private-endpoint-missing': missing,
  'private-endpoint-pending': pending,
  'private-endpoint-rejected': rejected,
  'private-endpoint-approval-repeated': repeated,
  'private-endpoint-region-mismatch': regionMismatch,
  'subnet-reference-unresolved': unresolvedSubnet,
  'subnet-network-policies-enabled': networkPolicies,
  'dependency-endpoint-misplaced': (model) => [...misplaced(model), ...apartRegistries(model)],
};
