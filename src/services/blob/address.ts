/**
 * What the path and query of a request name: the account, a container or a blob. Decoded once, here.
 *
 * @module
 */

import { StorageError } from './error.ts';
import { isSpeakable } from './xml.ts';

/** What a request is about. */
export interface Address {
  readonly level: 'account' | 'container' | 'blob';
  /** Empty at the account. */
  readonly container: string;
  /** Empty at the account and at a container. */
  readonly name: string;
  readonly query: URLSearchParams;
}

/** The container of blobs whose path has a single segment. */
export const rootContainer = '$root';

const containerName = /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/;
const specialContainers: ReadonlySet<string> = new Set([rootContainer, '$logs', '$web']);
const longestName = 1024;

/** Splits a request's target into path and query. */
export function splitTarget(target: string): { readonly path: string; readonly query: URLSearchParams } {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/** Reads a request's target. */
export function parseAddress(target: string): Address {
  const { path, query } = splitTarget(target);
  if (!path.startsWith('/')) throw new StorageError('InvalidUri');
  // The container ends at the first slash as it was sent; one that is encoded belongs to a name.
  const slash = path.indexOf('/', 1);
  const first = decode(path.slice(1, slash < 0 ? undefined : slash));
  const rest = slash < 0 ? '' : decode(path.slice(slash + 1));
  if (first === '') {
    if (rest !== '') throw badName('It has an empty segment.');
    return { level: 'account', container: '', name: '', query };
  }
  if (query.get('restype') === 'container') {
    if (rest !== '') throw new StorageError('InvalidUri');
    return { level: 'container', container: checkContainer(first), name: '', query };
  }
  if (slash < 0 && first.includes('/')) throw badName('A container ends at a slash that is not encoded.');
  if (slash < 0) return { level: 'blob', container: rootContainer, name: checkName(first), query };
  return { level: 'blob', container: checkContainer(first), name: checkName(rest), query };
}

/** Decodes percent signs, once. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new StorageError('InvalidUri', { says: 'It is not percent-encoded UTF-8.' });
  }
}

function checkContainer(name: string): string {
  if (containerName.test(name) || specialContainers.has(name)) return name;
  if (/^[a-z0-9-]*$/.test(name) && (name.length < 3 || name.length > 63))
    throw new StorageError('OutOfRangeInput');
  throw badName('A container has 3 to 63 lower-case letters, digits and single dashes.');
}

function checkName(name: string): string {
  if (name.length > longestName) throw badName(`A blob's name has at most ${longestName} characters.`);
  if (!isSpeakable(name)) throw badName('It has a control character.');
  // A name that ends in a slash is one too: some clients ask for what stands for a folder.
  for (const segment of name.replace(/(?<=[^/])\/$/, '').split('/')) {
    if (segment === '') throw badName('It has an empty segment.');
    if (segment === '.' || segment === '..') throw badName(`It has the segment '${segment}'.`);
  }
  return name;
}

function badName(says: string): StorageError {
  return new StorageError('InvalidResourceName', { says });
}
