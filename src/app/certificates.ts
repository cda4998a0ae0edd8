/**
 * Certificates of applications, from files beside a cloister.yaml.
 *
 * @module
 */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Certificate } from '../arm/directory.ts';

/** Reads a PEM file that is named beside another file. */
export function readCertificate(
  text: string,
  beside: string,
  refuse: (message: string) => never,
): Certificate {
  const path = resolve(dirname(beside), text);
  try {
    const { publicKey, raw } = new X509Certificate(readFileSync(path));
    if (publicKey.asymmetricKeyType !== 'rsa')
      return refuse(`${text} has a key of type ${publicKey.asymmetricKeyType}; Entra takes RSA only.`);
    const base64 = raw.toString('base64').replace(/(.{64})(?=.)/g, '$1\n');
    return { kind: 'pem', pem: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n` };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === '' && error instanceof Error) throw error;
    const why = code === 'ENOENT' ? 'there is no such file' : `it is no certificate in PEM form (${code})`;
    return refuse(`'${text}' is neither a thumbprint in hex nor a certificate: ${why}.`);
  }
}
