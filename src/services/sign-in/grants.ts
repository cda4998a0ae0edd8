/**
 * Grants that speak for a user: authorization codes with PKCE (RFC 7636), device codes (RFC 8628), passwords, and the
 * refresh tokens that follow from each.
 *
 * @module
 */

import { createHash, randomUUID } from 'node:crypto';
import { asText, type JsonObject } from '../../lib/json.ts';
import type { Account, Issuing } from './accounts.ts';
import { type Delegated, delegatedScope } from './audience.ts';
import { publicClient } from './client.ts';
import type { DeviceCodes, Redeemed } from './codes.ts';
import { EntraError, missing } from './entra-error.ts';
import type { SealedKind } from './seal.ts';
import { secretMatches } from './secret.ts';
import { accessToken, idToken, lifetime } from './tokens.ts';

/** What is known of sign-ins under way. */
export interface UnderWay {
  readonly devices: DeviceCodes;
  readonly redeemed: Redeemed;
}

/** Grants that are answered here, by how clients call them. */
export const userGrants = [
  'authorization_code',
  'refresh_token',
  'password',
  'urn:ietf:params:oauth:grant-type:device_code',
  // As clients of the old endpoints still call it.
  'device_code',
] as const;

/** Seconds that an authorization code is good for. */
const codeLife = 600;
/** Seconds that a refresh token is good for: 90 days, as Entra's. */
const refreshLife = 90 * 86_400;

interface Granted {
  readonly account: Account;
  readonly clientId: string;
  readonly scope: string;
  readonly nonce?: string;
}

/** Answers a token request for a user, or throws an {@link EntraError}. */
export async function userToken(
  issuing: Issuing,
  underWay: UnderWay,
  grant: (typeof userGrants)[number],
  form: URLSearchParams,
): Promise<JsonObject> {
  const clientId = publicClient(issuing, form.get('client_id') || missing('client_id'));
  const granted = await grantedBy(issuing, underWay, grant, form, clientId);
  return tokensFor(issuing, granted, form.get('client_info') === '1');
}

async function grantedBy(
  issuing: Issuing,
  underWay: UnderWay,
  grant: (typeof userGrants)[number],
  form: URLSearchParams,
  clientId: string,
): Promise<Granted> {
  switch (grant) {
    case 'authorization_code':
      return byCode(issuing, underWay, form, clientId);
    case 'refresh_token':
      return byRefresh(issuing, form, clientId);
    case 'password': {
      const name = form.get('username') || missing('username');
      const account = signedIn(issuing, name, form.get('password') || missing('password'));
      return { account, clientId, scope: form.get('scope') || missing('scope') };
    }
    default:
      return byDevice(issuing, underWay, form, clientId);
  }
}

/** Returns whom a name and a password prove. */
export function signedIn({ accounts }: Issuing, name: string, password: string): Account {
  const account = accounts(name.trim());
  if (account === undefined) throw new EntraError(50034, name);
  if (!secretMatches(password, [account.passwordHash])) throw new EntraError(50126);
  return account;
}

/** What a user allowed a client at the authorization page. */
export interface Allowed {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly scope: string;
  readonly nonce: string | undefined;
}

/** Makes an authorization code. */
export function codeFor({ seal, now }: Issuing, account: Account, allowed: Allowed): Promise<string> {
  const { clientId, redirectUri, challenge, scope, nonce } = allowed;
  const until = Math.floor(now() / 1000) + codeLife;
  const who = { oid: account.objectId, cid: clientId, scope, ...(nonce === undefined ? {} : { nonce }) };
  return seal.close('code', { ...who, uri: redirectUri, challenge, jti: randomUUID(), until }, until);
}

async function byCode(
  issuing: Issuing,
  { redeemed }: UnderWay,
  form: URLSearchParams,
  clientId: string,
): Promise<Granted> {
  const claims = await opened(issuing, 'code', form.get('code') || missing('code'), clientId);
  if (claims['uri'] !== (form.get('redirect_uri') || missing('redirect_uri'))) throw new EntraError(500112);
  const verifier = form.get('code_verifier') || missing('code_verifier');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  if (claims['challenge'] !== challenge) throw new EntraError(501481);
  const now = issuing.now() / 1000;
  if (!redeemed.redeem(String(claims['jti']), Number(claims['until']), now)) throw new EntraError(54005);
  const nonce = asText(claims['nonce']);
  const granted = { account: accountOf(issuing, claims), clientId, scope: String(claims['scope']) };
  return { ...granted, ...(nonce === undefined ? {} : { nonce }) };
}

