/**
 * What an operation of the blob service is.
 *
 * @module
 */

import type { DataRequest, DataResponse, World } from '../data-plane.ts';
import { containerId, type Right } from './access.ts';
import type { Address } from './address.ts';
import type { Blobs } from './blobs.ts';
import type { BlobAddress, Container } from './row.ts';

/** A request that was let in, and what it is about. */
export interface Call {
  readonly request: DataRequest;
  readonly address: Address;
  readonly at: BlobAddress;
  readonly blobs: Blobs;
  /** Reports whether the container exists: made by a client, or by a template. */
  readonly exists: (container: Container | undefined) => boolean;
}

/** One operation. Without `run` it is refused by name. */
export interface Operation {
  readonly name: string;
  readonly right: Right;
  readonly run?: (call: Call) => Promise<DataResponse>;
}

/** Makes a call of a request. */
export function callOf(request: DataRequest, address: Address, blobs: Blobs, world: World): Call {
  const { resource } = request;
  const at = { account: resource.name, container: address.container, name: address.name };
  const templated = world.read.get(containerId(resource, address.container)) !== undefined;
  return { request, address, at, blobs, exists: (container) => templated || container !== undefined };
}
