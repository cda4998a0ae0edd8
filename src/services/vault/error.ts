/**
 * The errors of a vault: one table, and the one place that renders answers.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import { formatIp } from '../../lib/ip.ts';
import { asText, type JsonObject } from '../../lib/json.ts';
import type { Caller, DataRequest, DataResponse } from '../data-plane.ts';
import type { ItemAddress } from './row.ts';

interface Row {
  readonly status: number;
  readonly code: string;
  readonly inner?: string;
}

/** What a vault answers with -> status, code and inner code. */
const rows = {
  BadParameter: { status: 400, code: 'BadParameter' },
  AccessDenied: { status: 403, code: 'Forbidden', inner: 'AccessDenied' },
  ForbiddenByConnection: { status: 403, code: 'Forbidden', inner: 'ForbiddenByConnection' },
  ForbiddenByFirewall: { status: 403, code: 'Forbidden', inner: 'ForbiddenByFirewall' },
  ForbiddenByRbac: { status: 403, code: 'Forbidden', inner: 'ForbiddenByRbac' },
  KeyDisabled: { status: 403, code: 'Forbidden', inner: 'KeyDisabled' },
  // Assumed: the inner codes of the two below are not recorded anywhere that we know of.
  KeyExpired: { status: 403, code: 'Forbidden', inner: 'KeyExpired' },
  KeyNotYetValid: { status: 403, code: 'Forbidden', inner: 'KeyNotYetValid' },
  KeyOperationForbidden: { status: 403, code: 'Forbidden', inner: 'KeyOperationForbidden' },
  PurgeProtected: { status: 403, code: 'Forbidden' },
  SecretDisabled: { status: 403, code: 'Forbidden', inner: 'SecretDisabled' },
  KeyNotFound: { status: 404, code: 'KeyNotFound' },
  SecretNotFound: { status: 404, code: 'SecretNotFound' },
  MethodNotAllowed: { status: 405, code: 'MethodNotAllowed' },
  NotFound: { status: 404, code: 'NotFound' },
  ObjectIsDeletedButRecoverable: { status: 409, code: 'Conflict', inner: 'ObjectIsDeletedButRecoverable' },
  RequestEntityTooLarge: { status: 413, code: 'RequestEntityTooLarge' },
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

/** Makes the refusal of something that a vault of Azure has and this one does not. */
export function notImplemented(what: string): VaultError {
  return new VaultError('NotImplemented', [
    `Cloister does not have '${what}' yet; it comes in a later version.`,
  ]);
}

/** Makes the refusal of a property of the body. What the property was is never told. */
export function invalidProperty(name: string): VaultError {
  return new VaultError('BadParameter', [`Property ${name} has invalid value`, '']);
}

const help = 'For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182';

/** Makes the answer to a name, or a version of it, that a vault does not have. */
export function notFound({ kind, name }: ItemAddress, version: string): VaultError {
  const code = kind === 'secrets' ? 'SecretNotFound' : 'KeyNotFound';
  const one = kind === 'secrets' ? 'secret' : 'key';
  const id = version === '' ? name : `${name}/${version}`;
  const recover = `If you recently deleted this ${one} you may be able to recover it using the correct recovery command.`;
  return new VaultError(code, [
    `A ${one} with (name/id) ${id} was not found in this key vault. ${recover} ${help}`,
  ]);
}

/** Makes the answer to a name that is not among the deleted ones. */
export function deletedNotFound({ kind, name }: ItemAddress): VaultError {
  return kind === 'secrets'
    ? new VaultError('SecretNotFound', [`Deleted Secret not found: ${name}`])
    : new VaultError('KeyNotFound', [`Deleted Key not found: ${name}`]);
}

/** Makes the refusal of a name that something deleted still has. */
export function deletedConflict({ kind, name }: ItemAddress): VaultError {
  const one = kind === 'secrets' ? 'Secret' : 'Key';
  return new VaultError('ObjectIsDeletedButRecoverable', [
    `${one} ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the ${one.toLowerCase()} can only be recovered or purged.`,
  ]);
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
