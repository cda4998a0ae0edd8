/**
 * Types of compute that are only stored.
 *
 * @module
 */

import { ancestorId } from '../../arm/id.ts';
import type { StoredType } from './type.ts';

export const storedCompute: readonly StoredType[] = [
  { type: 'Microsoft.Compute/virtualMachines/extensions' },
  {
    type: 'Microsoft.MachineLearningServices/workspaces/batchEndpoints',
    declares: ({ id }) => [{ kind: 'batch-endpoint', id, workspace: ancestorId(id, 1) }],
  },
  { type: 'Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments' },
];
