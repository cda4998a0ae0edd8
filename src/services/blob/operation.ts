/**
 * What an operation of the blob service is, and what several of them do.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import type { DataRequest, DataResponse, World } from '../data-plane.ts';
import { type Access, containerId, type KeysOf, type Right } from './access.ts';
import { type Address, rootContainer } from './address.ts';
import type { Blobs } from './blobs.ts';
import { checkWrite } from './conditions.ts';
import { newEtag } from './container-rows.ts';
import { invalidHeader, StorageError } from './error.ts';
import { afterWrite, checkLeaseToWrite } from './lease.ts';
import type { Blob, BlobAddress, Container } from './row.ts';

/** A request that was let in, and what it is about. */
export interface Call {
  readonly request: DataRequest;
  readonly world: World;
  readonly address: Address;
  readonly at: BlobAddress;
  readonly blobs: Blobs;
  readonly keys: KeysOf;
  readonly access: Access;
  /** It may only bring about what is not there yet. */
  readonly onlyNew: boolean;
  /** Reports whether the container exists: made by a client, or by a template. */
  readonly exists: (container: Container | undefined) => boolean;
}

/** One operation. Without `run` it is refused by name. */
export interface Operation {
  readonly name: string;
  readonly right: Right;
  /** Letters of a signature of which one is enough. */
  readonly letters: string;
  readonly run?: (call: Call) => Promise<DataResponse>;
}

/** Makes a call of a request. */
export function callOf(given: Omit<Call, 'at' | 'exists'>): Call {
  const { request, address, world } = given;
  const { resource } = request;
  const at = { account: resource.name, container: address.container, name: address.name };
  const templated = templateOf(world, resource, address.container) !== undefined;
  return { ...given, at, exists: (container) => templated || container !== undefined };
}

/** Returns the container that a template made. */
function templateOf(world: World, account: Resource, container: string): Resource | undefined {
  return world.read.get(containerId(account, container));
}

/** A container that only a template made: it has no state of its own until it changes. */
export function templated(name: string): Container {
  return { name, etag: '0x8D0000000000000', modified: 0, metadata: {} };
}

/** Returns the refusal of what is in a container that is not there. */
export function noContainer({ at }: Call): StorageError {
  return new StorageError(at.container === rootContainer ? 'ResourceNotFound' : 'ContainerNotFound');
}

/** Throws where the container is not there. */
export function requireContainer(call: Call, container: Container | undefined): void {
  if (!call.exists(container)) throw noContainer(call);
}

/** Returns the lease that a request names. */
export function leaseIdOf(headers: DataRequest['headers'], name = 'x-ms-lease-id'): string | undefined {
  const text = headers[name];
  if (text === undefined || text === '') return undefined;
  const [, id] = /^[{(]?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})[)}]?$/i.exec(text) ?? [];
  const bare =
    id ?? (/^[0-9a-f]{32}$/i.test(text) ? text.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : '');
  if (bare === '') throw invalidHeader(name, text);
  return bare.toLowerCase();
}

/** Answers the blob of a call, or throws. `check` may refuse by throwing. */
export async function readBlob(call: Call, check: (blob: Blob) => void): Promise<Blob> {
  const { at, blobs } = call;
  const blob = await blobs.head(at);
  if (!blob) throw await missing(call);
  check(blob);
  return blob;
}

/** Returns why there is no blob. */
export async function missing(call: Call): Promise<StorageError> {
  const { at, blobs, exists } = call;
  return exists(await blobs.container(at.account, at.container))
    ? new StorageError('BlobNotFound')
    : noContainer(call);
}

/** Changes what is said about the blob of a call, or throws. */
export async function editBlob(call: Call, edit: (before: Blob) => Blob): Promise<Blob> {
  const edited = await call.blobs.edit(call.at, (before, container) => {
    requireContainer(call, container);
    if (!before) throw new StorageError('BlobNotFound');
    return edit(before);
  });
  if (!edited) throw new StorageError('BlobNotFound');
  return edited;
}

/** Changes a blob as a write does: under its conditions and its lease, and with a new tag. */
export async function rewriteBlob(call: Call, edit: (before: Blob) => Partial<Blob>): Promise<Blob> {
  const { request } = call;
  return editBlob(call, (before) => {
    demandWritable(call, before);
    const { lease, ...rest } = before;
    const state = { etag: newEtag(), modified: request.now, ...afterWrite(lease, request.now) };
    return { ...rest, ...edit(before), ...state };
  });
}

/** Throws where the conditions of a call or a lease forbid to write. `before` is what is there now. */
export function demandWritable({ request, onlyNew }: Call, before: Blob | undefined): void {
  const { headers, now } = request;
  if (before && headers['if-none-match']?.trim() === '*') throw new StorageError('BlobAlreadyExists');
  checkWrite(headers, before);
  checkLeaseToWrite(before?.lease, now, leaseIdOf(headers), 'blob');
  if (before && onlyNew) throw new StorageError('UnauthorizedBlobOverwrite');
}
