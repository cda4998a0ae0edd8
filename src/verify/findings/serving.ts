/**
 * Findings of the area `serving`: managed online and batch endpoints.
 *
 * @module
 */

import type { Area } from './area.ts';
import { legacyOn, needsBuild, publicEgress } from './serving/flags.ts';
import { followsWorkspace } from './serving/visibility.ts';

export const serving: Area<'serving'> = {
  'v1-legacy-mode-on': legacyOn,
  'deployment-egress-public-dependency-private': publicEgress,
  'deployment-needs-build-without-egress': needsBuild,
  'serving-visibility-follows-workspace': followsWorkspace,
};
