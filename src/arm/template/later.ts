/**
 * What is known only once something is deployed that nobody here knows: texts that say so, and objects that may have
 * more members then. Where a template is only read, such a value stands for itself; nothing is deployed with it.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../../lib/json.ts';

const before = '<known after deployment: ';

const openEnded = new WeakMap<JsonObject, string>();

/** An object that may have more members once it is deployed; `of` names what it belongs to. */
export function openEndedOf(value: JsonObject, of: string): JsonObject {
  const copy = { ...value };
  openEnded.set(copy, of);
  return copy;
}

/** Reports whether a value has something in it that is known only after deployment. */
export function hasLater(value: Json | undefined): boolean {
  return value !== undefined && JSON.stringify(value).includes(before);
}

/** Returns the member or item of a value that is known later; undefined where the value is an ordinary one. */
export function laterMember(value: Json, key: string | number, own: Json | undefined): Json | undefined {
  if (typeof value === 'string' && value.startsWith(before)) return `${value.slice(0, -1)}.${key}>`;
  const of = isObject(value) ? openEnded.get(value) : undefined;
  if (of === undefined) return undefined;
  if (own === undefined) return `${before}${of}.${key}>`;
  return isObject(own) ? openEndedOf(own, `${of}.${key}`) : own;
}
