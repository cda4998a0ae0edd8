/**
 * Templates inside templates: which list of resources a repair belongs into, and what has to wait for what.
 *
 * @module
 */

import { asText, type Json, member } from '../../lib/json.ts';
import { keyOf } from '../../lib/key.ts';
import type { Source } from '../source.ts';
import type { Survey } from '../survey.ts';
import { type Operation, pointerOf, type Steps, valueAt } from './pointer.ts';
import { homeOf, idValue } from './references.ts';

/** A template's list of resources: that of the whole template, or of one that is nested in it. */
export interface Listing {
  readonly steps: Steps;
  /** The group whose resources its expressions see; undefined: that of a template around it. */
  readonly home: string | undefined;
}

/** The list of resources that a declaration of a resource stands in. */
export function listingOf(document: Json, declared: Steps, id: string): Listing {
  const at = declared.findLastIndex(
    (step, index) => step === 'resources' && (index === 0 || declared[index - 1] === 'template'),
  );
  const steps = declared.slice(0, at + 1);
  const options = member(valueAt(document, steps.slice(0, -2)), 'expressionEvaluationOptions');
  const inner = steps.length === 1 || asText(member(options, 'scope'))?.toLowerCase() === 'inner';
  return { steps, home: inner ? homeOf(id) : undefined };
}

/** The list at the end of a template. */
export function topListing(id: string): Listing {
  return { steps: ['resources'], home: homeOf(id) };
}

/** What a resource in a list has to say so that it waits for others. */
export interface Waiting {
  /** For its own `dependsOn`. */
  readonly own: readonly string[];
  /** For those of the deployments around it. */
  readonly around: readonly Operation[];
}

/**
 * Makes a resource in a list wait for resources of the same template, wherever they are nested. `current` is the
 * template with what was changed so far.
 */
export function waitingFor(
  survey: Survey,
  source: Source,
  { steps, home }: Listing,
  needs: readonly string[],
  current: Json,
): Waiting {
  const document = source.document.value;
  const own = new Set<string>();
  const around = new Map<string, { readonly at: Steps; readonly values: Set<string> }>();
  for (const id of needs) {
    const declared = survey.declarations.get(keyOf(id));
    if (declared?.source !== source) continue;
    const shared = sharedList(steps, declared.path);
    const element = declared.path.slice(0, shared.length + 1);
    // What is declared right there is called by its id; what is nested, by the deployment that it is nested in.
    const direct = element.length === declared.path.length;
    const value = direct
      ? idValue(shared.length === steps.length ? home : undefined, id)
      : asText(member(valueAt(document, element), 'name'));
    if (value === undefined) continue;
    if (shared.length === steps.length) own.add(value);
    else {
      const at = steps.slice(0, shared.length + 1);
      const known = around.get(pointerOf(at)) ?? { at, values: new Set() };
      known.values.add(value);
      around.set(pointerOf(at), known);
    }
  }
  return {
    own: [...own],
    around: [...around.values()].flatMap(({ at, values }) => depending(current, at, [...values])),
  };
}

/** Adds to the `dependsOn` of the resource at a place. */
export function depending(document: Json, at: Steps, values: readonly string[]): readonly Operation[] {
  if (values.length === 0) return [];
  const steps = [...at, 'dependsOn'];
  const path = pointerOf(steps);
  if (valueAt(document, steps) === undefined) return [{ op: 'add', path, value: values }];
  return values.map((value) => ({ op: 'add', path: `${path}/-`, value }));
}

/** The innermost list around a list in which a declaration stands too. */
function sharedList(list: Steps, declared: Steps): Steps {
  const within = (steps: Steps): boolean => steps.every((step, at) => declared[at] === step);
  for (let length = list.length; length > 1; length--) {
    const steps = list.slice(0, length);
    const isList = steps.at(-1) === 'resources' && (length === 1 || steps.at(-2) === 'template');
    if (isList && within(steps)) return steps;
  }
  return list.slice(0, 1);
}
