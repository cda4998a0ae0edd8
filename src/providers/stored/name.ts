/**
 * Types of names and DNS that are only stored.
 *
 * @module
 */

import type { StoredType } from '../stored.ts';

export const storedNames: readonly StoredType[] = [];
