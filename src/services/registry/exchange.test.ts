/**
 * The exchange of tokens: who gets which, and where they are refused.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../store/memory.ts';
import { requestOf, resource, tenant } from '../blob/harness.testing.ts';
import {
  Bench,
  basic,
  claimsOf,
  exchanged,
  host,
  jsonOf,
  now,
  registryOf,
  registryType,
  told,
} from './harness.testing.ts';
import { registryPlane } from './plane.ts';
import { readToken, signToken } from './tokens.ts';

const bench = new Bench(new MemoryStore());
const context = { registry: bench.registry, settings: bench.world.settings, now };
const passwords = ['password', 'password2'].map(
  (name) => `registry ${bench.registry.id.toLowerCase()} ${name}`,
);
const zeroGuid = '00000000-0000-0000-0000-000000000000';

function post(path: string, form: Record<string, string>, to = bench): ReturnType<Bench['ask']> {
  return to.ask(`POST ${path}`, { as: null, bytes: new URLSearchParams(form).toString() });
}

async function accessOf(answer: ReturnType<Bench['ask']>): Promise<unknown> {
  const { access_token } = jsonOf(await answer) as { access_token: string };
  return claimsOf(access_token)['access'];
}

describe('a token of Microsoft Entra', () => {
  const form = { grant_type: 'access_token', service: host, tenant, access_token: 'entra-puller' };

  test('becomes a refresh token', async () => {
    const claims = claimsOf(await exchanged(bench, 'puller'));
    expect(claims).toMatchObject({
      iss: 'Azure Container Registry',
      aud: host,
      grant_type: 'refresh_token',
      oid: 'puller',
      tenant,
    });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(3 * 3600);
  });

  test.each<[string, Record<string, string>, string]>([
    ['with all fields', { ...form }, '200'],
    ['without a tenant', { grant_type: 'access_token', service: host, access_token: 'entra-puller' }, '200'],
    ['another tenant', { ...form, tenant: zeroGuid }, '401 UNAUTHORIZED'],
    ['another service', { ...form, service: 'reg2.azurecr.io' }, '400 BAD_REQUEST'],
    ['a foreign token', { ...form, access_token: 'x' }, '401 UNAUTHORIZED'],
    ['no token', { grant_type: 'access_token', service: host }, '401 UNAUTHORIZED'],
    ['somebody without a role', { ...form, access_token: 'entra-nobody' }, '401 UNAUTHORIZED'],
    ['a deprecated grant', { ...form, grant_type: 'refresh_token' }, '501 UNSUPPORTED'],
    ['an unknown grant', { ...form, grant_type: 'x' }, '400 BAD_REQUEST'],
  ])('%s', async (_, given, expected) => {
    expect(told(await post('/oauth2/exchange?api-version=2021-07-01', given))).toBe(expected);
  });
});

test('a token for the control plane is refused where the policy says so', async () => {
  const asked: (readonly string[])[] = [];
  const status = 'disabled';
  const policies = { azureADAuthenticationAsArmPolicy: { status } };
  for (const properties of [{}, { policies }]) {
    const { registry, world } = registryOf(properties);
    const plane = registryPlane(bench.images, async (_, audiences) => {
      asked.push(audiences);
      return { kind: 'invalid', problem: 'audience' };
    });
    const bytes = 'grant_type=access_token&access_token=x';
    await plane.handle(requestOf(registry, host, 'POST /oauth2/exchange', { bytes }), world);
  }
  expect(asked).toEqual([
    ['https://containerregistry.azure.net', 'https://management.azure.com'],
    ['https://containerregistry.azure.net'],
  ]);
});

describe('an access token', () => {
  const repository = (actions: readonly string[], name = 'app') => ({ type: 'repository', name, actions });

  test.each<[string, string, unknown]>([
    ['puller', 'repository:app:pull', [repository(['pull'])]],
    ['puller', 'repository:app:pull,push', [repository(['pull'])]],
    ['puller', 'repository:app:push', [repository([])]],
    ['puller', 'repository:app:metadata_read', [repository(['metadata_read'])]],
    ['puller', 'registry:catalog:*', [{ type: 'registry', name: 'catalog', actions: ['*'] }]],
    ['pusher', 'repository:team/app:pull,push,delete', [repository(['pull', 'push'], 'team/app')]],
    ['pusher', 'repository:a:pull repository:b:pull', [repository(['pull'], 'a'), repository(['pull'], 'b')]],
    [
      'owner',
      'repository:app:*',
      [repository(['pull', 'push', 'delete', 'metadata_read', 'metadata_write'])],
    ],
    ['owner', 'repository:App:pull', []],
    ['owner', 'registry:deleted_catalog:*', []],
    ['owner', 'artifact-repository:repo:pull', []],
    ['owner', 'nonsense', []],
    ['owner', '', []],
  ])('%s gets of %j', async (name, scope, expected) => {
    const refresh_token = await exchanged(bench, name);
    const form = { grant_type: 'refresh_token', service: host, scope, refresh_token };
    expect(await accessOf(post('/oauth2/token', form))).toEqual(expected);
  });

  test('lives 75 minutes', async () => {
    const form = { grant_type: 'refresh_token', refresh_token: await exchanged(bench, 'puller') };
    const { access_token } = jsonOf(await post('/oauth2/token', form)) as { access_token: string };
    const { exp, iat } = claimsOf(access_token);
    expect(Number(exp) - Number(iat)).toBe(75 * 60);
  });

  test.each<[string, string, string]>([
    ['the admin user', basic('Reg1', passwords[0] ?? ''), '200'],
    ['its second password, whatever the case of its name', basic('reg1', passwords[1] ?? ''), '200'],
    ['a wrong password', basic('Reg1', 'x'), '401 UNAUTHORIZED'],
    ['another user', basic('reg2', passwords[0] ?? ''), '401 UNAUTHORIZED'],
    ['no password', `Basic ${Buffer.from('Reg1').toString('base64')}`, '401 UNAUTHORIZED'],
    ['a service principal', basic(tenant, 'secret'), '501 UNSUPPORTED'],
    ['no refresh token', basic(zeroGuid, 'x'), '401 UNAUTHORIZED'],
  ])('for %s', async (_, as, expected) => {
    const line = `GET /oauth2/token?service=${host}&scope=repository:app:pull,push`;
    const answer = await bench.ask(line, { as });
    expect(told(answer)).toBe(expected);
    // The same as credentials of a request.
    expect(told(await bench.ask('GET /v2/', { as }))).toBe(expected);
    if (expected === '200') {
      expect(await accessOf(Promise.resolve(answer))).toEqual([repository(['pull', 'push'])]);
    }
  });

  test('for a password in a form', async () => {
    const form = { grant_type: 'password', username: 'Reg1', password: passwords[0] ?? '', service: host };
    expect(told(await post('/oauth2/token', form))).toBe('200');
    expect(told(await post('/oauth2/token', { ...form, password: 'x' }))).toBe('401 UNAUTHORIZED');
  });

  test('for a refresh token as a password', async () => {
    const as = basic(zeroGuid, await exchanged(bench, 'puller'));
    const line = `GET /oauth2/token?service=${host}&scope=repository:app:pull,push&account=x`;
    expect(await accessOf(bench.ask(line, { as }))).toEqual([repository(['pull'])]);
  });

  test('for an access token as a password gives and lasts no more than that one', async () => {
    const access = [repository(['pull', 'push'])];
    const subject = { kind: 'principal', objectId: 'owner', appId: 'a' } as const;
    const token = signToken({ kind: 'access', subject, access }, { ...context, now: now - 3_600_000 });
    const as = basic(zeroGuid, token);
    const scope = 'scope=repository:app:pull,delete&scope=repository:other:pull';
    const answer = await bench.ask(`GET /oauth2/token?service=${host}&${scope}`, { as });
    expect(await accessOf(Promise.resolve(answer))).toEqual([repository(['pull']), repository([], 'other')]);
    const { access_token } = jsonOf(answer) as { access_token: string };
    expect(claimsOf(access_token)['exp']).toBe(claimsOf(token)['exp']);
  });

  test.each<[string, Record<string, string>, string]>([
    ['nobody', { service: host }, '401 UNAUTHORIZED'],
    ['another service', { service: 'x' }, '400 BAD_REQUEST'],
    ['an unknown grant', { grant_type: 'authorization_code' }, '400 BAD_REQUEST'],
    ['a token that is none', { grant_type: 'refresh_token', refresh_token: 'a.b.c' }, '401 UNAUTHORIZED'],
  ])('not for %s', async (_, form, expected) => {
    expect(told(await post('/oauth2/token', form))).toBe(expected);
  });

  test('not for an access token where a refresh token is due', async () => {
    const refresh_token = bench.token().slice(7);
    expect(told(await post('/oauth2/token', { grant_type: 'refresh_token', refresh_token }))).toBe(
      '401 UNAUTHORIZED',
    );
  });
});

test('the admin user of a registry without one', async () => {
  const closed = new Bench(new MemoryStore(), undefined, { adminUserEnabled: false });
  const as = basic('Reg1', passwords[0] ?? '');
  expect(told(await closed.ask(`GET /oauth2/token?service=${host}`, { as }))).toBe('401 UNAUTHORIZED');
  expect(told(await closed.ask('GET /v2/', { as }))).toBe('401 UNAUTHORIZED');
});

test('everybody may pull where the registry says so', async () => {
  const open = new Bench(new MemoryStore(), undefined, { anonymousPullEnabled: true });
  const form = { grant_type: 'password', service: host, scope: 'repository:app:pull,push' };
  expect(await accessOf(post('/oauth2/token', form, open))).toEqual([
    { type: 'repository', name: 'app', actions: ['pull'] },
  ]);
});

describe('a token is refused', () => {
  const subject = { kind: 'principal', objectId: 'owner', appId: 'a' } as const;
  const token = signToken({ kind: 'access', subject, access: [] }, context);
  const [head = '', body = '', signature = ''] = token.split('.');
  const forged = Buffer.from(JSON.stringify({ ...claimsOf(token), oid: 'other' })).toString('base64url');
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
  const other = { ...context, registry: resource(registryType, 'Reg2') };

  test.each<[string, string, number]>([
    ['with changed claims', `${head}.${forged}.${signature}`, now],
    ['with a changed signature', `${head}.${body}.${signature.slice(1)}A`, now],
    ['without a signature', `${head}.${body}.`, now],
    ['without an algorithm', `${none}.${body}.`, now],
    ['with more parts', `${token}.x`, now],
    ['after its end', token, now + 75 * 60_000],
    ['before its beginning', token, now - 1000],
    ['of another registry', signToken({ kind: 'access', subject, access: [] }, other), now],
    ['that is a refresh token', signToken({ kind: 'refresh', subject }, context), now],
    ['that is too long', `${head}.${'a'.repeat(70_000)}.${signature}`, now],
  ])('%s', async (_, given, time) => {
    const response = await bench.ask('GET /v2/', { as: `Bearer ${given}`, now: time });
    expect(told(response)).toBe('401 UNAUTHORIZED');
    expect(response.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  test('and accepted until its last second', () => {
    expect(readToken(token, { ...context, now: now + 75 * 60_000 - 1000 })).toMatchObject({ subject });
  });

  test.each([
    ['GET /v2/app/manifests/1', 'repository:app:pull'],
    ['DELETE /v2/app/manifests/1', 'repository:app:delete'],
    ['GET /v2/_catalog', 'registry:catalog:*'],
  ])('where it is not good for %s, but another may be had', async (line, scope) => {
    const response = await bench.ask(line, { as: `Bearer ${token}` });
    expect(told(response)).toBe('401 UNAUTHORIZED');
    expect(response.headers['www-authenticate']).toContain(`scope="${scope}",error="insufficient_scope"`);
  });
});
