/**
 * Unfolds the resources of a template: loops into instances, children out of their parents.
 *
 * @module
 */

import { asList, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { ResourceId, ResourceType } from '../id.ts';
import { evaluateToText, evaluateValue, inLoop, loopHead } from './evaluate.ts';
import { describe, memberNamed } from './members.ts';
import { checkSegments, place, placeChild } from './placement.ts';
import { invalid, pathText, unsupported } from './refuse.ts';
import type { DeploymentContext, Path, Scope } from './scope.ts';

/** The copy loop that an instance comes from. */
interface Copy {
  readonly name: string;
  readonly index: number;
  /** How many are deployed at a time; undefined for all at once. */
  readonly batch: number | undefined;
}

/** One resource that a template declares, after its loops were unfolded. */
export interface Instance {
  readonly source: JsonObject;
  readonly path: Path;
  /** What its expressions see. */
  readonly scope: Scope;
  readonly symbol: string | undefined;
  readonly loop: Copy | undefined;
  readonly parent: Instance | undefined;
  readonly existing: boolean;
  /** Whether its condition holds. */
  readonly included: boolean;
  /** Undefined where the condition does not hold and the name cannot be composed. */
  readonly id: ResourceId | undefined;
  readonly type: ResourceType;
  /** All segments: `vnet/subnet`. */
  readonly name: string;
  /** As written: for a resource inside another, without its parents' names. */
  readonly local: string;
  readonly apiVersion: string;
  /** The type as the template writes it, parents included. */
  readonly declared: string | undefined;
}

const refusedMembers: Readonly<Record<string, string>> = {
  '@options': 'leave it out',
  extension: 'declare Azure resources only',
  import: 'declare Azure resources only',
};

/** What is the same for all resources of a template while they are unfolded. */
interface Unfolding {
  readonly context: DeploymentContext;
  readonly symbolic: boolean;
  readonly out: Instance[];
  readonly empty: string[];
}

/** The resources of a template. */
export interface Unfolded {
  /** In template order, a parent before its children. */
  readonly instances: readonly Instance[];
  /** Symbols and names of loops that came out empty: known, but nobody. */
  readonly empty: readonly string[];
}

/** Unfolds the resources of a template. Throws ArmError. */
export function unfold(template: JsonObject, base: Path, scope: Scope, context: DeploymentContext): Unfolded {
  const declared = memberNamed(template, 'resources');
  if (declared === undefined)
    throw invalid(base, "The template has no 'resources'; write [] where there are none.");
  const symbolic = memberNamed(template, 'languageVersion') === '2.0';
  const unfolding: Unfolding = { context, symbolic, out: [], empty: [] };
  for (const [step, source] of declarations(declared, symbolic, [...base, 'resources'])) {
    declare(source, [...base, 'resources', step], scope, undefined, unfolding);
  }
  return { instances: unfolding.out, empty: unfolding.empty };
}

/** Pairs each declaration with its place: an index, or in language version 2.0 its symbolic name. */
function declarations(
  declared: Json,
  symbolic: boolean,
  path: Path,
): (readonly [string | number, JsonObject])[] {
  let entries: (readonly [string | number, Json | undefined])[];
  if (Array.isArray(declared)) entries = [...(declared as readonly Json[]).entries()];
  else if (!isObject(declared)) throw invalid(path, `The resources at '${pathText(path)}' must be an array.`);
  else if (symbolic) entries = Object.entries(declared);
  else {
    throw invalid(
      path,
      `The resources at '${pathText(path)}' have symbolic names; that needs "languageVersion": "2.0" in the template.`,
    );
  }
  return entries.map(([step, source]) => {
    if (!isObject(source)) {
      throw invalid(
        [...path, step],
        `The resource at '${pathText([...path, step])}' must be an object, but is ${describe(source)}.`,
      );
    }
    return [step, source] as const;
  });
}

function declare(
  source: JsonObject,
  path: Path,
  scope: Scope,
  parent: Instance | undefined,
  unfolding: Unfolding,
): void {
  for (const [member, instead] of Object.entries(refusedMembers)) {
    if (memberNamed(source, member) !== undefined)
      throw unsupported([...path, member], `The member '${member}'`, instead);
  }
  const copy = memberNamed(source, 'copy');
  if (copy === undefined || copy === null) {
    one(source, path, scope, parent, undefined, unfolding);
    return;
  }
  if (!isObject(copy))
    throw invalid([...path, 'copy'], "The 'copy' of a resource must be an object with a name and a count.");
  if (parent) {
    throw unsupported(
      [...path, 'copy'],
      'A copy loop on a resource inside another',
      "declare it beside its parent, with the parent's type and name in its own",
    );
  }
  const { name, count } = loopHead(copy, [...path, 'copy'], scope);
  const batch = batchOf(copy, [...path, 'copy'], scope);
  if (count === 0)
    unfolding.empty.push(name, ...(typeof path.at(-1) === 'string' ? [String(path.at(-1))] : []));
  for (let index = 0; index < count; index++) {
    const inside = inLoop(scope, { name, index, unnamed: true });
    one(source, path, inside, parent, { name, index, batch }, unfolding);
  }
}

function batchOf(copy: JsonObject, path: Path, scope: Scope): number | undefined {
  const mode = evaluateValue(memberNamed(copy, 'mode') ?? 'parallel', [...path, 'mode'], scope);
  if (typeof mode !== 'string' || !/^(serial|parallel)$/i.test(mode)) {
    throw invalid(
      [...path, 'mode'],
      `The mode of a copy loop must be 'serial' or 'parallel', but is ${describe(mode)}.`,
    );
  }
  if (mode.toLowerCase() === 'parallel') return undefined;
  const size = evaluateValue(memberNamed(copy, 'batchSize') ?? 1, [...path, 'batchSize'], scope);
  if (typeof size === 'number' && Number.isInteger(size) && size >= 1) return size;
  throw invalid(
    [...path, 'batchSize'],
    `The batchSize of a copy loop must be an integer from 1, but is ${describe(size)}.`,
  );
}

function one(
  source: JsonObject,
  path: Path,
  scope: Scope,
  parent: Instance | undefined,
  loop: Copy | undefined,
  unfolding: Unfolding,
): void {
  const { context, symbolic, out } = unfolding;
  const included = holds(memberNamed(source, 'condition'), path, scope);
  const existing = isExisting(source, path, symbolic);
  const last = path.at(-1);
  const instance: Instance = {
    source,
    path,
    scope,
    symbol: typeof last === 'string' ? last : undefined,
    loop,
    parent,
    existing,
    included,
    ...named(source, path, scope, context, parent, existing, included),
  };
  out.push(instance);
  const children = memberNamed(source, 'resources');
  if (children === undefined || children === null) return;
  for (const [step, child] of declarations(children, symbolic, [...path, 'resources'])) {
    declare(child, [...path, 'resources', step], scope, instance, unfolding);
  }
}

function isExisting(source: JsonObject, path: Path, symbolic: boolean): boolean {
  const existing = memberNamed(source, 'existing');
  if (existing === undefined || existing === false) return false;
  if (existing === true && symbolic) return true;
  throw invalid(
    [...path, 'existing'],
    `'existing' must be true, in a template with "languageVersion": "2.0".`,
  );
}

/** Evaluates a condition; absent means that it holds. Throws ArmError. */
export function holds(condition: Json | undefined, path: Path, scope: Scope): boolean {
  if (condition === undefined) return true;
  const at = [...path, 'condition'];
  const value = evaluateValue(condition, at, { ...scope, runtime: undefined, place: 'a condition' });
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  throw invalid(at, `The condition at '${pathText(at)}' must be true or false, but is ${describe(value)}.`);
}

type Naming = Pick<Instance, 'id' | 'type' | 'name' | 'local' | 'apiVersion' | 'declared'>;

function named(
  source: JsonObject,
  path: Path,
  scope: Scope,
  context: DeploymentContext,
  parent: Instance | undefined,
  existing: boolean,
  included: boolean,
): Naming {
  const text = (member: string): string =>
    evaluateToText(memberNamed(source, member), [...path, member], {
      ...scope,
      place: `the ${member} of a resource`,
    });
  try {
    const type = text('type');
    const name = text('name');
    const apiVersion = text('apiVersion');
    // A resource inside another may also be written in full, with all its parents' types and names.
    const inside = parent !== undefined && !/^[^/]*\./.test(type) ? parent : undefined;
    checkSegments(type, name, inside !== undefined, path);
    const placed = inside
      ? placeChild(inside.id, type, name, path)
      : place(source, type, name, existing, path, { ...scope, place: 'the scope of a resource' }, context);
    return {
      ...placed,
      name: inside ? `${inside.name}/${name}` : name,
      local: name,
      apiVersion,
      declared: inside ? `${inside.declared ?? ''}/${type}` : type,
    };
  } catch (error) {
    // A resource that is not deployed may have a name that only makes sense when it is.
    if (included) throw error;
    return {
      id: undefined,
      type: '' as ResourceType,
      name: '',
      local: '',
      apiVersion: '',
      declared: undefined,
    };
  }
}

/** Returns the texts of a resource's `dependsOn`. Throws ArmError. */
export function dependsOn(instance: Instance): readonly (readonly [string, Path])[] {
  const path = [...instance.path, 'dependsOn'];
  const declared = memberNamed(instance.source, 'dependsOn');
  if (declared === undefined || declared === null) return [];
  const place = 'a dependsOn';
  const listed = evaluateValue(declared, path, { ...instance.scope, place });
  if (!Array.isArray(listed))
    throw invalid(path, `The dependsOn at '${pathText(path)}' must be an array of names.`);
  return asList(listed).map((item, index) => {
    const at = [...path, index];
    if (typeof item === 'string' && item !== '') return [item, at] as const;
    throw invalid(
      at,
      `The dependency at '${pathText(at)}' must be a name or an id, but is ${describe(item)}.`,
    );
  });
}