async function byRefresh(issuing: Issuing, form: URLSearchParams, clientId: string): Promise<Granted> {
  const token = form.get('refresh_token') || missing('refresh_token');
  const claims = await opened(issuing, 'refresh', token, clientId);
  const account = accountOf(issuing, claims);
  if (claims['stamp'] !== stampOf(account)) throw new EntraError(50173);
  return { account, clientId, scope: form.get('scope') || String(claims['scope']) };
}

function byDevice(issuing: Issuing, { devices }: UnderWay, form: URLSearchParams, clientId: string): Granted {
  // The old endpoints called it `code`.
  const code = form.get('device_code') || form.get('code') || missing('device_code');
  const waiting = devices.get(code);
  if (waiting === undefined || waiting.clientId !== clientId)
    throw new EntraError(70000, 'device_code', 'bad_verification_code');
  const { answer, scope, until } = waiting;
  if (answer === 'pending') throw new EntraError(until > issuing.now() / 1000 ? 70016 : 70020);
  devices.end(code);
  if (answer === 'declined') throw new EntraError(70018);
  const account = issuing.accounts(answer.objectId);
  if (account === undefined) throw new EntraError(50034, answer.objectId);
  return { account, clientId, scope };
}

async function opened(
  { seal, now }: Issuing,
  kind: SealedKind,
  text: string,
  clientId: string,
): Promise<JsonObject> {
  const claims = await seal.open(kind, text, now());
  if (claims === 'expired') throw new EntraError(70008);
  const parameter = kind === 'code' ? 'code' : 'refresh_token';
  if (claims === 'malformed' || claims['cid'] !== clientId) throw new EntraError(70000, parameter);
  return claims;
}

function accountOf({ accounts }: Issuing, { oid }: JsonObject): Account {
  const account = accounts(String(oid));
  if (account === undefined) throw new EntraError(50034, String(oid));
  return account;
}

/** Another password is another stamp: refresh tokens from before are void. */
function stampOf({ objectId, passwordHash }: Account): string {
  return createHash('sha256').update(`${objectId} ${passwordHash}`).digest('base64url');
}

async function tokensFor(issuing: Issuing, granted: Granted, clientInfo: boolean): Promise<JsonObject> {
  const { account, clientId, scope, nonce } = granted;
  const asked = delegated(scope);
  const issued = Math.floor(issuing.now() / 1000);
  const subject = { kind: 'user', account, clientId, scopes: asked.names.join(' ') } as const;
  const life = lifetime - 1;
  const refresh = { oid: account.objectId, cid: clientId, scope, stamp: stampOf(account) };
  return {
    token_type: 'Bearer',
    scope: asked.answered,
    expires_in: life,
    ext_expires_in: life,
    access_token: await accessToken(issuing, subject, asked.resource, issued),
    ...(asked.offline
      ? { refresh_token: await issuing.seal.close('refresh', refresh, issued + refreshLife) }
      : {}),
    ...(asked.openid ? { id_token: await idToken(issuing, account, clientId, nonce, issued) } : {}),
    ...(clientInfo ? { client_info: clientInfoOf(account, issuing.tenant) } : {}),
  };
}

/** Reads scopes, or throws what Entra says of those that cannot be had. */
export function delegated(scope: string): Delegated {
  const asked = delegatedScope(scope);
  if (asked.kind === 'resource') return asked;
  throw asked.kind === 'several' ? new EntraError(28000, scope) : new EntraError(500011, asked.resource);
}

/** What MSAL tells accounts apart by. */
export function clientInfoOf({ objectId }: Account, tenant: string): string {
  return Buffer.from(JSON.stringify({ uid: objectId, utid: tenant })).toString('base64url');
}
