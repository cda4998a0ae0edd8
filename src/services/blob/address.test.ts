/**
 * Names on the wire: decoded once, and refused where no blob may have them.
 *
 * @module
 */

import { assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from './address.ts';
import { StorageError } from './error.ts';
import { isSpeakable } from './xml.ts';

const named = (target: string) => {
  const { level, container, name } = parseAddress(target);
  return `${level} ${container} ${name}`.trim();
};

function codeOf(target: string): string {
  try {
    return named(target);
  } catch (error) {
    if (error instanceof StorageError) return error.code;
    throw error;
  }
}

test.each([
  ['/', 'account'],
  ['/?comp=list', 'account'],
  ['/data?restype=container', 'container data'],
  ['/data/?restype=container&comp=list', 'container data'],
  ['/data?comp=list&rest%79pe=container', 'container data'],
  ['/$root?restype=container', 'container $root'],
  ['/%24root?restype=container', 'container $root'],
  ['/data/a.txt', 'blob data a.txt'],
  ['/data/a/b/c.txt?comp=metadata', 'blob data a/b/c.txt'],
  ['/data/a%2Fb', 'blob data a/b'],
  ['/data/a%20b+c', 'blob data a b+c'],
  ['/data/100%25', 'blob data 100%'],
  ['/data/%252e%252e', 'blob data %2e%2e'],
  ['/data/caf%C3%A9', 'blob data café'],
  ['/data/..a', 'blob data ..a'],
  ['/data/a/', 'blob data a/'],
  ['/robots.txt', 'blob $root robots.txt'],
])('%s is %s', (target, expected) => {
  expect(named(target)).toBe(expected);
});

test.each([
  ['no slash in front', 'data/a', 'InvalidUri'],
  ['not percent-encoding', '/data/%zz', 'InvalidUri'],
  ['not UTF-8', '/data/%ff', 'InvalidUri'],
  ['a blob below restype=container', '/data/a?restype=container', 'InvalidUri'],
  ['an empty first segment', '//a', 'InvalidResourceName'],
  ['an empty segment', '/data/a//b', 'InvalidResourceName'],
  ['two slashes at the end', '/data/a//', 'InvalidResourceName'],
  ['an empty name', '/data/', 'InvalidResourceName'],
  ['the parent', '/data/../x', 'InvalidResourceName'],
  ['the parent, encoded', '/data/%2e%2e/x', 'InvalidResourceName'],
  ['the parent, slash encoded', '/data/a%2F..%2Fb', 'InvalidResourceName'],
  ['itself', '/data/./x', 'InvalidResourceName'],
  ['NUL', '/data/a%00b', 'InvalidResourceName'],
  ['a control character', '/data/a%1Fb', 'InvalidResourceName'],
  ['what XML cannot carry', '/data/%EF%BF%BF', 'InvalidResourceName'],
  ['a name that is too long', `/data/${'a'.repeat(1025)}`, 'InvalidResourceName'],
  ['an upper-case container', '/Data/a', 'InvalidResourceName'],
  ['a short container', '/da/a', 'OutOfRangeInput'],
  ['a container with two dashes', '/da--ta/a', 'InvalidResourceName'],
  ['a container with a slash', '/da%2Fta/a', 'InvalidResourceName'],
  ['a root blob with a slash', '/data%2Fa', 'InvalidResourceName'],
  ['a container that climbs', '/../a', 'InvalidResourceName'],
  ['a container that climbs, encoded', '/%2e%2e/a', 'InvalidResourceName'],
])('%s is refused', (_, target, code) => {
  expect(codeOf(target)).toBe(code);
});

describe('any name', () => {
  const sound = (name: string) =>
    isSpeakable(name) &&
    name
      .replace(/(?<=[^/])\/$/, '')
      .split('/')
      .every((segment) => !['', '.', '..'].includes(segment));

  test('comes back as it was, however its slashes are encoded', () => {
    assert(
      property(string({ minLength: 1, maxLength: 60, unit: 'binary' }), (name) => {
        const expected = sound(name) ? `blob data ${name}`.trim() : 'InvalidResourceName';
        const encoded = encodeURIComponent(name);
        expect(codeOf(`/data/${encoded}`)).toBe(expected);
        expect(codeOf(`/data/${encoded.replaceAll('%2F', '/')}`)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});
