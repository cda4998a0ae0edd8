/**
 * Shapes of resource bodies: what a type's properties may be, checked once and typed from then on.
 *
 * Azure reads member names and enumerations without case, drops what only the service writes, and takes null for
 * absent; so do we. What no shape names is refused with the nearest name, because a mistyped flag that is stored
 * silently is the failure this project exists to prevent.
 *
 * @module
 */

import { formatPrefix, isIpv6, parseIp, parsePrefix } from '../lib/ip.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import { nearest } from '../lib/near.ts';
import { ArmError } from './error.ts';
import { parseId } from './id.ts';

/** A check of a value at a JSON path; answers the value in its canonical spelling. */
export interface Shape<T extends Json> {
  readonly check: (value: Json, at: string) => T;
  /** How the value is described in an error. */
  readonly wants: string;
}

/** The type that a shape makes. */
export type Of<S> = S extends Shape<infer T> ? T : never;

interface Field<T extends Json> {
  readonly shape: Shape<T>;
  readonly required: boolean;
  readonly readOnly: boolean;
}

type Fields = { readonly [name: string]: Shape<Json> | Field<Json> };
type FieldType<F> = F extends Shape<infer T> ? T : F extends Field<infer T> ? T : never;
type RequiredNames<F> = { [K in keyof F]: F[K] extends { readonly required: true } ? K : never }[keyof F];
type ObjectOf<F extends Fields> = { readonly [K in RequiredNames<F>]: FieldType<F[K]> } & {
  readonly [K in Exclude<keyof F, RequiredNames<F>>]?: FieldType<F[K]>;
};

function refuse(at: string, wants: string, value: Json): never {
  const text = JSON.stringify(value);
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  throw new ArmError('InvalidRequestContent', `${at} must be ${wants}, not ${shown}.`, { target: at });
}

function shape<T extends Json>(wants: string, accept: (value: Json, at: string) => T | undefined): Shape<T> {
  return {
    wants,
    check: (value, at) => {
      const accepted = accept(value, at);
      return accepted === undefined ? refuse(at, wants, value) : accepted;
    },
  };
}

/** Any text. */
export const text: Shape<string> = shape('a text', (value) =>
  typeof value === 'string' ? value : undefined,
);

/** True or false; templates also write them as texts. */
export const bool: Shape<boolean> = shape('true or false', (value) => {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  return word === 'true' ? true : word === 'false' ? false : undefined;
});

/** A text that clients may write as a number or a flag, as in maps of texts. */
export const word: Shape<string> = shape('a text', (value) =>
  ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined,
);

/** Anything, kept as it is: known to Azure and without meaning for the network. */
export const any: Shape<Json> = shape('a value', (value) => value);

/** A whole number within bounds, both included. */
export function int(min: number, max: number): Shape<number> {
  return shape(`a whole number from ${min} to ${max}`, (value) => {
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
    return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max
      ? number
      : undefined;
  });
}

/** One of a closed set of words, whatever their case. */
export function oneOf<const W extends string>(...words: readonly W[]): Shape<W> {
  const wants = `one of ${words.map((word) => `'${word}'`).join(', ')}`;
  return shape(wants, (value) =>
    typeof value === 'string' ? words.find((word) => word.toLowerCase() === value.toLowerCase()) : undefined,
  );
}

/** An IPv4 address. */
export const address: Shape<string> = shape('an IPv4 address such as 10.0.0.4', (value) =>
  typeof value === 'string' && parseIp(value) !== undefined ? value : undefined,
);

/** An IPv6 address. */
export const address6: Shape<string> = shape('an IPv6 address such as fd00::4', (value) =>
  typeof value === 'string' && isIpv6(value) ? value : undefined,
);

/** An IPv4 prefix, kept in canonical notation. */
export const cidr: Shape<string> = shape('an IPv4 prefix such as 10.0.0.0/24, without host bits', (value) => {
  const parsed = typeof value === 'string' && value.includes('/') ? parsePrefix(value) : undefined;
  return parsed && formatPrefix(parsed);
});

/** An absolute resource id. */
export const resourceId: Shape<string> = shape('a resource id', (value) =>
  typeof value === 'string' && parseId(value).ok ? value.replace(/\/$/, '') : undefined,
);

/** What a shape takes, or the empty text that templates write where there is nothing. */
export function orEmpty<T extends Json>(inner: Shape<T>): Shape<T | ''> {
  return shape(`${inner.wants}, or ''`, (value, at) => (value === '' ? '' : inner.check(value, at)));
}

