/**
 * From a repair to a patch of the templates that declare what it changes.
 *
 * @module
 */

import { asText, isObject, type Json, type JsonObject, member } from '../../lib/json.ts';
import { fail, ok, type Result } from '../../lib/result.ts';
import type { Edit, PropertyPath } from '../../verify/repair.ts';
import type { Source } from '../source.ts';
import type { Survey } from '../survey.ts';
import { created } from './creations.ts';
import { type Body, bodyOf, findSteps } from './locate.ts';
import { depending, listingOf, waitingFor } from './nesting.ts';
import { type Operation, patched, pointerOf, type Steps, valueAt } from './pointer.ts';
import { declaredIn } from './references.ts';

/** Operations on one template. */
export interface TemplatePatch {
  readonly source: Source;
  readonly operations: readonly Operation[];
}

/**
 * Writes edits as patches. It fails, with the reason, where no template declares what they change. `ordered`: what an
 * edit refers to is depended on.
 */
export function patchesFor(
  survey: Survey,
  edits: readonly Edit[],
  ordered: boolean,
): Result<readonly TemplatePatch[]> {
  const patches = new Map<Source, Operation[]>();
  const current = (source: Source): Json => patched(source.document.value, patches.get(source) ?? []);
  for (const edit of inOrder(survey, edits)) {
    const planned = plan(survey, edit, current);
    if (!planned.ok) return planned;
    const { source } = planned.value;
    const waits = ordered ? ordering(survey, edit, source, current(source)) : [];
    patches.set(source, [...(patches.get(source) ?? []), ...planned.value.operations, ...waits]);
  }
  return ok([...patches].map(([source, operations]) => ({ source, operations })));
}

/** The sources with patches applied. */
export function withPatches(
  sources: readonly Source[],
  patches: readonly TemplatePatch[],
): readonly Source[] {
  return sources.map((source) => {
    const patch = patches.find((candidate) => candidate.source === source);
    if (!patch) return source;
    const { document } = source;
    return { ...source, document: { ...document, value: patched(document.value, patch.operations) } };
  });
}

/** Whatever is taken out of a list comes last, and from its end: positions are those of the template as it was. */
function inOrder(survey: Survey, edits: readonly Edit[]): readonly Edit[] {
  const deletes = edits.flatMap((edit) =>
    edit.kind === 'delete' ? [{ edit, steps: bodyOf(survey, edit.resource)?.steps ?? [] }] : [],
  );
  return [
    ...edits.filter(({ kind }) => kind !== 'delete'),
    ...deletes.toSorted((a, b) => comparePlaces(b.steps, a.steps)).map(({ edit }) => edit),
  ];
}

function comparePlaces(a: Steps, b: Steps): number {
  const at = a.findIndex((step, index) => step !== b[index]);
  const [one, other] = [a[at], b[at]];
  if (at < 0 || other === undefined) return a.length - b.length;
  return typeof one === 'number' && typeof other === 'number' ? one - other : 0;
}

/** Makes a resource depend on what its new value refers to. */
function ordering(survey: Survey, edit: Edit, source: Source, current: Json): readonly Operation[] {
  if (edit.kind !== 'set' && edit.kind !== 'insert') return [];
  const body = bodyOf(survey, edit.resource);
  const needs = declaredIn(survey, source, edit.value);
  if (!body || needs.length === 0) return [];
  const listing = listingOf(source.document.value, body.steps, edit.resource);
  const waiting = waitingFor(survey, source, listing, needs, current);
  const resource = body.steps.slice(0, listing.steps.length + 1);
  return [...depending(current, resource, waiting.own), ...waiting.around];
}

type Current = (source: Source) => Json;

function plan(survey: Survey, edit: Edit, current: Current): Result<TemplatePatch> {
  if (edit.kind === 'create') {
    const made = created(survey, edit.creation, current);
    if (!made.ok) return made;
    const { source, list, bodies, around } = made.value;
    const known = valueAt(current(source), list);
    const named = isObject(known ?? null) ? Object.keys(known as JsonObject).length : undefined;
    const added = bodies.map((value, at): Operation => {
      const last = named === undefined ? '-' : `added${named + at}`;
      return { op: 'add', path: pointerOf([...list, last]), value };
    });
    return ok({ source, operations: [...added, ...around] });
  }
  const body = bodyOf(survey, edit.resource);
  if (!body) return fail(`no template declares ${edit.resource}`);
  const operations = change(body, edit, current(body.source));
  return operations.ok ? ok({ source: body.source, operations: operations.value }) : operations;
}

