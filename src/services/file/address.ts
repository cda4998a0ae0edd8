/**
 * What the path and query of a request name: the account, a share, or something in it.
 *
 * @module
 */

import { splitTarget } from '../blob/address.ts';
import { StorageError } from '../blob/error.ts';
import { isSpeakable } from '../blob/xml.ts';

/** What a request is about. */
export interface Address {
  /** Empty at the account. */
  readonly share: string;
  /** Empty at the share. */
  readonly path: string;
  readonly query: URLSearchParams;
}

const shareName = /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/;
const longestName = 255;
const longestPath = 2048;

/** Reads a request's target. */
export function parseAddress(target: string): Address {
  const { path: whole, query } = splitTarget(target);
  if (!whole.startsWith('/')) throw new StorageError('InvalidUri');
  const [share = '', ...rest] = whole.slice(1).split('/').map(decode);
  const path = rest.join('/').replace(/\/$/, '');
  if (share === '') {
    if (path !== '') throw new StorageError('InvalidUri');
    return { share, path, query };
  }
  if (!shareName.test(share)) {
    throw new StorageError('InvalidResourceName', {
      says: 'A share has 3 to 63 lower-case letters, digits and single dashes.',
    });
  }
  return { share, path: path === '' ? '' : checkPath(path), query };
}

function checkPath(path: string): string {
  if (path.length > longestPath) throw new StorageError('InvalidUri', { says: 'The path is too long.' });
  for (const name of path.split('/')) {
    const wrong =
      name === '' || name === '.' || name === '..' || name.length > longestName || !isSpeakable(name);
    if (!wrong && !/["\\:|<>*?\t\n\r]/.test(name)) continue;
    throw new StorageError('InvalidResourceName', {
      says: `'${name}' cannot be the name of a file: up to ${longestName} characters, none of "\\:|<>*?, neither . nor ..`,
    });
  }
  return path;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new StorageError('InvalidUri', { says: 'It is not percent-encoded UTF-8.' });
  }
}