/** `{id}`: a reference to another resource. Other members are what the service adds when it shows it. */
export const reference: Shape<{ readonly id: string }> = shape(
  'an object with the id of a resource',
  (value, at) =>
    isObject(value) && value['id'] !== undefined
      ? { id: resourceId.check(value['id'], `${at}.id`) }
      : undefined,
);

/** A list. */
export function list<T extends Json>(item: Shape<T>): Shape<readonly T[]> {
  return shape(`a list (each ${item.wants})`, (value, at) =>
    Array.isArray(value)
      ? value.map((entry: Json, index) => item.check(entry, `${at}[${index}]`))
      : undefined,
  );
}

/** An object with free names. */
export function mapOf<T extends Json>(item: Shape<T>): Shape<{ readonly [name: string]: T }> {
  return shape(`an object (each member ${item.wants})`, (value, at) =>
    isObject(value)
      ? Object.fromEntries(
          Object.entries(value).flatMap(([name, entry]) =>
            entry === undefined || entry === null ? [] : [[name, item.check(entry, `${at}.${name}`)]],
          ),
        )
      : undefined,
  );
}

/** Marks a member that must be given. */
export function required<T extends Json>(inner: Shape<T>): Field<T> & { readonly required: true } {
  return { shape: inner, required: true, readOnly: false };
}

/** A member that the service writes: accepted, because clients send back what they got, and dropped. */
export const readOnly: Field<Json> = { shape: any, required: false, readOnly: true };

/** Members that nothing here gives a meaning to, by name. They are kept. */
export function opaque<const N extends string>(...names: readonly N[]): { readonly [K in N]: Shape<Json> } {
  return Object.fromEntries(names.map((name) => [name, any])) as { readonly [K in N]: Shape<Json> };
}

/** Members that only the service writes, by name. */
export function served<const N extends string>(...names: readonly N[]): { readonly [K in N]: Field<Json> } {
  return Object.fromEntries(names.map((name) => [name, readOnly])) as { readonly [K in N]: Field<Json> };
}

/** An object with exactly these members. */
export function object<const F extends Fields>(fields: F): Shape<ObjectOf<F>> {
  const names = new Map(Object.keys(fields).map((name) => [name.toLowerCase(), name]));
  const entries = Object.entries(fields).map(([name, field]) => [name, asField(field)] as const);
  const byName = new Map(entries);
  return shape('an object', (value, at) => {
    if (!isObject(value)) return undefined;
    const out: Record<string, Json> = {};
    for (const [given, item] of Object.entries(value)) {
      if (item === undefined || item === null) continue;
      const name = names.get(given.toLowerCase());
      const field = name === undefined ? undefined : byName.get(name);
      if (name === undefined || !field) throw unknownMember(given, at, names.values());
      if (!field.readOnly) out[name] = field.shape.check(item, `${at}.${name}`);
    }
    for (const [name, field] of entries) {
      if (field.required && out[name] === undefined) {
        throw new ArmError('InvalidRequestContent', `${at}.${name} is required: ${field.shape.wants}.`, {
          target: `${at}.${name}`,
        });
      }
    }
    return out as ObjectOf<F>;
  });
}

function unknownMember(given: string, at: string, names: Iterable<string>): ArmError {
  const near = nearest(given, names);
  const hint = near === undefined ? 'Remove it.' : `Did you mean '${near}'?`;
  const message = `Could not find member '${given}' on ${at}. ${hint}`;
  return new ArmError('InvalidRequestFormat', message, { target: `${at}.${given}` });
}

function asField(field: Shape<Json> | Field<Json>): Field<Json> {
  return 'check' in field ? { shape: field, required: false, readOnly: false } : field;
}

/** One of several objects: the word in a member says which. */
export function byWord<const S extends { readonly [word: string]: Shape<JsonObject> }>(
  name: string,
  shapes: S,
): Shape<Of<S[keyof S]>> {
  const words = oneOf(...Object.keys(shapes));
  return shape('an object', (value, at) => {
    if (!isObject(value)) return undefined;
    const given = Object.entries(value).find(([member]) => member.toLowerCase() === name.toLowerCase());
    const word = words.check(given?.[1] ?? null, `${at}.${name}`);
    return shapes[word]?.check(value, at) as Of<S[keyof S]> | undefined;
  });
}

/** Any properties at all: the shape of types that are only stored. */
export const freeForm: Shape<JsonObject> = shape('an object', (value) =>
  isObject(value) ? value : undefined,
);
