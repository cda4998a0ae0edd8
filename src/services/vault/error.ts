/**
 * The errors of a vault: one table, and the one place that renders answers.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import { formatIp } from '../../lib/ip.ts';
import { asText, type JsonObject } from '../../lib/json.ts';
import type { Caller, DataRequest, DataResponse } from '../data-plane.ts';

interface Row {
  readonly status: number;
  readonly code: string;
  readonly inner?: string;
}

/** What a vault answers with -> status, code and inner code. */
const rows = {
  AccessDenied: { status: 403, code: 'Forbidden', inner: 'AccessDenied' },
  ForbiddenByConnection: { status: 403, code: 'Forbidden', inner: 'ForbiddenByConnection' },
  ForbiddenByFirewall: { status: 403, code: 'Forbidden', inner: 'ForbiddenByFirewall' },
  ForbiddenByRbac: { status: 403, code: 'Forbidden', inner: 'ForbiddenByRbac' },
  MethodNotAllowed: { status: 405, code: 'MethodNotAllowed' },
  NotFound: { status: 404, code: 'NotFound' },
  NotImplemented: { status: 501, code: 'NotImplemented' },
  Unauthorized: { status: 401, code: 'Unauthorized' },
} as const satisfies Readonly<Record<string, Row>>;

/** A request that a vault refuses. Lines of the message are parted by `\r\n`. */
export class VaultError extends Error {
  readonly row: Row;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: keyof typeof rows,
    lines: readonly string[],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(lines.join('\r\n'));
    this.name = 'VaultError';
    this.row = rows[kind];
    this.headers = headers;
  }
}

/** Renders an answer with the headers that every one has. */
export function answer(
  request: DataRequest,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): DataResponse {
  const { arrival, resource, requestId, method } = request;
  // What comes through private link is carried in IPv6; the platform's own diagnosis tells it by that.
  const family = arrival.via === 'public' ? 'InterNetwork' : 'InterNetworkV6';
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-cache',
      pragma: 'no-cache',
      'x-ms-keyvault-region': resource.location ?? '',
      'x-ms-request-id': requestId,
      'x-ms-keyvault-network-info': `addr=${clientAddress(request)};act_addr_fam=${family};`,
      'strict-transport-security': 'max-age=31536000;includeSubDomains',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    ...(method === 'HEAD' ? {} : { body }),
  };
}

/** Renders an error. */
export function errorAnswer(request: DataRequest, { row, message, headers }: VaultError): DataResponse {
  const { status, code, inner } = row;
  const error: JsonObject = {
    code,
    message,
    ...(inner === undefined ? {} : { innererror: { code: inner } }),
  };
  return answer(request, status, JSON.stringify({ error }), headers);
}

/** Returns the address that the vault sees. */
export function clientAddress({ arrival: { source } }: DataRequest): string {
  return source === undefined ? 'unknown' : formatIp(source);
}

/** Returns how a vault writes who calls: `appid=...;oid=...;iss=...`. Answers nothing where it does not know. */
export function callerText(caller: Caller, vault: Resource): string | undefined {
  if (caller.kind !== 'principal') return undefined;
  const issuer = `https://sts.windows.net/${asText(vault.properties.tenantId) ?? ''}/`;
  return `appid=${caller.appId};oid=${caller.objectId};iss=${issuer}`;
}

/** Returns how a vault writes itself: `name;location=region`. */
export function vaultText(vault: Resource): string {
  return `${vault.name};location=${vault.location ?? ''}`;
}
