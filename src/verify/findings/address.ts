/**
 * Findings of the area `address`.
 *
 * @module
 */

import { capacity } from './address/capacity.ts';
import { bridgeRange, clusterRanges, spaces } from './address/overlap.ts';
import type { Area } from './area.ts';

export const address: Area<'address'> = {
  'address-space-overlap': spaces,
  'cluster-cidr-overlap': clusterRanges,
  'docker-bridge-range-used': bridgeRange,
  'subnet-capacity-exceeded': capacity,
};
