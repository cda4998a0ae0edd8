/**
 * Findings of the area `gate`.
 *
 * @module
 */

import type { Area } from './area.ts';

export const gate: Area<'gate'> = {};
