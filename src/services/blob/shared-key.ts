/**
 * SharedKey and SharedKeyLite: what is signed, and whether a signature is right.
 *
 * @module
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { StorageError } from './error.ts';
import { parametersOf } from './query.ts';

/** What of a request is signed. */
export interface Signed {
  readonly method: string;
  /** Path and query exactly as they came. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * How headers are written: what is documented and what newer clients do are not the same, and either binds every
 * header. Ordered like words or by code; values as they are, or with white space drawn together.
 */
export interface Reading {
  readonly order: 'cultural' | 'ordinal';
  readonly space: 'kept' | 'drawn';
}

const usual: Reading = { order: 'cultural', space: 'kept' };
const readings: readonly Reading[] = [
  usual,
  { order: 'ordinal', space: 'kept' },
  { order: 'cultural', space: 'drawn' },
  { order: 'ordinal', space: 'drawn' },
];
/** How far a client's clock may be off, in milliseconds. */
const largestSkew = 15 * 60 * 1000;
/** From this version on, no length is signed where there is no body. */
const firstWithoutZero = '2015-02-21';
const standard = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
] as const;

/** Returns what SharedKey signs (since version 2009-09-19). */
export function sharedKeyText(signed: Signed, account: string, reading = usual): string {
  const { method, headers } = signed;
  const values = standard.map((name) => {
    const value = headers[name] ?? '';
    if (name === 'date' && headers['x-ms-date'] !== undefined) return '';
    const bare = name === 'content-length' && value === '0';
    return bare && (headers['x-ms-version'] ?? firstWithoutZero) >= firstWithoutZero ? '' : value;
  });
  const resource = `/${account}${pathOf(signed.target)}${queryText(signed.target)}`;
  return [method, ...values, `${canonicalHeaders(headers, reading)}${resource}`].join('\n');
}

/** Returns what SharedKeyLite signs (since version 2009-09-19). */
export function sharedKeyLiteText(signed: Signed, account: string, reading = usual): string {
  const { method, headers, target } = signed;
  const date = headers['x-ms-date'] === undefined ? (headers['date'] ?? '') : '';
  const comp = parametersOf(target).find(([name]) => name === 'comp');
  const resource = `/${account}${pathOf(target)}${comp ? `?comp=${comp[1]}` : ''}`;
  const values = [method, headers['content-md5'] ?? '', headers['content-type'] ?? '', date];
  return [...values, `${canonicalHeaders(headers, reading)}${resource}`].join('\n');
}

/** Throws where an `Authorization` header by key is not that of one of the account's keys, or not of now. */
export function checkSharedKey(signed: Signed, account: string, keys: readonly string[], now: number): void {
  const { headers } = signed;
  const [, scheme = '', name = '', signature = ''] =
    /^(SharedKey|SharedKeyLite) +([^\s:]+):([A-Za-z0-9+/=]+)$/i.exec(headers['authorization'] ?? '') ?? [];
  if (scheme === '')
    throw new StorageError('InvalidAuthenticationInfo', {
      status: 400,
      says: 'Authentication information is not given in the correct format. Check the value of Authorization header.',
    });
  if (name !== account) throw failed(`The account '${name}' is not the one of this host.`);
  checkDate(headers, now);
  const textOf = scheme.toLowerCase() === 'sharedkey' ? sharedKeyText : sharedKeyLiteText;
  const texts = readings.map((reading) => textOf(signed, account, reading));
  if (texts.some((text) => isSigned(text, signature, keys))) return;
  throw failed(
    `The MAC signature found in the HTTP request '${signature}' is not the same as any computed signature. Server used following string to sign: '${texts[0]}'.`,
  );
}

/** Returns a signature: base64 of the HMAC-SHA256 under a key in base64. */
export function signatureOf(text: string, key: string): string {
  return createHmac('sha256', Buffer.from(key, 'base64')).update(text, 'utf8').digest('base64');
}

/** Reports whether a signature is that of the text under one of the keys. */
export function isSigned(text: string, signature: string, keys: readonly string[]): boolean {
  const given = Buffer.from(signature);
  return keys.some((key) => {
    const right = Buffer.from(signatureOf(text, key));
    return right.length === given.length && timingSafeEqual(right, given);
  });
}

function checkDate(headers: Signed['headers'], now: number): void {
  const text = headers['x-ms-date'] || headers['date'];
  if (text === undefined) throw failed('Neither Date nor x-ms-date is specified.');
  const date = Date.parse(text);
  if (Number.isNaN(date)) throw failed(`The Date header in the request is incorrect: '${text}'.`);
  if (now - date > largestSkew) throw failed(`Request date header too old: '${text}'`);
  if (date - now > largestSkew) throw failed(`Request date header is in the future: '${text}'`);
}

function failed(detail: string): StorageError {
  return new StorageError('AuthenticationFailed', { details: { AuthenticationErrorDetail: detail } });
}

function pathOf(target: string): string {
  return target.split('?', 1)[0] || '/';
}

/** Every parameter on a line of its own: sorted, and the values of one name likewise. */
function queryText(target: string): string {
  const values = new Map<string, string[]>();
  for (const [name, value] of parametersOf(target)) values.set(name, [...(values.get(name) ?? []), value]);
  const lines = [...values].map(([name, each]) => [name, each.sort().join(',')] as const);
  return lines
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n${name}:${value}`)
    .join('');
}

function canonicalHeaders(headers: Signed['headers'], { order, space }: Reading): string {
  const own = Object.entries(headers).filter(
    ([name, value]) => name.startsWith('x-ms-') && value !== undefined,
  );
  const compare = order === 'ordinal' ? ordinal : cultural;
  return own
    .sort(([a], [b]) => compare(a, b))
    .map(
      ([name, value = '']) => `${name}:${(space === 'kept' ? value : value.replace(/\s+/g, ' ')).trim()}\n`,
    )
    .join('');
}

function ordinal(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The order of words: dashes count only between what is alike without them, and `_` goes before digits and letters. */
function cultural(a: string, b: string): number {
  const plain = (text: string): string => text.replaceAll('-', '').replaceAll('_', '!');
  return ordinal(plain(a), plain(b)) || ordinal(b, a);
}
