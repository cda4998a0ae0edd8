/**
 * Findings of the area `compute`.
 *
 * @module
 */

import type { Area } from './area.ts';

export const compute: Area<'compute'> = {};
