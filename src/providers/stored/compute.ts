/**
 * Types of compute that are only stored.
 *
 * @module
 */

import type { StoredType } from '../stored.ts';

export const storedCompute: readonly StoredType[] = [
  { type: 'Microsoft.Compute/virtualMachines/extensions' },
];
