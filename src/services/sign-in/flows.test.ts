/**
 * Sign-in by certificate and by people: what each flow gets, and every way in which it is refused.
 *
 * @module
 */

import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { decodeJwt, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import type { Account, Application } from './accounts.ts';
import { assertionType } from './assertion.ts';
import { selfSigned } from './certificate.testing.ts';
import { Seal } from './seal.ts';
import { hashSecret } from './secret.ts';
import { SignIn, type SignInResponse } from './sign-in.ts';
import { SigningKeys } from './signing-keys.ts';
import { verifyToken } from './verify-token.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const robot = 'aaaaaaaa-0000-0000-0000-000000000001';
const pinned = 'aaaaaaaa-0000-0000-0000-000000000002';
const cli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';
const shell = '1950a258-227b-4e31-a9cf-717495945fc2';
const ada = 'bbbbbbbb-0000-0000-0000-000000000001';
const upn = 'ada@clinic.example';
const arm = 'https://management.azure.com/.default';
const start = Date.parse('2026-11-22T10:00:00Z');
const host = 'https://login.microsoftonline.com';
const endpoint = `${host}/${tenant}/oauth2/v2.0/token`;

let keys: SigningKeys;
let own: Awaited<ReturnType<typeof selfSigned>>;
let other: Awaited<ReturnType<typeof selfSigned>>;
let late: Awaited<ReturnType<typeof selfSigned>>;
let accounts: Account[];
let now: number;
let service: SignIn;

beforeAll(async () => {
  [keys, own, other, late] = await Promise.all([
    SigningKeys.generate(),
    selfSigned(start),
    selfSigned(start),
    selfSigned(start - 800 * 86_400_000),
  ]);
});

beforeEach(() => {
  now = start;
  accounts = [{ objectId: ada, upn, displayName: 'Ada', passwordHash: hashSecret('word') }];
  const applications = new Map<string, Application>([
    [
      robot,
      {
        objectId: 'cccccccc-0000-0000-0000-000000000001',
        secretHashes: [],
        certificates: [
          { kind: 'pem', pem: own.pem },
          { kind: 'pem', pem: late.pem },
        ],
      },
    ],
    [
      pinned,
      {
        objectId: 'cccccccc-0000-0000-0000-000000000002',
        secretHashes: [],
        certificates: [{ kind: 'thumbprint', thumbprint: digest(own.pem, 'sha1', 'hex') }],
      },
    ],
  ]);
  service = new SignIn({
    tenant,
    keys,
    issuerHost: 'login.microsoftonline.com',
    applications: (clientId) => applications.get(clientId),
    accounts: (name) => accounts.find((it) => [it.upn, it.objectId].includes(name.toLowerCase())),
    seal: new Seal(new Uint8Array(32).fill(7)),
    now: () => now,
  });
});

function digest(pem: string, algorithm: 'sha1' | 'sha256', as: 'hex' | 'base64url'): string {
  return createHash(algorithm).update(new X509Certificate(pem).raw).digest(as);
}

type Fields = Readonly<Record<string, string>>;
type Answer = SignInResponse & { readonly json: JsonObject };

async function ask(method: string, path: string, form: Fields = {}): Promise<Answer> {
  const url = new URL(path, host);
  if (method === 'GET') for (const [name, value] of Object.entries(form)) url.searchParams.set(name, value);
  const body = method === 'GET' ? '' : String(new URLSearchParams(form));
  const response = await service.signIn({ method, url, headers: {}, body });
  const isJson = response.headers['content-type']?.startsWith('application/json') === true;
  return { ...response, json: isJson ? JSON.parse(response.body) : {} };
}

const token = (form: Fields, name = tenant): Promise<Answer> =>
  ask('POST', `/${name}/oauth2/v2.0/token`, form);
const said = ({ status, json }: Answer): string => `${status} ${json.error} ${json.error_codes}`;

async function expectToken(answer: Answer, claims: object): Promise<void> {
  expect(answer.status, answer.body).toBe(200);
  const expectation = { keys, tenant, audiences: ['https://management.azure.com'], now: () => now };
  expect(await verifyToken(String(answer.json.access_token), expectation)).toMatchObject({ ok: true });
  expect(decodeJwt(String(answer.json.access_token))).toMatchObject(claims);
}

describe('certificate', () => {
  interface Change {
    readonly header?: JsonObject;
    readonly claims?: JsonObject;
    readonly pem?: string;
    readonly client?: string;
  }

  const assertion = ({ header, claims, pem = own.key, client = robot }: Change = {}): Promise<string> => {
    const seconds = now / 1000;
    return new SignJWT({
      iss: client,
      sub: client,
      aud: endpoint,
      jti: 'a',
      nbf: seconds,
      exp: seconds + 600,
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', x5t: digest(own.pem, 'sha1', 'base64url'), ...header })
      .sign(createPrivateKey(pem));
  };
  const signIn = async (change: Change = {}, form: Fields = {}): Promise<Answer> =>
    token({
      grant_type: 'client_credentials',
      client_id: change.client ?? robot,
      client_assertion_type: assertionType,
      client_assertion: await assertion(change),
      scope: arm,
      ...form,
    });
  const s256 = (): JsonObject => ({
    alg: 'PS256',
    x5t: undefined,
    'x5t#S256': digest(own.pem, 'sha256', 'base64url'),
  });
  const chain = (pem: string): JsonObject => ({ x5c: [new X509Certificate(pem).raw.toString('base64')] });

  test.each<[string, () => Change]>([
    ['RS256 and x5t', () => ({})],
    ['PS256 and x5t#S256', () => ({ header: s256() })],
    ['the certificate sent along', () => ({ header: { x5t: undefined, ...chain(own.pem) } })],
    ['a thumbprint, and the certificate sent along', () => ({ client: pinned, header: chain(own.pem) })],
    ['the v1 endpoint as audience', () => ({ claims: { aud: `${host}/${tenant}/oauth2/token` } })],
    ['the issuer as audience', () => ({ claims: { aud: `${host}/${tenant.toUpperCase()}/v2.0` } })],
    ['no time to start', () => ({ claims: { nbf: undefined } })],
  ])('%s', async (_, change) => {
    await expectToken(await signIn(change()), {
      appid: change().client ?? robot,
      appidacr: '2',
      idtyp: 'app',
    });
  });

  test('the same assertion again, as MSAL sends it', async () => {
    const form = {
      grant_type: 'client_credentials',
      client_id: robot,
      client_assertion_type: assertionType,
      client_assertion: await assertion(),
      scope: arm,
    };
    expect([(await token(form)).status, (await token(form)).status]).toEqual([200, 200]);
  });

  test.each<[string, () => Promise<Answer>, string]>([
    ['another key', () => signIn({ pem: other.key }), '401 invalid_client 700027'],
    [
      'another certificate',
      () => signIn({ pem: other.key, header: { x5t: digest(other.pem, 'sha1', 'base64url') } }),
      '401 invalid_client 700027',
    ],
    [
      'another certificate sent along',
      () => signIn({ pem: other.key, header: { x5t: undefined, ...chain(other.pem) } }),
      '401 invalid_client 700027',
    ],
    [
      'a foreign certificate for a thumbprint',
      () => signIn({ client: pinned, pem: other.key, header: chain(other.pem) }),
      '401 invalid_client 700027',
    ],
    ['a thumbprint and no certificate', () => signIn({ client: pinned }), '401 invalid_client 700027'],
    [
      'an expired certificate',
      () => signIn({ pem: late.key, header: { x5t: digest(late.pem, 'sha1', 'base64url') } }),
      '401 invalid_client 700027',
    ],
    ['no thumbprint', () => signIn({ header: { x5t: undefined } }), '401 invalid_client 700027'],
    [
      'alg none',
      () =>
        signIn(
          {},
          { client_assertion: new UnsecuredJWT({ iss: robot, sub: robot, aud: endpoint }).encode() },
        ),
      '401 invalid_client 700027',
    ],
    ['no JWT', () => signIn({}, { client_assertion: 'a.b.c' }), '401 invalid_client 50027'],
    ['x5c that is nothing', () => signIn({ header: { x5c: ['AAAA'] } }), '401 invalid_client 50027'],
    ['another issuer', () => signIn({ claims: { iss: pinned } }), '401 invalid_client 700021'],
    ['another subject', () => signIn({ claims: { sub: pinned } }), '401 invalid_client 700021'],
    ['another audience', () => signIn({ claims: { aud: 'https://x.example' } }), '401 invalid_client 700023'],
    ['expired', () => signIn({ claims: { exp: start / 1000 - 1 } }), '401 invalid_client 700024'],
    ['no end', () => signIn({ claims: { exp: undefined } }), '401 invalid_client 700024'],
    ['a far end', () => signIn({ claims: { exp: start / 1000 + 90_000 } }), '401 invalid_client 700024'],
    ['not yet valid', () => signIn({ claims: { nbf: start / 1000 + 400 } }), '401 invalid_client 700024'],
    ['another type', () => signIn({}, { client_assertion_type: 'saml' }), '401 invalid_client 50027'],
    ['no type', () => signIn({}, { client_assertion_type: '' }), '400 invalid_request 900144'],
    ['a secret that it has not', () => signIn({}, { client_secret: 's' }), '401 invalid_client 7000215'],
  ])('refuses %s', async (_, request, expected) => {
    expect(said(await request())).toBe(expected);
  });
});

describe('password', () => {
  const form = { grant_type: 'password', client_id: cli, username: upn, password: 'word', scope: arm };

  test('a user signs in, at the tenant and at organizations', async () => {
    for (const name of [tenant, 'organizations', 'common']) {
      const scope = `openid profile offline_access ${arm}`;
      const answer = await token({ ...form, username: upn.toUpperCase(), scope, client_info: '1' }, name);
      await expectToken(answer, { oid: ada, upn, appid: cli, appidacr: '0', scp: 'user_impersonation' });
      const { id_token: id, client_info: info, scope: granted } = answer.json;
      expect(decodeJwt(String(id))).toMatchObject({
        aud: cli,
        iss: `${host}/${tenant}/v2.0`,
        oid: ada,
        preferred_username: upn,
        tid: tenant,
      });
      expect(JSON.parse(Buffer.from(String(info), 'base64url').toString())).toEqual({
        uid: ada,
        utid: tenant,
      });
      expect(granted).toBe(`https://management.azure.com/user_impersonation ${arm}`);
    }
  });

  test('the realm says where passwords are checked', async () => {
    const of = async (name: string): Promise<unknown> =>
      (await ask('GET', `/common/userrealm/${name}?api-version=1.0`)).json.account_type;
    expect([await of('Ada@clinic.example'), await of('eve%40x.example')]).toEqual(['Managed', 'Unknown']);
  });

  test.each<[string, Fields, string]>([
    ['a wrong password', { password: 'Word' }, '400 invalid_grant 50126'],
    ['nobody', { username: 'eve@clinic.example' }, '400 invalid_grant 50034'],
    ['no password', { password: '' }, '400 invalid_request 900144'],
    ['an application with credentials', { client_id: robot }, '401 invalid_client 7000218'],
    ['an unknown client', { client_id: 'x' }, '400 unauthorized_client 700016'],
    ['two resources', { scope: `${arm} https://vault.azure.net/.default` }, '400 invalid_request 28000'],
    ['no resource', { scope: 'x/y' }, '400 invalid_resource 500011'],
  ])('refuses %s', async (_, change, expected) => {
    expect(said(await token({ ...form, ...change }))).toBe(expected);
  });
});

describe('refresh token', () => {
  const scope = `openid offline_access ${arm}`;
  const first = async (): Promise<string> => {
    const form = { grant_type: 'password', client_id: cli, username: upn, password: 'word', scope };
    return String((await token(form)).json.refresh_token);
  };
  const refresh = (text: string, more: Fields = {}): Promise<Answer> =>
    token({ grant_type: 'refresh_token', client_id: cli, refresh_token: text, ...more });

  test('gives a new one each time, and tokens for another resource', async () => {
    const old = await first();
    const answer = await refresh(old);
    await expectToken(answer, { oid: ada });
    expect(answer.json.refresh_token).not.toBe(old);
    const vault = await refresh(String(answer.json.refresh_token), {
      scope: 'https://vault.azure.net/.default',
    });
    expect(decodeJwt(String(vault.json.access_token)).aud).toBe('https://vault.azure.net');
    expect(vault.json).not.toHaveProperty('refresh_token');
  });

  test('is refused when it is changed, old, somebody else’s, or its user is gone', async () => {
    const text = await first();
    expect(said(await refresh(`${text.slice(0, -2)}AA`))).toBe('400 invalid_grant 70000');
    expect(said(await refresh(text, { client_id: shell }))).toBe('400 invalid_grant 70000');
    expect(said(await refresh('x'))).toBe('400 invalid_grant 70000');
    const [account] = accounts;
    accounts = account ? [{ ...account, passwordHash: hashSecret('another') }] : [];
    expect(said(await refresh(text))).toBe('400 invalid_grant 50173');
    accounts = [];
    expect(said(await refresh(text))).toBe('400 invalid_grant 50034');
    now += 91 * 86_400_000;
    expect(said(await refresh(text))).toBe('400 invalid_grant 70008');
  });
});

describe('device code', () => {
  const begin = (form: Fields = {}): Promise<Answer> =>
    ask('POST', '/organizations/oauth2/v2.0/devicecode', { client_id: cli, scope: `openid ${arm}`, ...form });
  const poll = (code: unknown, form: Fields = {}): Promise<Answer> =>
    token({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: cli,
      device_code: String(code),
      ...form,
    });
  const type = (code: unknown, form: Fields = {}): Promise<Answer> =>
    ask('POST', '/device', { otc: String(code), login: upn, passwd: 'word', answer: 'approve', ...form });

  test('waits for the user, gives tokens once', async () => {
    const { json } = await begin();
    expect(json).toMatchObject({
      verification_uri: 'https://login.microsoft.com/device',
      expires_in: 900,
      user_code: expect.stringMatching(/^[A-Z0-9]{9}$/),
      message: expect.stringContaining(String(json.user_code)),
    });
    expect(said(await poll(json.device_code))).toBe('400 authorization_pending 70016');
    const page = await ask('GET', '/device');
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await type(String(json.user_code).toLowerCase())).body).toContain(`${upn} is signed in`);
    await expectToken(await poll(json.device_code), { oid: ada, appid: cli });
    expect(said(await poll(json.device_code))).toBe('400 bad_verification_code 70000');
  });

  test('a user may decline, or be late', async () => {
    const declined = (await begin()).json;
    expect((await type(declined.user_code, { answer: 'decline', login: '', passwd: '' })).status).toBe(200);
    expect(said(await poll(declined.device_code))).toBe('400 authorization_declined 70018');
    const slow = (await begin()).json;
    now += 901_000;
    expect((await type(slow.user_code)).status).toBe(401);
    expect(said(await poll(slow.device_code))).toBe('400 expired_token 70020');
  });

  test('what is typed wrong changes nothing', async () => {
    const { json } = await begin();
    const wrong = [await type('NONSENSE9'), await type(json.user_code, { passwd: 'x' })];
    expect(wrong.map(({ status }) => status)).toEqual([401, 401]);
    expect(wrong[1]?.body).toContain('AADSTS50126');
    expect(said(await poll(json.device_code))).toBe('400 authorization_pending 70016');
    expect(said(await poll(json.device_code, { client_id: shell }))).toBe('400 bad_verification_code 70000');
    expect(said(await begin({ client_id: robot }))).toBe('401 invalid_client 7000218');
    expect(said(await begin({ scope: '' }))).toBe('400 invalid_request 900144');
  });
});

describe('authorization code', () => {
  const verifier = 'v'.repeat(43);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const back = 'http://localhost:4711/';
  const asked: Fields = {
    client_id: cli,
    response_type: 'code',
    redirect_uri: back,
    scope: `openid profile offline_access ${arm}`,
    state: 's&<"',
    nonce: 'n',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    client_info: '1',
  };
  const page = (change: Fields = {}): Promise<Answer> =>
    ask('GET', '/organizations/oauth2/v2.0/authorize', { ...asked, ...change });
  const type = (change: Fields = {}): Promise<Answer> =>
    ask('POST', '/organizations/login', { ...asked, login: upn, passwd: 'word', ...change });
  const sentBack = ({ status, headers }: Answer): URLSearchParams => {
    expect(status).toBe(302);
    const url = new URL(headers['location'] ?? '');
    expect(url.href.startsWith(back)).toBe(true);
    return url.searchParams;
  };
  const redeem = (code: unknown, change: Fields = {}): Promise<Answer> =>
    token({
      grant_type: 'authorization_code',
      client_id: cli,
      code: String(code),
      redirect_uri: back,
      code_verifier: verifier,
      ...change,
    });

  test('a page, a code, tokens; the code once', async () => {
    const shown = await page();
    expect(shown.status).toBe(200);
    expect(shown.body).toContain('name="state" value="s&amp;&lt;&quot;"');
    expect(shown.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    const query = sentBack(await type());
    expect([query.get('state'), query.has('client_info')]).toEqual(['s&<"', true]);
    const answer = await redeem(query.get('code'));
    await expectToken(answer, { oid: ada, upn });
    expect(decodeJwt(String(answer.json.id_token))).toMatchObject({ nonce: 'n', aud: cli });
    expect(answer.json).toHaveProperty('refresh_token');
    expect(said(await redeem(query.get('code')))).toBe('400 invalid_grant 54005');
  });

  test('the code may be posted, as MSAL wants it, or be in the fragment', async () => {
    const posted = await type({ response_mode: 'form_post' });
    expect([posted.status, posted.body]).toEqual([200, expect.stringContaining(`action="${back}"`)]);
    const [, code = ''] = /name="code" value="([^"]+)"/.exec(posted.body) ?? [];
    expect((await redeem(code)).status).toBe(200);
    const fragment = await type({ response_mode: 'fragment' });
    expect(fragment.headers['location']).toMatch(/^http:\/\/localhost:4711\/#code=/);
  });

  test.each<[string, Fields, string]>([
    ['another verifier', { code_verifier: 'w'.repeat(43) }, '400 invalid_grant 501481'],
    ['no verifier', { code_verifier: '' }, '400 invalid_request 900144'],
    ['another address', { redirect_uri: 'http://localhost:1/' }, '400 invalid_grant 500112'],
    ['another client', { client_id: shell }, '400 invalid_grant 70000'],
    ['a refresh token', { code: 'x.y.z' }, '400 invalid_grant 70000'],
  ])('is not redeemed with %s', async (_, change, expected) => {
    const code = sentBack(await type()).get('code');
    expect(said(await redeem(code, change))).toBe(expected);
    // What failed used nothing up.
    expect((await redeem(code)).status).toBe(200);
  });

  test('is void after ten minutes', async () => {
    const code = sentBack(await type()).get('code');
    now += 601_000;
    expect(said(await redeem(code))).toBe('400 invalid_grant 70008');
  });

  test('a wrong password shows the page again', async () => {
    const again = await type({ passwd: 'x' });
    expect([again.status, again.body]).toEqual([401, expect.stringContaining('AADSTS50126')]);
    expect(again.body).toContain(`name="login" value="${upn}"`);
  });

  test.each<[string, Fields, string]>([
    ['declined', { answer: 'decline' }, 'access_denied'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['no PKCE', { code_challenge: '' }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['no scope', { scope: '' }, 'invalid_request'],
    ['two resources', { scope: `${arm} https://vault.azure.net/.default` }, 'invalid_request'],
    ['a silent sign-in', { prompt: 'none' }, 'login_required'],
  ])('tells the client of %s', async (_, change, error) => {
    const query = sentBack(await type(change));
    expect([query.get('error'), query.get('state'), query.get('code')]).toEqual([error, 's&<"', null]);
  });

  test.each<[string, Fields, string]>([
    ['an address elsewhere', { redirect_uri: 'https://evil.example/' }, 'AADSTS50011'],
    ['an address that looks like here', { redirect_uri: 'http://localhost.evil.example/' }, 'AADSTS50011'],
    ['an address with a user', { redirect_uri: 'http://localhost@evil.example/' }, 'AADSTS50011'],
    ['no address', { redirect_uri: '' }, 'AADSTS900144'],
    ['an unknown client', { client_id: '<b>' }, 'AADSTS700016'],
  ])('tells nobody but the person of %s', async (_, change, code) => {
    for (const answer of [await page(change), await type(change)]) {
      expect([answer.status >= 400, answer.headers['location']]).toEqual([true, undefined]);
      expect(answer.body).toContain(code);
      expect(answer.body).not.toContain('<b>');
    }
  });
});
