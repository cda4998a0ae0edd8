/**
 * Questions to the domain name system, and record sets that answer them (RFC 1034, RFC 1035).
 *
 * @module
 */

import type { Fqdn } from './fqdn.ts';
import type { Ip } from './ip.ts';

/** What a name may hold, by type: the types that a private zone takes. Names may be any text that DNS carries. */
export type RecordData =
  | { readonly type: 'A'; readonly addresses: readonly Ip[] }
  | { readonly type: 'AAAA'; readonly addresses: readonly string[] }
  | { readonly type: 'CNAME'; readonly to: Fqdn }
  | {
      readonly type: 'MX';
      readonly exchanges: readonly { readonly preference: number; readonly exchange: string }[];
    }
  | { readonly type: 'PTR'; readonly names: readonly string[] }
  | { readonly type: 'SOA'; readonly authority: Authority }
  | { readonly type: 'SRV'; readonly services: readonly ServiceLocation[] }
  | { readonly type: 'TXT'; readonly texts: readonly (readonly string[])[] };

export type RecordType = RecordData['type'];

/** The types, in the order in which a zone's record sets are listed. */
export const recordTypes = ['A', 'AAAA', 'CNAME', 'MX', 'PTR', 'SOA', 'SRV', 'TXT'] as const;

/** Start of a zone of authority. Times in seconds. */
export interface Authority {
  readonly host: string;
  readonly mailbox: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** Where a service is (RFC 2782). */
export interface ServiceLocation {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** What is asked of a resolver. */
export interface Question {
  readonly name: Fqdn;
  readonly type: RecordType;
}

/** A record set under its name. `ttl` in seconds. */
export interface RecordSet {
  readonly name: Fqdn;
  readonly ttl: number;
  readonly data: RecordData;
}

/** What a resolver found. */
export interface Found {
  /** Aliases in the order in which they lead on, then the set that was asked for, if there is one. */
  readonly sets: readonly RecordSet[];
  /** Whether the last name exists, if only with records of other types. Where it does not, the answer is NXDOMAIN. */
  readonly exists: boolean;
}

/** There is no such name. */
export const noName: Found = { sets: [], exists: false };

/** There is such a name, and it has no record of the type. */
export const noData: Found = { sets: [], exists: true };

/** The first address that was found. */
export function addressIn({ sets }: Found): Ip | undefined {
  const last = sets.at(-1)?.data;
  return last?.type === 'A' ? last.addresses[0] : undefined;
}

/** Seconds that an answer holds which no zone gives a time to live. */
const usualTtl = 60;

/** The answer of who knows one address for a name and nothing else. */
export function addressOnly({ name, type }: Question, address: Ip): Found {
  if (type !== 'A') return noData;
  return { sets: [{ name, ttl: usualTtl, data: { type, addresses: [address] } }], exists: true };
}
