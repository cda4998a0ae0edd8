/**
 * Intents that nobody has to write: what declares itself private is refused from everywhere else, and everything the
 * estate contains can do what it exists for.
 *
 * @module
 */

import { doorOf } from '../../net/doors.ts';
import { flowTo, type Model } from '../model.ts';
import type { Intent } from './intent.ts';
import { needsOf } from './needs.ts';

/** Every derived intent. */
export function deriveIntents(model: Model): readonly Intent[] {
  return [...isolation(model), ...functions(model)];
}

/** A door that is shut, or lets in by a list, says: not everybody. The internet is everybody. */
function isolation(model: Model): Intent[] {
  const { network } = model;
  const internet = model.names.place('internet');
  if (!internet.ok) return [];
  return [...network.services.values()].flatMap((service): Intent[] => {
    const found = doorOf(network, service);
    if (!found || (found.door.publicAccess && found.door.defaultAllow)) return [];
    return service.fact.surfaces.map((surface) => ({
      kind: 'reach',
      mode: 'must-not',
      flow: flowTo(internet.value, service, surface),
      origin: 'estate',
    }));
  });
}

function functions(model: Model): Intent[] {
  return needsOf(model).map(({ flow, requirement }) => ({
    kind: 'reach',
    mode: 'must',
    flow,
    origin: 'estate',
    ...(requirement ? { requirement } : {}),
  }));
}
