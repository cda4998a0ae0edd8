/**
 * The documents that tell clients where to sign in.
 *
 * @module
 */

import type { JsonObject } from '../../lib/json.ts';

/** Issuers of a tenant's tokens, by token version. Which one a token has is its resource's choice. */
export function issuers(tenant: string): { readonly v1: string; readonly v2: string } {
  return {
    v1: `https://sts.windows.net/${tenant}/`,
    v2: `https://login.microsoftonline.com/${tenant}/v2.0`,
  };
}

/** Hosts of the public cloud that are one and the same to clients. */
const hosts = ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'];

const supported: JsonObject = {
  token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
  response_modes_supported: ['query', 'fragment', 'form_post'],
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  subject_types_supported: ['pairwise'],
  id_token_signing_alg_values_supported: ['RS256'],
  scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
  claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nbf', 'tid', 'oid', 'appid', 'ver'],
  tenant_region_scope: null,
  cloud_instance_name: 'microsoftonline.com',
  cloud_graph_host_name: 'graph.windows.net',
  msgraph_host: 'graph.microsoft.com',
};

/**
 * Returns the OpenID configuration of a tenant, or of `common` and `organizations`.
 *
 * It names endpoints that are not there, too: msal reads every one of them before it asks for a token.
 */
export function openIdConfiguration(host: string, tenant: string, version: 1 | 2): JsonObject {
  const base = `https://${host}/${tenant}`;
  const oauth = version === 1 ? `${base}/oauth2` : `${base}/oauth2/v2.0`;
  // What a token of whichever tenant signs in will say: Entra leaves the place open in the same way.
  const issuer = issuers(tenant === 'common' || tenant === 'organizations' ? '{tenantid}' : tenant);
  return {
    token_endpoint: `${oauth}/token`,
    authorization_endpoint: `${oauth}/authorize`,
    device_authorization_endpoint: `${oauth}/devicecode`,
    end_session_endpoint: `${oauth}/logout`,
    jwks_uri: version === 1 ? `https://${host}/common/discovery/keys` : `${base}/discovery/v2.0/keys`,
    issuer: version === 1 ? issuer.v1 : issuer.v2,
    ...supported,
  };
}

/** Returns the instance metadata that msal validates an authority against, or nothing for a foreign authority. */
export function instanceDiscovery(host: string, authorizationEndpoint: string): JsonObject | undefined {
  if (!URL.canParse(authorizationEndpoint)) return undefined;
  const authority = new URL(authorizationEndpoint);
  const tenant = authority.pathname.split('/')[1];
  if (!hosts.includes(authority.hostname) || tenant === undefined || tenant === '') return undefined;
  return {
    tenant_discovery_endpoint: `https://${host}/${tenant}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: 'login.windows.net', aliases: hosts }],
  };
}
