/**
 * The data plane of an account's file host.
 *
 * @module
 */

import { type KeysOf, storageAudiences } from '../blob/access.ts';
import { tooLarge } from '../blob/body.ts';
import { errorAnswer, notImplemented, StorageError } from '../blob/error.ts';
import {
  BodyTooLarge,
  type DataPlane,
  type DataRequest,
  type DataResponse,
  type World,
} from '../data-plane.ts';
import { authenticate } from './access.ts';
import { parseAddress } from './address.ts';
import type { Files } from './files.ts';
import { operationOf } from './operations.ts';

/** Headers that ask for what is not here -> what that is. */
const unknownHeaders: Readonly<Record<string, string>> = {
  'x-ms-lease-id': 'leases of files',
  'x-ms-content-crc64': 'x-ms-content-crc64 (send Content-MD5)',
  'x-ms-structured-body': 'structured bodies',
};

/** Returns what answers at `<account>.file.core.windows.net`. `keys` answers an account's keys, in base64. */
export function filePlane(files: Files, keys: KeysOf): DataPlane {
  return {
    audiences: storageAudiences,
    refuse: (request) => errorAnswer(request, new StorageError('AuthorizationFailure'), 'xml'),
    handle: async (request, world) => {
      try {
        return await answerFile(files, keys, request, world);
      } catch (error) {
        if (error instanceof StorageError) return errorAnswer(request, error, 'xml');
        if (error instanceof BodyTooLarge) return errorAnswer(request, tooLarge(error.limit), 'xml');
        throw error;
      }
    },
  };
}

async function answerFile(
  files: Files,
  keys: KeysOf,
  request: DataRequest,
  world: World,
): Promise<DataResponse> {
  const { method, target, headers, resource } = request;
  const demand = authenticate(request, world, keys);
  const address = parseAddress(target);
  const operation = operationOf(method, address, headers);
  demand(address, operation.need);
  if (!operation.run) throw notImplemented(operation.name);
  const header = Object.keys(unknownHeaders).find((name) => headers[name] !== undefined);
  if (header !== undefined) throw notImplemented(unknownHeaders[header] ?? header);
  const { share, path, query } = address;
  return operation.run({ request, at: { account: resource.name, share, path }, query, files });
}
