/**
 * JSON Patch (RFC 6902) on templates, as far as repairs need it: add, remove, replace.
 *
 * @module
 */

import { isObject, type Json, type JsonObject, omit } from '../../lib/json.ts';

/** Members and indices from the root of a document. */
export type Steps = readonly (string | number)[];

/** One operation. */
export type Operation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string };

/** Writes a JSON pointer (RFC 6901). */
export function pointerOf(steps: Steps): string {
  return steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Reads a JSON pointer. */
export function stepsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Returns the value at a place, or undefined. Names are found as they are spelled. */
export function valueAt(value: Json, steps: Steps): Json | undefined {
  let here: Json | undefined = value;
  for (const step of steps) {
    if (Array.isArray(here)) here = here[Number(step)] as Json | undefined;
    else if (isObject(here)) here = here[String(step)];
    else return undefined;
  }
  return here;
}

/** Applies operations in order; the document given is left as it is. Throws where a path leads nowhere. */
export function patched(value: Json, operations: readonly Operation[]): Json {
  return operations.reduce(
    (document, operation) => change(document, stepsOf(operation.path), operation),
    value,
  );
}

function change(value: Json, steps: readonly string[], operation: Operation): Json {
  const [step, ...rest] = steps;
  if (step === undefined) throw new Error('a patch never replaces the whole document');
  if (Array.isArray(value)) {
    const list: readonly Json[] = value;
    const at = step === '-' ? list.length : Number(step);
    if (!Number.isInteger(at) || at > list.length) throw new Error(`no item ${step}`);
    if (rest.length > 0) return list.map((item, i) => (i === at ? change(item, rest, operation) : item));
    if (operation.op === 'remove') return list.toSpliced(at, 1);
    return list.toSpliced(at, operation.op === 'replace' ? 1 : 0, operation.value);
  }
  if (!isObject(value)) throw new Error(`nothing can be at ${step}`);
  if (rest.length === 0) {
    return operation.op === 'remove' ? omit(value, step) : { ...value, [step]: operation.value };
  }
  const inner = value[step];
  if (inner === undefined) throw new Error(`no member ${step}`);
  return { ...value, [step]: change(inner, rest, operation) } satisfies JsonObject;
}
