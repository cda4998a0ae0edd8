/**
 * Findings of the area `caller`.
 *
 * @module
 */

import type { Area } from './area.ts';

export const caller: Area<'caller'> = {};
