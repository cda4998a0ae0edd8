/**
 * Token requests: what they must say, and what they get.
 *
 * @module
 */

import type { JsonObject } from '../../lib/json.ts';
import { never } from '../../lib/result.ts';
import type { Issuing } from './accounts.ts';
import { type Asked, checkedResource, resourceOfScope } from './audience.ts';
import { confidentialClient } from './client.ts';
import { EntraError, missing } from './entra-error.ts';
import { type UnderWay, userGrants, userToken } from './grants.ts';
import { accessToken, lifetime } from './tokens.ts';

/** A token request. */
export interface TokenRequest {
  /** Which token endpoint was asked. */
  readonly endpoint: 1 | 2;
  /** The path says `common` or `organizations`, not a tenant. */
  readonly anyTenant: boolean;
  readonly form: URLSearchParams;
  readonly authorization: string | undefined;
}

/** Answers a token request, or throws an {@link EntraError}. */
export async function issueToken(
  issuing: Issuing,
  underWay: UnderWay,
  request: TokenRequest,
): Promise<JsonObject> {
  const { endpoint, form, anyTenant } = request;
  const grant = form.get('grant_type') || missing('grant_type');
  if (grant === 'client_credentials') {
    // Applications live in one tenant; a user's name says which one is the user's.
    if (anyTenant) throw new EntraError(50059);
    return applicationToken(issuing, request);
  }
  const known = userGrants.find((each) => each === grant);
  if (known === undefined || endpoint === 1) throw new EntraError(70003, grant);
  return userToken(issuing, underWay, known, form);
}

/** Client credentials (RFC 6749 section 4.4). */
async function applicationToken(
  issuing: Issuing,
  { endpoint, form, authorization }: TokenRequest,
): Promise<JsonObject> {
  const { clientId, application, proof } = await confidentialClient(issuing, form, authorization);
  const asked =
    endpoint === 2
      ? resourceOfScope(form.get('scope') || missing('scope'))
      : checkedResource(form.get('resource') || missing('resource'));
  const resource = resourceOf(asked, form.get('scope') ?? '');
  const issued = Math.floor(issuing.now() / 1000);
  const subject = { kind: 'app', clientId, objectId: application.objectId, proof } as const;
  const token = await accessToken(issuing, subject, resource, issued);
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
