/**
 * Where a template declares a resource and its properties: file, line, column, JSON pointer.
 *
 * @module
 */

import { keyOf, partsOf } from '../../arm/id.ts';
import { asText, isObject, type Json, member } from '../../lib/json.ts';
import type { Source } from '../source.ts';
import type { Survey } from '../survey.ts';
import { pointerOf, type Steps, valueAt } from './pointer.ts';

/** A place in a template. Line and column start at 1. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly pointer: string;
}

/** The body of a resource in a template. */
export interface Body {
  readonly source: Source;
  readonly steps: Steps;
  /** Where one declaration makes several resources: the expression of its name, and this one's name. */
  readonly copied: { readonly expression: string; readonly name: string } | undefined;
}

/** Finds what declares a resource: a resource of a template, or an item in a list of the resource it stands in. */
export function bodyOf(survey: Survey, id: string): Body | undefined {
  const found = survey.declarations.get(keyOf(id));
  if (found) {
    const { source, path } = found;
    const declared = valueAt(source.document.value, path);
    const name = asText(member(declared, 'name'));
    const copied = member(declared, 'copy') !== undefined && name !== undefined;
    const full = partsOf(id).names.join('/');
    return {
      source,
      steps: path,
      copied: copied ? { expression: name.replace(/^\[|\]$/g, ''), name: full } : undefined,
    };
  }
  // A site or a server of cloister.yaml, or Azure itself: no template declares it.
  if (!id.startsWith('/subscriptions/')) return undefined;
  const { parent, type, name } = partsOf(id);
  const outer = parent === undefined ? undefined : bodyOf(survey, parent);
  if (!outer) return undefined;
  const list = findSteps(outer.source.document.value, [
    ...outer.steps,
    'properties',
    type.split('/').at(-1) ?? '',
  ]);
  const items = list && valueAt(outer.source.document.value, list);
  if (!list || !Array.isArray(items)) return undefined;
  const at = (items as readonly Json[]).findIndex(
    (item) => asText(member(item, 'name'))?.toLowerCase() === name.toLowerCase(),
  );
  return at < 0 ? undefined : { ...outer, steps: [...list, at] };
}

/** Spells steps as the document does: member names are found without case. Undefined where one is absent. */
export function findSteps(value: Json, steps: Steps): Steps | undefined {
  let here: Json | undefined = value;
  const found: (string | number)[] = [];
  for (const step of steps) {
    if (Array.isArray(here)) {
      here = here[Number(step)] as Json | undefined;
      found.push(step);
    } else if (isObject(here)) {
      const name: string | undefined = Object.keys(here).find(
        (key) => key.toLowerCase() === String(step).toLowerCase(),
      );
      if (name === undefined) return undefined;
      found.push(name);
      here = here[name];
    } else return undefined;
    if (here === undefined) return undefined;
  }
  return found;
}

/** Where a property of a resource stands in the templates; its nearest ancestor where it is absent. */
export function locate(survey: Survey, id: string, property: string | null): Location | undefined {
  let body: Body | undefined;
  for (let at: string | undefined = id; at !== undefined && !body; at = parentOf(at))
    body = bodyOf(survey, at);
  if (!body) return undefined;
  const { document } = body.source;
  const names = (property ?? '').split(/[.[\]]+/).filter((part) => part !== '');
  const tries = [names, ['properties', ...names]].flatMap((all) =>
    all.map((_, length) => all.slice(0, all.length - length)),
  );
  const found = tries
    .map((path) => findSteps(document.value, [...(body?.steps ?? []), ...path]))
    .filter((steps) => steps !== undefined)
    .reduce<Steps>((longest, steps) => (steps.length > longest.length ? steps : longest), body.steps);
  return { file: document.file, ...document.at(found), pointer: pointerOf(found) };
}

function parentOf(id: string): string | undefined {
  if (!id.startsWith('/subscriptions/')) return undefined;
  return partsOf(id).parent;
}
