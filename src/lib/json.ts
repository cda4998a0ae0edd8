/**
 * JSON values as types, and the two things we ever do to them blindly.
 *
 * @module
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. `undefined` stands for a member that is absent. */
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Reports whether the value is an object (not an array, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the object's member, or undefined where the value is not an object. */
export function member(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Returns the text, or undefined where the value is something else. */
export function asText(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Returns the array, or an empty one where the value is something else. */
export function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** Reports whether two JSON values are equal, whatever the order of their members. */
export function equalJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => equalJson(item, b[at]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const left = Object.keys(a).filter((key) => a[key] !== undefined);
  const right = Object.keys(b).filter((key) => b[key] !== undefined);
  return left.length === right.length && left.every((key) => equalJson(a[key], b[key]));
}

/** Returns the object without some of its members. */
export function omit<T extends object, K extends keyof T>(value: T, ...names: readonly K[]): Omit<T, K> {
  const out = { ...value };
  for (const name of names) delete out[name];
  return out;
}
