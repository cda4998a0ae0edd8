/**
 * What a client asks of a vault, read and checked: query, name and body.
 *
 * @module
 */

import { isObject, type Json, type JsonObject, member } from '../../lib/json.ts';
import { BodyTooLarge, type DataRequest } from '../data-plane.ts';
import { invalidProperty, VaultError } from './error.ts';
import type { Operation } from './operations.ts';
import type { ItemAddress, ItemKind } from './row.ts';
import type { Vaults } from './vaults.ts';

/** A request whose caller may do what it asks. */
export interface Call {
  readonly request: DataRequest;
  readonly operation: Operation;
  readonly query: Query;
  readonly vaults: Vaults;
}

/** Does an operation; answers the body, or nothing where there is none. */
export type Runner = (call: Call) => Promise<JsonObject | undefined>;

/** What can be asked of a list. */
export interface Query {
  readonly version: string;
  readonly most: number;
  /** Where the page before ended. */
  readonly after: string | undefined;
}

const bodyLimit = 1024 * 1024;
const mostInPage = 25;

/** Reads the query of a target. Names of parameters may be percent-encoded (`api%2Dversion`), and case does not count. */
export function queryOf(target: string): Query {
  const at = target.indexOf('?');
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(at < 0 ? '' : target.slice(at + 1))) {
    parameters.set(name.toLowerCase(), value);
  }
  const version = parameters.get('api-version') ?? '';
  if (version === '') throw new VaultError('BadParameter', ['api-version must be specified']);
  if (!isSupported(version)) {
    throw new VaultError('BadParameter', [
      `The specified version (${version}) is not recognized. Consider using the latest supported version (2025-07-01).`,
    ]);
  }
  const most = parameters.get('maxresults') ?? String(mostInPage);
  if (!/^0*([1-9]|1[0-9]|2[0-5])$/.test(most)) {
    throw new VaultError('BadParameter', [`maxresults must be from 1 to ${mostInPage}.`]);
  }
  return { version, most: Number(most), after: parameters.get('$skiptoken') };
}

/** Reports whether an api-version is 7.0 or later: since 2025 they are dates. */
function isSupported(version: string): boolean {
  const numbered = /^(\d{1,3})\.\d{1,3}(-preview(\.\d{1,3})?)?$/.exec(version);
  if (numbered) return Number(numbered[1]) >= 7;
  return /^\d{4}-\d{2}-\d{2}(-preview)?$/.test(version) && version >= '2025-06-01';
}

/** Refuses a name that no secret or key can have. */
export function checkName(name: string): void {
  if (/^[0-9a-zA-Z-]{1,127}$/.test(name)) return;
  throw new VaultError('BadParameter', [`The request URI contains an invalid name: ${name}`]);
}

/** Returns where the item of a call is. */
export function addressOf({ request, operation }: Call, kind: ItemKind): ItemAddress {
  return { vault: request.resource.name, kind, name: operation.item };
}

/** Reads the body, a JSON object. Nothing of it is told in an error. */
export async function bodyOf({ request }: Call): Promise<JsonObject> {
  const body = parsed(await bytesOf(request));
  if (isObject(body)) return body;
  throw new VaultError('BadParameter', ['The request body is not a JSON object.']);
}

async function bytesOf(request: DataRequest): Promise<Uint8Array> {
  try {
    return await request.body(bodyLimit);
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    throw new VaultError('RequestEntityTooLarge', [`The request body is larger than ${bodyLimit} bytes.`]);
  }
}

function parsed(bytes: Uint8Array): Json | undefined {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // The parser's message quotes the text, which may be a secret.
    return undefined;
  }
}

/** Returns a member, where null stands for one that is absent. */
export function given(body: JsonObject, name: string): Json | undefined {
  return member(body, name) ?? undefined;
}

/** Returns a member that is text, if it is given. */
export function givenText(body: JsonObject, name: string): string | undefined {
  const value = given(body, name);
  if (value !== undefined && typeof value !== 'string') throw invalidProperty(name);
  return value;
}
