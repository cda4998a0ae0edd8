/**
 * Client secrets, kept as digests.
 *
 * @module
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Returns what is kept of a secret: `salt.digest`, both base64url.
 *
 * The digest is a fast one on purpose. Secrets are made by us from 256 random bits, so none can be guessed at
 * any speed, and every token request pays for the comparison.
 */
export function hashSecret(secret: string, salt: Buffer = randomBytes(16)): string {
  return `${salt.toString('base64url')}.${digestOf(secret, salt).toString('base64url')}`;
}

/** Reports whether one of the digests is this secret's. All are compared, each in constant time. */
export function secretMatches(secret: string, hashes: readonly string[]): boolean {
  let matches = false;
  for (const hash of hashes) {
    const [salt = '', digest = ''] = hash.split('.');
    const kept = Buffer.from(digest, 'base64url');
    const given = digestOf(secret, Buffer.from(salt, 'base64url'));
    if (kept.length === given.length && timingSafeEqual(kept, given)) matches = true;
  }
  return matches;
}

function digestOf(secret: string, salt: Buffer): Buffer {
  return createHmac('sha256', salt).update(secret, 'utf8').digest();
}
