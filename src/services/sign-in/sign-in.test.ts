/**
 * Sign-in as recorded clients do it, and every request that is refused.
 *
 * @module
 */

import { decodeJwt, decodeProtectedHeader } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import type { Account, Application } from './accounts.ts';
import { Seal } from './seal.ts';
import { hashSecret } from './secret.ts';
import { SignIn, type SignInResponse } from './sign-in.ts';
import { SigningKeys } from './signing-keys.ts';
import { verifyToken } from './verify-token.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const client = 'aaaaaaaa-0000-0000-0000-000000000001';
const other = 'aaaaaaaa-0000-0000-0000-000000000002';
const modern = 'aaaaaaaa-0000-0000-0000-000000000003';
const objectId = 'bbbbbbbb-0000-0000-0000-000000000001';
const secret = 'q~+/=:&% \u00e9-secret';
const arm = 'https://management.azure.com/.default';
const start = Date.parse('2026-11-22T10:00:00.900Z');
const seconds = Math.floor(start / 1000);
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let keys: SigningKeys;
let service: SignIn;

beforeAll(async () => {
  keys = await SigningKeys.generate();
  const applications = new Map<string, Application>([
    [client, { objectId, secretHashes: [hashSecret('an older one'), hashSecret(secret)] }],
    [other, { objectId: 'bbbbbbbb-0000-0000-0000-000000000002', secretHashes: [hashSecret('theirs')] }],
    [modern, { objectId: 'bbbbbbbb-0000-0000-0000-000000000003', secretHashes: [], accessTokenVersion: 2 }],
  ]);
  service = new SignIn({
    tenant,
    keys,
    issuerHost: 'login.microsoftonline.com',
    applications: (clientId) => applications.get(clientId),
    accounts: (): Account | undefined => undefined,
    seal: new Seal(new Uint8Array(32)),
    now: () => start,
  });
});

