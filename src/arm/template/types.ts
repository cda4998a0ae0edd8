/**
 * Types of parameters, outputs and user functions, and what they forbid.
 *
 * @module
 */

import { asList, equalJson, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { nearest } from '../../lib/near.ts';
import { describe, memberNamed } from './members.ts';
import { invalid, pathText, unsupported } from './refuse.ts';
import type { Path } from './scope.ts';

/** Type in lower case -> the spelling in which ARM echoes it, and how messages call a value of it. */
const types = {
  array: ['Array', 'an array'],
  bool: ['Bool', 'a boolean'],
  int: ['Int', 'an integer'],
  object: ['Object', 'an object'],
  secureobject: ['SecureObject', 'an object'],
  securestring: ['SecureString', 'a text'],
  string: ['String', 'a text'],
} as const;

/** A type of the template language, in lower case. */
export type TypeName = keyof typeof types;

/** Members of a declaration that belong to user-defined types. */
const refused = ['$ref', 'discriminator', 'prefixItems', 'sealed'];

/** Returns the type that a declaration names. Throws ArmError for one that does not exist or is not supported. */
export function typeOf(declaration: JsonObject, path: Path): TypeName {
  for (const member of refused) {
    if (memberNamed(declaration, member) !== undefined) {
      throw unsupported(
        [...path, member],
        `The user-defined type ('${member}')`,
        "write 'type' with string, int, bool, object or array",
      );
    }
  }
  const given = memberNamed(declaration, 'type');
  const name = typeof given === 'string' ? given.toLowerCase() : '';
  if (Object.hasOwn(types, name)) return name as TypeName;
  const near = nearest(name, Object.keys(types));
  const hint =
    near === undefined ? `write one of ${Object.keys(types).join(', ')}` : `did you mean '${near}'?`;
  throw invalid(
    [...path, 'type'],
    given === undefined
      ? `The declaration at '${pathText(path)}' has no 'type'; ${hint}.`
      : `The type at '${pathText(path)}' cannot be ${describe(given)}; ${hint}`,
  );
}

/** Returns the spelling in which ARM echoes a type. */
export function typeLabel(type: TypeName): string {
  return types[type][0];
}

/** Reports whether values of the type are never shown. */
export function isSecure(type: TypeName): boolean {
  return type.startsWith('secure');
}

/**
 * Says what is wrong with a value under its declaration, as the end of a sentence about the value; undefined where
 * nothing is. Throws ArmError where the declaration itself is wrong.
 */
export function violation(declaration: JsonObject, value: Json, path: Path): string | undefined {
  const type = typeOf(declaration, path);
  if (value === null && memberNamed(declaration, 'nullable') === true) return undefined;
  if (!fits(type, value))
    return `it must be ${types[type][1]}, but is ${describe(value)}${spelling(type, value)}`;
  return (
    disallowed(declaration, value) ?? outside(declaration, type, value) ?? inside(declaration, value, path)
  );
}

function fits(type: TypeName, value: Json): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value);
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return typeof value === 'number' && Number.isInteger(value);
    case 'object':
    case 'secureobject':
      return isObject(value);
    case 'string':
    case 'securestring':
      return typeof value === 'string';
  }
}

/** What to write instead, where the value only has the wrong spelling. */
function spelling(type: TypeName, value: Json): string {
  if (typeof value === 'string') {
    if (type === 'int' && /^-?\d+$/.test(value)) return `; write ${value} without quotes`;
    if (type === 'bool' && /^(true|false)$/i.test(value))
      return `; write ${value.toLowerCase()} without quotes`;
    if (type === 'array') return `; write it in brackets`;
  }
  if (type === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return `; write "${value}"`;
  return '';
}

/** Azure compares allowed texts without case, and lets an array be any selection of what is allowed. */
function disallowed(declaration: JsonObject, value: Json): string | undefined {
  const allowed = memberNamed(declaration, 'allowedValues');
  if (!Array.isArray(allowed)) return undefined;
  // Templates write numbers among the allowed texts: `"type": "string", "allowedValues": [1, 2]`.
  const same = (a: Json, b: Json): boolean =>
    typeof a === 'object' || typeof b === 'object'
      ? equalJson(a, b)
      : String(a).toLowerCase() === String(b).toLowerCase();
  const isAllowed = (item: Json): boolean => allowed.some((candidate: Json) => same(candidate, item));
  if (isAllowed(value) || (Array.isArray(value) && value.every(isAllowed))) return undefined;
  const shown = JSON.stringify(value);
  return `${shown.length > 80 ? 'it' : shown} is not one of the allowed values ${JSON.stringify(allowed)}`;
}

function outside(declaration: JsonObject, type: TypeName, value: Json): string | undefined {
  const size = typeof value === 'string' || Array.isArray(value) ? value.length : undefined;
  const least = memberNamed(declaration, 'minLength');
  const most = memberNamed(declaration, 'maxLength');
  const unit = type === 'array' ? 'items' : 'characters';
  if (size !== undefined && typeof least === 'number' && size < least) {
    return `it must have at least ${least} ${unit}, but has ${size}`;
  }
  if (size !== undefined && typeof most === 'number' && size > most) {
    return `it must have at most ${most} ${unit}, but has ${size}`;
  }
  if (typeof value !== 'number') return undefined;
  const low = memberNamed(declaration, 'minValue');
  const high = memberNamed(declaration, 'maxValue');
  if (typeof low === 'number' && value < low) return `it must be at least ${low}, but is ${value}`;
  if (typeof high === 'number' && value > high) return `it must be at most ${high}, but is ${value}`;
  return undefined;
}

/** Checks the types that a declaration gives to items and members. */
function inside(declaration: JsonObject, value: Json, path: Path): string | undefined {
  const items = memberNamed(declaration, 'items');
  if (isObject(items) && Array.isArray(value)) {
    for (const [index, item] of asList(value).entries()) {
      const wrong = violation(items, item, [...path, 'items']);
      if (wrong !== undefined) return `item ${index}: ${wrong}`;
    }
  }
  if (!isObject(value)) return undefined;
  const properties = memberNamed(declaration, 'properties');
  const declared = isObject(properties) ? properties : {};
  for (const [name, property] of Object.entries(declared)) {
    if (!isObject(property)) continue;
    const at = [...path, 'properties', name];
    const member = memberNamed(value, name);
    const wrong =
      member !== undefined
        ? violation(property, member, at)
        : memberNamed(property, 'nullable') === true
          ? undefined
          : `it is missing (a value of type ${typeLabel(typeOf(property, at))})`;
    if (wrong !== undefined) return `member '${name}': ${wrong}`;
  }
  const others = memberNamed(declaration, 'additionalProperties');
  if (others === undefined || others === true) return undefined;
  for (const [name, member] of Object.entries(value)) {
    if (memberNamed(declared, name) !== undefined) continue;
    if (!isObject(others)) return `member '${name}': it is not expected`;
    const wrong = violation(others, member ?? null, [...path, 'additionalProperties']);
    if (wrong !== undefined) return `member '${name}': ${wrong}`;
  }
  return undefined;
}
