/**
 * Who a storage request is made as, and whether they may: authentication first, then the right.
 *
 * @module
 */

import { mayDo } from '../../arm/caller.ts';
import type { Resource } from '../../arm/resource.ts';
import type { Plane } from '../../lib/rights.ts';
import type { DataRequest, World } from '../data-plane.ts';
import { splitTarget } from './address.ts';
import { invalidHeader, isVersion, notImplemented, StorageError } from './error.ts';
import { checkSharedKey } from './shared-key.ts';

/** A right that an operation needs, below `Microsoft.Storage/storageAccounts/`. */
export interface Right {
  readonly operation: string;
  readonly plane: Plane;
}

/** What an operation needs, of whoever asks for it. */
export interface Need {
  /** Of a principal. */
  readonly right: Right;
  /** Of a signature: one of these letters; none is ever enough where there are none, any where it is `*`. */
  readonly letters: string;
  readonly level: 'account' | 'container' | 'blob';
  readonly container: string;
}

/** A proven way in. */
export interface Access {
  readonly by: 'key' | 'token' | 'signature';
  /** Throws where it does not allow what is needed. */
  readonly demand: (need: Need) => void;
  /** What is needed may only bring about what is not there yet. */
  readonly onlyNew: (need: Need) => boolean;
  /** Headers that answers have, whatever the blob says. */
  readonly overrides: Readonly<Record<string, string>>;
  /** Who asks, where it is a principal. */
  readonly objectId: string | undefined;
  /** Version of the services, where the request names none. */
  readonly version: string | undefined;
}

/** Returns an account's keys, in base64. */
export type KeysOf = (account: Resource) => readonly string[];

/** Where nobody says what the keys are, they are refused by name. */
export const noKeys: KeysOf = () => {
  throw notImplemented('account keys');
};

/** From this version on, storage takes tokens. */
const firstWithTokens = '2017-11-09';

/** Returns the audiences of tokens for a storage host. */
export function storageAudiences(host: string): readonly string[] {
  return ['https://storage.azure.com', `https://${host}`];
}

/** Proves a token or a shared key, or throws. `tenant` is named in the challenge. */
export function authenticate(request: DataRequest, world: World, keys: KeysOf): Access {
  const { authorization = '' } = request.headers;
  if (!/^SharedKey(Lite)?(?= |$)/i.test(authorization)) return tokenAccess(request, world);
  const { resource, now } = request;
  demandKeysAllowed(resource);
  checkSharedKey(request, resource.name, keys(resource), now);
  return keyAccess;
}

/** A key may do everything. */
const keyAccess: Access = {
  by: 'key',
  demand: () => {},
  onlyNew: () => false,
  overrides: {},
  objectId: undefined,
  version: undefined,
};

/** Throws where an account takes no keys, nor what is made of them. */
export function demandKeysAllowed(account: Resource): void {
  if (account.properties['allowSharedKeyAccess'] === false) {
    throw new StorageError('KeyBasedAuthenticationNotPermitted');
  }
}

function tokenAccess(request: DataRequest, world: World): Access {
  const objectId = tokenHolder(request, world.settings.tenant);
  return {
    ...keyAccess,
    by: 'token',
    demand: (need) => authorize(world, request.resource, objectId, need.right, need.container),
    objectId,
  };
}

/** Returns the object id that a token proves, or throws. */
export function tokenHolder(request: DataRequest, tenant: string): string {
  const { 'x-ms-version': version = '' } = request.headers;
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

/** Refuses keys and signatures at a service that takes tokens alone. */
export function refuseKeys({ headers, target, resource }: DataRequest): void {
  const scheme = /^SharedKey(Lite)?(?= )/i.exec(headers['authorization'] ?? '')?.[0];
  const { query } = splitTarget(target);
  if (scheme === undefined && !query.has('sig')) return;
  if (scheme !== undefined || !query.has('skoid')) demandKeysAllowed(resource);
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
