/**
 * Shapes of answers, as shapes.yaml writes them, and what of a value does not fit.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { parseIp, parsePrefix } from '../../../src/lib/ip.ts';
import { isObject, type Json } from '../../../src/lib/json.ts';
import { parseUuid } from '../../../src/lib/uuid.ts';

/** A word, a list of one shape, or members. */
export type Shape = string | readonly [Shape] | { readonly [member: string]: Shape };

/** All that is known of answers. */
export interface Shapes {
  readonly types: Readonly<Record<string, Shape>>;
  readonly others: Readonly<Record<'error' | 'operation' | 'collection', Shape>>;
  readonly actions: Readonly<Record<string, Shape>>;
}

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Reads shapes.yaml. */
export function readShapes(): Shapes {
  return parse(readFileSync(join(folder, 'shapes.yaml'), 'utf8'), { merge: true }) as Shapes;
}

const period = /^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)$/;

/** Words of the language, and what they stand for; any other is itself. */
export const words: Readonly<Record<string, (value: Json) => boolean>> = {
  text: (value) => typeof value === 'string',
  int: (value) => Number.isInteger(value),
  flag: (value) => typeof value === 'boolean',
  id: (value) => typeof value === 'string' && /^\/subscriptions\/[^/]+(\/[^/]+\/[^/]+)*$/.test(value),
  guid: (value) => typeof value === 'string' && parseUuid(value) !== undefined,
  time: (value) => typeof value === 'string' && time.test(value),
  period: (value) => typeof value === 'string' && period.test(value),
  address: (value) => typeof value === 'string' && parseIp(value) !== undefined,
  cidr: (value) => typeof value === 'string' && parsePrefix(value) !== undefined,
  url: (value) => typeof value === 'string' && URL.canParse(value) && value.startsWith('https://'),
  any: () => true,
  never: () => false,
};

/** What a resource has beside what its type says. */
const envelope = { 'id!': 'id', 'name!': 'text', type: 'text', etag: 'text', systemData: 'any' } as const;

/** What came of a look at values: how many fields were looked at, what is wrong, and what nobody could say. */
export class Findings {
  readonly problems: string[] = [];
  readonly assumed = new Set<string>();
  readonly types = new Set<string>();
  fields = 0;
  readonly #shapes: Shapes;

  constructor(shapes: Shapes) {
    this.#shapes = shapes;
  }

  /** Looks at a resource of a type; one whose type has no shape is looked at from outside only, and assumed. */
  resource(type: string, value: Json, at: string): void {
    const known = Object.keys(this.#shapes.types).find((name) => name.toLowerCase() === type.toLowerCase());
    if (known === undefined) this.assumed.add(type);
    else this.types.add(known);
    const own = known === undefined ? { '*': 'any' } : this.#shapes.types[known];
    this.check({ ...envelope, ...(own as object) }, value, at);
  }

  /** Looks at a value. */
  check(shape: Shape, value: Json | undefined, at: string): void {
    if (value === undefined) return;
    if (typeof shape === 'string') this.#word(shape, value, at);
    else if (isList(shape)) this.#list(shape[0], value, at);
    else this.#members(shape, value, at);
  }

  #word(shape: string, value: Json, at: string): void {
    if (shape.startsWith('Microsoft.')) {
      this.resource(shape, value, at);
      return;
    }
    if (shape === 'any') return;
    this.fields += 1;
    const fits = words[shape]?.(value) ?? shape.split(' | ').some((word) => word === value);
    if (!fits) this.problems.push(`${at}: ${JSON.stringify(value)?.slice(0, 120)} is not: ${shape}`);
  }

  #list(shape: Shape, value: Json, at: string): void {
    if (!Array.isArray(value)) this.problems.push(`${at}: is no list`);
    else for (const [index, item] of value.entries()) this.check(shape, item as Json, `${at}[${index}]`);
  }

  #members(shape: { readonly [member: string]: Shape }, value: Json, at: string): void {
    if (!isObject(value)) {
      this.problems.push(`${at}: ${JSON.stringify(value)} is no object`);
      return;
    }
    for (const name of Object.keys(shape)) {
      if (name.endsWith('!') && value[name.slice(0, -1)] === undefined)
        this.problems.push(`${at}: lacks ${name.slice(0, -1)}`);
    }
    for (const [name, found] of Object.entries(value)) {
      const known = shape[`${name}!`] ?? shape[name] ?? shape['*'];
      if (known !== undefined) this.check(known, found, `${at}.${name}`);
      else if (shape['+'] !== undefined) this.assumed.add(name);
      else if (!name.startsWith('x-cloister-'))
        this.problems.push(`${at}: has ${name}, which Azure does not`);
    }
  }
}

function isList(shape: Exclude<Shape, string>): shape is readonly [Shape] {
  return Array.isArray(shape);
}
