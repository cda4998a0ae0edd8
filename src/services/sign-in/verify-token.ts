/**
 * Whether an access token is one of ours and good for a service.
 *
 * @module
 */

import { compactVerify, decodeProtectedHeader, errors } from 'jose';
import { isObject, type JsonObject } from '../../lib/json.ts';
import { isAudience } from './audience.ts';
import { issuers } from './discovery.ts';
import { algorithm, type SigningKeys } from './signing-keys.ts';

/** Who a token speaks for. */
export interface TokenClaims {
  /** Object id of the service principal: what roles are assigned to. */
  readonly objectId: string;
  /** Client id of the application. */
  readonly appId: string;
  /** Principal name, where it is a user. */
  readonly upn?: string;
  readonly tenant: string;
  /** The `aud` claim as it stands in the token. */
  readonly audience: string;
}

/** Why a token is not accepted. The first that applies, in this order. */
export type TokenProblem =
  | 'malformed'
  | 'signature'
  | 'tenant'
  | 'issuer'
  | 'audience'
  | 'not-yet-valid'
  | 'expired';

/** The claims of a token, or why it is not accepted. */
export type Verified =
  | { readonly ok: true; readonly claims: TokenClaims }
  | { readonly ok: false; readonly problem: TokenProblem };

/** What a token is held against. */
export interface TokenExpectation {
  readonly keys: SigningKeys;
  readonly tenant: string;
  /** Resources whose tokens the service takes; slashes at the end and ARM's second name do not matter. */
  readonly audiences: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Far beyond any token made here, and small enough that refusing costs nothing. */
const longestToken = 16 * 1024;
/** How far a token may start in the future, in seconds. Its end has no such grace. */
const skew = 300;

/** Payloads of tokens that a key was found to have signed: a client sends one token with every request. */
const signed = new WeakMap<SigningKeys, Map<string, JsonObject>>();
const mostRemembered = 256;

function remember(token: string, keys: SigningKeys, claims: JsonObject): void {
  const tokens = signed.get(keys) ?? new Map<string, JsonObject>();
  const [oldest] = tokens.keys();
  if (tokens.size >= mostRemembered && oldest !== undefined) tokens.delete(oldest);
  tokens.set(token, claims);
  signed.set(keys, tokens);
}

/** Checks a token: form, key, signature, tenant, issuer, audience and time, in this order. Never rejects. */
export async function verifyToken(token: string, expectation: TokenExpectation): Promise<Verified> {
  const { keys, tenant, audiences, now } = expectation;
  const payload = await signedPayload(token, keys);
  if (typeof payload === 'string') return { ok: false, problem: payload };
  const { aud, iss, tid, oid, appid, azp, nbf, exp, upn } = payload;
  const application = appid ?? azp;
  const named = typeof oid === 'string' && typeof application === 'string' && typeof tid === 'string';
  const sent = typeof aud === 'string' && typeof iss === 'string';
  const timed = typeof nbf === 'number' && typeof exp === 'number';
  if (!named || !sent || !timed) return { ok: false, problem: 'malformed' };
  const seconds = now() / 1000;
  const checks: readonly (readonly [holds: boolean, problem: TokenProblem])[] = [
    [tid.toLowerCase() === tenant.toLowerCase(), 'tenant'],
    [Object.values(issuers(tenant)).includes(iss), 'issuer'],
    [isAudience(aud, audiences), 'audience'],
    [nbf <= seconds + skew, 'not-yet-valid'],
    [exp > seconds, 'expired'],
  ];
  const failed = checks.find(([holds]) => !holds);
  if (failed !== undefined) return { ok: false, problem: failed[1] };
  const user = typeof upn === 'string' ? { upn } : {};
  return { ok: true, claims: { objectId: oid, appId: application, ...user, tenant: tid, audience: aud } };
}

/**
 * Returns the payload that our key signed, or why there is none.
 *
 * The algorithm is ours to choose, never the token's: `none`, or a MAC keyed with the public key, fail here.
 */
async function signedPayload(token: string, keys: SigningKeys): Promise<JsonObject | TokenProblem> {
  if (token.length > longestToken) return 'malformed';
  const known = signed.get(keys)?.get(token);
  if (known) return known;
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    if (alg !== algorithm || kid !== keys.kid)
      return token.split('.').length === 3 ? 'signature' : 'malformed';
    const { payload } = await compactVerify(token, keys.publicKey, { algorithms: [algorithm] });
    const claims: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    if (!isObject(claims)) return 'malformed';
    remember(token, keys, claims);
    return claims;
  } catch (error) {
    return error instanceof errors.JWSSignatureVerificationFailed ? 'signature' : 'malformed';
  }
}
