/**
 * The certificate authority of one installation: Azure's host names are served here, so somebody must vouch
 * for them, and only to clients that were handed this root.
 *
 * A wildcard certificate is not enough (`*.api.azureml.ms` does not cover `<guid>.workspace.<region>.api.azureml.ms`):
 * each name gets its own leaf on first use (recorded from real clients).
 *
 * @module
 */

import { randomBytes, type webcrypto, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type Fqdn, parseFqdn } from '../../lib/fqdn.ts';
import { parseIp } from '../../lib/ip.ts';

/** What an authority is kept as: its certificate and its private key (PKCS #8), both PEM. The key is a secret. */
export interface AuthorityMaterial {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A server certificate: private key (PKCS #8) and chain (leaf, then root), both PEM. */
export interface Leaf {
  readonly key: string;
  readonly cert: string;
}

/** What an authority may be told. */
export interface AuthorityOptions {
  /** Milliseconds since the epoch; the machine's clock unless told. */
  readonly now?: () => number;
  /** Leaves kept at a time, those used last. 1 000 unless told. */
  readonly mostLeaves?: number;
}

interface Minted {
  readonly leaf: Promise<Leaf>;
  /** Made when a handshake first needs it: it costs as much as the leaf itself. */
  context: Promise<SecureContext> | undefined;
  /** Minted anew from here on, in milliseconds since the epoch. */
  readonly until: number;
}

interface Signer {
  readonly issuer: string;
  readonly publicKey: webcrypto.CryptoKey;
  readonly signingKey: webcrypto.CryptoKey;
}

const hour = 3_600_000;
const day = 24 * hour;
const rootLifetime = 3_652 * day;
/** Clients refuse more than 398 days (CA/Browser Forum baseline requirements, section 6.3.2). */
const leafLifetime = 397 * day;
const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** Vouches for host names. Leaves live in memory only; the material is the caller's to keep. */
export class Authority {
  readonly certificatePem: string;
  readonly #keyPem: string;
  readonly #ends: number;
  readonly #now: () => number;
  readonly #mostLeaves: number;
  readonly #minted = new Map<Fqdn, Minted>();
  #signer: Promise<Signer> | undefined;

  /** Throws where the certificate is not one. The key is looked at when the first leaf is made. */
  constructor(material: AuthorityMaterial, options: AuthorityOptions = {}) {
    this.certificatePem = material.certificatePem;
    this.#keyPem = material.keyPem;
    this.#ends = Date.parse(new X509Certificate(material.certificatePem).validTo);
    this.#now = options.now ?? Date.now;
    this.#mostLeaves = options.mostLeaves ?? 1_000;
  }

  /** Makes the material of a new authority: ECDSA P-256, ten years. */
  static async create(): Promise<AuthorityMaterial> {
    const x509 = await library();
    const keys = await crypto.subtle.generateKey(curve, true, ['sign', 'verify']);
    const notBefore = Date.now() - hour;
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      // The name differs from installation to installation: a trust store may hold several of them.
      name: `CN=Cloister local authority ${randomBytes(4).toString('hex')}`,
      serialNumber: serialNumber(),
      notBefore: new Date(notBefore),
      notAfter: new Date(notBefore + rootLifetime),
      signingAlgorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { certificatePem: pem(certificate.toString('pem')), keyPem: await privatePem(keys.privateKey) };
  }

  /** Returns the certificate of a host name. Rejects where DNS would not carry the name, and for addresses. */
  async leaf(host: string): Promise<Leaf> {
    return this.#find(host).leaf;
  }

  /** Returns the same as {@link leaf}, ready for a server's `SNICallback`. */
  async secureContextFor(host: string): Promise<SecureContext> {
    const minted = this.#find(host);
    minted.context ??= minted.leaf.then(createSecureContext);
    return minted.context;
  }

  #find(host: string): Minted {
    const name = parseFqdn(host);
    if (name === undefined || name.startsWith('*') || parseIp(name) !== undefined) {
      throw new Error(`no certificate is made for ${JSON.stringify(host.slice(0, 64))}: it is no host name`);
    }
    const kept = this.#minted.get(name);
    // Taken out and put in again: the map's order is the order of last use.
    this.#minted.delete(name);
    const minted = kept !== undefined && this.#now() < kept.until ? kept : this.#prepare(name);
    this.#minted.set(name, minted);
    for (const oldest of this.#minted.keys()) {
      if (this.#minted.size <= this.#mostLeaves) break;
      this.#minted.delete(oldest);
    }
    return minted;
  }

  #prepare(name: Fqdn): Minted {
    const notBefore = this.#now() - hour;
    const notAfter = Math.min(notBefore + leafLifetime, this.#ends);
    const leaf = this.#mint(name, new Date(notBefore), new Date(notAfter));
    const minted: Minted = { leaf, context: undefined, until: notAfter - day };
    // Who asked hears of a failure; the next one tries again.
    leaf.catch(() => {
      if (this.#minted.get(name) === minted) this.#minted.delete(name);
    });
    return minted;
  }

  async #mint(name: Fqdn, notBefore: Date, notAfter: Date): Promise<Leaf> {
    const x509 = await library();
    this.#signer ??= importSigner(this.certificatePem, this.#keyPem);
    const { issuer, publicKey, signingKey } = await this.#signer;
    const keys = await crypto.subtle.generateKey(curve, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      // Not the host: a common name ends at 64 characters, and clients read the alternative name alone.
      subject: 'O=Cloister',
      issuer,
      notBefore,
      notAfter,
      signingAlgorithm,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(publicKey),
      ],
    });
    return {
      key: await privatePem(keys.privateKey),
      cert: `${pem(certificate.toString('pem'))}${pem(this.certificatePem)}`,
    };
  }
}

/** Loads the certificate library when the first certificate is made: commands that make none start faster. */
async function library(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

async function importSigner(certificatePem: string, keyPem: string): Promise<Signer> {
  const x509 = await library();
  const certificate = new x509.X509Certificate(certificatePem);
  const publicKey = await certificate.publicKey.export(curve, ['verify']);
  const der = x509.PemConverter.decodeFirst(keyPem);
  const signingKey = await crypto.subtle.importKey('pkcs8', der, curve, false, ['sign']);
  return { issuer: certificate.subject, publicKey, signingKey };
}

/** Returns 16 random bytes in hexadecimal, positive and without a leading zero byte (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString('hex');
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const x509 = await library();
  return pem(x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY'));
}

/** Ends a PEM text with exactly one line break, so that texts can be joined. */
function pem(text: string): string {
  return `${text.trim()}\n`;
}
