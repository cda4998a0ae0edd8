/**
 * Client credentials: what a token request must say, and the token it gets (RFC 6749 section 4.4).
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import type { JsonObject } from '../../lib/json.ts';
import { never } from '../../lib/result.ts';
import { type Asked, checkedResource, resourceOfScope } from './audience.ts';
import { issuers } from './discovery.ts';
import { EntraError } from './entra-error.ts';
import { secretMatches } from './secret.ts';
import { algorithm, type SigningKeys } from './signing-keys.ts';

/** An application that may sign in, or that tokens are asked for. */
export interface Application {
  /** Object id of its service principal. */
  readonly objectId: string;
  /** What `hashSecret` made of each of its secrets. None = it cannot sign in. */
  readonly secretHashes: readonly string[];
  /** Version of the tokens made *for* it (`requestedAccessTokenVersion` of its manifest); 1 unless told. */
  readonly accessTokenVersion?: 1 | 2;
}

/** What tokens are made with. */
export interface Issuing {
  readonly tenant: string;
  readonly keys: SigningKeys;
  readonly applications: (clientId: string) => Application | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Life of a token in seconds. Clients are told one less, as Entra does, so that they renew in time. */
const lifetime = 3_600;

/** Answers a token request at the v1 or v2.0 endpoint, or throws an {@link EntraError}. */
export async function issueToken(
  issuing: Issuing,
  endpoint: 1 | 2,
  form: URLSearchParams,
  authorization: string | undefined,
): Promise<JsonObject> {
  const grant = form.get('grant_type') || missing('grant_type');
  if (grant !== 'client_credentials') throw new EntraError(70003, grant);
  const { clientId, application } = authenticated(issuing, form, authorization);
  const asked =
    endpoint === 2
      ? resourceOfScope(form.get('scope') || missing('scope'))
      : checkedResource(form.get('resource') || missing('resource'));
  const resource = resourceOf(asked, form.get('scope') ?? '');
  const issued = Math.floor(issuing.now() / 1000);
  const token = await sign(issuing, { clientId, objectId: application.objectId, resource, issued });
  const life = lifetime - 1;
  return endpoint === 2
    ? { token_type: 'Bearer', expires_in: life, ext_expires_in: life, access_token: token }
    : {
        token_type: 'Bearer',
        // The v1 endpoint answers numbers as text.
        expires_in: `${life}`,
        ext_expires_in: `${life}`,
        expires_on: `${issued + lifetime}`,
        not_before: `${issued}`,
        resource,
        access_token: token,
      };
}

function missing(parameter: string): never {
  throw new EntraError(900144, parameter);
}

/** Finds out who asks, from the form or from HTTP Basic (RFC 6749 section 2.3.1). */
function authenticated(
  { applications }: Issuing,
  form: URLSearchParams,
  authorization: string | undefined,
): { readonly clientId: string; readonly application: Application } {
  const basic = basicCredentials(authorization);
  const clientId = form.get('client_id') || basic?.clientId || missing('client_id');
  const application = applications(clientId);
  if (application === undefined) throw new EntraError(700016, clientId);
  const secret = form.get('client_secret') || basic?.secret;
  if (!secret) throw new EntraError(form.has('client_assertion') ? 700027 : 7000216);
  // Basic credentials of another application do not prove this one.
  const same = Boolean(form.get('client_secret')) || basic?.clientId === clientId;
  if (!secretMatches(secret, application.secretHashes) || !same) throw new EntraError(7000215, clientId);
  return { clientId, application };
}

function basicCredentials(
  authorization: string | undefined,
): { readonly clientId: string; readonly secret: string } | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [, clientId, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  if (clientId === undefined || secret === undefined) return undefined;
  return { clientId: formDecoded(clientId), secret: formDecoded(secret) };
}

/** Undoes the form encoding that RFC 6749 section 2.3.1 asks for, and leaves alone what was never encoded. */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch {
    return text;
  }
}

function resourceOf(asked: Asked, scope: string): string {
  switch (asked.kind) {
    case 'resource':
      return asked.resource;
    case 'not-default':
      throw new EntraError(1002012, scope);
    case 'several':
      throw new EntraError(70011);
    case 'unknown-resource':
      throw new EntraError(500011, asked.resource);
    default:
      return never(asked);
  }
}

interface Subject {
  readonly clientId: string;
  readonly objectId: string;
  readonly resource: string;
  /** Seconds since the epoch. */
  readonly issued: number;
}

/**
 * Signs an access token.
 *
 * Its version is what the *resource* takes, whichever endpoint was asked: Azure's own services take version 1,
 * so a token for `https://management.azure.com` is one even from the v2.0 endpoint.
 */
async function sign({ tenant, keys, applications }: Issuing, subject: Subject): Promise<string> {
  const { clientId, objectId, resource, issued } = subject;
  const named = applications(resource.replace(/^api:\/\//i, ''));
  const version = named?.accessTokenVersion ?? 1;
  const party = version === 1 ? { appid: clientId, appidacr: '1' } : { azp: clientId, azpacr: '1' };
  const issuer = issuers(tenant);
  return new SignJWT({
    // Version 2 tokens name the application itself, not the URI it was asked for by.
    aud: version === 1 ? resource : resource.replace(/^api:\/\//i, ''),
    iss: version === 1 ? issuer.v1 : issuer.v2,
    iat: issued,
    nbf: issued,
    exp: issued + lifetime,
    ...party,
    idp: issuer.v1,
    idtyp: 'app',
    oid: objectId,
    sub: objectId,
    tid: tenant,
    uti: randomBytes(16).toString('base64url'),
    ver: version === 1 ? '1.0' : '2.0',
  })
    .setProtectedHeader({ typ: 'JWT', alg: algorithm, kid: keys.kid })
    .sign(keys.privateKey);
}
