/**
 * Types of Kubernetes clusters that are only stored.
 *
 * @module
 */

import type { StoredType } from '../stored.ts';

export const storedKubernetes: readonly StoredType[] = [];
