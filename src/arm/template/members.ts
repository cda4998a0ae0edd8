/**
 * Looks into values the way the template language does: names of members without case.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { nearest } from '../../lib/near.ts';

/** Returns the member whose name is the given one, ignoring case; its exact spelling wins. */
export function memberNamed(object: JsonObject, name: string): Json | undefined {
  const key = keyNamed(object, name);
  return key === undefined ? undefined : object[key];
}

/** Returns the spelling in which the object has the name, if it has it. */
export function keyNamed(object: JsonObject, name: string): string | undefined {
  if (Object.hasOwn(object, name)) return name;
  const lower = name.toLowerCase();
  for (const key in object) if (key.length === name.length && key.toLowerCase() === lower) return key;
  return undefined;
}

/** Words a name that is not declared: what it is, the nearest one, or all there are. */
export function missing(what: string, wanted: string, known: readonly string[], owner: string): string {
  const near = nearest(wanted, known);
  const hint =
    near !== undefined
      ? `did you mean '${near}'?`
      : known.length === 0
        ? `it has none`
        : `it has ${known.slice(0, 12).join(', ')}${known.length > 12 ? ', ...' : ''}`;
  return `the ${what} '${wanted}' is not defined in ${owner}; ${hint}`;
}

/** Names the kind of a value in a message: `an integer`, `an array`, `null`. */
export function describe(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  switch (typeof value) {
    case 'string':
      return `the text '${value.length > 60 ? `${value.slice(0, 60)}...` : value}'`;
    case 'number':
      return Number.isInteger(value) ? `the integer ${value}` : `the number ${value}`;
    case 'boolean':
      return String(value);
    default:
      return 'an object';
  }
}

/** Reports whether a member is a nested template that its own deployment evaluates: a scope of its own. */
export function isInnerTemplate(owner: JsonObject, name: string): boolean {
  if (name.toLowerCase() !== 'template') return false;
  const options = memberNamed(owner, 'expressionEvaluationOptions');
  const scope = isObject(options) ? memberNamed(options, 'scope') : undefined;
  return typeof scope === 'string' && scope.toLowerCase() === 'inner';
}
