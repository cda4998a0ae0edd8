/**
 * What a token is for: from the scope or resource that a client asks with to the `aud` claim, and back.
 *
 * @module
 */

import { parseUuid } from '../../lib/uuid.ts';

/** Suffix that asks for everything an application was granted; client credentials know no other scope. */
const everything = '/.default';

/** Resources that go by two names: Azure Resource Manager takes the tokens of either (recorded from real clients). */
const aliases: ReadonlyMap<string, string> = new Map([
  ['https://management.core.windows.net', 'https://management.azure.com'],
]);

/** A resource that tokens may be asked for, or which part of the request is wrong. */
export type Asked =
  | { readonly kind: 'resource'; readonly resource: string }
  | { readonly kind: 'not-default' }
  | { readonly kind: 'several' }
  | { readonly kind: 'unknown-resource'; readonly resource: string };

/**
 * Reads the `scope` of a v2.0 request.
 *
 * Exactly `/.default` is taken off, as Entra does: the doubled slash of `https://management.core.windows.net//.default`
 * leaves an audience that ends with a slash.
 */
export function resourceOfScope(scope: string): Asked {
  const scopes = scope.split(' ').filter((part) => part !== '');
  const [only, ...more] = scopes;
  if (only === undefined || more.length > 0) return { kind: 'several' };
  if (!only.endsWith(everything) || only.length === everything.length) return { kind: 'not-default' };
  return checkedResource(only.slice(0, -everything.length));
}

/** Checks the `resource` of a v1 request, or what a scope names: an application id or an absolute URI. */
export function checkedResource(resource: string): Asked {
  const sound = parseUuid(resource) !== undefined || /^(https|api):\/\/[a-z0-9][!-~]*$/i.test(resource);
  return sound ? { kind: 'resource', resource } : { kind: 'unknown-resource', resource };
}

/** What a client asks for in a user's name. */
export interface Delegated {
  readonly kind: 'resource';
  readonly resource: string;
  /** What the token lets the client do (`scp`). */
  readonly names: readonly string[];
  /** Scopes that the client is told it has. */
  readonly answered: string;
  /** A refresh token is asked for. */
  readonly offline: boolean;
  /** An id token is asked for. */
  readonly openid: boolean;
}

const openIdScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);
const graph = 'https://graph.microsoft.com';

/** Reads the `scope` of a user's sign-in: OpenID's own scopes, and those of one resource. */
export function delegatedScope(
  scope: string,
): Delegated | Extract<Asked, { kind: 'several' | 'unknown-resource' }> {
  const all = scope.split(' ').filter((part) => part !== '');
  // A scope without a resource is one of Graph's.
  const scopes = all
    .filter((part) => !openIdScopes.has(part))
    .map((part) => (part.includes('/') ? part : `${graph}/${part}`));
  const parts = scopes.length > 0 ? scopes : [`${graph}/User.Read`];
  const resources = new Set(parts.map((part) => part.slice(0, part.lastIndexOf('/'))));
  const [resource = ''] = resources;
  if (resources.size > 1) return { kind: 'several' };
  const checked = checkedResource(resource);
  if (checked.kind !== 'resource') return { kind: 'unknown-resource', resource };
  const named = parts.map((part) => part.slice(resource.length + 1));
  const names = named.map((name) => (name === '.default' ? 'user_impersonation' : name));
  const told = new Set([...names.map((name) => `${resource}/${name}`), ...parts]);
  return {
    kind: 'resource',
    resource,
    names,
    answered: [...told].join(' '),
    offline: all.includes('offline_access'),
    openid: all.includes('openid'),
  };
}

/** Reports whether a token made for `audience` is for one of those accepted: slashes at the end and aliases aside. */
export function isAudience(audience: string, accepted: readonly string[]): boolean {
  const wanted = normal(audience);
  return accepted.some((each) => normal(each) === wanted);
}

function normal(audience: string): string {
  const bare = audience.toLowerCase().replace(/\/+$/, '');
  return aliases.get(bare) ?? bare;
}
