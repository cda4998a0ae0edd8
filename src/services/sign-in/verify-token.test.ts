/**
 * Which tokens a service takes, and which it must not.
 *
 * @module
 */

import { createHmac, type webcrypto } from 'node:crypto';
import { CompactSign, exportSPKI, SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { isAudience } from './audience.ts';
import { hashSecret, secretMatches } from './secret.ts';
import { SigningKeys } from './signing-keys.ts';
import { type TokenProblem, verifyToken } from './verify-token.ts';

const tenant = '11111111-2222-3333-4444-555555555555';
const client = 'aaaaaaaa-0000-0000-0000-000000000001';
const other = 'aaaaaaaa-0000-0000-0000-000000000002';
const objectId = 'bbbbbbbb-0000-0000-0000-000000000001';
const secret = 'q~+/=:&% \u00e9-secret';
const start = Date.parse('2026-11-22T10:00:00.900Z');
const seconds = Math.floor(start / 1000);

let keys: SigningKeys;

beforeAll(async () => {
  keys = await SigningKeys.generate();
});

const claims = {
  aud: 'https://management.azure.com',
  iss: `https://sts.windows.net/${tenant}/`,
  nbf: seconds,
  exp: seconds + 3_600,
  appid: client,
  oid: objectId,
  tid: tenant,
};
const make = (
  over: Readonly<Record<string, unknown>> = {},
  key: webcrypto.CryptoKey = keys.privateKey,
  kid = keys.kid,
) => new SignJWT({ ...claims, ...over }).setProtectedHeader({ alg: 'RS256', kid }).sign(key);
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const hmac = (head: string, key: string) =>
  `${head}.${createHmac('sha256', key).update(head).digest('base64url')}`;

const expectation = () => ({ keys, tenant, audiences: ['https://management.azure.com'], now: () => start });

describe('verification', () => {
  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['version 1', {}],
    ['version 2', { iss: `https://login.microsoftonline.com/${tenant}/v2.0` }],
    ['azp', { appid: undefined, azp: client }],
    ['a slash at the end', { aud: 'https://management.azure.com/' }],
    ['ARM’s second name', { aud: 'https://management.core.windows.net/' }],
    ['another case', { aud: 'HTTPS://Management.Azure.com', tid: tenant.toUpperCase() }],
    ['starts in 5 minutes', { nbf: seconds + 300 }],
    ['ends in a second', { exp: seconds + 1 }],
  ])('accepted: %s', async (_name, over) => {
    const verified = await verifyToken(await make(over), expectation());
    const { aud, tid } = { ...claims, ...over };
    expect(verified).toEqual({ ok: true, claims: { objectId, appId: client, tenant: tid, audience: aud } });
  });

  const refused: readonly (readonly [string, () => string | Promise<string>, TokenProblem])[] = [
    ['nothing', () => '', 'malformed'],
    ['no token', () => 'hello', 'malformed'],
    ['dots', () => '..', 'malformed'],
    ['no header', async () => (await make()).replace(/^[^.]+/, ''), 'malformed'],
    ['two segments', async () => (await make()).split('.').slice(0, 2).join('.'), 'malformed'],
    ['four segments', async () => `${await make()}.x`, 'malformed'],
    ['five segments', async () => `${await make()}.x.y`, 'malformed'],
    ['a megabyte', () => make({ pad: 'x'.repeat(1 << 20) }), 'malformed'],
    ['a truncated signature', async () => (await make()).slice(0, -10), 'signature'],
    [
      'a changed payload',
      async () => (await make()).replace(/\.[^.]+\./, `.${part({ ...claims, oid: other })}.`),
      'signature',
    ],
    ['a foreign key', async () => make({}, (await SigningKeys.generate()).privateKey), 'signature'],
    ['a foreign key by its own name', async () => foreign(), 'signature'],
    [
      'no key name',
      () => new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(keys.privateKey),
      'signature',
    ],
    ['alg none', () => `${part({ alg: 'none', kid: keys.kid })}.${part(claims)}.`, 'signature'],
    ['HS256 with the public key (PEM)', async () => hs256(await exportSPKI(keys.publicKey)), 'signature'],
    ['HS256 with the public key (modulus)', () => hs256(String(keys.publicJwk.n)), 'signature'],
    ['a payload that is no object', () => signed('[]'), 'malformed'],
    ['a payload that is no JSON', () => signed('{'), 'malformed'],
    ['no object id', () => make({ oid: undefined }), 'malformed'],
    ['no end', () => make({ exp: undefined }), 'malformed'],
    ['several audiences', () => make({ aud: ['https://management.azure.com'] }), 'malformed'],
    ['another tenant', () => make({ tid: other }), 'tenant'],
    ['another issuer', () => make({ iss: 'https://sts.windows.net/common/' }), 'issuer'],
    ['another tenant’s issuer', () => make({ iss: `https://sts.windows.net/${other}/` }), 'issuer'],
    ['another audience', () => make({ aud: 'https://vault.azure.net' }), 'audience'],
    ['an audience that only starts alike', () => make({ aud: 'https://management.azure.com.x' }), 'audience'],
    ['starts in more than 5 minutes', () => make({ nbf: seconds + 302 }), 'not-yet-valid'],
    ['ended just now', () => make({ exp: seconds }), 'expired'],
  ];
  const hs256 = (key: string) => hmac(`${part({ alg: 'HS256', kid: keys.kid })}.${part(claims)}`, key);
  const foreign = async () => {
    const theirs = await SigningKeys.generate();
    return make({}, theirs.privateKey, theirs.kid);
  };
  const signed = async (payload: string) => {
    const header = { alg: 'RS256', kid: keys.kid };
    return new CompactSign(Buffer.from(payload)).setProtectedHeader(header).sign(keys.privateKey);
  };

  test.each(refused)('refused: %s', async (_name, token, problem) => {
    expect(await verifyToken(await token(), expectation())).toEqual({ ok: false, problem });
  });

  test('audiences differ by service', () => {
    expect(isAudience('https://vault.azure.net', [])).toBe(false);
    expect(isAudience('https://a', ['https://b', 'https://a//'])).toBe(true);
  });
});

describe('keys and secrets', () => {
  test('keys survive the state folder', async () => {
    const again = await SigningKeys.import(keys.export());
    expect(again.kid).toBe(keys.kid);
    expect(await verifyToken(await make(), { ...expectation(), keys: again })).toMatchObject({ ok: true });
  });

  test.each([
    '',
    '{}',
    'null',
    '{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}',
    '{"kty":"oct","k":"c2VjcmV0"}',
  ])('stored keys that cannot be used are refused: %s', async (text) => {
    await expect(SigningKeys.import(text)).rejects.toThrow(/^the stored signing key is not/);
  });

  test('a public key alone is refused, and errors do not quote a broken file', async () => {
    await expect(SigningKeys.import(JSON.stringify(keys.publicJwk))).rejects.toThrow(/stored signing key/);
    const broken = SigningKeys.import(keys.export().slice(0, -1));
    await expect(broken).rejects.toThrow(/^the stored signing key is not[^"]*$/);
  });

  test('a digest is salted and matches its secret alone', () => {
    expect(hashSecret(secret)).not.toBe(hashSecret(secret));
    expect(secretMatches(secret, [hashSecret('x'), hashSecret(secret)])).toBe(true);
    expect(secretMatches('x', [hashSecret(secret)])).toBe(false);
    for (const hash of ['', '.', 'x.', hashSecret(secret).slice(0, -4)]) {
      expect(secretMatches(secret, [hash])).toBe(false);
      expect(secretMatches('', [hash])).toBe(false);
    }
  });
});
