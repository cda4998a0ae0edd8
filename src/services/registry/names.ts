/**
 * How repositories, tags and contents are called (OCI distribution specification, sections on pulling).
 *
 * @module
 */

import { createHash, type Hash } from 'node:crypto';
import { RegistryError } from './error.ts';

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repository = new RegExp(`^${component}(?:/${component})*$`);
const tag = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const digest = /^sha256:[0-9a-f]{64}$/;
/** What has a colon is meant as a digest: no tag has one. */
const anyDigest = /^[^:]*:/;

/** Reports whether a repository may be called so. */
export function isRepository(name: string): boolean {
  return name.length <= 255 && repository.test(name);
}

/** Reports whether a tag may be called so. */
export function isTag(name: string): boolean {
  return tag.test(name);
}

/** Reports whether this is a digest of the one algorithm there is. */
export function isDigest(text: string): boolean {
  return digest.test(text);
}

/** Returns the digest, or throws. */
export function parseDigest(text: string): string {
  if (isDigest(text)) return text;
  throw new RegistryError('DIGEST_INVALID', {
    message: 'invalid checksum digest format',
    detail: 'A digest is written sha256:<64 hexadecimal digits>; a registry has no other algorithm.',
  });
}

/** Returns what a manifest is asked for by. Throws where it is neither. */
export function parseReference(
  text: string,
): { readonly kind: 'tag'; readonly tag: string } | { readonly kind: 'digest'; readonly digest: string } {
  if (anyDigest.test(text)) return { kind: 'digest', digest: parseDigest(text) };
  if (isTag(text)) return { kind: 'tag', tag: text };
  throw new RegistryError('TAG_INVALID', {
    detail: 'A tag has up to 128 letters, digits, underscores, points and hyphens; the last two not first.',
  });
}

/** Returns the digest of what was hashed. */
export function digestOf(hash: Hash): string {
  return `sha256:${hash.digest('hex')}`;
}

/** Returns the digest of few bytes. */
export function digestOfBytes(bytes: Uint8Array): string {
  return digestOf(createHash('sha256').update(bytes));
}
