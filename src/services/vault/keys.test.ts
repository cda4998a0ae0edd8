/**
 * Keys as clients make, import, show and change them; what is private never leaves.
 *
 * @module
 */

import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { assert, asyncProperty, constantFrom, jsonValue, oneof, property, record, string } from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { isObject, type JsonObject } from '../../lib/json.ts';
import { VaultError } from './error.ts';
import { base, bodyOf, start, VaultUnderTest, versionOf } from './harness.testing.ts';
import { importedMaterial } from './material.ts';

let vault: VaultUnderTest;
beforeEach(() => {
  vault = new VaultUnderTest();
});

const all = ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey'];
const rsa = (modulusLength: number) =>
  generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ format: 'jwk' });
/** A key of node, with the curve as a vault calls it. */
const ec = (namedCurve: string, crv: string) => ({
  ...generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' }),
  crv,
});
const good = { rsa: rsa(2048), ec: ec('P-256', 'P-256'), other: ec('P-256', 'P-256') };
/** Members of a JSON web key that are private. */
const secret = ['d', 'p', 'q', 'dp', 'dq', 'qi'];
/** A machine that is busy needs many seconds to find large primes. */
const patience = 180_000;
const octets = (text: string | undefined) => Buffer.from(text ?? '', 'base64url');

describe('create', () => {
  test.each<[JsonObject, string, number]>([
    [{ kty: 'RSA' }, 'n', 256],
    [{ kty: 'RSA', key_size: 2048, public_exponent: 65537 }, 'n', 256],
    [{ kty: 'RSA', key_size: 3072 }, 'n', 384],
    [{ kty: 'RSA', key_size: 4096 }, 'n', 512],
    [{ kty: 'EC' }, 'x', 32],
    [{ kty: 'EC', crv: 'P-256' }, 'x', 32],
    [{ kty: 'EC', crv: 'P-384' }, 'x', 48],
    [{ kty: 'EC', crv: 'P-521' }, 'x', 66],
    [{ kty: 'EC', crv: 'P-256K' }, 'x', 32],
  ])(
    '%o',
    async (asked, part, size) => {
      const made = await vault.have('POST /keys/k/create', asked);
      const isRsa = asked.kty === 'RSA';
      expect(made).toEqual({
        key: {
          kid: expect.stringMatching(/^https:\/\/kv1\.vault\.azure\.net\/keys\/k\/[0-9a-f]{32}$/),
          kty: asked.kty,
          key_ops: isRsa ? all : ['sign', 'verify'],
          ...(isRsa
            ? { n: expect.any(String), e: 'AQAB' }
            : { crv: asked.crv ?? 'P-256', x: expect.any(String), y: expect.any(String) }),
        },
        attributes: {
          enabled: true,
          created: start,
          updated: start,
          recoveryLevel: 'Recoverable+Purgeable',
          recoverableDays: 90,
          exportable: false,
          hsmPlatform: '0',
        },
      });
      expect(octets(made.key[part])).toHaveLength(size);
      expect(await vault.have(`GET /keys/k/${versionOf(made.key.kid)}`)).toEqual(made);
    },
    patience,
  );

  test.each<[JsonObject, string]>([
    [{}, '400 BadParameter'],
    [{ kty: 'DSA' }, '400 BadParameter'],
    [{ kty: 'constructor' }, '400 BadParameter'],
    [{ kty: 1 }, '400 BadParameter'],
    [{ kty: 'RSA-HSM' }, '501 NotImplemented'],
    [{ kty: 'EC-HSM' }, '501 NotImplemented'],
    [{ kty: 'oct' }, '501 NotImplemented'],
    [{ kty: 'oct-HSM' }, '501 NotImplemented'],
    [{ kty: 'RSA', key_size: 1024 }, '400 BadParameter'],
    [{ kty: 'RSA', key_size: 2049 }, '400 BadParameter'],
    [{ kty: 'RSA', key_size: '2048' }, '400 BadParameter'],
    [{ kty: 'RSA', public_exponent: 3 }, '400 BadParameter'],
    [{ kty: 'EC', crv: 'P-192' }, '400 BadParameter'],
    [{ kty: 'EC', crv: 'toString' }, '400 BadParameter'],
    [{ kty: 'EC', key_ops: ['encrypt'] }, '400 BadParameter'],
    [{ kty: 'EC', key_ops: 'sign' }, '400 BadParameter'],
    [{ kty: 'EC', attributes: { exportable: true } }, '501 NotImplemented'],
    [{ kty: 'EC', release_policy: { data: 'x' } }, '501 NotImplemented'],
    [{ kty: 'EC', tags: 1 }, '400 BadParameter'],
  ])('%o is refused: %s', async (asked, answer) => {
    expect(await vault.refusal('POST /keys/k/create', asked)).toBe(answer);
    expect(await vault.refusal('GET /keys/k')).toBe('404 KeyNotFound');
  });

  test('what it may do, tags and times', async () => {
    const asked = { tags: { a: 'b' }, attributes: { enabled: false, nbf: 5, exp: 6 } };
    const made = await vault.have('POST /keys/k/create', { kty: 'EC', key_ops: ['sign', 'sign'], ...asked });
    expect(made).toMatchObject({ key: { key_ops: ['sign'] }, ...asked });
  });
});

