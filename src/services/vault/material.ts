/**
 * What keys are made of: made here, or imported as a JSON web key and looked through.
 *
 * @module
 */

import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { asList, asText, type Json, type JsonObject, member } from '../../lib/json.ts';
import { given, givenText } from './call.ts';
import { type CurveName, curves, isCurveName, publicPoint, toBigInt } from './ecdsa.ts';
import { invalidProperty, notImplemented, VaultError } from './error.ts';

const rsaParts = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;

/** A private RSA key; numbers in base64url. */
export type RsaMaterial = { readonly kty: 'RSA' } & Readonly<Record<(typeof rsaParts)[number], string>>;

/** A private key on a curve. */
export type EcMaterial = {
  readonly kty: 'EC';
  readonly crv: CurveName;
  readonly x: string;
  readonly y: string;
  readonly d: string;
};

/** A private key. It never leaves the vault. */
export type Material = RsaMaterial | EcMaterial;

const generate = promisify(generateKeyPair);
const sizes = [2048, 3072, 4096];
/** OpenSSL verifies with no longer exponent, where the modulus is long. */
const longestExponent = 2n ** 64n;

/** What is a type of key in Azure and not here. */
const refusedTypes: Readonly<Record<string, string>> = {
  'RSA-HSM': 'RSA-HSM keys',
  'EC-HSM': 'EC-HSM keys',
  oct: 'oct keys',
  'oct-HSM': 'oct-HSM keys',
};

/** Refuses what a body asks for that keys here cannot do: be exported, or lie in a hardware module. */
export function refuseExtras(body: JsonObject): void {
  if (
    given(body, 'release_policy') !== undefined ||
    member(given(body, 'attributes'), 'exportable') === true
  ) {
    throw notImplemented('exportable keys');
  }
  if (given(body, 'Hsm') === true || given(body, 'hsm') === true) throw notImplemented('HSM-protected keys');
}

/** Makes a key as a body asks for. */
export async function createdMaterial(body: JsonObject): Promise<Material> {
  const kty = typeFrom(body);
  if (kty === 'EC') {
    const crv = curveFrom(body, 'P-256');
    const { privateKey } = await generate('ec', { namedCurve: curves[crv].openssl });
    return ecFrom(privateKey.export({ format: 'jwk' }), crv);
  }
  const size = given(body, 'key_size') ?? 2048;
  if (typeof size !== 'number' || !sizes.includes(size)) throw invalidProperty('key_size');
  if ((given(body, 'public_exponent') ?? 65537) !== 65537) throw invalidProperty('public_exponent');
  const { privateKey } = await generate('rsa', { modulusLength: size });
  return rsaFrom(privateKey.export({ format: 'jwk' }));
}

/** Reads a JSON web key. Refuses one that is not whole, or whose parts do not belong together. */
export function importedMaterial(jwk: JsonObject): Material {
  if (typeFrom(jwk) === 'RSA') {
    const key = rsaFrom(jwk);
    demandWholeRsa(key);
    // Written anew by node: without leading zeros.
    return rsaFrom(privateKeyOf(key).export({ format: 'jwk' }));
  }
  const key = ecFrom(jwk, curveFrom(jwk, undefined));
  demandWholeEc(key);
  return key;
}

/** Reads a key that was kept. */
export function keptMaterial(content: JsonObject): Material {
  const jwk = member(content, 'jwk');
  const crv = asText(member(jwk, 'crv'));
  return crv !== undefined && isCurveName(crv) ? ecFrom(jwk, crv) : rsaFrom(jwk);
}

/** Returns what everybody may know of a key. */
export function publicPart(key: Material): JsonObject {
  return key.kty === 'RSA'
    ? { kty: 'RSA', n: key.n, e: key.e }
    : { kty: 'EC', crv: key.crv, x: key.x, y: key.y };
}

/** Returns a key for node:crypto. Throws where there is no such key. */
export function privateKeyOf(key: Material): KeyObject {
  const jwk = key.kty === 'RSA' ? key : { ...key, crv: curves[key.crv].jwk };
  return createPrivateKey({ format: 'jwk', key: jwk });
}

