/**
 * Names that are one space all over Azure, because they are host names.
 *
 * @module
 */

import { ArmError } from '../arm/error.ts';
import { sameId } from '../arm/id.ts';
import type { Put } from '../arm/provider.ts';
import type { Read } from '../arm/resource.ts';

/** Refuses a name that breaks its type's rule, or that a resource of the type has in any group. */
export function refuseName(put: Put, read: Read, rule: (name: string) => string | undefined): void {
  const wrong = rule(put.id.name);
  if (wrong !== undefined) throw new ArmError('InvalidResourceName', wrong, { target: 'name' });
  const twin = read
    .ofType(put.id.type)
    .find((other) => sameId(other.name, put.id.name) && !sameId(other.id, put.id.id));
  if (!twin) return;
  throw new ArmError('Conflict', `The name ${put.id.name} is already taken by ${twin.id}.`, {
    target: 'name',
  });
}
