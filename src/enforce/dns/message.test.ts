import { decode, encode, type Packet, type Question as WireQuestion } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordSet } from '../../lib/dns.ts';
import { fqdn } from '../../lib/fqdn.ts';
import { ip } from '../../lib/ip.ts';
import type { Reply } from '../../net/answer.ts';
import { readQuery, type Transport } from './message.ts';

const name = fqdn('st.blob.core.windows.net');
const alias = fqdn('st.privatelink.blob.core.windows.net');
const chain: readonly RecordSet[] = [
  { name, ttl: 60, data: { type: 'CNAME', to: alias } },
  { name: alias, ttl: 10, data: { type: 'A', addresses: [ip('10.0.0.4'), ip('10.0.0.5')] } },
];

interface Given {
  readonly question?: Partial<WireQuestion>;
  readonly packet?: Partial<Packet>;
  readonly edns?: number;
  readonly version?: number;
}

function query({ question, packet, edns, version = 0 }: Given = {}): Buffer {
  const additionals =
    edns === undefined
      ? []
      : [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: edns,
            ednsVersion: version,
            extendedRcode: 0,
            flags: 0,
            options: [],
          },
        ];
  return encode({
    type: 'query',
    id: 4711,
    flags: 0x100,
    questions: [{ type: 'A', name, class: 'IN', ...question }],
    additionals,
    ...packet,
  } as Packet);
}

/** Asks, and reads what comes back. */
function ask(bytes: Buffer, reply: Reply = { kind: 'found', sets: chain }, transport: Transport = 'udp') {
  const read = readQuery(bytes, transport);
  const answer = read === undefined || Buffer.isBuffer(read) ? read : read.respond(reply);
  if (!answer) return undefined;
  const flags = answer.readUInt16BE(2);
  return { bytes: answer, code: flags & 15, cut: (flags & 0x200) !== 0, ...decode(answer) };
}

const texts: readonly string[] = Array.from({ length: 8 }, (_, at) => `${at}`.repeat(200));
const large: Reply = { kind: 'found', sets: [{ name, ttl: 1, data: { type: 'TXT', texts: [texts] } }] };

describe('a query', () => {
  it('is answered under its id, with its question, alias and addresses in order', () => {
    const answer = ask(query());
    expect(answer).toMatchObject({
      id: 4711,
      code: 0,
      type: 'response',
      flag_rd: true,
      flag_ra: true,
      flag_aa: false,
    });
    expect(answer?.questions).toEqual([{ name, type: 'A', class: 'IN' }]);
    expect(answer?.answers?.map((one) => [one.name, one.type, 'data' in one && one.data])).toEqual([
      [name, 'CNAME', alias],
      [alias, 'A', '10.0.0.4'],
      [alias, 'A', '10.0.0.5'],
    ]);
  });

  it('keeps the case in which the name was asked', () => {
    const mixed = 'sT.BLOB.core.windows.Net';
    expect(ask(query({ question: { name: mixed } }))?.questions).toMatchObject([{ name: mixed }]);
  });

  it.each<[string, Reply, number, number]>([
    ['a name that is not there', { kind: 'no-such-name', sets: chain.slice(0, 1), says: 'no' }, 3, 1],
    ['a name that has other types', { kind: 'found', sets: [] }, 0, 0],
    ['a name that only the internet knows', { kind: 'unknown', says: 'not of this estate' }, 2, 0],
  ])('for %s', (_, reply, code, answers) => {
    const answer = ask(query(), reply);
    expect([answer?.code, answer?.answers?.length]).toEqual([code, answers]);
  });

  it('is told why, where the client speaks EDNS', () => {
    const bytes = ask(query({ edns: 1232 }), { kind: 'unknown', says: 'not of this estate' })?.bytes;
    expect(bytes?.toString('latin1')).toContain('not of this estate');
    const plain = ask(query(), { kind: 'unknown', says: 'not of this estate' })?.bytes;
    expect(plain?.toString('latin1')).not.toContain('not of this estate');
  });

  it('stays unanswered where the resolver is silent', () => {
    expect(ask(query(), { kind: 'silent', says: 'dropped' })).toBeUndefined();
  });

  it('for a type that zones do not hold gets the alias alone', () => {
    expect(ask(query({ question: { type: 'NS' } }))?.answers?.map((one) => one.type)).toEqual(['CNAME']);
  });

  it('for everything gets the least (RFC 8482)', () => {
    expect(ask(query({ question: { type: 'ANY' as 'A' } }))?.answers?.map((one) => one.type)).toEqual([
      'HINFO',
    ]);
  });
});

