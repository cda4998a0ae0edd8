/**
 * Joins the parameters that a template declares with the values that it is given.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { nearest } from '../../lib/near.ts';
import { keyNamed, memberNamed } from './members.ts';
import { invalid, pathText, unsupported } from './refuse.ts';
import type { Path } from './scope.ts';
import { isSecure, type TypeName, typeLabel, typeOf, violation } from './types.ts';

/** One parameter that a template declares. */
export interface Parameter {
  readonly name: string;
  readonly declaration: JsonObject;
  readonly type: TypeName;
  readonly path: Path;
  /** The value that was handed in; undefined where the default stands. */
  readonly given: Json | undefined;
}

const known = [
  ...['type', 'defaultValue', 'allowedValues', 'minValue', 'maxValue', 'minLength', 'maxLength', 'nullable'],
  ...[
    'metadata',
    'items',
    'properties',
    'additionalProperties',
    '$ref',
    'discriminator',
    'prefixItems',
    'sealed',
  ],
];

/**
 * Returns the declared parameters by lower-case name. Throws ArmError where a value is missing, not asked for or
 * not of the declared type.
 */
export function bindParameters(declared: JsonObject, given: JsonObject, base: Path): Map<string, Parameter> {
  const parameters = new Map<string, Parameter>();
  const missing: string[] = [];
  for (const [name, declaration] of Object.entries(declared)) {
    const path = [...base, 'parameters', name];
    if (!isObject(declaration)) {
      throw invalid(path, `The parameter '${name}' must be an object such as { "type": "string" }.`);
    }
    const odd = Object.keys(declaration).find(
      (member) => !known.some((one) => one.toLowerCase() === member.toLowerCase()),
    );
    if (odd !== undefined) {
      const near = nearest(odd, known);
      const hint = near === undefined ? "put remarks into 'metadata'" : `did you mean '${near}'?`;
      throw invalid([...path, odd], `The parameter '${name}' has the unknown member '${odd}'; ${hint}`);
    }
    const type = typeOf(declaration, path);
    const value = handedIn(name, given, declaration, path);
    const optional = defaultOf(declaration) !== undefined || memberNamed(declaration, 'nullable') === true;
    if (value === undefined && !optional) missing.push(name);
    const parameter = { name, declaration, type, path, given: value };
    if (value !== undefined) checkValue(parameter, value);
    parameters.set(name.toLowerCase(), parameter);
  }
  refuseUnknown(parameters, given, base);
  if (missing.length > 0) {
    const names = missing.map((name) => `'${name}'`).join(', ');
    throw invalid(
      [...base, 'parameters', missing[0] as string],
      `The template has no value for the parameter${missing.length > 1 ? 's' : ''} ${names}. Hand in ${
        missing.length > 1 ? 'their values' : 'its value'
      }, or give it a 'defaultValue'.`,
    );
  }
  return parameters;
}

function handedIn(name: string, given: JsonObject, declaration: JsonObject, path: Path): Json | undefined {
  const key = keyNamed(given, name);
  const entry = key === undefined ? undefined : given[key];
  if (entry === undefined) return undefined;
  if (!isObject(entry)) {
    throw invalid(path, `The value of the parameter '${name}' must be handed in as { "value": ... }.`);
  }
  if (memberNamed(entry, 'reference') !== undefined) {
    throw unsupported(path, `A key vault reference for the parameter '${name}'`, 'hand in its value');
  }
  if (memberNamed(entry, 'expression') !== undefined) {
    throw unsupported(path, `An expression as value of the parameter '${name}'`, 'hand in its value');
  }
  const value = memberNamed(entry, 'value');
  if (value === undefined && Object.keys(entry).some((member) => member.toLowerCase() !== 'metadata')) {
    throw invalid(path, `The value of the parameter '${name}' must be handed in as { "value": ... }.`);
  }
  // A null stands for "not given" wherever there is something to fall back on.
  return value === null && defaultOf(declaration) !== undefined ? undefined : value;
}

/** Returns the default of a parameter; null is none. */
export function defaultOf(declaration: JsonObject): Json | undefined {
  return memberNamed(declaration, 'defaultValue') ?? undefined;
}

function refuseUnknown(declared: ReadonlyMap<string, Parameter>, given: JsonObject, base: Path): void {
  const unknown = Object.keys(given).filter(
    (name) => given[name] !== undefined && !declared.has(name.toLowerCase()),
  );
  if (unknown.length === 0) return;
  const names = [...declared.values()].map((parameter) => parameter.name);
  const near = nearest(unknown[0] as string, names);
  const hint =
    near !== undefined
      ? `Did you mean '${near}'?`
      : names.length === 0
        ? 'The template has no parameters.'
        : `The template has the parameters ${names.join(', ')}.`;
  throw invalid(
    [...base, 'parameters', unknown[0] as string],
    `The template does not declare the parameter${unknown.length > 1 ? 's' : ''} ${unknown
      .map((name) => `'${name}'`)
      .join(', ')}. ${hint}`,
  );
}

/** Throws ArmError where the value does not fit the declaration. A secure value is not repeated. */
export function checkValue(parameter: Parameter, value: Json): void {
  const wrong = violation(parameter.declaration, value, parameter.path);
  if (wrong === undefined) return;
  const said =
    isSecure(parameter.type) && !/^it must have /.test(wrong)
      ? 'it is not of the declared type or not allowed'
      : wrong;
  throw invalid(parameter.path, `The value of the parameter '${parameter.name}' is not valid: ${said}.`);
}

/** Returns a parameter as ARM echoes it. */
export function echoed(parameter: Parameter, value: Json): JsonObject {
  const type = typeLabel(parameter.type);
  return isSecure(parameter.type) ? { type } : { type, value };
}

/** Returns the object that a template has under a name, or an empty one. Throws ArmError for anything else. */
export function section(template: JsonObject, name: string, base: Path): JsonObject {
  const value = memberNamed(template, name);
  if (value === undefined || value === null) return {};
  if (isObject(value)) return value;
  throw invalid(
    [...base, name],
    `The '${name}' of the template at '${pathText([...base, name])}' must be an object.`,
  );
}
