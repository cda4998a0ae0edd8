/**
 * What is done with keys in the vault, checked against node's own cryptography, and every refusal.
 *
 * @module
 */

import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  privateDecrypt,
  publicEncrypt,
  sign,
  verify,
} from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import { base, bodyOf, start, VaultUnderTest, versionOf } from './harness.testing.ts';

const vault = new VaultUnderTest();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const large = generateKeyPairSync('rsa', { modulusLength: 3072 });
const curves = { 'P-256': 'P-256', 'P-384': 'P-384', 'P-521': 'P-521', 'P-256K': 'secp256k1' } as const;
const text = Buffer.from('what is signed');
const url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
const bytes = (value: string) => Buffer.from(value, 'base64url');
const digest = (hash: string) => url(createHash(hash).update(text).digest());

await vault.have('PUT /keys/rsa', { key: rsa.privateKey.export({ format: 'jwk' }) });
await vault.have('PUT /keys/large', { key: large.privateKey.export({ format: 'jwk' }) });
for (const crv of Object.keys(curves)) await vault.have(`POST /keys/${crv}/create`, { kty: 'EC', crv });

/** Returns the public key of the vault, for node. */
async function publicKey(name: string) {
  const { key } = await vault.have(`GET /keys/${name}`);
  const crv = curves[key.crv as keyof typeof curves];
  return createPublicKey({ format: 'jwk', key: { ...key, ...(crv && { crv }) } as JsonWebKey });
}

const signings = [
  ['rsa', 'RS256', 'sha256'],
  ['rsa', 'RS384', 'sha384'],
  ['rsa', 'RS512', 'sha512'],
  ['large', 'RS512', 'sha512'],
  ['rsa', 'PS256', 'sha256'],
  ['rsa', 'PS384', 'sha384'],
  ['rsa', 'PS512', 'sha512'],
  ['large', 'PS256', 'sha256'],
  ['P-256', 'ES256', 'sha256'],
  ['P-384', 'ES384', 'sha384'],
  ['P-521', 'ES512', 'sha512'],
  ['P-256K', 'ES256K', 'sha256'],
] as const;

/** How node pads a signature of that algorithm. */
const options = (alg: string) => ({
  dsaEncoding: 'ieee-p1363' as const,
  ...(alg.startsWith('P') && {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  }),
});

describe.each(signings)('%s %s', (name, alg, hash) => {
  test('node verifies what the vault signs', async () => {
    const { key } = await vault.have(`GET /keys/${name}`);
    const signed = await vault.have(`POST /keys/${name}/${versionOf(key.kid)}/sign`, {
      alg,
      value: digest(hash),
    });
    expect(signed).toEqual({ kid: key.kid, value: expect.any(String) });
    expect(verify(hash, text, { key: await publicKey(name), ...options(alg) }, bytes(signed.value))).toBe(
      true,
    );
    const asked = { alg, digest: digest(hash), value: signed.value };
    expect(await vault.have(`POST /keys/${name}/verify`, asked)).toEqual({ value: true });
  });

  test('the vault does not verify what is not signed', async () => {
    const { value } = await vault.have(`POST /keys/${name}//sign`, { alg, value: digest(hash) });
    const other = url(createHash(hash).update('other').digest());
    const bent = bytes(value);
    bent.writeUInt8(bent.readUInt8(9) ^ 1, 9);
    const zero = url(Buffer.alloc(bent.length));
    const ones = url(Buffer.alloc(bent.length, 0xff));
    const short = url(bent.subarray(1));
    for (const asked of [
      { digest: other, value },
      { digest: digest(hash), value: url(bent) },
      { digest: digest(hash), value: zero },
      { digest: digest(hash), value: ones },
      { digest: digest(hash), value: short },
    ]) {
      expect(await vault.have(`POST /keys/${name}//verify`, { alg, ...asked })).toEqual({ value: false });
    }
  });
});

test.each(signings.filter(([name]) => name === 'rsa'))(
  '%s %s: the vault verifies what node signs',
  async (...row) => {
    const [name, alg, hash] = row;
    const value = url(sign(hash, text, { key: rsa.privateKey, ...options(alg) }));
    expect(await vault.have(`POST /keys/${name}/verify`, { alg, digest: digest(hash), value })).toEqual({
      value: true,
    });
  },
);

test('a PSS signature with a salt of another length is not verified', async () => {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const value = url(sign('sha256', text, { key: rsa.privateKey, padding, saltLength: 20 }));
  const asked = { alg: 'PS256', digest: digest('sha256'), value };
  expect(await vault.have('POST /keys/rsa/verify', asked)).toEqual({ value: false });
});

