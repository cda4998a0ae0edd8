/**
 * Client assertions: a JWT that an application signs with the key of its certificate (RFC 7523 section 3).
 *
 * An assertion is taken more than once while it lives: MSAL sends the same one for ten minutes.
 *
 * @module
 */

import { X509Certificate } from 'node:crypto';
import { compactVerify, decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose';
import type { Certificate } from '../../arm/directory.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';
import { EntraError } from './entra-error.ts';

/** The only kind of assertion there is here. */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const algorithms = ['RS256', 'PS256'];
/** How far an assertion may start in the future, in seconds. */
const skew = 300;
/** The longest an assertion may live, in seconds: a day. */
const longest = 86_400;

/** What an assertion is held against. */
export interface AssertionExpectation {
  readonly clientId: string;
  readonly certificates: readonly Certificate[];
  /** Addresses of the token endpoint, and the issuer. */
  readonly audiences: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Checks an assertion, or throws an {@link EntraError} that says what is wrong with it. */
export async function verifyAssertion(text: string, expected: AssertionExpectation): Promise<void> {
  const { clientId, audiences } = expected;
  const header = headerOf(text);
  if (!algorithms.includes(header.alg ?? ''))
    throw new EntraError(700027, `the algorithm '${header.alg}' is not one of ${algorithms.join(', ')}`);
  const certificate = certificateFor(header, expected.certificates);
  const seconds = expected.now / 1000;
  if (Date.parse(certificate.validTo) < expected.now || Date.parse(certificate.validFrom) > expected.now)
    throw new EntraError(700027, 'the certificate is not within its valid time range');
  const claims = await claimsOf(text, certificate);
  const { iss, sub, aud, exp, nbf } = claims;
  const same = (value: unknown): boolean =>
    typeof value === 'string' && value.toLowerCase() === clientId.toLowerCase();
  if (!same(iss) || !same(sub)) throw new EntraError(700021, clientId);
  if (typeof aud !== 'string' || !audiences.includes(aud.toLowerCase()))
    throw new EntraError(700023, typeof aud === 'string' ? aud : '');
  const timed = typeof exp === 'number' && exp > seconds && exp <= seconds + longest;
  const begun = nbf === undefined || (typeof nbf === 'number' && nbf <= seconds + skew);
  if (!timed || !begun) throw new EntraError(700024);
}

function headerOf(text: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(text);
  } catch {
    throw new EntraError(50027, 'the assertion is no JWT');
  }
}

/** The certificate that a header names by its digest; where only the digest is known, it comes along in `x5c`. */
function certificateFor(header: ProtectedHeaderParameters, known: readonly Certificate[]): X509Certificate {
  const sent = sentCertificate(header);
  const { x5t } = header;
  const x5t256 = header['x5t#S256'];
  for (const each of known) {
    const certificate = each.kind === 'pem' ? new X509Certificate(each.pem) : sent;
    if (certificate === undefined) continue;
    const [sha1, sha256] = digestsOf(certificate);
    if (
      each.kind === 'thumbprint' &&
      ![sha1, sha256].some((digest) => digest.toString('hex') === each.thumbprint)
    )
      continue;
    const named =
      (typeof x5t256 === 'string' && same(sha256, x5t256)) || (typeof x5t === 'string' && same(sha1, x5t));
    if (named || (sent !== undefined && sent.fingerprint256 === certificate.fingerprint256))
      return certificate;
  }
  const bare = known.some(({ kind }) => kind === 'thumbprint') && sent === undefined;
  throw new EntraError(
    700027,
    bare
      ? 'the application is known by the thumbprint of its certificate only: send the certificate along (x5c), or give its PEM file'
      : 'the key was not found: no certificate of the application has this thumbprint',
  );
}

function sentCertificate({ x5c }: ProtectedHeaderParameters): X509Certificate | undefined {
  const [first] = Array.isArray(x5c) ? x5c : [];
  if (typeof first !== 'string') return undefined;
  try {
    return new X509Certificate(Buffer.from(first, 'base64'));
  } catch {
    throw new EntraError(50027, 'x5c holds no certificate');
  }
}

function digestsOf(certificate: X509Certificate): readonly [sha1: Buffer, sha256: Buffer] {
  const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(':', ''), 'hex');
  return [bytes(certificate.fingerprint), bytes(certificate.fingerprint256)];
}

/** Clients write a digest as base64url, some in plain base64. */
function same(digest: Buffer, text: string): boolean {
  return digest.equals(Buffer.from(text, 'base64url'));
}

async function claimsOf(text: string, { publicKey }: X509Certificate): Promise<JsonObject> {
  try {
    const { payload } = await compactVerify(text, publicKey, { algorithms });
    const claims: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    if (isObject(claims)) return claims;
  } catch {
    throw new EntraError(700027, 'the signature is not that of the certificate');
  }
  throw new EntraError(50027, 'the assertion has no claims');
}
