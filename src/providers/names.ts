/**
 * Names that are one space all over Azure, because they are host names.
 *
 * @module
 */

import { ArmError } from '../arm/error.ts';
import { sameId } from '../arm/id.ts';
import type { Put } from '../arm/provider.ts';
import type { Read } from '../arm/resource.ts';

/** Refuses a name that a resource of the type has in any group. */
export function refuseTaken(put: Put, read: Read): void {
  const twin = read
    .ofType(put.id.type)
    .find((other) => sameId(other.name, put.id.name) && !sameId(other.id, put.id.id));
  if (!twin) return;
  throw new ArmError('Conflict', `The name ${put.id.name} is already taken by ${twin.id}.`, {
    target: 'name',
  });
}