function change(
  body: Body,
  edit: Exclude<Edit, { kind: 'create' }>,
  document: Json,
): Result<readonly Operation[]> {
  switch (edit.kind) {
    case 'delete':
      return removal(body, document);
    case 'set':
      return setting(body, edit.property, edit.value, document);
    case 'insert': {
      const found = findSteps(document, [...body.steps, ...edit.property]);
      const list = found && valueAt(document, found);
      if (Array.isArray(list)) {
        if (body.copied) return fail('the list is one of several that a copy makes');
        return ok([{ op: 'add', path: `${pointerOf(found ?? [])}/-`, value: edit.value }]);
      }
      return setting(body, edit.property, [edit.value], document);
    }
    case 'move': {
      const found = findSteps(document, [...body.steps, ...edit.property]);
      const value = found && valueAt(document, found);
      if (!found || value === undefined) return fail('the property is not in the template');
      const to = [...body.steps, ...edit.to];
      return ok([
        { op: 'remove', path: pointerOf(found) },
        { op: 'add', path: pointerOf(to), value },
      ]);
    }
  }
}

/** A resource goes; one of several that a copy makes gets a condition. Whoever depends on it does no longer. */
function removal({ steps, copied }: Body, document: Json): Result<readonly Operation[]> {
  if (copied) {
    if (member(valueAt(document, steps), 'condition') !== undefined)
      return fail('the copy has a condition already');
    const value = `[not(equals(${copied.expression}, '${copied.name}'))]`;
    return ok([{ op: 'add', path: `${pointerOf(steps)}/condition`, value }]);
  }
  return ok([{ op: 'remove', path: pointerOf(steps) }]);
}

function setting(
  body: Body,
  property: PropertyPath,
  value: Json | undefined,
  document: Json,
): Result<readonly Operation[]> {
  const whole: Steps = [...body.steps, ...property];
  const found = findSteps(document, whole);
  const before = found && valueAt(document, found);
  if (found && before !== undefined) {
    const path = pointerOf(found);
    if (!body.copied)
      return ok([value === undefined ? { op: 'remove', path } : { op: 'replace', path, value }]);
    const wrapped = onlyFor(body.copied, value, before);
    return wrapped.ok ? ok([{ op: 'replace', path, value: wrapped.value }]) : wrapped;
  }
  if (value === undefined) return fail('the property is not in the template');
  return adding(body, property, value, document);
}

/** Adds a property with those of its ancestors that are absent. */
function adding(
  body: Body,
  property: PropertyPath,
  value: Json,
  document: Json,
): Result<readonly Operation[]> {
  for (let length = property.length - 1; length >= 0; length--) {
    const above = findSteps(document, [...body.steps, ...property.slice(0, length)]);
    if (!above) continue;
    const parent = valueAt(document, above);
    if (!isObject(parent)) return fail('an expression stands where the property would go');
    const given = body.copied ? onlyFor(body.copied, value, null) : ok(value);
    if (!given.ok) return given;
    const inner = property
      .slice(length + 1)
      .toReversed()
      .reduce<Json>((wrapped, name) => ({ [String(name)]: wrapped }), given.value);
    return ok([{ op: 'add', path: pointerOf([...above, property[length] ?? '']), value: inner }]);
  }
  return fail('the resource is not in the template');
}

/** A value for one of the resources that a copy makes; the others keep theirs. */
function onlyFor(
  { expression, name }: { readonly expression: string; readonly name: string },
  value: Json | undefined,
  before: Json,
): Result<Json> {
  const [now, old] = [expressionOf(value ?? null), expressionOf(before)];
  if (now === undefined || old === undefined) return fail('the value is made of several expressions');
  return ok(`[if(equals(${expression}, '${name}'), ${now}, ${old})]`);
}

/** A value inside an expression; undefined where it holds expressions of its own. */
function expressionOf(value: Json): string | undefined {
  const text = asText(value);
  if (text !== undefined) {
    return text.startsWith('[') && !text.startsWith('[[') ? text.slice(1, -1) : quoted(text);
  }
  if (value === null) return "json('null')";
  if (typeof value === 'boolean') return `${value}()`;
  if (typeof value === 'number') return String(value);
  const json = JSON.stringify(value);
  return json.includes('"[') ? undefined : `json(${quoted(json)})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
