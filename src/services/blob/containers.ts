/**
 * Create Container, Get Container Properties and Delete Container.
 *
 * @module
 */

import type { DataResponse } from '../data-plane.ts';
import { checkWrite } from './conditions.ts';
import { metadataHeaders, metadataOf, stateHeaders } from './details.ts';
import { answer, notImplemented, StorageError } from './error.ts';
import type { Call } from './operation.ts';

/** Makes a container. */
export async function createContainer({ request, at, blobs, exists }: Call): Promise<DataResponse> {
  if (request.headers['x-ms-blob-public-access'] !== undefined) {
    if (request.resource.properties.allowBlobPublicAccess !== true) {
      throw new StorageError('PublicAccessNotPermitted');
    }
    throw notImplemented('public access to containers');
  }
  const metadata = metadataOf(request.headers);
  const made = exists(undefined)
    ? undefined
    : await blobs.createContainer(at.account, at.container, metadata);
  if (!made) throw new StorageError('ContainerAlreadyExists');
  return answer(request, 201, stateHeaders(made));
}

/** Answers a container's properties and metadata. */
export async function getContainer({ request, at, blobs, exists }: Call): Promise<DataResponse> {
  const container = await blobs.container(at.account, at.container);
  if (!exists(container)) throw new StorageError('ContainerNotFound');
  return answer(request, 200, {
    // One that only a template made has no state of its own until it changes.
    ...stateHeaders(container ?? { etag: '0x8D0000000000000', modified: 0 }),
    'x-ms-lease-status': 'unlocked',
    'x-ms-lease-state': 'available',
    'x-ms-has-immutability-policy': 'false',
    'x-ms-has-legal-hold': 'false',
    ...metadataHeaders(container?.metadata ?? {}),
  });
}

/** Deletes a container and all in it. */
export async function deleteContainer({ request, at, blobs, exists }: Call): Promise<DataResponse> {
  if (exists(undefined)) throw notImplemented('Delete Container (one that a template made)');
  await blobs.removeContainer(at.account, at.container, (_, container) => {
    if (!container) throw new StorageError('ContainerNotFound');
    checkWrite(request.headers, container);
  });
  return answer(request, 202, {});
}