async function ask(
  method: string,
  path: string,
  form: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<SignInResponse & { readonly json: JsonObject }> {
  const url = new URL(path, 'https://login.microsoftonline.com');
  const response = await service.signIn({ method, url, headers, body: String(new URLSearchParams(form)) });
  return { ...response, json: JSON.parse(response.body) };
}

const get = (path: string) => ask('GET', path);
const credentials = { grant_type: 'client_credentials', client_id: client, client_secret: secret };
const v2 = (form: Readonly<Record<string, string>>, headers = {}) =>
  ask('POST', `/${tenant}/oauth2/v2.0/token`, form, headers);
const v1 = (form: Readonly<Record<string, string>>) => ask('POST', `/${tenant}/oauth2/token`, form);
const basic = (id: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`,
});

describe('documents', () => {
  test.each([tenant, 'common', 'organizations', tenant.toUpperCase()])('OpenID v2.0 of %s', async (name) => {
    const { status, headers, json } = await get(`/${name}/v2.0/.well-known/openid-configuration`);
    const spelled = name.toLowerCase();
    const base = `https://login.microsoftonline.com/${spelled}`;
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(json).toMatchObject({
      token_endpoint: `${base}/oauth2/v2.0/token`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
      issuer: `https://login.microsoftonline.com/${spelled === tenant ? tenant : '{tenantid}'}/v2.0`,
    });
  });

  test('OpenID v1', async () => {
    const { json } = await get(`/${tenant}/.well-known/openid-configuration`);
    expect(json).toMatchObject({
      token_endpoint: `https://login.microsoftonline.com/${tenant}/oauth2/token`,
      jwks_uri: 'https://login.microsoftonline.com/common/discovery/keys',
      issuer: `https://sts.windows.net/${tenant}/`,
    });
  });

  test.each([`/${tenant}/discovery/v2.0/keys`, `/${tenant}/discovery/keys`, '/common/discovery/keys'])(
    '%s lists the public key and no private part',
    async (path) => {
      const { json } = await get(path);
      const { n, e } = keys.publicJwk;
      expect(json).toEqual({ keys: [{ kty: 'RSA', use: 'sig', alg: 'RS256', kid: keys.kid, n, e }] });
    },
  );

  test('instance discovery knows the public cloud and no other', async () => {
    const path = '/common/discovery/instance?api-version=1.1&authorization_endpoint=';
    const asked = encodeURIComponent(`https://login.windows.net/${tenant}/oauth2/authorize`);
    const { json } = await get(`${path}${asked}`);
    const base = `https://login.microsoftonline.com/${tenant}`;
    expect(json).toMatchObject({
      tenant_discovery_endpoint: `${base}/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [{ preferred_network: 'login.microsoftonline.com' }],
    });
    for (const foreign of ['https://evil.example/common', 'login.microsoftonline.com', 'https:///']) {
      const refused = await get(`${path}${encodeURIComponent(foreign)}`);
      expect(refused).toMatchObject({ status: 400, json: { error: 'invalid_instance' } });
    }
  });
});

describe('tokens', () => {
  test('as az asks at the v2.0 endpoint', async () => {
    const form = { ...credentials, scope: 'https://management.core.windows.net//.default', client_info: '1' };
    const { status, headers, json } = await v2(form);
    expect(status).toBe(200);
    expect(headers['cache-control']).toContain('no-store');
    const { access_token: token, ...rest } = json;
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599 });
    expect(decodeProtectedHeader(String(token))).toEqual({ typ: 'JWT', alg: 'RS256', kid: keys.kid });
    expect(decodeJwt(String(token))).toEqual({
      aud: 'https://management.core.windows.net/',
      iss: `https://sts.windows.net/${tenant}/`,
      iat: seconds,
      nbf: seconds,
      exp: seconds + 3_600,
      appid: client,
      appidacr: '1',
      idp: `https://sts.windows.net/${tenant}/`,
      idtyp: 'app',
      oid: objectId,
      sub: objectId,
      tid: tenant,
      uti: expect.stringMatching(/^[\w-]{22}$/),
      ver: '1.0',
    });
  });

  test('at the v1 endpoint, numbers are text', async () => {
    const { json } = await v1({ ...credentials, resource: 'https://vault.azure.net' });
    const { access_token: token, ...rest } = json;
    expect(rest).toEqual({
      token_type: 'Bearer',
      expires_in: '3599',
      ext_expires_in: '3599',
      expires_on: `${seconds + 3_600}`,
      not_before: `${seconds}`,
      resource: 'https://vault.azure.net',
    });
    expect(decodeJwt(String(token)).aud).toBe('https://vault.azure.net');
  });

  test.each([
    ['https://management.core.windows.net//.default', 'https://management.core.windows.net/'],
    ['https://management.azure.com/.default', 'https://management.azure.com'],
    ['https://management.azure.com//.default', 'https://management.azure.com/'],
    ['https://graph.microsoft.com//.default', 'https://graph.microsoft.com/'],
    ['https://vault.azure.net/.default', 'https://vault.azure.net'],
    ['https://storage.azure.com/.default', 'https://storage.azure.com'],
    ['https://ml.azure.com/.default', 'https://ml.azure.com'],
    ['https://acct.blob.core.windows.net/.default', 'https://acct.blob.core.windows.net'],
    ['https://containerregistry.azure.net/.default', 'https://containerregistry.azure.net'],
    [`${other}/.default`, other],
    [`api://${other}/.default`, `api://${other}`],
  ])('scope %s gives audience %s', async (scope, audience) => {
    const { json } = await v2({ ...credentials, scope });
    expect(decodeJwt(String(json.access_token)).aud).toBe(audience);
  });

  test('a resource that takes version 2 gets version 2', async () => {
    const { json } = await v2({ ...credentials, scope: `api://${modern}/.default` });
    const claims = decodeJwt(String(json.access_token));
    expect(claims).toMatchObject({
      aud: modern,
      iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
      azp: client,
      ver: '2.0',
    });
    expect(claims).not.toHaveProperty('appid');
    const expectation = { keys, tenant, audiences: [modern], now: () => start };
    const verified = await verifyToken(String(json.access_token), expectation);
    expect(verified).toMatchObject({ ok: true, claims: { appId: client } });
  });

  test('the secret may come by HTTP Basic, encoded or not', async () => {
    const form = { grant_type: 'client_credentials', scope: arm };
    for (const given of [encodeURIComponent(secret), encodeURIComponent(secret).replaceAll('%20', '+')]) {
      expect((await v2(form, basic(client, given))).status).toBe(200);
    }
    expect((await v2({ ...form, client_id: client }, basic(client, 'an older one'))).status).toBe(200);
    expect((await v2({ ...form, client_id: client }, basic(other, 'theirs'))).status).toBe(401);
  });
});

