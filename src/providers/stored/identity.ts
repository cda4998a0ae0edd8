/**
 * Types of identities, locks and policies that are only stored.
 *
 * @module
 */

import type { StoredType } from './type.ts';

export const storedIdentity: readonly StoredType[] = [];
