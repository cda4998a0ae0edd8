/**
 * The service behind `login.microsoftonline.com`: discovery documents, keys and tokens for service principals.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../lib/json.ts';
import { never } from '../../lib/result.ts';
import { parseUuid } from '../../lib/uuid.ts';
import { instanceDiscovery, openIdConfiguration } from './discovery.ts';
import { EntraError } from './entra-error.ts';
import { type Issuing, issueToken } from './token-request.ts';

/** A request as the front hands it on. */
export interface SignInRequest {
  readonly method: string;
  readonly url: URL;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The whole body; the front bounds it. */
  readonly body: string;
}

/** The answer, ready to be sent. */
export interface SignInResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the service is made of. */
export interface SignInOptions extends Issuing {
  /** The host that documents and errors name. */
  readonly issuerHost: 'login.microsoftonline.com';
}

interface Endpoint {
  readonly kind: 'configuration' | 'keys' | 'instance' | 'token' | 'authorize' | 'device-code';
  readonly method: 'GET' | 'POST';
  readonly version: 1 | 2;
}

/** Path below the tenant -> endpoint. `GET /common/discovery/instance` has any tenant in that place. */
const endpoints: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['v2.0/.well-known/openid-configuration', { kind: 'configuration', method: 'GET', version: 2 }],
  ['.well-known/openid-configuration', { kind: 'configuration', method: 'GET', version: 1 }],
  ['discovery/v2.0/keys', { kind: 'keys', method: 'GET', version: 2 }],
  ['discovery/keys', { kind: 'keys', method: 'GET', version: 1 }],
  ['discovery/instance', { kind: 'instance', method: 'GET', version: 1 }],
  ['oauth2/v2.0/token', { kind: 'token', method: 'POST', version: 2 }],
  ['oauth2/token', { kind: 'token', method: 'POST', version: 1 }],
  ['oauth2/v2.0/authorize', { kind: 'authorize', method: 'GET', version: 2 }],
  ['oauth2/authorize', { kind: 'authorize', method: 'GET', version: 1 }],
  ['oauth2/v2.0/devicecode', { kind: 'device-code', method: 'POST', version: 2 }],
  ['oauth2/devicecode', { kind: 'device-code', method: 'POST', version: 1 }],
]);

/** Tenants that stand for whichever one signs in. */
const anyTenant: ReadonlySet<string> = new Set(['common', 'organizations']);

/** Signs in service principals of one tenant. */
export class SignIn {
  readonly #options: SignInOptions;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** Answers one request. What the client did wrong is answered; what it rejects with is a fault of ours. */
  async signIn(request: SignInRequest): Promise<SignInResponse> {
    const { issuerHost, now } = this.#options;
    const correlation = correlationOf(request);
    try {
      return answer(200, await this.#answer(request), correlation);
    } catch (error) {
      if (!(error instanceof EntraError)) throw error;
      return answer(error.status, error.body(issuerHost, correlation, now()), correlation);
    }
  }

  async #answer({ method, url, headers, body }: SignInRequest): Promise<JsonObject> {
    const { keys, issuerHost } = this.#options;
    const [, tenant = '', ...rest] = url.pathname.toLowerCase().split('/');
    const endpoint = endpoints.get(rest.join('/'));
    if (endpoint === undefined) throw new EntraError(404);
    const { kind, version } = endpoint;
    if (method !== endpoint.method) throw new EntraError(900561, endpoint.method);
    const named = this.#tenantOf(tenant);
    if (named === undefined && kind !== 'instance') {
      throw new EntraError(90002, tenant, kind === 'token' ? undefined : 'invalid_tenant');
    }
    switch (kind) {
      case 'configuration':
        return openIdConfiguration(issuerHost, named ?? tenant, version);
      case 'keys':
        return { keys: [{ ...keys.publicJwk }] };
      case 'instance': {
        const asked = url.searchParams.get('authorization_endpoint');
        const found = instanceDiscovery(issuerHost, asked ?? `https://${issuerHost}/${tenant}`);
        if (found === undefined) throw new EntraError(50049);
        return found;
      }
      case 'token':
        if (anyTenant.has(tenant)) throw new EntraError(50059);
        return issueToken(this.#options, version, new URLSearchParams(body), headers.authorization);
      case 'authorize':
        throw new EntraError(70005);
      case 'device-code':
        throw new EntraError(70003, 'urn:ietf:params:oauth:grant-type:device_code');
      default:
        return never(kind);
    }
  }

  /** Returns the tenant that a path names, spelled as tokens spell it. */
  #tenantOf(segment: string): string | undefined {
    const { tenant } = this.#options;
    if (anyTenant.has(segment)) return segment;
    return segment === tenant.toLowerCase() ? tenant : undefined;
  }
}

/** Returns the id that the client tells its own request by, or a new one. */
function correlationOf({ headers, url }: SignInRequest): string {
  const given = headers['client-request-id'] ?? url.searchParams.get('client-request-id') ?? '';
  return parseUuid(given) ?? randomUUID();
}

function answer(status: number, body: JsonObject, correlation: string): SignInResponse {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store, no-cache',
      pragma: 'no-cache',
      'x-content-type-options': 'nosniff',
      'x-ms-request-id': randomUUID(),
      'client-request-id': correlation,
    },
    body: JSON.stringify(body),
  };
}
