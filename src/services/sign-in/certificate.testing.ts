/** Certificates for tests: RSA keys made at run time. */

import 'reflect-metadata';
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509';

const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;

/** A certificate that is good for a year from a day before the time, in milliseconds since the epoch. */
export async function selfSigned(from: number): Promise<{ readonly pem: string; readonly key: string }> {
  const keys = await crypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=test',
    serialNumber: '01',
    notBefore: new Date(from - 86_400_000),
    notAfter: new Date(from + 365 * 86_400_000),
    signingAlgorithm: rsa,
    keys,
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { pem: certificate.toString('pem'), key };
}
