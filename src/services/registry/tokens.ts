/**
 * The tokens that a registry gives out: who asks, and what it may do until when. Each registry signs its own.
 *
 * @module
 */

import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { keyOf } from '../../arm/id.ts';
import type { Settings } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';

/** Who asks a registry. */
export type Subject =
  | { readonly kind: 'principal'; readonly objectId: string; readonly appId: string }
  | { readonly kind: 'admin' }
  /** Nobody in particular, where the registry lets everybody pull. */
  | { readonly kind: 'anonymous' };

/** What somebody may do with one repository, or with the catalog. */
export interface Grant {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** A token: a refresh token is good for access tokens, and those for requests. */
export type RegistryToken =
  | { readonly kind: 'refresh'; readonly subject: Subject }
  | {
      readonly kind: 'access';
      readonly subject: Subject;
      readonly access: readonly Grant[];
      /** The last second of the token that this one was had for: it lives no longer. */
      readonly ends?: number;
    };

/** What tokens are made and read with. */
export interface TokenContext {
  readonly registry: Resource;
  readonly settings: Settings;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Seconds. */
const lifetimes = { access: 75 * 60, refresh: 3 * 3600 };
const issuer = 'Azure Container Registry';
const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');
/** Far beyond any token made here. */
const longestToken = 64 * 1024;

/** Returns the host that clients sign in to. */
export function loginServer(registry: Resource): string {
  return `${registry.name.toLowerCase()}.azurecr.io`;
}

/** Makes a token. */
export function signToken(token: RegistryToken, context: TokenContext): string {
  const { registry, settings, now } = context;
  const seconds = Math.floor(now / 1000);
  const { subject } = token;
  const ends = token.kind === 'access' ? token.ends : undefined;
  const claims = {
    jti: randomUUID(),
    sub: subject.kind === 'principal' ? subject.objectId : subject.kind,
    nbf: seconds,
    exp: Math.min(seconds + lifetimes[token.kind], ends ?? Number.POSITIVE_INFINITY),
    iat: seconds,
    iss: issuer,
    aud: loginServer(registry),
    version: '1.0',
    kind: subject.kind,
    ...(subject.kind === 'principal' ? { oid: subject.objectId, appid: subject.appId } : {}),
    ...(token.kind === 'refresh'
      ? {
          grant_type: 'refresh_token',
          tenant: settings.tenant,
          permissions: { actions: ['*'], notActions: [] },
        }
      : { grant_type: 'access_token', access: token.access }),
    roles: [],
  };
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${signatureOf(signed, context)}`;
}

/** Reads a token; nothing where it is not this registry's, was changed, or has ended. */
export function readToken(text: string, context: TokenContext): RegistryToken | undefined {
  if (text.length > longestToken) return undefined;
  const [head, body, signature, ...rest] = text.split('.');
  if (head !== header || body === undefined || signature === undefined || rest.length > 0) return undefined;
  if (!sameText(signature, signatureOf(`${head}.${body}`, context))) return undefined;
  const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
  if (!isObject(claims)) return undefined;
  const { aud, exp, nbf } = claims;
  const seconds = context.now / 1000;
  const timely = typeof exp === 'number' && typeof nbf === 'number' && nbf <= seconds && seconds < exp;
  if (!timely || aud !== loginServer(context.registry)) return undefined;
  const subject = subjectOf(claims);
  if (!subject) return undefined;
  return claims['grant_type'] === 'refresh_token'
    ? { kind: 'refresh', subject }
    : { kind: 'access', subject, access: grantsOf(claims['access']), ends: exp };
}

/** Signs a purpose other than a token with the registry's key. */
export function signatureOf(text: string, { registry, settings }: Omit<TokenContext, 'now'>): string {
  const key = settings.secret(`registry ${keyOf(registry.id)} tokens`);
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** Compares secrets without telling how far they agree. */
export function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function subjectOf({ kind, oid, appid }: JsonObject): Subject | undefined {
  if (kind === 'admin' || kind === 'anonymous') return { kind };
  if (kind !== 'principal' || typeof oid !== 'string' || typeof appid !== 'string') return undefined;
  return { kind, objectId: oid, appId: appid };
}

/** Its signature is ours, so its form is too. */
function grantsOf(value: Json | undefined): readonly Grant[] {
  return Array.isArray(value) ? (value as unknown as readonly Grant[]) : [];
}
