/**
 * The token of a request, parsed once.
 *
 * @module
 */

import type { Caller } from '../../services/data-plane.ts';
import type { SigningKeys } from '../../services/sign-in/signing-keys.ts';
import { type TokenProblem, verifyToken } from '../../services/sign-in/verify-token.ts';

/** What tokens are checked against. */
export interface TokenCheck {
  readonly keys: SigningKeys;
  readonly tenant: string;
  readonly now: () => number;
}

/** Returns the bearer token of an Authorization header; undefined where it has none. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(header ?? '')?.[1];
}

/** Returns who a header proves to ask, for one of the audiences. */
export async function callerOf(
  header: string | undefined,
  audiences: readonly string[],
  check: TokenCheck,
): Promise<Caller & { readonly tokenProblem?: TokenProblem }> {
  if (header === undefined) return { kind: 'anonymous' };
  const token = bearerOf(header);
  if (token === undefined) return { kind: 'invalid', problem: 'malformed' };
  const verified = await verifyToken(token, { ...check, audiences });
  if (!verified.ok) return { kind: 'invalid', problem: verified.problem, tokenProblem: verified.problem };
  const { objectId, appId, upn } = verified.claims;
  return { kind: 'principal', objectId, appId, ...(upn === undefined ? {} : { upn }) };
}
