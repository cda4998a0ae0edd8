/**
 * Findings of the area `route`.
 *
 * @module
 */

import type { Area } from './area.ts';

export const route: Area<'route'> = {};
