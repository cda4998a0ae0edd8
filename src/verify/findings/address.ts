/**
 * Findings of the area `address`.
 *
 * @module
 */

import type { Area } from './area.ts';

export const address: Area<'address'> = {};