describe('get and change', () => {
  test('a disabled key is not shown, and can be switched on', async () => {
    await vault.have('POST /keys/k/create', { kty: 'EC', attributes: { enabled: false } });
    expect(bodyOf(await vault.ask('GET /keys/k')).error).toEqual({
      code: 'Forbidden',
      message: 'Operation get is not allowed on a disabled key.',
      innererror: { code: 'KeyDisabled' },
    });
    vault.elapsed = 3;
    const change = { key_ops: ['verify'], tags: { a: 'b' }, attributes: { enabled: true, exp: 9 } };
    const changed = await vault.have('PATCH /keys/k', change);
    expect(changed).toMatchObject({
      key: { key_ops: ['verify'] },
      tags: { a: 'b' },
      attributes: { enabled: true, exp: 9, created: start, updated: start + 3 },
    });
    expect(await vault.have('GET /keys/k')).toEqual(changed);
    expect(await vault.have('PATCH /keys/k', {})).toEqual(changed);
  });

  test.each<[string, unknown, string]>([
    ['PATCH /keys/k', { key_ops: ['encrypt'] }, '400 BadParameter'],
    ['PATCH /keys/k', { release_policy: {} }, '501 NotImplemented'],
    ['PATCH /keys/none', {}, '404 KeyNotFound'],
    ['GET /keys/none', undefined, '404 KeyNotFound'],
    [`GET /keys/k/${'0'.repeat(32)}`, undefined, '404 KeyNotFound'],
    ['DELETE /keys/none', undefined, '404 KeyNotFound'],
    ['GET /deletedkeys/k', undefined, '404 KeyNotFound'],
    ['POST /keys/k/rotate', undefined, '501 NotImplemented'],
    ['GET /keys/k/rotationpolicy', undefined, '501 NotImplemented'],
    ['PUT /keys/k/rotationpolicy', {}, '501 NotImplemented'],
    ['POST /keys/k/1/release', {}, '501 NotImplemented'],
    ['POST /keys/k/release', {}, '501 NotImplemented'],
    ['GET /keys/k/1/attestation', undefined, '501 NotImplemented'],
    ['POST /keys/k/backup', undefined, '501 NotImplemented'],
    ['POST /keys/restore', {}, '501 NotImplemented'],
  ])('%s %o is refused: %s', async (line, body, answer) => {
    await vault.have('POST /keys/k/create', { kty: 'EC' });
    expect(await vault.refusal(line, body)).toBe(answer);
  });
});

