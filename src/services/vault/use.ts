/**
 * What is done with a key that stays in the vault: sign and verify, encrypt and decrypt, wrap and unwrap.
 *
 * @module
 */

import type { JsonObject } from '../../lib/json.ts';
import { addressOf, bodyOf, type Call, givenText, type Runner } from './call.ts';
import { type CurveName, curves, signDigest as signOnCurve, verifyDigest as verifyOnCurve } from './ecdsa.ts';
import { invalidProperty, notImplemented, VaultError } from './error.ts';
import { demandEnabled, operationsOf } from './keys.ts';
import { idOf } from './life.ts';
import { keptMaterial, type Material, privateKeyOf } from './material.ts';
import type { Version } from './row.ts';
import {
  decrypt,
  encrypt,
  type Hash,
  type Padding,
  signDigest,
  type TextPadding,
  verifyDigest,
} from './rsa.ts';

/** An algorithm for signatures: the hash, and the padding or the curve that it is for. */
type Signing =
  | { readonly kty: 'RSA'; readonly hash: Hash; readonly padding: Padding }
  | { readonly kty: 'EC'; readonly hash: Hash; readonly crv: CurveName };

const signings: ReadonlyMap<string, Signing> = new Map<string, Signing>([
  ['RS256', { kty: 'RSA', hash: 'sha256', padding: 'pkcs1' }],
  ['RS384', { kty: 'RSA', hash: 'sha384', padding: 'pkcs1' }],
  ['RS512', { kty: 'RSA', hash: 'sha512', padding: 'pkcs1' }],
  ['PS256', { kty: 'RSA', hash: 'sha256', padding: 'pss' }],
  ['PS384', { kty: 'RSA', hash: 'sha384', padding: 'pss' }],
  ['PS512', { kty: 'RSA', hash: 'sha512', padding: 'pss' }],
  ['ES256', { kty: 'EC', hash: 'sha256', crv: 'P-256' }],
  ['ES384', { kty: 'EC', hash: 'sha384', crv: 'P-384' }],
  ['ES512', { kty: 'EC', hash: 'sha512', crv: 'P-521' }],
  ['ES256K', { kty: 'EC', hash: 'sha256', crv: 'P-256K' }],
]);

const paddings: ReadonlySet<string> = new Set<TextPadding>(['RSA1_5', 'RSA-OAEP', 'RSA-OAEP-256']);

/** What is an algorithm in Azure and not here. */
const refused =
  /^(RSNULL|ECDSA256|HS(256|384|512)|A(128|192|256)(KW|GCM|CBC|CBCPAD)|CKM_AES_KEY_WRAP(_PAD)?)$/;

const octets: Readonly<Record<Hash, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** What is done, and to whom. */
interface Use {
  readonly call: Call;
  readonly body: JsonObject;
  readonly algorithm: string;
  readonly kid: string;
  readonly material: Material;
}

/** What may be done with a key, and whether it is only done from `nbf` to `exp`. */
interface Deed {
  readonly operation: string;
  readonly timed: boolean;
  readonly run: (use: Use) => Uint8Array | boolean;
}

/** What was protected with a key must stay readable: these work before and after its time, too (about-keys.md). */
const anytime = { timed: false };
const inTime = { timed: true };

const deeds: Readonly<Record<string, Deed>> = {
  Sign: { operation: 'sign', ...inTime, run: sign },
  Verify: { operation: 'verify', ...anytime, run: verify },
  Encrypt: { operation: 'encrypt', ...inTime, run: encryptText },
  Decrypt: { operation: 'decrypt', ...anytime, run: decryptText },
  'Wrap Key': { operation: 'wrapKey', ...inTime, run: encryptText },
  'Unwrap Key': { operation: 'unwrapKey', ...anytime, run: decryptText },
};

/** Operation -> what does it. */
export const useRunners: Readonly<Record<string, Runner>> = Object.fromEntries(
  Object.entries(deeds).map(([name, deed]) => [name, (call: Call) => done(deed, call)]),
);

async function done({ operation, timed, run }: Deed, call: Call): Promise<JsonObject> {
  const { vaults, request } = call;
  const { head, version } = await vaults.get(addressOf(call, 'keys'), call.operation.version);
  demandEnabled(version, operation);
  if (timed) demandInTime(version, operation, vaults.seconds());
  if (!operationsOf(version).includes(operation)) {
    throw new VaultError('KeyOperationForbidden', [`Operation ${operation} is not permitted on this key.`]);
  }
  const body = await bodyOf(call);
  const algorithm = givenText(body, 'alg') ?? '';
  const kid = idOf(request.resource, 'keys', head.name, version.id);
  const result = run({ call, body, algorithm, kid, material: keptMaterial(version.content) });
  return typeof result === 'boolean'
    ? { value: result }
    : { kid, value: Buffer.from(result).toString('base64url') };
}

