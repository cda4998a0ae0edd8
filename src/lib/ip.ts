/**
 * IPv4 addresses and prefixes as numbers.
 *
 * @module
 */

import type { Brand } from './brand.ts';
import type { Interval } from './intervals.ts';

/** An IPv4 address: its 32 bits as an unsigned number. */
export type Ip = Brand<number, 'Ip'>;

/** A block of addresses. `base` has no bit set below `length` (0 to 32). */
export interface Prefix {
  readonly base: Ip;
  readonly length: number;
}

const octet = /^(?:0|[1-9]\d{0,2})$/;

/** Parses dotted-quad notation (RFC 6943 section 3.1.1, strict: four decimal octets, no leading zeros). */
export function parseIp(text: string): Ip | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let bits = 0;
  for (const part of parts) {
    if (!octet.test(part)) return undefined;
    const value = Number(part);
    if (value > 255) return undefined;
    bits = bits * 256 + value;
  }
  return bits as Ip;
}

/** Parses an address that the source code itself writes. Throws on a typing error. */
export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(`not an IPv4 address: ${text}`);
  return parsed;
}

/** Reports whether a text is an IPv6 address (RFC 4291 section 2.2), without zone or prefix length. */
export function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const tail = groups.at(-1);
  const quad = tail?.includes('.') ? 1 : 0;
  if (quad === 1 && (parseIp(tail ?? '') === undefined || text.endsWith('::'))) return false;
  const hex = quad === 1 ? groups.slice(0, -1) : groups;
  if (!hex.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  const count = groups.length + quad;
  return halves.length === 2 ? count < 8 : count === 8;
}

/** Prints an address in dotted-quad notation. */
export function formatIp(address: Ip): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Returns the address `offset` places after `address`; the caller knows that it exists. */
export function ipAt(address: Ip, offset: number): Ip {
  return (address + offset) as Ip;
}

/**
 * Parses CIDR notation, or a bare address as a /32.
 *
 * Answers nothing where host bits are set: Azure refuses `10.0.0.1/24`, and so must we.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  if (slash < 0) return { base: address, length: 32 };
  const digits = text.slice(slash + 1);
  if (!octet.test(digits)) return undefined;
  const length = Number(digits);
  if (length > 32) return undefined;
  const prefix = { base: address, length };
  return address % sizeOf(prefix) === 0 ? prefix : undefined;
}

/** Parses a prefix that the source code itself writes. Throws on a typing error. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (!parsed) throw new Error(`not an IPv4 prefix: ${text}`);
  return parsed;
}

/** Prints a prefix in CIDR notation. */
export function formatPrefix(p: Prefix): string {
  return `${formatIp(p.base)}/${p.length}`;
}

/** Returns how many addresses a prefix holds. */
export function sizeOf(p: Prefix): number {
  return 2 ** (32 - p.length);
}

/** Returns the first and the last address of a prefix. */
export function intervalOf(p: Prefix): Interval {
  return [p.base, p.base + sizeOf(p) - 1];
}

/** Reports whether the address lies in the prefix. */
export function contains(p: Prefix, address: Ip): boolean {
  return address >= p.base && address < p.base + sizeOf(p);
}

/** Reports whether every address of `inner` lies in `outer`. */
export function covers(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && contains(outer, inner.base);
}

/** Reports whether the two prefixes share an address. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return covers(a, b) || covers(b, a);
}
