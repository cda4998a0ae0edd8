/**
 * DNS messages: a query's bytes to a question, and a reply to bytes (RFC 1035, EDNS of RFC 6891, extended errors of
 * RFC 8914).
 *
 * Whatever arrives gets the answer that the RFCs give it, or none: what is no query at all is dropped, because who
 * answers it can be made to talk to itself.
 *
 * @module
 */

import { type Answer, decode, encode, type Packet } from 'dns-packet';
import { type Question, type RecordSet, type RecordType, recordTypes } from '../../lib/dns.ts';
import { parseFqdn } from '../../lib/fqdn.ts';
import { formatIp } from '../../lib/ip.ts';
import type { Reply } from '../../net/answer.ts';

/** How a message came; it bounds the answer. */
export type Transport = 'udp' | 'tcp';

/** Response codes (RFC 1035 section 4.1.1). */
const rcode = { noError: 0, formatError: 1, serverFailure: 2, nameError: 3, notImplemented: 4, refused: 5 };

const headerSize = 12;
const flag = { response: 0x8000, truncated: 0x200, desired: 0x100, available: 0x80, checkingDisabled: 0x10 };
/** Largest answer over UDP: without EDNS, and with it as far as no path cuts it in pieces. */
const plainSize = 512;
const largestSize = 1232;
/** Extended error 0, "other", carries its reason as text. */
const otherError = 0;
const extendedErrorOption = 15;
const badVersion = 1;

/** A query that can be asked on, or the bytes that answer it already; undefined is to be dropped. */
export type Query =
  | { readonly question: Question; readonly respond: (reply: Reply) => Buffer | undefined }
  | Buffer;

/** Reads a query. Never throws. */
export function readQuery(bytes: Buffer, transport: Transport): Query | undefined {
  if (bytes.length < headerSize) return undefined;
  const flags = bytes.readUInt16BE(2);
  if ((flags & flag.response) !== 0) return undefined;
  if ((flags & 0x7800) !== 0) return refusal(bytes, rcode.notImplemented);
  const packet = decoded(bytes);
  const [asked, ...more] = packet?.questions ?? [];
  if (!packet || !asked || more.length > 0) return refusal(bytes, rcode.formatError);
  const name = parseFqdn(asked.name);
  // The root, and names that no host has: a codec of texts could not even repeat the question.
  if (name === undefined) return refusal(bytes, rcode.refused);
  const query = { id: bytes.readUInt16BE(0), flags, asked, edns: ednsOf(packet), transport };
  if (query.edns && query.edns.version > 0) return print(query, rcode.noError, [], { extended: badVersion });
  const type: string = asked.type;
  if (asked.class !== 'IN' || type === 'AXFR' || type === 'IXFR') return print(query, rcode.refused, []);
  if (type === 'ANY') return print(query, rcode.noError, [hinfo(asked.name)]);
  const known = recordTypes.find((candidate) => candidate === type);
  return {
    question: { name, type: known ?? 'A' },
    respond: (reply) => respond(query, known, reply),
  };
}

interface Edns {
  readonly version: number;
  readonly size: number;
}

interface Asked {
  readonly id: number;
  readonly flags: number;
  readonly asked: { readonly name: string; readonly type: Answer['type'] };
  readonly edns: Edns | undefined;
  readonly transport: Transport;
}

function decoded(bytes: Buffer): Packet | undefined {
  try {
    return decode(bytes);
  } catch {
    // The message's form is the sender's fault, whatever the decoder stumbled over.
    return undefined;
  }
}

function ednsOf(packet: Packet): Edns | undefined {
  for (const record of packet.additionals ?? []) {
    if (record.type === 'OPT') return { version: record.ednsVersion, size: record.udpPayloadSize };
  }
  return undefined;
}

/** Nothing of the message can be trusted but its id. */
function refusal(bytes: Buffer, code: number): Buffer {
  const answer = Buffer.alloc(headerSize);
  answer.writeUInt16BE(bytes.readUInt16BE(0), 0);
  answer.writeUInt16BE(flag.response | (bytes.readUInt16BE(2) & (0x7800 | flag.desired)) | code, 2);
  return answer;
}

/** `known`: the type that was asked, if it is one that zones hold; others exist nowhere, so only aliases answer. */
function respond(query: Asked, known: RecordType | undefined, reply: Reply): Buffer | undefined {
  switch (reply.kind) {
    case 'found':
      return print(query, rcode.noError, answersOf(reply.sets, known));
    case 'no-such-name':
      return print(query, rcode.nameError, answersOf(reply.sets, known));
    case 'unknown':
      return print(query, rcode.serverFailure, [], { says: reply.says });
    case 'silent':
      return undefined;
  }
}

function answersOf(sets: readonly RecordSet[], known: RecordType | undefined): Answer[] {
  return sets
    .filter(({ data }) => known !== undefined || data.type === 'CNAME')
    .flatMap(({ name, ttl, data }) => dataOf(data).map((one) => ({ name, ttl, ...one }) as Answer));
}

/** One record each, in the terms of the codec. */
function dataOf(data: RecordSet['data']): { type: RecordType; data: unknown }[] {
  const { type } = data;
  const each = (values: readonly unknown[]) => values.map((value) => ({ type, data: value }));
  switch (data.type) {
    case 'A':
      return each(data.addresses.map(formatIp));
    case 'AAAA':
      return each(data.addresses);
    case 'CNAME':
      return each([data.to]);
    case 'MX':
      return each(data.exchanges);
    case 'PTR':
      return each(data.names);
    case 'SRV':
      return each(data.services);
    case 'TXT':
      return each(data.texts);
    case 'SOA': {
      const { host: mname, mailbox: rname, ...times } = data.authority;
      return each([{ mname, rname, ...times }]);
    }
  }
}

/** What is answered to a question for everything (RFC 8482 section 4.2). */
function hinfo(name: string): Answer {
  return { name, type: 'HINFO', ttl: 3600, data: { cpu: 'RFC8482', os: '' } };
}

/** Prints a response that fits its transport; one that does not is cut, and says so. */
function print(
  query: Asked,
  code: number,
  answers: Answer[],
  more: { readonly says?: string; readonly extended?: number } = {},
): Buffer {
  const flags = (query.flags & (flag.desired | flag.checkingDisabled)) | flag.available | code;
  const packet: Packet = {
    type: 'response',
    id: query.id,
    flags,
    questions: [query.asked],
    answers,
    additionals: query.edns ? [optionsOf(more.says, more.extended ?? 0)] : [],
  };
  const bytes = encode(packet);
  const most = query.edns ? Math.min(Math.max(query.edns.size, plainSize), largestSize) : plainSize;
  if (query.transport === 'tcp' || bytes.length <= most) return bytes;
  return encode({ ...packet, flags: flags | flag.truncated, answers: [] });
}

function optionsOf(says: string | undefined, extended: number): Answer {
  const code = Buffer.from([0, otherError]);
  const data = Buffer.concat([code, Buffer.from((says ?? '').slice(0, 200), 'utf8')]);
  const options = says === undefined ? [] : [{ code: extendedErrorOption, data }];
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: largestSize,
    extendedRcode: extended,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options,
  } as unknown as Answer;
}
