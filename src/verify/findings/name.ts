/**
 * Findings of the area `name`.
 *
 * @module
 */

import type { Area } from './area.ts';

export const name: Area<'name'> = {};