function demandInTime({ attributes: { nbf = 0, exp } }: Version, operation: string, now: number): void {
  if (now < nbf) {
    throw new VaultError('KeyNotYetValid', [
      `Operation ${operation} is not allowed on a key that is not yet valid.`,
    ]);
  }
  if (exp !== undefined && now >= exp) {
    throw new VaultError('KeyExpired', [`Operation ${operation} is not allowed on an expired key.`]);
  }
}

function sign(use: Use): Uint8Array {
  const signing = signingOf(use);
  const digest = digestOf(use, signing, 'value');
  if (signing.kty === 'RSA') {
    const salt = use.call.vaults.random(octets[signing.hash]);
    return signDigest(privateKeyOf(use.material), signing.padding, signing.hash, digest, salt);
  }
  return signOnCurve(curves[signing.crv], partOf(use.material, 'd'), digest);
}

function verify(use: Use): boolean {
  const signing = signingOf(use);
  const digest = digestOf(use, signing, 'digest');
  const signature = bytesOf(use.body, 'value');
  if (signing.kty === 'RSA') {
    return verifyDigest(privateKeyOf(use.material), signing.padding, signing.hash, digest, signature);
  }
  const point = Buffer.concat([partOf(use.material, 'x'), partOf(use.material, 'y')]);
  return verifyOnCurve(curves[signing.crv], point, digest, signature);
}

function encryptText(use: Use): Uint8Array {
  return coded(use, encrypt);
}

function decryptText(use: Use): Uint8Array {
  return coded(use, decrypt);
}

function coded(use: Use, code: typeof encrypt): Uint8Array {
  const { algorithm, material, kid } = use;
  if (!isTextPadding(algorithm)) throw unknownAlgorithm(algorithm);
  if (material.kty !== 'RSA') throw wrongType('encryption', kid, material.kty, algorithm, 'RSA');
  const text = bytesOf(use.body, 'value');
  try {
    return code(privateKeyOf(material), algorithm, text);
  } catch {
    // Why is not told: it would be told of the text.
    throw new VaultError('BadParameter', ['The parameter is incorrect.', '']);
  }
}

function signingOf({ algorithm, material, kid }: Use): Signing {
  const signing = signings.get(algorithm);
  if (!signing) throw unknownAlgorithm(algorithm);
  if (signing.kty !== material.kty) throw wrongType('signing', kid, material.kty, algorithm, signing.kty);
  if (signing.kty === 'EC' && material.kty === 'EC' && signing.crv !== material.crv) {
    throw new VaultError('BadParameter', [
      `Key and signing algorithm are incompatible. Key ${kid} uses curve '${material.crv}', and algorithm '${algorithm}' can only be used with curve '${signing.crv}'.`,
    ]);
  }
  return signing;
}

function digestOf({ body, algorithm }: Use, { hash }: Signing, name: string): Uint8Array {
  const digest = bytesOf(body, name);
  if (digest.length === octets[hash]) return digest;
  throw new VaultError('BadParameter', [
    `Invalid length of '${name}': ${digest.length} bytes. ${algorithm} requires ${octets[hash]} bytes, encoded with base64url.`,
  ]);
}

function bytesOf(body: JsonObject, name: string): Uint8Array {
  const text = givenText(body, name);
  if (text === undefined || !/^[A-Za-z0-9_-]+={0,2}$/.test(text)) throw invalidProperty(name);
  return Buffer.from(text, 'base64url');
}

function partOf(material: Material, name: 'd' | 'x' | 'y'): Buffer {
  return Buffer.from(material.kty === 'EC' ? material[name] : '', 'base64url');
}

function isTextPadding(algorithm: string): algorithm is TextPadding {
  return paddings.has(algorithm);
}

function unknownAlgorithm(algorithm: string): VaultError {
  return refused.test(algorithm) ? notImplemented(`algorithm ${algorithm}`) : invalidProperty('alg');
}

function wrongType(what: string, kid: string, kty: string, algorithm: string, needs: string): VaultError {
  return new VaultError('BadParameter', [
    `Key and ${what} algorithm are incompatible. Key ${kid} is of type '${kty}', and algorithm '${algorithm}' can only be used with a key of type '${needs}' or '${needs}-HSM'.`,
  ]);
}
