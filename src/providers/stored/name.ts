/**
 * Types of names and DNS that are only stored.
 *
 * @module
 */

import type { StoredType } from './type.ts';

export const storedNames: readonly StoredType[] = [];
