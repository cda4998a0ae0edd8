/**
 * A certificate for an application: its key pair, signed by itself, as people make one to sign in with.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';

const day = 86_400_000;
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;

/** A certificate and its private key (PKCS #8), both PEM. The key is a secret. */
export interface OwnCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Makes a certificate that is good for a year: RSA-2048, the only kind that Entra takes. */
export async function ownCertificate(name: string): Promise<OwnCertificate> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await crypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    // Positive, as RFC 5280 section 4.1.2.2 wants it.
    serialNumber: `4${randomBytes(8).toString('hex').slice(1)}`,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + 365 * day),
    signingAlgorithm: rsa,
    keys,
  });
  const key = x509.PemConverter.encode(
    await crypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  );
  return { certificatePem: `${certificate.toString('pem')}\n`, keyPem: `${key}\n` };
}
