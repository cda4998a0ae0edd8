/**
 * Intents that nobody has to write: what declares itself private is refused from everywhere else, and everything the
 * estate contains can do what it exists for.
 *
 * @module
 */

import { subtract, union } from '../../lib/intervals.ts';
import { intervalOf } from '../../lib/ip.ts';
import { keyOf } from '../../lib/key.ts';
import { publicAddresses } from '../../net/azure.ts';
import { doorOf } from '../../net/doors.ts';
import { relayOf } from '../clusters.ts';
import { flowTo, type Model } from '../model.ts';
import type { Intent } from './intent.ts';
import { needsOf } from './needs.ts';
import { shutIn, workloadNeeds } from './workloads.ts';

/** Every intent of an estate: what it says by itself, and what the team says. */
export function intentsOf(model: Model, own: readonly Intent[]): readonly Intent[] {
  const derived = [...isolation(model), ...approvedOnly(model), ...functions(model)];
  return [...withoutAllowed(derived, own), ...own.filter(({ mode }) => mode !== 'may')];
}

/** What somebody allows, or asks for, is not asked to be refused. */
function withoutAllowed(derived: readonly Intent[], own: readonly Intent[]): readonly Intent[] {
  const allowed = new Set(own.flatMap((intent) => (intent.mode === 'must-not' ? [] : [pairOf(intent)])));
  return derived.filter((intent) => intent.mode !== 'must-not' || !allowed.has(pairOf(intent)));
}

function pairOf(intent: Intent): string {
  if (intent.kind === 'do') return '';
  const { from, to } = intent.flow;
  return `${from.label}\n${to.kind === 'name' ? to.name : to.label}`;
}

/** Narrower rules than this name somebody; wider ones let everybody in. */
const widestNamed = 8;

/**
 * A door that is shut, or lets in by a list, says: not everybody. The internet is everybody, but for whom the list names.
 */
function isolation(model: Model): Intent[] {
  const { network } = model;
  const internet = model.names.place('internet');
  if (!internet.ok) return [];
  // The service of machine learning is told nowhere from the rest of the internet, and has to come through a relay.
  const relays = new Set(network.declared.of('learning-extension').map((item) => keyOf(relayOf(item) ?? '')));
  return [...network.services.values()].flatMap((service): Intent[] => {
    if (relays.has(keyOf(service.fact.id))) return [];
    const found = doorOf(network, service);
    if (!found || (found.door.publicAccess && found.door.defaultAllow)) return [];
    const named = found.door.addresses.filter(({ length }) => length >= widestNamed);
    const others = subtract(publicAddresses, union(named.map(intervalOf)));
    return service.fact.surfaces.map((surface) => ({
      kind: 'reach',
      mode: 'must-not',
      flow: flowTo(internet.value, service, surface),
      ...(found.door.publicAccess && named.length > 0 ? { sources: others } : {}),
      origin: 'estate',
    }));
  });
}

/** Data leaves a managed network only where somebody approved it. */
function approvedOnly(model: Model): Intent[] {
  return shutIn(model).map((flow) => ({ kind: 'reach', mode: 'must-not', flow, origin: 'estate' }));
}

function functions(model: Model): Intent[] {
  return [...needsOf(model), ...workloadNeeds(model)].map(({ flow, requirement }) => ({
    kind: 'reach',
    mode: 'must',
    flow,
    origin: 'estate',
    ...(requirement ? { requirement } : {}),
  }));
}
