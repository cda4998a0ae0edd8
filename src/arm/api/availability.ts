/**
 * `checkNameAvailability`: whether a name that is one space all over Azure can still be had.
 *
 * @module
 */

import { asText, type Json, member } from '../../lib/json.ts';
import { ArmError } from '../error.ts';
import { sameId } from '../id.ts';
import type { Plane } from '../plane.ts';

/** Returns the namespace that a path asks about; undefined where the path is about something else. */
export function availabilityPath(path: string): string | undefined {
  return /^\/subscriptions\/[^/]+\/providers\/([^/]+)\/checkNameAvailability$/i.exec(path)?.[1];
}

/** Answers `{nameAvailable, reason?, message?}`. The type is the body's, or the namespace's only one with host names. */
export function nameAvailability<F>(plane: Plane<F>, namespace: string, body: Json): Json {
  const name = asText(member(body, 'name'));
  if (name === undefined)
    throw new ArmError('InvalidRequestContent', "The body needs a 'name'.", { target: 'name' });
  const asked = asText(member(body, 'type'));
  const provider = plane.registry
    .all()
    .find(
      ({ type, hostName }) =>
        hostName && sameId(asked ?? type, type) && sameId(type.split('/')[0] ?? '', namespace),
    );
  if (!provider?.hostName) {
    throw new ArmError('NotSupported', `Names of ${asked ?? namespace} cannot be checked by Cloister.`, {
      target: 'type',
    });
  }
  const wrong = provider.hostName(name);
  if (wrong !== undefined) return { nameAvailable: false, reason: 'AccountNameInvalid', message: wrong };
  const taken = plane.estate.ofType(provider.type).some((resource) => sameId(resource.name, name));
  if (!taken) return { nameAvailable: true };
  return { nameAvailable: false, reason: 'AlreadyExists', message: `The name ${name} is already taken.` };
}
