/**
 * The files that tell clients whom to trust: our root alone, and our root along with the machine's own roots.
 *
 * Node's `NODE_EXTRA_CA_CERTS` adds to what it trusts and wants the root alone; `REQUESTS_CA_BUNDLE`,
 * `CURL_CA_BUNDLE` and `SSL_CERT_FILE` replace it and want both (recorded from real clients).
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

/** Where systems keep their roots as one PEM file; the first that exists counts. */
export const systemBundles: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Arch
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // Fedora, Red Hat
  '/etc/pki/tls/certs/ca-bundle.crt', // older Red Hat, Amazon
  '/etc/ssl/ca-bundle.pem', // SUSE
  '/etc/ssl/cert.pem', // Alpine, macOS
];

/** Paths of the two files. */
export interface Bundles {
  /** Our root alone. */
  readonly ca: string;
  /** The machine's roots and ours. */
  readonly bundle: string;
}

/** Writes `ca.pem` and `bundle.pem` into an existing folder, each at once or not at all. */
export async function writeBundles(
  dir: string,
  rootPem: string,
  candidates: readonly string[] = systemBundles,
): Promise<Bundles> {
  const root = `${rootPem.trim()}\n`;
  const bundles = { ca: join(dir, 'ca.pem'), bundle: join(dir, 'bundle.pem') };
  await replace(bundles.ca, root);
  await replace(bundles.bundle, `${(await systemRoots(candidates)).trim()}\n${root}`);
  return bundles;
}

/** Returns the machine's roots, or those that Node was built with where the machine has none. */
async function systemRoots(candidates: readonly string[]): Promise<string> {
  for (const path of candidates) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  }
  return rootCertificates.join('\n');
}

/** Replaces a file's content; a reader sees the old or the new, and a crash leaves no half. */
async function replace(path: string, content: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o644);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
