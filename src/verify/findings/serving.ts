/**
 * Findings of the area `serving`.
 *
 * @module
 */

import type { Area } from './area.ts';

export const serving: Area<'serving'> = {};
