/**
 * ECDSA over a digest that the client made: node:crypto only signs what it has hashed itself, so the curve's
 * multiplications for a signature are done by its ECDH, and the rest here (FIPS 186-5, section 6.4).
 *
 * The arithmetic is not constant in time. It guards the keys of a test installation, not those of a bank.
 *
 * @module
 */

import { createECDH } from 'node:crypto';

/** A curve `y^2 = x^3 + ax + b` over the field of `p`, with a group of order `n`. */
export interface Curve {
  /** As node:crypto calls it in a JSON web key. */
  readonly jwk: string;
  readonly openssl: string;
  /** Octets of a coordinate. */
  readonly size: number;
  readonly p: bigint;
  readonly a: bigint;
  readonly n: bigint;
}

const p256 = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const p384 = 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n;
const p521 = 2n ** 521n - 1n;

/** Curves by the names that a vault gives them. */
export const curves = {
  'P-256': {
    jwk: 'P-256',
    openssl: 'prime256v1',
    size: 32,
    p: p256,
    a: p256 - 3n,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  'P-384': {
    jwk: 'P-384',
    openssl: 'secp384r1',
    size: 48,
    p: p384,
    a: p384 - 3n,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  'P-521': {
    jwk: 'P-521',
    openssl: 'secp521r1',
    size: 66,
    p: p521,
    a: p521 - 3n,
    n: 2n ** 521n - 0x5ae79787c40d069948033feb708f65a2fc44a36477663b851449048e16ec79bf7n,
  },
  'P-256K': {
    jwk: 'secp256k1',
    openssl: 'secp256k1',
    size: 32,
    p: 2n ** 256n - 2n ** 32n - 977n,
    a: 0n,
    n: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  },
} as const satisfies Readonly<Record<string, Curve>>;

/** Name of a curve. */
export type CurveName = keyof typeof curves;

/** In Jacobian coordinates: `x / z^2`, `y / z^3`; nothing has z 0. */
type Point = readonly [x: bigint, y: bigint, z: bigint];

const infinity: Point = [1n, 1n, 0n];

/** Reports whether a curve has that name. */
export function isCurveName(name: string): name is CurveName {
  return Object.hasOwn(curves, name);
}

/** Returns the public point of a private key: both coordinates, one after the other. */
export function publicPoint({ openssl }: Curve, d: Uint8Array): Buffer {
  const ecdh = createECDH(openssl);
  ecdh.setPrivateKey(d);
  return ecdh.getPublicKey().subarray(1);
}

/** Signs a digest that is no longer than the curve's order. Answers r and s, one after the other. */
export function signDigest(
  curve: Curve,
  d: Uint8Array,
  digest: Uint8Array,
  nonce: () => Uint8Array = () => freshNonce(curve),
): Buffer {
  const { n, size } = curve;
  for (;;) {
    const k = nonce();
    const r = toBigInt(publicPoint(curve, k).subarray(0, size)) % n;
    const s = (inverse(toBigInt(k), n) * (toBigInt(digest) + r * toBigInt(d))) % n;
    if (r !== 0n && s !== 0n) return Buffer.concat([toBytes(r, size), toBytes(s, size)]);
  }
}

/** Reports whether a signature is that of a digest. `point` is the public key: both coordinates. */
export function verifyDigest(
  curve: Curve,
  point: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { n, p, size } = curve;
  if (signature.length !== 2 * size) return false;
  const r = toBigInt(signature.subarray(0, size));
  const s = toBigInt(signature.subarray(size));
  if (r === 0n || s === 0n || r >= n || s >= n) return false;
  const w = inverse(s, n);
  const g = pointOf(curve, publicPoint(curve, toBytes(1n, size)));
  const sum = addTwice(curve, (toBigInt(digest) * w) % n, g, (r * w) % n, pointOf(curve, point));
  const [x, , z] = sum;
  if (z === 0n) return false;
  const inverted = inverse(z, p);
  return mod(x * inverted * inverted, p) % n === r;
}

function freshNonce({ openssl }: Curve): Uint8Array {
  const ecdh = createECDH(openssl);
  ecdh.generateKeys();
  return ecdh.getPrivateKey();
}

/** Returns `u1 * p1 + u2 * p2`. */
function addTwice(curve: Curve, u1: bigint, p1: Point, u2: bigint, p2: Point): Point {
  const both = add(curve, p1, p2);
  let sum = infinity;
  for (let bit = curve.size * 8; bit >= 0; bit--) {
    sum = double(curve, sum);
    const first = (u1 >> BigInt(bit)) & 1n;
    const second = (u2 >> BigInt(bit)) & 1n;
    if (first === 1n) sum = add(curve, sum, second === 1n ? both : p1);
    else if (second === 1n) sum = add(curve, sum, p2);
  }
  return sum;
}

function double({ p, a }: Curve, [x, y, z]: Point): Point {
  if (z === 0n || y === 0n) return infinity;
  const yy = (y * y) % p;
  const s = (4n * x * yy) % p;
  const zz = (z * z) % p;
  const m = (3n * x * x + a * zz * zz) % p;
  const x3 = mod(m * m - 2n * s, p);
  return [x3, mod(m * (s - x3) - 8n * yy * yy, p), (2n * y * z) % p];
}

function add(curve: Curve, first: Point, second: Point): Point {
  const { p } = curve;
  const [x1, y1, z1] = first;
  const [x2, y2, z2] = second;
  if (z1 === 0n) return second;
  if (z2 === 0n) return first;
  const [zz1, zz2] = [(z1 * z1) % p, (z2 * z2) % p];
  const [u1, u2] = [(x1 * zz2) % p, (x2 * zz1) % p];
  const [s1, s2] = [(y1 * zz2 * z2) % p, (y2 * zz1 * z1) % p];
  if (u1 === u2) return s1 === s2 ? double(curve, first) : infinity;
  const h = mod(u2 - u1, p);
  const r = mod(s2 - s1, p);
  const hh = (h * h) % p;
  const v = (u1 * hh) % p;
  const x3 = mod(r * r - h * hh - 2n * v, p);
  return [x3, mod(r * (v - x3) - s1 * h * hh, p), (h * z1 * z2) % p];
}

function pointOf({ size }: Curve, point: Uint8Array): Point {
  return [toBigInt(point.subarray(0, size)), toBigInt(point.subarray(size)), 1n];
}

/** Returns the inverse by the extended algorithm of Euclid. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [r0, r1] = [modulus, mod(value, modulus)];
  let [t0, t1] = [0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  return mod(t0, modulus);
}

function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** Reads a number, the most significant octet first. */
export function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function toBytes(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');
}
