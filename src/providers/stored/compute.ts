/**
 * Types of compute that are only stored.
 *
 * @module
 */

import type { StoredType } from './type.ts';

export const storedCompute: readonly StoredType[] = [
  { type: 'Microsoft.Compute/virtualMachines/extensions' },
];
