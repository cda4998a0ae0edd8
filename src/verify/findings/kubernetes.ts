/**
 * Findings of the area `kubernetes`.
 *
 * @module
 */

import type { Area } from './area.ts';

export const kubernetes: Area<'kubernetes'> = {};
