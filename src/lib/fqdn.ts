/**
 * Fully qualified domain names, compared the way DNS compares them.
 *
 * @module
 */

import type { Brand } from './brand.ts';

/** A host name: lower case, without the dot at its end (RFC 1035 section 2.3.1, with `_` and a leading `*`). */
export type Fqdn = Brand<string, 'Fqdn'>;

const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/** Parses a name. Answers nothing where DNS would not carry it. */
export function parseFqdn(text: string): Fqdn | undefined {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  if (name.length === 0 || name.length > 253) return undefined;
  const labels = name.split('.');
  const sound = labels.every((part, at) => (at === 0 && part === '*') || label.test(part));
  return sound ? (name as Fqdn) : undefined;
}

/** Parses a name that the source code itself composes. Throws on a typing error. */
export function fqdn(text: string): Fqdn {
  const parsed = parseFqdn(text);
  if (!parsed) throw new Error(`not a host name: ${text}`);
  return parsed;
}

/** Reports whether the name is the zone's own or below it. */
export function isWithin(name: Fqdn, zone: Fqdn): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** Returns the name relative to the zone, `@` for the zone's own. The caller knows that it is within. */
export function relativeTo(name: Fqdn, zone: Fqdn): string {
  return name === zone ? '@' : name.slice(0, -zone.length - 1);
}

/** Lists the name itself and then each parent, most specific first: `a.b.c`, `b.c`, `c`. */
export function* suffixes(name: Fqdn): Generator<Fqdn> {
  let rest: string = name;
  for (;;) {
    yield rest as Fqdn;
    const dot = rest.indexOf('.');
    if (dot < 0) return;
    rest = rest.slice(dot + 1);
  }
}