const paddings = [
  ['RSA1_5', { padding: constants.RSA_PKCS1_PADDING }, 245],
  ['RSA-OAEP', { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, 214],
  ['RSA-OAEP-256', { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, 190],
] as const;

describe.each([
  ['encrypt', 'decrypt'],
  ['wrapkey', 'unwrapkey'],
])('%s and %s', (there, back) => {
  test.each(paddings)('%s', async (alg, padding, longest) => {
    for (const length of [1, 32, longest]) {
      const plain = Buffer.alloc(length, length);
      const fromVault = await vault.have(`POST /keys/rsa/${there}`, { alg, value: url(plain) });
      expect(fromVault.kid).toMatch(`${base}/keys/rsa/`);
      // Node does not take the old padding away any more: raw, and looked at.
      const opened = privateDecrypt(
        { key: rsa.privateKey, ...padding, ...(alg === 'RSA1_5' && { padding: constants.RSA_NO_PADDING }) },
        bytes(fromVault.value),
      );
      expect(opened.subarray(-length)).toEqual(plain);
      const fromNode = publicEncrypt({ key: rsa.publicKey, ...padding }, plain);
      for (const value of [fromVault.value, url(fromNode)]) {
        expect((await vault.have(`POST /keys/rsa/${back}`, { alg, value })).value).toBe(url(plain));
      }
    }
    const bent = publicEncrypt({ key: rsa.publicKey, ...padding }, text);
    bent.writeUInt8(bent.readUInt8(100) ^ 1, 100);
    for (const [operation, value] of [
      [there, url(Buffer.alloc(longest + 1))],
      [back, url(bent)],
      [back, url(bent.subarray(1))],
      [back, url(Buffer.alloc(256, 0xff))],
    ]) {
      const response = await vault.ask(`POST /keys/rsa/${operation}`, { alg, value });
      expect([response.status, bodyOf(response).error]).toEqual([
        400,
        { code: 'BadParameter', message: 'The parameter is incorrect.\r\n' },
      ]);
    }
  });
});

/** 256 octets in hexadecimal: a beginning, so many of filling, the end of it, and a text. */
const filled = (start: string, filling: number) => `${start}${'ff'.repeat(filling)}00`.padEnd(512, '41');

test.each<[string, string, string]>([
  ['too short a filling', filled('0002', 7), '400 BadParameter'],
  ['just enough', filled('0002', 8), '200'],
  ['no end', `0002${'ff'.repeat(254)}`, '400 BadParameter'],
  ['a signature', filled('0001', 8), '400 BadParameter'],
])('RSA1_5 with %s', async (_, encoded, answer) => {
  const padding = constants.RSA_NO_PADDING;
  const value = url(publicEncrypt({ key: rsa.publicKey, padding }, Buffer.from(encoded, 'hex')));
  expect(await vault.refusal('POST /keys/rsa/decrypt', { alg: 'RSA1_5', value })).toBe(answer);
});

describe('refusals', () => {
  const value = digest('sha256');
  test.each<[string, JsonObject, string]>([
    ['POST /keys/rsa/sign', {}, '400 BadParameter'],
    ['POST /keys/rsa/sign', { alg: 'RS256' }, '400 BadParameter'],
    ['POST /keys/rsa/sign', { alg: 'RS256', value: 'a+b/' }, '400 BadParameter'],
    ['POST /keys/rsa/sign', { alg: 'RS256', value: '' }, '400 BadParameter'],
    ['POST /keys/rsa/sign', { alg: 'constructor', value }, '400 BadParameter'],
    ['POST /keys/rsa/sign', { alg: 'RSA-OAEP', value }, '400 BadParameter'],
    ['POST /keys/rsa/sign', { alg: 'ES256', value }, '400 BadParameter'],
    ['POST /keys/rsa/sign', { alg: 'RSNULL', value }, '501 NotImplemented'],
    ['POST /keys/rsa/sign', { alg: 'HS256', value }, '501 NotImplemented'],
    ['POST /keys/rsa/verify', { alg: 'RS256', value }, '400 BadParameter'],
    ['POST /keys/rsa/verify', { alg: 'RS256', digest: value }, '400 BadParameter'],
    ['POST /keys/rsa/encrypt', { alg: 'RS256', value }, '400 BadParameter'],
    ['POST /keys/rsa/encrypt', { alg: 'A256GCM', value }, '501 NotImplemented'],
    ['POST /keys/rsa/wrapkey', { alg: 'A128KW', value }, '501 NotImplemented'],
    ['POST /keys/P-256/encrypt', { alg: 'RSA-OAEP', value }, '403 Forbidden KeyOperationForbidden'],
    ['POST /keys/none/sign', { alg: 'RS256', value }, '404 KeyNotFound'],
    [`POST /keys/rsa/${'0'.repeat(32)}/sign`, { alg: 'RS256', value }, '404 KeyNotFound'],
  ])('%s %o: %s', async (line, body, answer) => {
    expect(await vault.refusal(line, body)).toBe(answer);
  });

  test('are worded as the service does', async () => {
    const says = async (line: string, body: unknown) => bodyOf(await vault.ask(line, body)).error.message;
    const { key } = await vault.have('GET /keys/P-256K');
    expect(await says('POST /keys/P-256K/sign', { alg: 'ES256', value })).toBe(
      `Key and signing algorithm are incompatible. Key ${key.kid} uses curve 'P-256K', and algorithm 'ES256' can only be used with curve 'P-256'.`,
    );
    expect(await says('POST /keys/P-256K/sign', { alg: 'RS256', value })).toBe(
      `Key and signing algorithm are incompatible. Key ${key.kid} is of type 'EC', and algorithm 'RS256' can only be used with a key of type 'RSA' or 'RSA-HSM'.`,
    );
    expect(await says('POST /keys/P-256K/sign', { alg: 'ES256K', value: 'Aw' })).toBe(
      "Invalid length of 'value': 1 bytes. ES256K requires 32 bytes, encoded with base64url.",
    );
    expect(await says('POST /keys/rsa/verify', { alg: 'RS512', digest: value, value })).toBe(
      "Invalid length of 'digest': 32 bytes. RS512 requires 64 bytes, encoded with base64url.",
    );
  });
});

describe('what a key may do', () => {
  const uses = {
    sign: { alg: 'RS256', value: digest('sha256') },
    verify: { alg: 'RS256', digest: digest('sha256'), value: 'AA' },
    encrypt: { alg: 'RSA-OAEP', value: 'AA' },
    decrypt: { alg: 'RSA-OAEP', value: url(publicEncrypt({ key: rsa.publicKey, oaepHash: 'sha1' }, text)) },
    wrapKey: { alg: 'RSA-OAEP', value: 'AA' },
    unwrapKey: { alg: 'RSA-OAEP', value: url(publicEncrypt({ key: rsa.publicKey, oaepHash: 'sha1' }, text)) },
  };
  const key = rsa.privateKey.export({ format: 'jwk' });
  const refusals = async (body: JsonObject) => {
    await vault.have('PUT /keys/may', { key, ...body });
    const all: Record<string, string> = {};
    for (const [use, asked] of Object.entries(uses))
      all[use] = await vault.refusal(`POST /keys/may/${use}`, asked);
    return all;
  };
  const each = (answer: (use: string) => string) =>
    Object.fromEntries(Object.keys(uses).map((use) => [use, answer(use)]));
  const timed = ['sign', 'encrypt', 'wrapKey'];

  test.each<[string, JsonObject, (use: string) => string]>([
    ['all', {}, () => '200'],
    ['nothing while disabled', { attributes: { enabled: false } }, () => '403 Forbidden KeyDisabled'],
    [
      'what protects nothing new, after its time',
      { attributes: { exp: start } },
      (use) => (timed.includes(use) ? '403 Forbidden KeyExpired' : '200'),
    ],
    [
      'what protects nothing new, before its time',
      { attributes: { nbf: start + 1 } },
      (use) => (timed.includes(use) ? '403 Forbidden KeyNotYetValid' : '200'),
    ],
    ['all in its time', { attributes: { nbf: start, exp: start + 1 } }, () => '200'],
    ['nothing', { key: { ...key, key_ops: [] } }, () => '403 Forbidden KeyOperationForbidden'],
  ])('%s', async (_, body, answer) => {
    expect(await refusals(body)).toEqual(each(answer));
  });

  test.each(Object.keys(uses))('%s alone', async (only) => {
    const body = { key: { ...key, key_ops: [only] } };
    expect(await refusals(body)).toEqual(
      each((use) => (use === only ? '200' : '403 Forbidden KeyOperationForbidden')),
    );
  });

  test('is worded as the service does', async () => {
    await vault.have('PUT /keys/may', { key: { ...key, key_ops: ['encrypt'] } });
    expect(bodyOf(await vault.ask('POST /keys/may/decrypt', uses.decrypt)).error).toEqual({
      code: 'Forbidden',
      message: 'Operation decrypt is not permitted on this key.',
      innererror: { code: 'KeyOperationForbidden' },
    });
  });
});
