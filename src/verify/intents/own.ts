/**
 * Intents that a team writes into cloister.yaml.
 *
 * @module
 */

import { isGlob, matchesGlob } from '../../lib/glob.ts';
import type { Protocol } from '../../lib/ports.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import type { Caller } from '../../net/callers.ts';
import type { NamingProblem } from '../../net/places.ts';
import type { Place } from '../../net/position.ts';
import type { Target } from '../../net/walk.ts';
import type { Model } from '../model.ts';
import type { Intent, Written } from './intent.ts';

/** An intent as it was written; places, targets and resources are names or globs. */
export type OwnIntent =
  | {
      readonly kind: 'reach';
      readonly mode: 'must' | 'must-not' | 'may';
      readonly from: string;
      readonly to: string;
      readonly port: number | undefined;
      readonly protocol: Protocol;
      readonly as: string | undefined;
      readonly at: Written;
    }
  | {
      readonly kind: 'do';
      readonly mode: 'must' | 'must-not';
      readonly as: string;
      readonly action: string;
      readonly on: string;
      readonly at: Written;
    };

/** Why an intent names nothing. */
export interface IntentProblem extends NamingProblem {
  readonly at: Written;
}

/** Looks a caller up by how people write it. */
export type FindCaller = (text: string) => Result<Caller, NamingProblem>;

/** Spells an intent out, a pair at a time. It fails where a part names nothing. */
export function spellOut(
  model: Model,
  own: OwnIntent,
  findCaller: FindCaller,
): Result<readonly Intent[], IntentProblem> {
  const { at } = own;
  const as = own.as === undefined ? undefined : findCaller(own.as);
  if (as && !as.ok) return fail({ ...as.error, at });
  if (own.kind === 'do') {
    const scopes = resourcesOf(model, own.on);
    if (!scopes.ok) return fail({ ...scopes.error, at });
    const { mode, action } = own;
    return ok(
      scopes.value.flatMap((on): Intent[] =>
        as ? [{ kind: 'do', mode, as: as.value, action, on, origin: at }] : [],
      ),
    );
  }
  const from = placesOf(model, own.from);
  if (!from.ok) return fail({ ...from.error, at });
  const to = targetsOf(model, own.to);
  if (!to.ok) return fail({ ...to.error, at });
  const { mode, protocol } = own;
  return ok(
    from.value.flatMap((place) =>
      to.value.map(({ target, port }): Intent => {
        const flow = { from: place, to: target, port: own.port ?? port ?? 443, protocol };
        return {
          kind: 'reach',
          mode,
          flow: as ? { ...flow, as: as.value } : flow,
          origin: at,
        };
      }),
    ),
  );
}

function placesOf(model: Model, text: string): Result<readonly Place[], NamingProblem> {
  if (!isGlob(text)) {
    const place = model.names.place(text);
    return place.ok ? ok([place.value]) : place;
  }
  const all = model.names.places();
  const found = all.filter(({ label }) => matchesGlob(text, label));
  if (found.length > 0) return ok(found);
  return fail({ message: `no place matches '${text}'`, candidates: all.map(({ label }) => label) });
}

interface Aim {
  readonly target: Target;
  readonly port: number | undefined;
}

function targetsOf(model: Model, text: string): Result<readonly Aim[], NamingProblem> {
  if (!isGlob(text)) {
    const aim = model.names.target(text);
    return aim.ok ? ok([aim.value]) : aim;
  }
  const all = model.names.targets();
  const found = all
    .filter((label) => matchesGlob(text, label))
    .flatMap((label) => {
      const aim = model.names.target(label);
      return aim.ok ? [aim.value] : [];
    });
  return found.length > 0 ? ok(found) : fail({ message: `no target matches '${text}'`, candidates: all });
}

/** Resources by full id, by the name of a place, or by the name of a service. */
function resourcesOf(model: Model, text: string): Result<readonly string[], NamingProblem> {
  if (text.startsWith('/') && !isGlob(text)) return ok([text]);
  const places = model.names.places().flatMap((place) => {
    const id = resourceOf(place);
    return id === undefined ? [] : [{ label: place.label, id }];
  });
  const services = [...model.network.services.values()].map(({ fact }) => ({
    label: `${fact.service}/${fact.id.slice(fact.id.lastIndexOf('/') + 1)}`,
    id: fact.id,
  }));
  const all = [...places, ...services];
  const found = all.filter(({ label, id }) => matchesGlob(text, label) || matchesGlob(text, id));
  if (found.length > 0) return ok(found.map(({ id }) => id));
  return fail({
    message: `there is no resource '${text}'`,
    candidates: all.map(({ label }) => label),
  });
}

function resourceOf(place: Place): string | undefined {
  switch (place.kind) {
    case 'internet':
    case 'site':
      return undefined;
    case 'client':
      return place.gateway;
    case 'nic':
      return place.nic;
    case 'subnet':
      return place.subnet;
    case 'workload':
      return place.workload;
    case 'opaque':
      return place.resource;
  }
}
