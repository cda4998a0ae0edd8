/**
 * Names made from other names: `guid()` and `uniqueString()`.
 *
 * @module
 */

import { type Uuid, uuidV5 } from '../../../lib/uuid.ts';
import { utf8Bytes } from './base64.ts';

/** The namespace that Azure uses for `guid()`. */
const guidNamespace = '11fb06fb-712d-4ddd-98c7-e71bbd588830' as Uuid;

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** Returns the version-5 UUID of a text, as `guid()` does. */
export function nameBasedGuid(text: string): Uuid {
  // Half of a surrogate pair has no UTF-8 form; .NET hashes the replacement character in its place.
  return uuidV5(guidNamespace, text.replace(loneSurrogate, '\ufffd'));
}

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * Returns 13 characters (a-z, 2-7) that depend on the text alone.
 *
 * Azure prints a 64-bit MurmurHash in the same alphabet, but has not published its variant: the same text gives
 * another name here than there. Whoever compares names between the two must not expect them to be equal.
 */
export function uniqueText(text: string): string {
  let rest = murmur64(utf8Bytes(text));
  let out = '';
  for (let index = 0; index < 13; index++) {
    out += alphabet[Number(rest & 31n)];
    rest >>= 5n;
  }
  return out;
}

const mask = (1n << 64n) - 1n;

/** MurmurHash64A with seed 0 (Austin Appleby, public domain). */
function murmur64(bytes: readonly number[]): bigint {
  const m = 0xc6a4a7935bd1e995n;
  const whole = bytes.length - (bytes.length % 8);
  let hash = (BigInt(bytes.length) * m) & mask;
  for (let at = 0; at < whole; at += 8) {
    let k = (littleEndian(bytes, at, 8) * m) & mask;
    k ^= k >> 47n;
    hash = ((hash ^ ((k * m) & mask)) * m) & mask;
  }
  if (whole < bytes.length) hash = ((hash ^ littleEndian(bytes, whole, bytes.length - whole)) * m) & mask;
  hash ^= hash >> 47n;
  hash = (hash * m) & mask;
  return hash ^ (hash >> 47n);
}

function littleEndian(bytes: readonly number[], at: number, count: number): bigint {
  let word = 0n;
  for (let index = count - 1; index >= 0; index--) word = (word << 8n) | BigInt(bytes[at + index] ?? 0);
  return word;
}
