/**
 * The key pair that access tokens are signed with: one for each installation, kept in its state folder.
 *
 * @module
 */

import type { webcrypto } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';

/** The only signature algorithm there is here, for tokens made and for tokens taken. */
export const algorithm = 'RS256';

/** An RSA-2048 key pair and the name that tokens call it by. */
export class SigningKeys {
  /** RFC 7638 thumbprint (SHA-256) of the public key. */
  readonly kid: string;
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
  /** The public half, as the key document lists it. */
  readonly publicJwk: Readonly<JWK>;
  readonly #privateJwk: Readonly<JWK>;

  private constructor(
    kid: string,
    privateKey: webcrypto.CryptoKey,
    publicKey: webcrypto.CryptoKey,
    publicJwk: Readonly<JWK>,
    privateJwk: Readonly<JWK>,
  ) {
    this.kid = kid;
    this.privateKey = privateKey;
    this.publicKey = publicKey;
    this.publicJwk = publicJwk;
    this.#privateJwk = privateJwk;
  }

  /** Makes a new key pair. */
  static async generate(): Promise<SigningKeys> {
    const { privateKey } = await generateKeyPair(algorithm, { modulusLength: 2048, extractable: true });
    return SigningKeys.import(JSON.stringify(await exportJWK(privateKey)));
  }

  /** Reads what {@link export} wrote. Rejects, without showing any of it, where that is no private RSA key. */
  static async import(text: string): Promise<SigningKeys> {
    const jwk = parsed(text);
    const { kty, n, e } = jwk;
    if (kty !== 'RSA' || n === undefined || e === undefined || jwk.d === undefined) throw unusable();
    // RFC 7518 section 3.3: 2048 bits or more; base64url has 4 characters for 3 bytes.
    if (n.length < (2048 / 8 / 3) * 4 - 1) throw unusable();
    const kid = await calculateJwkThumbprint({ kty, n, e });
    const publicJwk = { kty, use: 'sig', alg: algorithm, kid, n, e };
    const [privateKey, publicKey] = await Promise.all([imported(jwk), imported(publicJwk)]);
    return new SigningKeys(kid, privateKey, publicKey, publicJwk, jwk);
  }

  /** Returns the private key as JWK JSON. It is a secret: the state folder's file is its owner's alone. */
  export(): string {
    return JSON.stringify(this.#privateJwk);
  }
}

function parsed(text: string): JWK {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    // JSON's own message quotes the text, which may be a key.
    throw unusable();
  }
}

async function imported(jwk: JWK): Promise<webcrypto.CryptoKey> {
  const key = await importJWK(jwk, algorithm).catch(() => undefined);
  if (key === undefined || key instanceof Uint8Array) throw unusable();
  return key;
}

function unusable(): Error {
  return new Error('the stored signing key is not a private RSA key of 2048 bits or more in JWK form');
}
