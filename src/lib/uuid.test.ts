import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUuid, type Uuid, uuidV5 } from './uuid.ts';

const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8' as Uuid;
const url = '6ba7b811-9dad-11d1-80b4-00c04fd430c8' as Uuid;

/** The same by node:crypto (RFC 9562 section 5.5). */
function reference(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8');
  const bytes = hash.digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

describe('version 5', () => {
  it.each([
    // RFC 9562 appendix A.4; the others are Python's uuid documentation.
    [dns, 'www.example.com', '2ed6657d-e927-568b-95e1-2665a8aea6a2'],
    [dns, 'python.org', '886313e1-3b8a-5372-9b90-0c9aee199e5d'],
    [url, 'http://python.org/', '4c565f0d-3f5a-5890-b41b-20cf47701c5e'],
  ])('%s %s', (space, name, id) => expect(uuidV5(space, name)).toBe(id));

  it('agrees with node:crypto for every name and namespace', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string({ unit: 'grapheme', maxLength: 200 }), (space, name) => {
        expect(uuidV5(space as Uuid, name)).toBe(reference(space, name));
      }),
    );
  });

  it('agrees with node:crypto at every length around a block', () => {
    for (let length = 0; length < 140; length++) {
      const name = 'x'.repeat(length);
      expect(uuidV5(dns, name)).toBe(reference(dns, name));
    }
  });

  it('names a text that is no Unicode as UTF-8 does', () => {
    expect(uuidV5(dns, 'a\ud800b')).toBe(reference(dns, 'a\ud800b'));
  });
});

describe('parseUuid', () => {
  it('takes upper case', () => expect(parseUuid(dns.toUpperCase())).toBe(dns));
  it.each(['', dns.slice(1), `${dns}0`, `{${dns}}`, dns.replaceAll('-', ''), dns.replace('6', 'g')])(
    'refuses %j',
    (text) => expect(parseUuid(text)).toBeUndefined(),
  );
});