describe('size', () => {
  it.each<[string, Given, Transport, boolean]>([
    ['without EDNS 512 bytes fit', {}, 'udp', true],
    ['a client that takes less than 512 bytes is taken to take 512', { edns: 10 }, 'udp', true],
    ['no more than 1232 bytes are sent, whatever the client takes', { edns: 65535 }, 'udp', true],
    ['over TCP all fit', {}, 'tcp', false],
  ])('%s', (_, given, transport, cut) => {
    const answer = ask(query(given), large, transport);
    expect([answer?.cut, answer?.answers?.length]).toEqual([cut, cut ? 0 : 1]);
    if (transport === 'udp') expect(answer?.bytes.length).toBeLessThanOrEqual(1232);
  });
});

describe('what is no good query', () => {
  const with12 = (flags: number, counts = [0, 0, 0, 0]): Buffer => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16BE(4711, 0);
    bytes.writeUInt16BE(flags, 2);
    for (const [at, count] of counts.entries()) bytes.writeUInt16BE(count, 4 + 2 * at);
    return bytes;
  };
  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['half a header', Buffer.alloc(11)],
    ['a response', encode({ type: 'response', id: 1, questions: [{ type: 'A', name }] })],
  ])('%s is dropped', (_, bytes) => {
    expect(readQuery(bytes, 'udp')).toBeUndefined();
  });

  it.each<[string, Buffer, number]>([
    ['no question', with12(0x100), 1],
    ['a question that is not there', with12(0x100, [1, 0, 0, 0]), 1],
    [
      'two questions',
      query({
        packet: {
          questions: [
            { type: 'A', name },
            { type: 'AAAA', name },
          ],
        },
      }),
      1,
    ],
    [
      'a name that points to itself',
      Buffer.concat([with12(0, [1, 0, 0, 0]), Buffer.from([0xc0, 12, 0, 1, 0, 1])]),
      1,
    ],
    ['an update', with12(0x2800), 4],
    ['class CHAOS', query({ question: { name: 'version.bind', type: 'TXT', class: 'CH' } }), 5],
    ['a zone transfer', query({ question: { type: 'AXFR' as 'A' } }), 5],
    ['the root', query({ question: { name: '.' } }), 5],
    ['a name that no host has', query({ question: { name: 'a b.example.org' } }), 5],
  ])('%s is refused with its id', (_, bytes, code) => {
    const answer = readQuery(bytes, 'udp');
    if (!Buffer.isBuffer(answer)) throw new Error('asked on');
    expect([
      answer.readUInt16BE(0),
      (answer.readUInt16BE(2) & 0x8000) !== 0,
      answer.readUInt16BE(2) & 15,
    ]).toEqual([4711, true, code]);
  });

  it('a later version of EDNS is named as the fault', () => {
    const answer = ask(query({ edns: 1232, version: 1 }));
    expect(answer?.additionals?.[0]).toMatchObject({ type: 'OPT', extendedRcode: 1 });
  });
});

it('any bytes are dropped, refused or asked on, and never throw', () => {
  const ends = { dropped: 0, refused: 0, asked: 0 };
  const whole = query({ edns: 1232 });
  const mangled = fc
    .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 })
    .map((changes) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  const any = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(any, mangled), fc.constantFrom('udp', 'tcp'), (bytes, transport) => {
      const read = readQuery(bytes, transport);
      if (read === undefined) ends.dropped++;
      else if (Buffer.isBuffer(read)) {
        ends.refused++;
        expect(read.subarray(0, 2)).toEqual(bytes.subarray(0, 2));
      } else {
        ends.asked++;
        for (const reply of [
          { kind: 'found', sets: chain },
          large,
          { kind: 'unknown', says: 'x'.repeat(999) },
        ] as const)
          expect(decode(read.respond(reply) ?? Buffer.alloc(0)).id).toBe(bytes.readUInt16BE(0));
      }
    }),
    { numRuns: 5_000 },
  );
  console.log(`DNS messages: ${JSON.stringify(ends)}`);
  for (const count of Object.values(ends)) expect(count).toBeGreaterThan(100);
});
