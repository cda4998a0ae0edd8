/**
 * ECDSA against known vectors and against node, which hashes for itself.
 *
 * @module
 */

import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { assert, constantFrom, property, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CurveName, curves, publicPoint, signDigest, verifyDigest } from './ecdsa.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

/** RFC 6979, appendix A.2.5 to A.2.7: message "sample"; private key, nonce, r, s. */
const vectors = [
  [
    'P-256',
    'sha256',
    'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721',
    'a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60',
    'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
    'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  ],
  [
    'P-384',
    'sha384',
    '6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5',
    '94ed910d1a099dad3254e9242ae85abde4ba15168eaf0ca87a555fd56d10fbca2907e3e83ba95368623b8c4686915cf9',
    '94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46',
    '99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8',
  ],
  [
    'P-521',
    'sha512',
    '00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538',
    '01dae2ea071f8110dc26882d4d5eae0621a3256fc8847fb9022e2b7d28e6f10198b1574fdd03a9053c08a1854a168aa5a57470ec97dd5ce090124ef52a2f7ecbffd3',
    '00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa',
    '00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a',
  ],
] as const;

test.each(vectors)('RFC 6979 %s %s', (name, hash, d, k, r, s) => {
  const curve = curves[name];
  const digest = createHash(hash).update('sample').digest();
  const signature = signDigest(curve, hex(d), digest, () => hex(k));
  expect(signature.toString('hex')).toBe(r + s);
  expect(verifyDigest(curve, publicPoint(curve, hex(d)), digest, signature)).toBe(true);
});

const hashes: Readonly<Record<CurveName, string>> = {
  'P-256': 'sha256',
  'P-384': 'sha384',
  'P-521': 'sha512',
  'P-256K': 'sha256',
};

describe.each(Object.entries(hashes) as [CurveName, string][])('%s beside node', (name, hash) => {
  const curve = curves[name];
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve.openssl });
  const jwk = privateKey.export({ format: 'jwk' });
  const d = Buffer.from(String(jwk.d), 'base64url');
  const point = Buffer.concat([
    Buffer.from(String(jwk.x), 'base64url'),
    Buffer.from(String(jwk.y), 'base64url'),
  ]);
  const dsaEncoding = 'ieee-p1363';
  const digestOf = (text: Uint8Array) => createHash(hash).update(text).digest();

  test('the point of a private key', () => {
    expect(publicPoint(curve, d)).toEqual(point);
  });

  test.each([1n, 2n, curve.n - 1n])('a private key at the edge: %d', (number) => {
    const edge = hex(number.toString(16).padStart(2 * curve.size, '0'));
    const digest = digestOf(Buffer.from('sample'));
    const signature = signDigest(curve, edge, digest);
    expect(verifyDigest(curve, publicPoint(curve, edge), digest, signature)).toBe(true);
    expect(verifyDigest(curve, point, digest, signature)).toBe(false);
  });

  test('each verifies what the other signs', () => {
    const property_ = property(uint8Array({ maxLength: 40 }), (text) => {
      const ours = signDigest(curve, d, digestOf(text));
      expect(verify(hash, text, { key: publicKey, dsaEncoding }, ours)).toBe(true);
      const theirs = sign(hash, text, { key: privateKey, dsaEncoding });
      expect(verifyDigest(curve, point, digestOf(text), theirs)).toBe(true);
    });
    assert(property_, { numRuns: 12 });
  });

  test('neither verifies what is bent', () => {
    const text = Buffer.from('sample');
    const signature = signDigest(curve, d, digestOf(text));
    const places = constantFrom(...signature.keys());
    const property_ = property(places, constantFrom(1, 2, 4, 8, 16, 32, 64, 128), (place, bit) => {
      const bent = Buffer.from(signature);
      bent.writeUInt8(bent.readUInt8(place) ^ bit, place);
      expect(verify(hash, text, { key: publicKey, dsaEncoding }, bent)).toBe(false);
      expect(verifyDigest(curve, point, digestOf(text), bent)).toBe(false);
    });
    assert(property_, { numRuns: 12 });
  });

  test('the key of another, or its negative, does not verify', () => {
    const text = Buffer.from('sample');
    const signature = signDigest(curve, d, digestOf(text));
    const y = BigInt(`0x${point.subarray(curve.size).toString('hex')}`);
    const negative = hex((curve.p - y).toString(16).padStart(2 * curve.size, '0'));
    const other = Buffer.concat([point.subarray(0, curve.size), negative]);
    expect(verifyDigest(curve, other, digestOf(text), signature)).toBe(false);
    expect(verifyDigest(curve, point, digestOf(text), signature.subarray(2))).toBe(false);
    const parts = [signature.subarray(0, curve.size), Buffer.of(0), signature.subarray(curve.size)];
    expect(verifyDigest(curve, point, digestOf(text), Buffer.concat(parts))).toBe(false);
    const key = createPublicKey({
      format: 'jwk',
      key: { kty: 'EC', crv: curve.jwk, x: String(jwk.x), y: negative.toString('base64url') },
    });
    expect(verify(hash, text, { key, dsaEncoding }, signature)).toBe(false);
  });
});
