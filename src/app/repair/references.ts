/**
 * How a template refers to resources, so that it can still be deployed to another group or subscription.
 *
 * @module
 */

import { partsOf, sameId } from '../../arm/id.ts';
import { isObject, type Json } from '../../lib/json.ts';
import { keyOf } from '../../lib/key.ts';
import type { Source } from '../source.ts';
import type { Survey } from '../survey.ts';

/** The resource group that an id lies in. */
export function homeOf(id: string): string {
  return id.split('/').slice(0, 5).join('/');
}

/** An id inside an expression, written in a template that is deployed to `home`; undefined: nobody can say where. */
export function idExpression(home: string | undefined, id: string): string {
  if (home === undefined || !sameId(id.slice(0, home.length), home)) return `'${id}'`;
  if (id.length === home.length) return 'resourceGroup().id';
  const { type, names } = partsOf(id);
  return `resourceId('${type}', ${names.map((name) => `'${name}'`).join(', ')})`;
}

/** An id as the value of a property, written in a template that is deployed to `home`. */
export function idValue(home: string | undefined, id: string): string {
  return home !== undefined && sameId(id.slice(0, home.length), home) ? `[${idExpression(home, id)}]` : id;
}

/** Ids inside a value that a template declares, each as what can be depended on. */
export function declaredIn(survey: Survey, source: Source, value: Json | undefined): readonly string[] {
  const found = new Set<string>();
  for (const text of textsIn(value)) {
    if (!text.startsWith('/subscriptions/')) continue;
    for (let id: string | undefined = text; id !== undefined; id = partsOf(id).parent) {
      if (survey.declarations.get(keyOf(id))?.source === source) {
        found.add(id);
        break;
      }
    }
  }
  return [...found];
}

function textsIn(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(textsIn);
  // Identities that a resource is given are the names of members.
  return isObject(value)
    ? Object.entries(value).flatMap(([name, inner]) => [name, ...textsIn(inner ?? null)])
    : [];
}
