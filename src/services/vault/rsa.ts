/**
 * RSA over a digest that the client made, and over short texts (RFC 8017): node:crypto does the exponentiation, and
 * the paddings that it does not offer for a digest are put on and checked here.
 *
 * @module
 */

import {
  constants,
  createHash,
  type KeyObject,
  privateDecrypt,
  privateEncrypt,
  publicDecrypt,
  publicEncrypt,
} from 'node:crypto';

/** A hash that signatures are made over. */
export type Hash = 'sha256' | 'sha384' | 'sha512';

/** How a signature is padded. */
export type Padding = 'pkcs1' | 'pss';

/** How a text is padded. */
export type TextPadding = 'RSA1_5' | 'RSA-OAEP' | 'RSA-OAEP-256';

/** What stands before a digest, to say which hash made it (RFC 8017, section 9.2, note 1). */
const digestInfos: Readonly<Record<Hash, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

const raw = constants.RSA_NO_PADDING;
const oaep = constants.RSA_PKCS1_OAEP_PADDING;

/** Signs a digest. The salt, as long as the digest, is for `pss` alone. */
export function signDigest(
  key: KeyObject,
  padding: Padding,
  hash: Hash,
  digest: Uint8Array,
  salt: Uint8Array,
): Buffer {
  const size = sizeOf(key);
  const encoded = padding === 'pkcs1' ? pkcs1(size, hash, digest) : pss(size, hash, digest, salt);
  return privateEncrypt({ key, padding: raw }, encoded);
}

/** Reports whether a signature is that of a digest. */
export function verifyDigest(
  key: KeyObject,
  padding: Padding,
  hash: Hash,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const size = sizeOf(key);
  if (signature.length !== size) return false;
  let encoded: Buffer;
  try {
    encoded = publicDecrypt({ key, padding: raw }, signature);
  } catch {
    return false;
  }
  if (padding === 'pkcs1') return encoded.equals(pkcs1(size, hash, digest));
  const salt = saltOf(encoded, hash, digest.length);
  return encoded.equals(pss(size, hash, digest, salt));
}

/** Encrypts a text. Throws where it is too long. */
export function encrypt(key: KeyObject, padding: TextPadding, text: Uint8Array): Buffer {
  if (padding === 'RSA1_5') return publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, text);
  return publicEncrypt({ key, padding: oaep, oaepHash: oaepHashOf(padding) }, text);
}

/** Decrypts a text. Throws where it was not encrypted for this key, in this way. */
export function decrypt(key: KeyObject, padding: TextPadding, text: Uint8Array): Buffer {
  if (text.length !== sizeOf(key)) throw new Error('the text is not as long as the key');
  if (padding !== 'RSA1_5')
    return privateDecrypt({ key, padding: oaep, oaepHash: oaepHashOf(padding) }, text);
  // Node 20 does not decrypt this padding any more (CVE-2023-46809): who can ask often, and measure, learns the text.
  const encoded = privateDecrypt({ key, padding: raw }, text);
  const end = encoded.indexOf(0, 2);
  if (encoded[0] !== 0 || encoded[1] !== 2 || end < 10) throw new Error('the padding is not right');
  return encoded.subarray(end + 1);
}

function oaepHashOf(padding: TextPadding): string {
  return padding === 'RSA-OAEP' ? 'sha1' : 'sha256';
}

/** Octets of the modulus. */
function sizeOf(key: KeyObject): number {
  return (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
}

/** Encodes as EMSA-PKCS1-v1_5 (section 9.2). */
function pkcs1(size: number, hash: Hash, digest: Uint8Array): Buffer {
  const info = Buffer.concat([Buffer.from(digestInfos[hash], 'hex'), digest]);
  const filling = Buffer.alloc(size - info.length - 3, 0xff);
  return Buffer.concat([Buffer.of(0, 1), filling, Buffer.of(0), info]);
}

/** Encodes as EMSA-PSS (section 9.1.1), for a modulus whose bits are a multiple of 8. */
function pss(size: number, hash: Hash, digest: Uint8Array, salt: Uint8Array): Buffer {
  const block = createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
  const filling = Buffer.alloc(size - salt.length - block.length - 2);
  const data = Buffer.concat([filling, Buffer.of(1), salt]);
  return Buffer.concat([masked(data, hash, block), block, Buffer.of(0xbc)]);
}

/** Returns the salt of what may be an EMSA-PSS encoding: encoded again with it, the right one comes out alike. */
function saltOf(encoded: Buffer, hash: Hash, length: number): Buffer {
  const end = encoded.length - length - 1;
  const data = masked(encoded.subarray(0, end), hash, encoded.subarray(end, -1));
  return data.subarray(data.length - length);
}

/** Masks with MGF1 (appendix B.2.1); the highest bit stays 0, so that the number is below the modulus. */
function masked(data: Uint8Array, hash: Hash, seed: Uint8Array): Buffer {
  const out = Buffer.from(data);
  const counter = Buffer.alloc(4);
  for (let at = 0, block = 0; at < out.length; block++) {
    counter.writeUInt32BE(block);
    for (const byte of createHash(hash).update(seed).update(counter).digest()) {
      if (at < out.length) out.writeUInt8(out.readUInt8(at) ^ byte, at);
      at += 1;
    }
  }
  out.writeUInt8(out.readUInt8(0) & 0x7f, 0);
  return out;
}