describe('refusals', () => {
  const token = { ...credentials, scope: arm };
  const without = (name: keyof typeof token) => v2({ ...token, [name]: '' });
  const grant = (type: string) => v2({ ...token, grant_type: type });
  const scope = (text: string) => v2({ ...token, scope: text });
  const unknown = { ...token, client_id: 'nobody' };
  const discovery = 'v2.0/.well-known/openid-configuration';

  test.each<[name: string, request: () => ReturnType<typeof ask>, answer: string]>([
    ['no grant type', () => without('grant_type'), '400 invalid_request 900144'],
    ['no client id', () => without('client_id'), '400 invalid_request 900144'],
    ['no scope', () => without('scope'), '400 invalid_request 900144'],
    ['no resource', () => v1(token), '400 invalid_request 900144'],
    ['no secret', () => without('client_secret'), '401 invalid_client 7000216'],
    ['a wrong secret', () => v2({ ...token, client_secret: `${secret}x` }), '401 invalid_client 7000215'],
    ['an unknown application', () => v2(unknown), '400 unauthorized_client 700016'],
    ['one without secrets', () => v2({ ...token, client_id: modern }), '401 invalid_client 7000215'],
    ['another grant', () => grant('implicit'), '400 unsupported_grant_type 70003'],
    [
      'a user at the v1 endpoint',
      () => v1({ ...token, grant_type: 'password' }),
      '400 unsupported_grant_type 70003',
    ],
    ['two scopes', () => scope(`${arm} ${arm}`), '400 invalid_scope 70011'],
    ['a delegated scope', () => scope('User.Read'), '400 invalid_scope 1002012'],
    ['a scope of nothing', () => scope('/.default'), '400 invalid_scope 1002012'],
    ['a resource that is no URI', () => scope('x/.default'), '400 invalid_resource 500011'],
    ['an unknown tenant', () => ask('POST', '/x.example/oauth2/token', token), '400 invalid_request 90002'],
    ['an unknown tenant in discovery', () => get(`/x.example/${discovery}`), '400 invalid_tenant 90002'],
    ['no tenant', () => ask('POST', '/common/oauth2/token', token), '400 invalid_request 50059'],
    ['GET for a token', () => get(`/${tenant}/oauth2/v2.0/token`), '400 invalid_request 900561'],
    ['another path', () => get(`/${tenant}/oauth2/v3.0/token`), '404 invalid_request 404'],
    ['the root', () => get('/'), '404 invalid_request 404'],
  ])('%s', async (_name, request, expected) => {
    const { status, json, body } = await request();
    const [, , code] = expected.split(' ');
    const { trace_id: trace, correlation_id: correlation } = json;
    expect(`${status} ${json.error} ${json.error_codes}`).toBe(expected);
    expect(json).toMatchObject({
      error_codes: [Number(code)],
      timestamp: '2026-11-22 10:00:00Z',
      trace_id: expect.stringMatching(guid),
      correlation_id: expect.stringMatching(guid),
      error_uri: `https://login.microsoftonline.com/error?code=${code}`,
    });
    expect(String(json.error_description)).toMatch(new RegExp(`^AADSTS${code}: `));
    expect(json.error_description).toContain(`Trace ID: ${trace} Correlation ID: ${correlation}`);
    // The secret's first characters, whatever encoding the rest of it may be in.
    expect(body).not.toContain('q~');
  });

  test('the client’s own request id comes back', async () => {
    const id = 'cccccccc-0000-0000-0000-000000000001';
    expect((await ask('POST', `/x/oauth2/token?client-request-id=${id}`)).json.correlation_id).toBe(id);
    const { json, headers } = await v2({}, { 'client-request-id': id.toUpperCase() });
    expect([json.correlation_id, headers['client-request-id']]).toEqual([id, id]);
    expect((await v2({}, { 'client-request-id': 'x\r\ny: z' })).headers['client-request-id']).toMatch(guid);
  });

  test('a value that an error names is printed as it is, and not at any length', async () => {
    const { json } = await v2({ ...credentials, client_id: `$&${'x'.repeat(9_000)}` });
    expect(json.error_description).toContain("'$&xxx");
    expect(String(json.error_description).length).toBeLessThan(1_000);
  });
});
