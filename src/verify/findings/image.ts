/**
 * Findings of the area `image`: building and storing images.
 *
 * @module
 */

import type { Area } from './area.ts';
import { buildComputeMissing } from './image/compute.ts';
import { bypassOff, notTrusted } from './image/tasks.ts';

export const image: Area<'image'> = {
  'image-build-compute-missing': buildComputeMissing,
  'registry-task-not-trusted': notTrusted,
  'registry-task-bypass-off': bypassOff,
};
