/**
 * Who a storage request is made as, and whether they may: authentication first, then the role.
 *
 * @module
 */

import { mayDo } from '../../arm/caller.ts';
import type { Resource } from '../../arm/resource.ts';
import type { Plane } from '../../lib/rights.ts';
import type { DataRequest, World } from '../data-plane.ts';
import { splitTarget } from './address.ts';
import { invalidHeader, isVersion, notImplemented, StorageError } from './error.ts';

/** A right that an operation needs, below `Microsoft.Storage/storageAccounts/`. */
export interface Right {
  readonly operation: string;
  readonly plane: Plane;
}

/** From this version on, storage takes tokens. */
const firstWithTokens = '2017-11-09';

/** Returns the audiences of tokens for a storage host. */
export function storageAudiences(host: string): readonly string[] {
  return ['https://storage.azure.com', `https://${host}`];
}

/** Returns the object id that a request is made as, or throws. `tenant` is named in the challenge. */
export function authenticate(request: DataRequest, tenant: string): string {
  const { authorization = '', 'x-ms-version': version = '' } = request.headers;
  refuseKeys(request.resource, authorization, splitTarget(request.target).query);
  const authority = `https://login.microsoftonline.com/${tenant}/oauth2/authorize`;
  const headers = {
    'www-authenticate': `Bearer authorization_uri=${authority} resource_id=https://storage.azure.com`,
  };
  const { caller } = request;
  if (caller.kind === 'anonymous') throw new StorageError('NoAuthenticationInformation', { headers });
  if (version !== '' && !isVersion(version)) throw invalidHeader('x-ms-version', version);
  if (version < firstWithTokens) {
    throw new StorageError('AuthenticationFailed', {
      says: `Send x-ms-version ${firstWithTokens} or later along with a token.`,
      details: {
        AuthenticationErrorDetail: 'Authentication scheme Bearer is not supported in this version.',
      },
    });
  }
  if (caller.kind === 'invalid') {
    const details = { AuthenticationErrorDetail: caller.problem };
    throw new StorageError('InvalidAuthenticationInfo', { headers, details });
  }
  return caller.objectId;
}

/** Shared keys, and the signatures made of them. */
function refuseKeys(account: Resource, authorization: string, query: URLSearchParams): void {
  const scheme = /^SharedKey(Lite)?(?= )/i.exec(authorization)?.[0];
  const signed = query.has('sig');
  if (scheme === undefined && !signed) return;
  // A user delegation SAS (it names a key's object id) rests on no account key.
  const byKey = scheme !== undefined || !query.has('skoid');
  if (byKey && account.properties.allowSharedKeyAccess === false) {
    throw new StorageError('KeyBasedAuthenticationNotPermitted');
  }
  throw notImplemented(scheme === undefined ? 'shared access signatures (SAS)' : `${scheme} authorization`);
}

/** Throws where the principal lacks the right at a container, or at the account where none is named. */
export function authorize(
  world: World,
  account: Resource,
  objectId: string,
  right: Right,
  container: string,
): void {
  const scope = container === '' ? account.id : containerId(account, container);
  const operation = `Microsoft.Storage/storageAccounts/${right.operation}`;
  if (!mayDo(world.read, objectId, operation, scope, right.plane)) {
    throw new StorageError('AuthorizationPermissionMismatch');
  }
}

/** Returns the id of a container as a resource. */
export function containerId(account: Resource, container: string): string {
  return `${account.id}/blobServices/default/containers/${container}`;
}
