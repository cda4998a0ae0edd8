/**
 * How far the managed network of a workspace is shut in.
 *
 * @module
 */

import type { Resource } from '../../../arm/resource.ts';
import { asText, member } from '../../../lib/json.ts';

const modes = ['Disabled', 'AllowInternetOutbound', 'AllowOnlyApprovedOutbound'] as const;

/** An isolation mode. */
export type Mode = (typeof modes)[number];

/** The isolation mode of a workspace, in whatever case it was written. */
export function modeOf({ properties }: Pick<Resource, 'properties'>): Mode {
  const word = asText(member(properties['managedNetwork'], 'isolationMode'))?.toLowerCase();
  return modes.find((mode) => mode.toLowerCase() === word) ?? 'Disabled';
}
