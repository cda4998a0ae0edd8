/**
 * Sealed texts: what a client carries for us and can neither read nor change (authorization codes, refresh tokens).
 * Nothing about them is kept here, so they outlive a restart.
 *
 * @module
 */

import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import type { JsonObject } from '../../lib/json.ts';

/** What a sealed text is for; one is never taken for another. */
export type SealedKind = 'code' | 'refresh';

/** Seals with AES-256-GCM under one key. */
export class Seal {
  readonly #key: Uint8Array;

  /** `key` is 32 bytes. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Seals claims until a time, in seconds since the epoch. */
  close(kind: SealedKind, claims: JsonObject, until: number): Promise<string> {
    return new EncryptJWT({ ...claims })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setAudience(kind)
      .setExpirationTime(until)
      .encrypt(this.#key);
  }

  /** Returns the claims, or why there are none. `now` is milliseconds since the epoch. */
  async open(kind: SealedKind, text: string, now: number): Promise<JsonObject | 'malformed' | 'expired'> {
    try {
      const { payload } = await jwtDecrypt(text, this.#key, {
        audience: kind,
        currentDate: new Date(now),
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });
      return payload as JsonObject;
    } catch (error) {
      return error instanceof errors.JWTExpired ? 'expired' : 'malformed';
    }
  }
}
