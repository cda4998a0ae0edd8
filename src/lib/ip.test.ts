import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contains,
  covers,
  formatIp,
  formatPrefix,
  type Ip,
  intervalOf,
  ip,
  ipAt,
  overlaps,
  type Prefix,
  parseIp,
  parsePrefix,
  prefix,
  sizeOf,
} from './ip.ts';

const addresses = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((n) => n as Ip);
const prefixes = fc.tuple(addresses, fc.integer({ min: 0, max: 32 })).map(([address, length]): Prefix => {
  const size = 2 ** (32 - length);
  return { base: (address - (address % size)) as Ip, length };
});

describe('addresses', () => {
  it('read what they print', () => {
    fc.assert(
      fc.property(addresses, (a) => {
        expect(parseIp(formatIp(a))).toBe(a);
      }),
    );
  });

  it.each([
    ['0.0.0.0', 0],
    ['10.0.1.4', 0x0a000104],
    ['255.255.255.255', 2 ** 32 - 1],
  ])('%s', (text, bits) => expect(ip(text)).toBe(bits));

  it.each([
    '',
    '10.0.0',
    '10.0.0.0.0',
    '10.0.0.256',
    '10.00.0.1',
    '010.0.0.1',
    ' 10.0.0.1',
    '10.0.0.1 ',
    '10.0.0.-1',
    '0x0a.0.0.1',
    '10.0.0.1e0',
    '1.2.3.',
    '::1',
    '4294967296',
  ])('refuse %j', (text) => expect(parseIp(text)).toBeUndefined());

  it('throw where the source code is wrong', () => {
    expect(() => ip('10.0.0')).toThrow('not an IPv4 address: 10.0.0');
    expect(() => prefix('10.0.0.1/24')).toThrow('not an IPv4 prefix: 10.0.0.1/24');
  });

  it('count', () => expect(formatIp(ipAt(ip('10.0.0.255'), 1))).toBe('10.0.1.0'));
});

describe('prefixes', () => {
  it('read what they print', () => {
    fc.assert(
      fc.property(prefixes, (p) => {
        expect(parsePrefix(formatPrefix(p))).toEqual(p);
      }),
    );
  });

  it.each([
    '10.0.0.1/24',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '/24',
    '10.0.0.0/24/8',
    '10.0.0.0 /24',
    '128.0.0.0/0',
  ])('refuse %j', (text) => expect(parsePrefix(text)).toBeUndefined());

  it('take a bare address as a /32', () => expect(parsePrefix('10.0.0.1')).toEqual(prefix('10.0.0.1/32')));

  it('are intervals', () => {
    fc.assert(
      fc.property(prefixes, addresses, (p, a) => {
        const [low, high] = intervalOf(p);
        expect(high - low + 1).toBe(sizeOf(p));
        expect(contains(p, low as Ip) && contains(p, high as Ip)).toBe(true);
        expect(contains(p, a)).toBe(a >= low && a <= high);
      }),
    );
  });

  it('cover and overlap as their intervals do', () => {
    fc.assert(
      fc.property(prefixes, prefixes, (a, b) => {
        const [[al, ah], [bl, bh]] = [intervalOf(a), intervalOf(b)];
        expect(covers(a, b)).toBe(al <= bl && bh <= ah);
        expect(overlaps(a, b)).toBe(al <= bh && bl <= ah);
      }),
    );
  });
});
