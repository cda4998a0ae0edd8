/**
 * The only words that lines for `ip` and `nft` are made of: generated ids, numbers, addresses. What a user wrote is not
 * among them, and the types say so: a template takes words and numbers, and no strings.
 *
 * @module
 */

import type { Brand } from '../../lib/brand.ts';
import type { Interval, Intervals } from '../../lib/intervals.ts';
import { formatIp, formatPrefix, type Ip, type Prefix } from '../../lib/ip.ts';

/** A word of a line; made here only. */
export type Word = Brand<string, 'Word'>;

/** A line of words: an object of `ip`, or a statement of `nft`. */
export type Line = Brand<string, 'Line'>;

/** Makes a line; what stands between the holes is our own source. */
export function line(texts: TemplateStringsArray, ...holes: readonly (Word | Line | number)[]): Line {
  return filled(texts, holes) as Line;
}

/** Makes a word; as `line`. */
export function word(texts: TemplateStringsArray, ...holes: readonly (Word | number)[]): Word {
  return filled(texts, holes) as Word;
}

function filled(texts: TemplateStringsArray, holes: readonly (Word | Line | number)[]): string {
  return texts.reduce((before, text, at) => `${before}${holes[at - 1]}${text}`);
}

/** Prints an address. */
export function address(ip: Ip): Word {
  return formatIp(ip) as Word;
}

/** Prints a block of addresses. */
export function block(prefix: Prefix): Word {
  return formatPrefix(prefix) as Word;
}

/** Prints addresses as `nft` wants them in a set: an address, a block or a range. */
export function range([low, high]: Interval): Word {
  const size = high - low + 1;
  const bits = Math.log2(size);
  if (Number.isInteger(bits) && low % size === 0) {
    return size === 1 ? address(low as Ip) : block({ base: low as Ip, length: 32 - bits });
  }
  return word`${address(low as Ip)}-${address(high as Ip)}`;
}

/** Prints numbers: `443`, `1-5`; several in braces. */
export function numbers(set: Intervals): Word {
  const each = set.map(([low, high]) => (low === high ? word`${low}` : word`${low}-${high}`));
  return each.length === 1 ? (each[0] as Word) : (`{ ${each.join(', ')} }` as Word);
}

/**
 * Gives ids out. The same key has the same id in every plan, whatever else is in it, so that plans differ only where
 * networks do; two keys that would share one are told apart by order.
 */
export class Ids {
  readonly #ids = new Map<string, Word>();
  readonly #numbers = new Map<string, number>();
  readonly #taken = new Set<string>();

  /** The id of something: the letter of its kind and six more, short enough for an interface. */
  of(kind: 'b' | 'c' | 'h' | 'i' | 'l' | 'm' | 'n' | 'p' | 'r' | 's', key: string): Word {
    const known = this.#ids.get(`${kind} ${key}`);
    if (known !== undefined) return known;
    for (let attempt = hash(key); ; attempt = (attempt + 1) >>> 0) {
      const id = `${kind}${(attempt % 36 ** 6).toString(36).padStart(6, '0')}`;
      if (this.#taken.has(id)) continue;
      this.#taken.add(id);
      this.#ids.set(`${kind} ${key}`, id as Word);
      return id as Word;
    }
  }

  /** A number of five to nine digits: of a routing table, or of a verdict. */
  number(key: string): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    for (let attempt = hash(key); ; attempt = (attempt + 1) >>> 0) {
      const number = 10_000 + (attempt % 900_000_000);
      if (this.#taken.has(String(number))) continue;
      this.#taken.add(String(number));
      this.#numbers.set(key, number);
      return number;
    }
  }
}

/** FNV-1a, 32 bits, with a final mix so that keys that differ at their ends differ everywhere. */
export function hash(key: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) value = Math.imul(value ^ key.charCodeAt(at), 0x01000193) >>> 0;
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) >>> 0;
  return (value ^ (value >>> 13)) >>> 0;
}
