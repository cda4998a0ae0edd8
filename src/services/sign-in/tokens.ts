/**
 * The tokens themselves: access tokens for applications, users and managed identities, and id tokens.
 *
 * @module
 */

import { createHash, randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Account, Application } from './accounts.ts';
import { issuers } from './discovery.ts';
import { algorithm, type SigningKeys } from './signing-keys.ts';

/** Life of a token in seconds. Clients are told one less, as Entra does, so that they renew in time. */
export const lifetime = 3_600;

/** What signs. */
export interface Signing {
  readonly tenant: string;
  readonly keys: SigningKeys;
  readonly applications: (clientId: string) => Application | undefined;
}

/** Whom an access token speaks for. */
export type Subject =
  | {
      readonly kind: 'app';
      readonly objectId: string;
      readonly clientId: string;
      /** How it proved itself (`appidacr`): 1 a secret, 2 a certificate. */
      readonly proof: '1' | '2';
      /** The resource that a managed identity is of. */
      readonly resourceId?: string;
    }
  | { readonly kind: 'user'; readonly account: Account; readonly clientId: string; readonly scopes: string };

/**
 * Signs an access token for a resource.
 *
 * Its version is what the *resource* takes, whichever endpoint was asked: Azure's own services take version 1,
 * so a token for `https://management.azure.com` is one even from the v2.0 endpoint.
 */
export function accessToken(
  { tenant, keys, applications }: Signing,
  subject: Subject,
  resource: string,
  issued: number,
): Promise<string> {
  const bare = resource.replace(/^api:\/\//i, '');
  const version = applications(bare)?.accessTokenVersion ?? 1;
  const issuer = issuers(tenant);
  const proof = subject.kind === 'app' ? subject.proof : '0';
  const party =
    version === 1 ? { appid: subject.clientId, appidacr: proof } : { azp: subject.clientId, azpacr: proof };
  return signed(keys, {
    // Version 2 tokens name the application itself, not the URI it was asked for by.
    aud: version === 1 ? resource : bare,
    iss: version === 1 ? issuer.v1 : issuer.v2,
    iat: issued,
    nbf: issued,
    exp: issued + lifetime,
    ...party,
    idp: issuer.v1,
    ...who(subject),
    tid: tenant,
    uti: randomBytes(16).toString('base64url'),
    ver: version === 1 ? '1.0' : '2.0',
  });
}

function who(subject: Subject): Readonly<Record<string, unknown>> {
  if (subject.kind === 'app') {
    const { objectId, resourceId } = subject;
    const of = resourceId === undefined ? {} : { xms_mirid: resourceId };
    return { idtyp: 'app', oid: objectId, sub: objectId, ...of };
  }
  const { objectId, upn, displayName } = subject.account;
  return {
    acr: '1',
    amr: ['pwd'],
    idtyp: 'user',
    name: displayName,
    oid: objectId,
    scp: subject.scopes,
    sub: pairwise(objectId, subject.clientId),
    unique_name: upn,
    upn,
  };
}

/** Signs what tells a client who signed in. */
export function idToken(
  { tenant, keys }: Pick<Signing, 'tenant' | 'keys'>,
  account: Account,
  clientId: string,
  nonce: string | undefined,
  issued: number,
): Promise<string> {
  const { objectId, upn, displayName } = account;
  return signed(keys, {
    aud: clientId,
    iss: issuers(tenant).v2,
    iat: issued,
    nbf: issued,
    exp: issued + lifetime,
    name: displayName,
    ...(nonce === undefined ? {} : { nonce }),
    oid: objectId,
    preferred_username: upn,
    sub: pairwise(objectId, clientId),
    tid: tenant,
    uti: randomBytes(16).toString('base64url'),
    ver: '2.0',
  });
}

/** A user is another subject to each client. */
function pairwise(objectId: string, clientId: string): string {
  return createHash('sha256').update(`${objectId} ${clientId}`).digest('base64url');
}

function signed(keys: SigningKeys, claims: Readonly<Record<string, unknown>>): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ typ: 'JWT', alg: algorithm, kid: keys.kid })
    .sign(keys.privateKey);
}