describe('import', () => {
  test.each<[string, JsonWebKey]>([
    ['RSA 2048', good.rsa],
    ['RSA 3072', rsa(3072)],
    ['P-256', good.ec],
    ['P-384', ec('P-384', 'P-384')],
    ['P-521', ec('P-521', 'P-521')],
    ['P-256K', ec('secp256k1', 'P-256K')],
  ])('%s', async (_, jwk) => {
    const asked = {
      key: { ...jwk, key_ops: ['sign'], kid: 'ignored' },
      tags: { a: 'b' },
      attributes: { exp: 9 },
    };
    const imported = await vault.have('PUT /keys/k', asked);
    const shown = Object.fromEntries(Object.entries(jwk).filter(([name]) => !secret.includes(name)));
    expect(imported.key).toEqual({
      ...shown,
      kid: expect.stringMatching(`${base}/keys/k/`),
      key_ops: ['sign'],
    });
    expect(imported).toMatchObject({ tags: { a: 'b' }, attributes: { exp: 9 } });
    expect(await vault.have('GET /keys/k')).toEqual(imported);
  });

  test('leading zeros of an RSA number do not count', () => {
    const n = Buffer.concat([Buffer.alloc(3), octets(good.rsa.n)]).toString('base64url');
    expect(importedMaterial({ ...good.rsa, n } as JsonObject)).toEqual(good.rsa);
  });

  const zero = Buffer.alloc(32).toString('base64url');
  test.each<[string, unknown, string]>([
    ['no key', {}, '400 BadParameter'],
    ['a key that is no object', { key: 'x' }, '400 BadParameter'],
    ['no type', { key: { ...good.rsa, kty: undefined } }, '400 BadParameter'],
    ['in a hardware module', { key: good.rsa, Hsm: true }, '501 NotImplemented'],
    ['for a hardware module', { key: { ...good.rsa, kty: 'RSA-HSM' } }, '501 NotImplemented'],
    ['symmetric', { key: { kty: 'oct', k: 'AAAA' } }, '501 NotImplemented'],
    ['exportable', { key: good.ec, attributes: { exportable: true } }, '501 NotImplemented'],
    ['a short modulus', { key: rsa(1024) }, '400 BadParameter'],
    ['an odd modulus', { key: rsa(2056) }, '400 BadParameter'],
    ['a public key', { key: { kty: 'RSA', n: good.rsa.n, e: good.rsa.e } }, '400 BadParameter'],
    ['a public point', { key: { ...good.ec, d: undefined } }, '400 BadParameter'],
    ['base64 that is not for URLs', { key: { ...good.rsa, e: 'AQ+B' } }, '400 BadParameter'],
    ['a curve that does not fit', { key: { ...good.ec, crv: 'P-384' } }, '400 BadParameter'],
    ['a curve of the same size', { key: { ...good.ec, crv: 'P-256K' } }, '400 BadParameter'],
    ['no curve', { key: { ...good.ec, crv: undefined } }, '400 BadParameter'],
    ['another point', { key: { ...good.ec, x: good.other.x, y: good.other.y } }, '400 BadParameter'],
    ['no point', { key: { ...good.ec, x: good.other.x } }, '400 BadParameter'],
    ['the number 0', { key: { ...good.ec, d: zero } }, '400 BadParameter'],
    ['a short coordinate', { key: { ...good.ec, d: 'AQ' } }, '400 BadParameter'],
    ['operations of another type', { key: { ...good.ec, key_ops: ['wrapKey'] } }, '400 BadParameter'],
  ])('%s is refused', async (_, body, answer) => {
    expect(await vault.refusal('PUT /keys/k', body)).toBe(answer);
    expect(await vault.refusal('GET /keys/k')).toBe('404 KeyNotFound');
  });

  test.each(['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const)(
    'an RSA key with another %s is refused',
    (part) => {
      const bytes = octets(good.rsa[part]);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 2, bytes.length - 1);
      const jwk = { ...good.rsa, [part]: bytes.toString('base64url') };
      expect(() => importedMaterial(jwk as JsonObject)).toThrow(VaultError);
    },
  );

  test('anything is a whole key or refused, and is never told', () => {
    const names = ['kty', 'crv', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'x', 'y', 'key_ops'];
    const number = oneof(
      string({ unit: constantFrom(...'AQBgz_-') }),
      constantFrom('', 'AA', 'AQ', 'AQAB'),
      jsonValue(),
    );
    const jwks = record(Object.fromEntries(names.map((name) => [name, number] as const)), {
      requiredKeys: [],
    });
    const types = constantFrom({ kty: 'RSA' }, { kty: 'EC', crv: 'P-256' }, { kty: 'EC', crv: 'P-521' }, {});
    const bases = constantFrom({}, good.rsa, good.ec);
    const property_ = property(bases, jwks, types, (start, some, type) => {
      const jwk = { ...start, ...some, ...type } as JsonObject;
      try {
        importedMaterial(jwk);
      } catch (error) {
        if (!(error instanceof VaultError)) throw error;
        const told = Object.values(jwk).filter((value) => typeof value === 'string' && value.length > 20);
        for (const value of told) expect(error.message).not.toContain(value);
      }
    });
    assert(property_, { numRuns: 2000 });
  });

  test('any JSON is an answer', async () => {
    await assert(
      asyncProperty(jsonValue(), async (body) => {
        const { status } = await vault.ask('PUT /keys/k', isObject(body) ? { ...body, key: body } : body);
        expect([400, 501]).toContain(status);
      }),
    );
  });
});

test('what is private never leaves', async () => {
  const said: string[] = [];
  const told = async (line: string, body?: unknown) => {
    said.push(String((await vault.ask(line, body)).body));
  };
  for (const jwk of [good.rsa, good.ec]) {
    await told('PUT /keys/k', { key: jwk });
    await told('PUT /keys/k', { key: { ...jwk, kty: 'other' } });
    await told('PATCH /keys/k', { key: jwk, tags: {} });
    for (const line of ['GET /keys/k', 'GET /keys', 'GET /keys/k/versions', 'DELETE /keys/k'])
      await told(line);
    for (const line of ['GET /deletedkeys/k', 'GET /deletedkeys', 'POST /deletedkeys/k/recover'])
      await told(line);
    await told('POST /keys/k/1/release', { target: 'x' });
    await told('POST /keys/k/backup');
  }
  for (const jwk of [good.rsa, good.ec] as Readonly<Record<string, string>>[]) {
    for (const name of secret.filter((part) => jwk[part] !== undefined)) {
      expect(said.join('\n')).not.toContain(jwk[name]);
    }
  }
});
