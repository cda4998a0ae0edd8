/**
 * How a refusal is worded on the wire: the table from dispositions to RFC 9209 error types and SOCKS replies,
 * and the HTTP answers made from it.
 *
 * @module
 */

import type { Refuse } from './decision.ts';

/** The error types of RFC 9209 section 2.3 that the gateway uses. */
type ProxyError =
  | 'connection_limit_reached'
  | 'connection_refused'
  | 'connection_timeout'
  | 'destination_ip_prohibited'
  | 'destination_ip_unroutable'
  | 'destination_not_found'
  | 'dns_error'
  | 'dns_timeout'
  | 'http_request_denied'
  | 'http_request_error'
  | 'proxy_internal_error';

/** SOCKS5 reply codes (RFC 1928 section 6). */
export const reply = {
  succeeded: 0,
  generalFailure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  connectionRefused: 5,
  commandNotSupported: 7,
  addressTypeNotSupported: 8,
} as const;

interface Wording {
  readonly error: ProxyError;
  /** SOCKS5 reply code. */
  readonly socks: number;
  /** What is said instead where the client would have timed out. */
  readonly late?: Wording;
}

const denied: Wording = { error: 'http_request_denied', socks: reply.notAllowed };
const prohibited: Wording = { error: 'destination_ip_prohibited', socks: reply.notAllowed };
const unanswered: Wording = { error: 'connection_timeout', socks: reply.hostUnreachable };
const undecided: Wording = { error: 'destination_not_found', socks: reply.generalFailure };

/** Disposition -> wording, a row for each disposition of the charter but `delivered`. */
const wordings: ReadonlyMap<string, Wording> = new Map<string, Wording>([
  ['name-not-found', { error: 'dns_error', socks: reply.hostUnreachable }],
  ['resolver-unreachable', { error: 'dns_timeout', socks: reply.hostUnreachable }],
  ['no-route', { error: 'destination_ip_unroutable', socks: reply.networkUnreachable }],
  ['dropped-by-gate', prohibited],
  ['dropped-by-firewall', prohibited],
  ['refused-by-proxy', denied],
  ['endpoint-not-approved', unanswered],
  ['no-return-path', unanswered],
  ['nothing-listening', { error: 'connection_refused', socks: reply.connectionRefused, late: unanswered }],
  ['refused-by-door', denied],
  ['unauthenticated', denied],
  ['unauthorized', denied],
  ['unknown', undecided],
]);

/** Returns the RFC 9209 error type and the SOCKS reply for a refusal. A disposition without a row is undecided. */
export function wordingOf(refusal: Refuse): { readonly error: ProxyError; readonly socks: number } {
  const wording = wordings.get(refusal.disposition) ?? undecided;
  return (refusal.timeout ? wording.late : undefined) ?? wording;
}

/** Longest text that goes into a `Proxy-Status` parameter: the whole field must fit into clients' limits. */
const longestText = 512;

/** Prints a text as an sf-string (RFC 8941 section 3.3.3): printable ASCII only, so nothing breaks out of it. */
export function structuredString(text: string): string {
  const plain = text
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, longestText);
  return `"${plain.replace(/["\\]/g, '\\$&')}"`;
}

/** Prints the value of a `Proxy-Status` field (RFC 9209 section 2); parameters without a value are left out. */
export function proxyStatus(
  error: ProxyError,
  parameters: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`; ${name}=${structuredString(value)}`],
  );
  return `cloister; error=${error}${given.join('')}`;
}

/** An HTTP answer of the gateway's own. The connection ends after it. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Text for people; none for an answer without a body. */
  readonly says?: string;
}

/** Prints an answer. `bodiless` leaves the body out, as the answer to HEAD must. */
export function printAnswer(answer: Answer, bodiless = false): Buffer {
  const body = Buffer.from(answer.says === undefined ? '' : `${answer.says}\n`, 'utf8');
  const lines = [
    `HTTP/1.1 ${answer.status} ${answer.reason}`,
    ...answer.fields.map(([name, value]) => `${name}: ${value}`),
    ...(body.length === 0 ? [] : ['Content-Type: text/plain; charset=utf-8']),
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return bodiless ? head : Buffer.concat([head, body]);
}

/** Returns the HTTP answer for a refusal by the network: 504 where a client would have timed out, else 502. */
export function refusalAnswer(refusal: Refuse): Answer {
  const { says, disposition, rule, resource } = refusal;
  const { error } = wordingOf(refusal);
  const status = proxyStatus(error, { details: says, disposition, rule, resource });
  return {
    ...(refusal.timeout
      ? { status: 504, reason: 'Gateway Timeout' }
      : { status: 502, reason: 'Bad Gateway' }),
    fields: [['Proxy-Status', status]],
    says,
  };
}

/** Returns the HTTP answer for a refusal by the gateway itself, before the network was asked. */
export function ownAnswer(status: number, reason: string, error: ProxyError, says: string): Answer {
  return { status, reason, fields: [['Proxy-Status', proxyStatus(error, { details: says })]], says };
}
