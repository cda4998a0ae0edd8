/**
 * The data planes of an account's other hosts. Their doors and tokens are real; their operations come later.
 *
 * @module
 */

import type { DataPlane, DataRequest } from '../data-plane.ts';
import { refuseKeys, storageAudiences, tokenHolder } from './access.ts';
import { splitTarget } from './address.ts';
import { type ErrorFormat, errorAnswer, notImplemented, StorageError } from './error.ts';

/** A host of an account beside that of its blobs. */
export type OtherService = 'queue' | 'table' | 'dfs' | 'web';

interface Row {
  readonly title: string;
  readonly format: ErrorFormat;
  /** A static website is read by whoever comes in. */
  readonly anonymous: boolean;
}

const services: Readonly<Record<OtherService, Row>> = {
  queue: { title: 'queue service', format: 'xml', anonymous: false },
  table: { title: 'table service', format: 'odata', anonymous: false },
  dfs: { title: 'data lake (dfs) service', format: 'json', anonymous: false },
  web: { title: 'static website', format: 'xml', anonymous: true },
};

/** Returns what answers at `<account>.<service>.core.windows.net`. */
export function otherStoragePlane(service: OtherService): DataPlane {
  const { format, anonymous } = services[service];
  const render = (request: DataRequest, error: StorageError) => errorAnswer(request, error, format);
  return {
    audiences: storageAudiences,
    refuse: (request) => render(request, new StorageError('AuthorizationFailure')),
    handle: async (request, world) => {
      try {
        if (!anonymous) {
          refuseKeys(request);
          tokenHolder(request, world.settings.tenant);
        }
        return render(request, notImplemented(operationName(service, request)));
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        return render(request, error);
      }
    },
  };
}

/** Names an operation by what tells it from the others: `PUT comp=metadata of the queue service`. */
function operationName(service: OtherService, { method, target }: DataRequest): string {
  const { query } = splitTarget(target);
  const told = ['restype', 'resource', 'comp', 'action'].flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [`${name}=${value}`];
  });
  return `${[method, ...told].join(' ')} of the ${services[service].title}`;
}
