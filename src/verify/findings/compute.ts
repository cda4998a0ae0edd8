/**
 * Findings of the area `compute`: compute, serverless and the managed network.
 *
 * @module
 */

import type { Area } from './area.ts';
import { notAllowed, notProvisioned, refused } from './compute/managed.ts';
import { groupLocked, misplaced, nopipWithoutEndpoint, notBehindEndpoint } from './compute/places.ts';

export const compute: Area<'compute'> = {
  'network-group-locked': groupLocked,
  'nopip-compute-without-endpoint': nopipWithoutEndpoint,
  'compute-placement-mismatch': misplaced,
  'compute-not-behind-endpoint': notBehindEndpoint,
  'managed-network-not-provisioned': notProvisioned,
  'managed-network-config-refused': refused,
  'managed-network-destination-not-allowed': notAllowed,
};
