/**
 * Intents that nobody has to write: what declares itself private is refused from everywhere else, and everything the
 * estate contains can do what it exists for.
 *
 * @module
 */

import { contains } from '../../lib/ip.ts';
import { doorOf } from '../../net/doors.ts';
import { internetClient } from '../../net/tags.ts';
import { flowTo, type Model } from '../model.ts';
import type { Intent } from './intent.ts';
import { needsOf } from './needs.ts';

/** Every derived intent. */
export function deriveIntents(model: Model): readonly Intent[] {
  return [...isolation(model), ...functions(model)];
}

/** Narrower rules than this name somebody; wider ones let everybody in. */
const widestNamed = 8;

/**
 * A door that is shut, or lets in by a list, says: not everybody. The internet is everybody, unless the list names the
 * very address that stands for it.
 */
function isolation(model: Model): Intent[] {
  const { network } = model;
  const internet = model.names.place('internet');
  if (!internet.ok) return [];
  return [...network.services.values()].flatMap((service): Intent[] => {
    const found = doorOf(network, service);
    if (!found || (found.door.publicAccess && found.door.defaultAllow)) return [];
    const named = found.door.addresses.some(
      (rule) => rule.length >= widestNamed && contains(rule, internetClient),
    );
    if (found.door.publicAccess && named) return [];
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
