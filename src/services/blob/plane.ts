/**
 * The data plane of an account's blob host.
 *
 * @module
 */

import {
  BodyTooLarge,
  type DataPlane,
  type DataRequest,
  type DataResponse,
  type World,
} from '../data-plane.ts';
import { type Access, authenticate, type KeysOf, noKeys, storageAudiences } from './access.ts';
import { parseAddress } from './address.ts';
import type { Blobs } from './blobs.ts';
import { tooLarge } from './body.ts';
import { refuseUnknown } from './details.ts';
import { errorAnswer, StorageError } from './error.ts';
import { callOf } from './operation.ts';
import { needsOf, operationOf, runnerOf } from './operations.ts';
import { sasAccess } from './sas-access.ts';

/** Returns what answers at `<account>.blob.core.windows.net`. `keys` answers an account's keys, in base64. */
export function blobPlane(blobs: Blobs, keys: KeysOf = noKeys): DataPlane {
  return {
    audiences: storageAudiences,
    refuse: (request) => errorAnswer(request, new StorageError('AuthorizationFailure'), 'xml'),
    handle: async (request, world) => {
      try {
        return await answerBlob(blobs, keys, request, world);
      } catch (error) {
        if (error instanceof StorageError) return errorAnswer(request, error, 'xml');
        if (error instanceof BodyTooLarge) return errorAnswer(request, tooLarge(error.limit), 'xml');
        throw error;
      }
    },
  };
}

async function answerBlob(
  blobs: Blobs,
  keys: KeysOf,
  given: DataRequest,
  world: World,
): Promise<DataResponse> {
  const { method, target, headers } = given;
  const access = await accessOf(blobs, keys, given, world);
  const address = parseAddress(target);
  const operation = operationOf(method, address, headers);
  const needs = needsOf(operation, address, headers);
  for (const need of needs) access.demand(need);
  const run = runnerOf(operation);
  refuseUnknown(headers, address.query);
  const request = {
    ...given,
    headers: { ...headers, 'x-ms-version': headers['x-ms-version'] ?? access.version },
  };
  const onlyNew = needs.some((need) => access.onlyNew(need));
  const response = await run(callOf({ request, world, address, blobs, keys, access, onlyNew }));
  const shown = address.level === 'blob' && (method === 'GET' || method === 'HEAD');
  return shown ? { ...response, headers: { ...response.headers, ...access.overrides } } : response;
}

/** A header goes before a signature in the address. */
async function accessOf(blobs: Blobs, keys: KeysOf, request: DataRequest, world: World): Promise<Access> {
  const signed =
    request.headers['authorization'] === undefined && (await sasAccess(request, world, keys, blobs));
  return signed || authenticate(request, world, keys);
}
