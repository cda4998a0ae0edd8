/**
 * Findings of the area `image`.
 *
 * @module
 */

import type { Area } from './area.ts';

export const image: Area<'image'> = {};
