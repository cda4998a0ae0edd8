/**
 * Types of Kubernetes clusters that are only stored.
 *
 * @module
 */

import type { StoredType } from './type.ts';

export const storedKubernetes: readonly StoredType[] = [];
