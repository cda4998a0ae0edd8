/**
 * Who a request is from, by its Authorization header or by the fields of a form.
 *
 * @module
 */

import { keyOf } from '../../arm/id.ts';
import type { World } from '../data-plane.ts';
import { notImplemented } from './error.ts';
import { type RegistryToken, readToken, type Subject, sameText, type TokenContext } from './tokens.ts';

/** Who a request is from. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid' }
  /** Somebody whose rights are looked up now. */
  | { readonly kind: 'subject'; readonly subject: Subject }
  /** Somebody with a token that says what it is good for. */
  | { readonly kind: 'access'; readonly token: Extract<RegistryToken, { readonly kind: 'access' }> };

/** The user name of a token. */
const tokenUser = '00000000-0000-0000-0000-000000000000';
const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads an Authorization header. A bearer must be an access token; Microsoft Entra's are to be exchanged first. */
export function credentialsOf(authorization: string | undefined, context: TokenContext): Credentials {
  if (authorization === undefined) return { kind: 'none' };
  const [, scheme = '', value = ''] = /^(\S+)\s+(\S+)\s*$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'basic') return basicOf(value, context);
  const token = scheme.toLowerCase() === 'bearer' ? readToken(value, context) : undefined;
  return token?.kind === 'access' ? { kind: 'access', token } : { kind: 'invalid' };
}

/** Reads a user name and password. Throws for those that a registry has and Cloister does not. */
export function signedIn(user: string, password: string, context: TokenContext): Credentials {
  const { registry } = context;
  if (user === tokenUser) {
    const token = readToken(password, context);
    if (token?.kind === 'access') return { kind: 'access', token };
    return token ? { kind: 'subject', subject: token.subject } : { kind: 'invalid' };
  }
  if (guid.test(user)) throw notImplemented('sign-in with the secret of a service principal');
  const admin = user.toLowerCase() === registry.name.toLowerCase() && isAdminEnabled(registry.properties);
  const right = ['password', 'password2'].map((name) => sameText(password, secretOf(context, name)));
  return admin && right.includes(true)
    ? { kind: 'subject', subject: { kind: 'admin' } }
    : { kind: 'invalid' };
}

/** Reports whether a subject of an earlier day may still sign in. */
export function isCurrent(subject: Subject, { registry }: TokenContext): boolean {
  return subject.kind !== 'admin' || isAdminEnabled(registry.properties);
}

/** Puts together what tokens are made and read with. */
export function tokenContext(registry: TokenContext['registry'], world: World, now: number): TokenContext {
  return { registry, settings: world.settings, now };
}

function basicOf(value: string, context: TokenContext): Credentials {
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? { kind: 'invalid' } : signedIn(text.slice(0, colon), text.slice(colon + 1), context);
}

function isAdminEnabled(properties: TokenContext['registry']['properties']): boolean {
  return properties['adminUserEnabled'] === true;
}

/** As `listCredentials` shows it. */
function secretOf({ registry, settings }: TokenContext, name: string): string {
  return settings.secret(`registry ${keyOf(registry.id)} ${name}`);
}
