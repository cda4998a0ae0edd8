/**
 * The service behind `login.microsoftonline.com`: discovery documents, keys, pages for people, and tokens.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../lib/json.ts';
import { never } from '../../lib/result.ts';
import { parseUuid } from '../../lib/uuid.ts';
import type { Issuing } from './accounts.ts';
import { DeviceCodes, Redeemed } from './codes.ts';
import { instanceDiscovery, openIdConfiguration } from './discovery.ts';
import { EntraError } from './entra-error.ts';
import { answerDevice, authorize, beginDevice, type Shown } from './interactive.ts';
import { saying } from './pages.ts';
import { issueToken } from './token-request.ts';

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
  readonly kind:
    | 'configuration'
    | 'keys'
    | 'instance'
    | 'token'
    | 'authorize'
    | 'login'
    | 'device-code'
    | 'device'
    | 'realm';
  readonly methods: readonly ('GET' | 'POST')[];
  readonly version: 1 | 2;
}

function at(kind: Endpoint['kind'], version: 1 | 2, ...methods: Endpoint['methods']): Endpoint {
  return { kind, version, methods };
}

/** Path below the tenant -> endpoint. `GET /common/discovery/instance` has any tenant in that place. */
const endpoints: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['v2.0/.well-known/openid-configuration', at('configuration', 2, 'GET')],
  ['.well-known/openid-configuration', at('configuration', 1, 'GET')],
  ['discovery/v2.0/keys', at('keys', 2, 'GET')],
  ['discovery/keys', at('keys', 1, 'GET')],
  ['discovery/instance', at('instance', 1, 'GET')],
  ['oauth2/v2.0/token', at('token', 2, 'POST')],
  ['oauth2/token', at('token', 1, 'POST')],
  ['oauth2/v2.0/authorize', at('authorize', 2, 'GET', 'POST')],
  ['login', at('login', 2, 'POST')],
  ['oauth2/v2.0/devicecode', at('device-code', 2, 'POST')],
  ['oauth2/deviceauth', at('device', 2, 'GET', 'POST')],
]);

const device = at('device', 2, 'GET', 'POST');
const realm = at('realm', 2, 'GET');

/** Tenants that stand for whichever one signs in. */
const anyTenant: ReadonlySet<string> = new Set(['common', 'organizations']);

/** Signs in the users and service principals of one tenant. */
export class SignIn {
  readonly #options: SignInOptions;
  readonly #underWay = { devices: new DeviceCodes(), redeemed: new Redeemed() };

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** Answers one request. What the client did wrong is answered; what it rejects with is a fault of ours. */
  async signIn(request: SignInRequest): Promise<SignInResponse> {
    const { issuerHost, now } = this.#options;
    const correlation = correlationOf(request);
    const [, tenant = '', ...rest] = request.url.pathname.toLowerCase().split('/');
    const endpoint = endpointAt(tenant, rest);
    try {
      if (endpoint === undefined) throw new EntraError(404);
      const { methods } = endpoint;
      if (!methods.some((method) => method === request.method))
        throw new EntraError(900561, methods.join(', '));
      return answer(await this.#answer(endpoint, tenant, request), correlation);
    } catch (error) {
      if (!(error instanceof EntraError)) throw error;
      const { status, message } = error;
      // People see a page, programs an object.
      if (['authorize', 'login', 'device'].includes(endpoint?.kind ?? ''))
        return answer(
          saying(status, 'Sorry, but we are having trouble signing you in.', message),
          correlation,
        );
      return answer({ status, json: error.body(issuerHost, correlation, now()) }, correlation);
    }
  }

  async #answer(endpoint: Endpoint, tenant: string, request: SignInRequest): Promise<Answered> {
    const { method, url, headers, body } = request;
    const { keys, issuerHost } = this.#options;
    const { kind, version } = endpoint;
    const named = this.#tenantOf(tenant);
    if (named === undefined && kind !== 'instance' && kind !== 'device') {
      throw new EntraError(90002, tenant, kind === 'token' ? undefined : 'invalid_tenant');
    }
    const fields = method === 'POST' ? new URLSearchParams(body) : url.searchParams;
    switch (kind) {
      case 'configuration':
        return { status: 200, json: openIdConfiguration(issuerHost, named ?? tenant, version) };
      case 'keys':
        return { status: 200, json: { keys: [{ ...keys.publicJwk }] } };
      case 'instance': {
        const asked = url.searchParams.get('authorization_endpoint');
        const found = instanceDiscovery(issuerHost, asked ?? `https://${issuerHost}/${tenant}`);
        if (found === undefined) throw new EntraError(50049);
        return { status: 200, json: found };
      }
      case 'realm':
        return { status: 200, json: this.#realmOf(url.pathname) };
      case 'token': {
        const asked = { endpoint: version, anyTenant: anyTenant.has(tenant), form: fields };
        const json = await issueToken(this.#options, this.#underWay, {
          ...asked,
          authorization: headers.authorization,
        });
        return { status: 200, json };
      }
      case 'authorize':
        return authorize(this.#options, tenant, 'GET', fields);
      case 'login':
        return authorize(this.#options, tenant, 'POST', fields);
      case 'device-code':
        return { status: 200, json: beginDevice(this.#options, this.#underWay, fields) };
      case 'device':
        return answerDevice(this.#options, this.#underWay, method, fields);
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

  /** Where a user's password is checked: here, for every user there is. */
  #realmOf(path: string): JsonObject {
    const name = decoded(path.split('/').at(-1) ?? '');
    const known = this.#options.accounts(name) !== undefined;
    return {
      ver: '1.0',
      account_type: known ? 'Managed' : 'Unknown',
      domain_name: name.split('@').at(-1) ?? '',
      cloud_instance_name: 'microsoftonline.com',
      cloud_audience_urn: 'urn:federation:MicrosoftOnline',
    };
  }
}

function endpointAt(tenant: string, rest: readonly string[]): Endpoint | undefined {
  if (tenant === 'device' && rest.length === 0) return device;
  if (rest[0] === 'userrealm' && rest.length === 2) return realm;
  return endpoints.get(rest.join('/'));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Returns the id that the client tells its own request by, or a new one. */
function correlationOf({ headers, url }: SignInRequest): string {
  const given = headers['client-request-id'] ?? url.searchParams.get('client-request-id') ?? '';
  return parseUuid(given) ?? randomUUID();
}

/** What an endpoint answers with. */
type Answered = Shown | { readonly status: number; readonly json: JsonObject };

function answer(answered: Answered, correlation: string): SignInResponse {
  const headers = {
    'cache-control': 'no-store, no-cache',
    pragma: 'no-cache',
    'x-content-type-options': 'nosniff',
    'x-ms-request-id': randomUUID(),
    'client-request-id': correlation,
  };
  if ('location' in answered)
    return { status: 302, headers: { ...headers, location: answered.location }, body: '' };
  const { status } = answered;
  if ('html' in answered) {
    const own = { ...answered.headers, 'content-type': 'text/html; charset=utf-8' };
    return { status, headers: { ...headers, ...own }, body: answered.html };
  }
  const type = { 'content-type': 'application/json; charset=utf-8' };
  return { status, headers: { ...headers, ...type }, body: JSON.stringify(answered.json) };
}
