import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fqdn, fqdn, isWithin, parseFqdn, relativeTo, suffixes } from './fqdn.ts';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const names = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => fqdn(labels.join('.')));

describe('host names', () => {
  it.each([
    ['Acct.Blob.Core.Windows.NET', 'acct.blob.core.windows.net'],
    ['corp.internal.', 'corp.internal'],
    ['*.ws.inference.eastus', '*.ws.inference.eastus'],
    ['_sip._tcp.example.org', '_sip._tcp.example.org'],
    ['localhost', 'localhost'],
    ['a'.repeat(63), 'a'.repeat(63)],
  ])('%s', (text, name) => expect(parseFqdn(text)).toBe(name));

  it.each([
    '',
    '.',
    'a..b',
    '.a',
    'a.*',
    'a*.b',
    '-a.b',
    'a-.b',
    'a b',
    'a/b',
    'a:443',
    'straße.de',
    'a'.repeat(64),
    `${'a.'.repeat(127)}aa`,
    'a..',
  ])('refuse %j', (text) => expect(parseFqdn(text)).toBeUndefined());

  it('throw where the source code is wrong', () =>
    expect(() => fqdn('a..b')).toThrow('not a host name: a..b'));

  it('have as many suffixes as labels, each of which they are within', () => {
    fc.assert(
      fc.property(names, (name) => {
        const all = [...suffixes(name)];
        expect(all.length).toBe(name.split('.').length);
        expect(all[0]).toBe(name);
        for (const zone of all) expect(isWithin(name, zone)).toBe(true);
      }),
    );
  });

  it('are relative to a zone, and absolute again', () => {
    fc.assert(
      fc.property(names, names, (below, zone) => {
        const name = `${below}.${zone}` as Fqdn;
        expect(isWithin(name, zone)).toBe(true);
        expect(relativeTo(name, zone)).toBe(below);
        expect(relativeTo(zone, zone)).toBe('@');
        expect(isWithin(zone, name)).toBe(false);
      }),
    );
  });

  it('are not within a zone that only ends alike', () => {
    expect(isWithin(fqdn('notcorp.internal'), fqdn('corp.internal'))).toBe(false);
  });
});
