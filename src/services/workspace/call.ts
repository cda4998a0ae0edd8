/**
 * What a client asks of a workspace's services, read and checked: names, query, body, pages.
 *
 * @module
 */

import type { ArmAnswer, ArmRequest } from '../../arm/api/request.ts';
import { ArmError } from '../../arm/error.ts';
import type { Resource } from '../../arm/resource.ts';
import type { Shape } from '../../arm/shape.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { BodyTooLarge, type Caller, type DataRequest, type World } from '../data-plane.ts';
import { WorkspaceError } from './error.ts';
import type { Records } from './records.ts';

/** What the services of a workspace stand on. */
export interface Foundation {
  readonly records: Records;
  /** Asks the control plane: what version 1 registers there is seen by version 2, and the other way round. */
  readonly arm: (request: ArmRequest) => Promise<ArmAnswer>;
  /** Makes a pass to one blob, as the query of its address. */
  readonly pass: (workspace: Resource, blob: BlobPlace, permission: 'r' | 'rcw') => string;
  readonly newId: () => string;
}

/** Where a blob is. */
export interface BlobPlace {
  readonly account: Resource;
  readonly container: string;
  readonly name: string;
}

/** A request whose caller may do what it asks. */
export interface Call extends Foundation {
  readonly request: DataRequest;
  readonly world: World;
  readonly caller: Extract<Caller, { kind: 'principal' }>;
  /** What the path names, decoded. */
  readonly at: (name: string) => string;
  readonly query: URLSearchParams;
  /** Id of the workspace. */
  readonly workspace: string;
  /** ISO 8601. */
  readonly now: string;
}

/** An operation: the right that it needs below `workspaces/`, and who does it. Answers the body, if there is one. */
export type Operation = readonly [right: string, run: (call: Call) => Promise<Json | undefined>];

/** `METHOD service path` -> operation; `{name}` is a segment, `{name+}` all that follows. */
export type Operations = Readonly<Record<string, Operation>>;

const bodyLimit = 8 * 1024 * 1024;

/** Reads a body of a shape. */
export async function bodyOf<T extends Json>({ request }: Call, shape: Shape<T>): Promise<T> {
  const value = parsed(await bytesOf(request));
  try {
    return shape.check(value, 'body');
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
    throw new WorkspaceError('malformed', error.message);
  }
}

async function bytesOf(request: DataRequest): Promise<Uint8Array> {
  try {
    return await request.body(bodyLimit);
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    throw new WorkspaceError('tooLarge', `The request body is larger than ${bodyLimit} bytes.`);
  }
}

function parsed(bytes: Uint8Array): Json {
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new WorkspaceError(
      'malformed',
      `The request body is not JSON: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

/** Who made something, as the wire has it. */
export function creator({ caller, world }: Call): JsonObject {
  return {
    userObjectId: caller.objectId,
    userTenantId: world.settings.tenant,
    userName: caller.appId,
  };
}

/** What is asked of a list: how many, and after which one. */
export interface Page {
  readonly top: number;
  readonly after: string | undefined;
}

const mostInPage = 1000;

/** Reads how much of a list is wanted. `top` is what was given, 100 where nothing was. */
export function pageOf(top: string | number | null | undefined, after: string | null | undefined): Page {
  const number = Number(top ?? 100);
  if (!Number.isInteger(number) || number < 1 || number > mostInPage) {
    throw new WorkspaceError('malformed', `A page has from 1 to ${mostInPage} entries, not ${top}.`);
  }
  return { top: number, after: after ?? undefined };
}

/** Cuts a page out of a list. Its token is the key of its last entry, so that what is added does not shift it. */
export function paged<T>(
  found: readonly T[],
  page: Page,
  key: (item: T) => string,
): { readonly value: readonly T[]; readonly continuationToken?: string } {
  const last = page.after === undefined ? undefined : Buffer.from(page.after, 'base64url').toString();
  const before = last === undefined ? -1 : found.findIndex((item) => key(item) === last);
  if (last !== undefined && before < 0) {
    throw new WorkspaceError('malformed', 'The continuation token names nothing that is in the list.');
  }
  const value = found.slice(before + 1, before + 1 + page.top);
  const end = value.at(-1);
  const more = end !== undefined && before + 1 + page.top < found.length;
  return { value, ...(more ? { continuationToken: Buffer.from(key(end)).toString('base64url') } : {}) };
}
