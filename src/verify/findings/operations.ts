/**
 * Findings of the area `operations`.
 *
 * @module
 */

import type { Area } from './area.ts';

export const operations: Area<'operations'> = {};