/** What a type of key can do, which is also what it may do unless a body says otherwise. */
const abilities: Readonly<Record<Material['kty'], readonly string[]>> = {
  RSA: ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey'],
  EC: ['sign', 'verify'],
};

/** Reads what a key may do. */
export function operationsFrom(body: JsonObject, { kty }: Material): readonly string[] | undefined {
  const asked = given(body, 'key_ops');
  if (asked === undefined) return undefined;
  const operations = asList(asked).map((one) => asText(one) ?? '');
  const isKnown = Array.isArray(asked) && operations.every((one) => abilities[kty].includes(one));
  if (!isKnown) throw invalidProperty('key_ops');
  return [...new Set(operations)];
}

/** Returns what a key may do unless somebody says otherwise. */
export function defaultOperations({ kty }: Material): readonly string[] {
  return abilities[kty];
}

function typeFrom(body: JsonObject): Material['kty'] {
  const kty = givenText(body, 'kty') ?? '';
  const refused = Object.hasOwn(refusedTypes, kty) ? refusedTypes[kty] : undefined;
  if (refused !== undefined) throw notImplemented(refused);
  if (kty === 'RSA' || kty === 'EC') return kty;
  throw invalidProperty('kty');
}

function curveFrom(body: JsonObject, unless: CurveName | undefined): CurveName {
  const crv = givenText(body, 'crv') ?? unless ?? '';
  if (!isCurveName(crv)) throw invalidProperty('crv');
  return crv;
}

function rsaFrom(jwk: unknown): RsaMaterial {
  const [n, e, d, p, q, dp, dq, qi] = rsaParts.map((name) => partOf(jwk as Json, name));
  if (!n || !e || !d || !p || !q || !dp || !dq || !qi) throw invalidProperty('key');
  return { kty: 'RSA', n, e, d, p, q, dp, dq, qi };
}

function ecFrom(jwk: unknown, crv: CurveName): EcMaterial {
  const [x, y, d] = ['x', 'y', 'd'].map((name) => partOf(jwk as Json, name));
  if (!x || !y || !d) throw invalidProperty('key');
  return { kty: 'EC', crv, x, y, d };
}

/** Returns a part of a key, where it is base64url. */
function partOf(jwk: Json, name: string): string | undefined {
  const text = asText(member(jwk, name)) ?? '';
  return /^[A-Za-z0-9_-]+$/.test(text) ? text : undefined;
}

/** Demands that the parts are those of one key (RFC 8017, section 3.2): OpenSSL takes any numbers. */
function demandWholeRsa(key: RsaMaterial): void {
  const [n, e, d, p, q, dp, dq, qi] = rsaParts.map((name) => toBigInt(Buffer.from(key[name], 'base64url')));
  if (!n || !e || !d || !p || !q || !dp || !dq || !qi) throw invalidProperty('key');
  if (!sizes.includes(n.toString(2).length)) throw invalidProperty('key.n');
  if (e >= longestExponent) throw invalidProperty('key.e');
  const isWhole =
    p > 1n &&
    q > 1n &&
    p * q === n &&
    d < n &&
    (e * d) % (p - 1n) === 1n &&
    (e * d) % (q - 1n) === 1n &&
    d % (p - 1n) === dp &&
    d % (q - 1n) === dq &&
    qi < p &&
    (qi * q) % p === 1n;
  if (!isWhole) throw mismatch();
}

/** Demands that the point is that of the private number; node:crypto takes any other on the curve. */
function demandWholeEc({ crv, x, y, d }: EcMaterial): void {
  const curve = curves[crv];
  const parts = [x, y, d].map((part) => Buffer.from(part, 'base64url'));
  if (parts.some((part) => part.length !== curve.size)) throw invalidProperty('key');
  const [, , secret = Buffer.alloc(0)] = parts;
  const number = toBigInt(secret);
  if (number === 0n || number >= curve.n) throw mismatch();
  if (!publicPoint(curve, secret).equals(Buffer.concat(parts.slice(0, 2)))) throw mismatch();
}

function mismatch(): VaultError {
  return new VaultError('BadParameter', ['The parts of the imported key do not belong together.']);
}
