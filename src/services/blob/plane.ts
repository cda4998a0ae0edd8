/**
 * The data plane of an account's blob host.
 *
 * @module
 */

import type { DataPlane, DataRequest, DataResponse, World } from '../data-plane.ts';
import { authenticate, authorize, storageAudiences } from './access.ts';
import { parseAddress } from './address.ts';
import type { Blobs } from './blobs.ts';
import { refuseUnknown } from './details.ts';
import { errorAnswer, StorageError } from './error.ts';
import { callOf } from './operation.ts';
import { operationOf, runnerOf } from './operations.ts';

/** Returns what answers at `<account>.blob.core.windows.net`. */
export function blobPlane(blobs: Blobs): DataPlane {
  return {
    audiences: storageAudiences,
    refuse: (request) => errorAnswer(request, new StorageError('AuthorizationFailure'), 'xml'),
    handle: async (request, world) => {
      try {
        return await answerBlob(blobs, request, world);
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        return errorAnswer(request, error, 'xml');
      }
    },
  };
}

async function answerBlob(blobs: Blobs, request: DataRequest, world: World): Promise<DataResponse> {
  const { method, target, headers, resource } = request;
  const objectId = authenticate(request, world.settings.tenant);
  const address = parseAddress(target);
  const operation = operationOf(method, address, headers);
  authorize(world, resource, objectId, operation.right, address.container);
  const run = runnerOf(operation);
  refuseUnknown(headers, address.query);
  return run(callOf(request, address, blobs, world));
}
