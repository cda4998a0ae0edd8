/**
 * Name-based identifiers (RFC 9562, version 5): the same names give the same id on every machine.
 *
 * SHA-1 is written out here because this layer runs in a browser, synchronously, and has no `node:crypto`.
 * It names things; nothing is secured by it.
 *
 * @module
 */

import type { Brand } from './brand.ts';

/** A UUID in its lower-case text form. */
export type Uuid = Brand<string, 'Uuid'>;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Parses the 36-character text form, upper or lower case. */
export function parseUuid(text: string): Uuid | undefined {
  const lower = text.toLowerCase();
  return uuid.test(lower) ? (lower as Uuid) : undefined;
}

/** Returns the version-5 UUID of a name within a namespace. */
export function uuidV5(namespace: Uuid, name: string): Uuid {
  const space = namespace.replaceAll('-', '').match(/../g) ?? [];
  const bytes = [...space.map((pair) => Number.parseInt(pair, 16)), ...utf8(name)];
  const digest = sha1(bytes).slice(0, 16);
  digest[6] = ((digest[6] as number) & 0x0f) | 0x50;
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80;
  const hex = digest.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as Uuid;
}

/** SHA-1 (RFC 3174) of bytes, as 20 bytes. */
function sha1(message: readonly number[]): number[] {
  const bitLength = message.length * 8;
  const padded = [...message, 0x80];
  while (padded.length % 64 !== 56) padded.push(0);
  for (let shift = 56; shift >= 0; shift -= 8) padded.push(Math.floor(bitLength / 2 ** shift) & 255);
  const h = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  const w = new Int32Array(80);
  for (let block = 0; block < padded.length; block += 64) {
    for (let t = 0; t < 80; t++) {
      w[t] =
        t < 16
          ? word(padded, block + t * 4)
          : rotate(at(w, t - 3) ^ at(w, t - 8) ^ at(w, t - 14) ^ at(w, t - 16), 1);
    }
    let [a, b, c, d, e] = h as [number, number, number, number, number];
    for (let t = 0; t < 80; t++) {
      const [f, k] =
        t < 20
          ? [(b & c) | (~b & d), 0x5a827999]
          : t < 40
            ? [b ^ c ^ d, 0x6ed9eba1]
            : t < 60
              ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
              : [b ^ c ^ d, 0xca62c1d6];
      const next = (rotate(a, 5) + f + e + k + at(w, t)) | 0;
      [e, d, c, b, a] = [d, c, rotate(b, 30), a, next];
    }
    for (const [index, value] of [a, b, c, d, e].entries()) h[index] = ((h[index] as number) + value) | 0;
  }
  return h.flatMap((value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
}

/** UTF-8 bytes of a text, by the one encoder that every ECMAScript host has; half a surrogate pair is U+FFFD. */
function utf8(text: string): number[] {
  return (encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).match(/%..|./g) ?? []).map((unit) =>
    unit.length === 1 ? unit.charCodeAt(0) : Number.parseInt(unit.slice(1), 16),
  );
}

function at(words: Int32Array, index: number): number {
  return words[index] as number;
}

function word(bytes: readonly number[], index: number): number {
  const [a, b, c, d] = bytes.slice(index, index + 4) as [number, number, number, number];
  return (a << 24) | (b << 16) | (c << 8) | d;
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}
