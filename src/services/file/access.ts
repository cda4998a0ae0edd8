/**
 * Who a request to the file service is made as, and whether they may: by key, signature or token.
 *
 * @module
 */

import { mayDo } from '../../arm/caller.ts';
import { demandKeysAllowed, type KeysOf, tokenHolder } from '../blob/access.ts';
import { notImplemented, StorageError } from '../blob/error.ts';
import { failed, parseSas, type Sas, sasText } from '../blob/sas.ts';
import { checkSource, checkTime, grantOf } from '../blob/sas-access.ts';
import { checkSharedKey, isSigned } from '../blob/shared-key.ts';
import type { DataRequest, World } from '../data-plane.ts';
import type { Address } from './address.ts';

/** What an operation needs, of whoever asks for it. */
export interface Need {
  /** Of a principal: at a file a data action, at a share an action of the control plane. */
  readonly verb: 'read' | 'write' | 'delete';
  readonly on: 'account' | 'share' | 'file';
  /** Of a signature: one of these letters. */
  readonly letters: string;
}

const files = 'Microsoft.Storage/storageAccounts/fileServices/fileshares/files';
const shares = 'Microsoft.Storage/storageAccounts/fileServices/shares';
const levels = { account: 's', share: 'c', file: 'o' } as const;

/** Throws where what was proven does not allow what is needed at an address. */
export type Demand = (address: Address, need: Need) => void;

/** Proves a key, a signature or a token, or throws. A header goes before a signature in the address. */
export function authenticate(request: DataRequest, world: World, keys: KeysOf): Demand {
  const { authorization, 'x-ms-file-request-intent': intent } = request.headers;
  const { resource } = request;
  const sas = authorization === undefined ? parseSas(request.target) : undefined;
  if (sas) return (address, need) => demandSigned(request, sas, keys, address, need);
  if (/^SharedKey(Lite)?(?= |$)/i.test(authorization ?? '')) {
    demandKeysAllowed(resource);
    checkSharedKey(request, resource.name, keys(resource), request.now);
    return () => {};
  }
  const objectId = tokenHolder(request, world.settings.tenant);
  return ({ share }, need) => {
    // Without the word, tokens act by the permissions of files themselves, which nothing here keeps.
    if (need.on === 'file' && intent?.toLowerCase() !== 'backup') {
      const details = { HeaderName: 'x-ms-file-request-intent' };
      throw new StorageError('MissingRequiredHeader', { details });
    }
    const operation = `${need.on === 'file' ? files : shares}/${need.verb}`;
    const scope = share === '' ? resource.id : `${resource.id}/fileServices/default/fileshares/${share}`;
    if (!mayDo(world.read, objectId, operation, scope, need.on === 'file' ? 'data' : 'control')) {
      throw new StorageError('AuthorizationPermissionMismatch');
    }
  };
}

function demandSigned(
  request: DataRequest,
  sas: Sas,
  keys: KeysOf,
  { share, path }: Address,
  need: Need,
): void {
  const { resource, now } = request;
  const { kind, field } = sas;
  if (kind === 'delegation') throw notImplemented('user delegation signatures of the file service');
  demandKeysAllowed(resource);
  if (field('si') !== '') throw notImplemented('stored access policies of shares');
  if (field('ses') !== '') throw notImplemented('encryption scopes');
  const text = sasText(sas, { service: 'file', account: resource.name, container: share, name: path });
  if (!isSigned(text, sas.signature, keys(resource))) throw failed('Signature did not match.');
  const granted = grantOf(sas, undefined);
  checkTime(granted, now);
  checkSource(sas, request);
  const sr = field('sr');
  if (kind === 'account') {
    if (!field('ss').includes('f')) throw new StorageError('AuthorizationServiceMismatch');
    if (!field('srt').includes(levels[need.on])) throw new StorageError('AuthorizationResourceTypeMismatch');
  } else if (sr !== 's' && sr !== 'f') {
    throw failed(`sr is neither s nor f: '${sr}'.`);
  }
  // A service signature is for files and their list; nothing else has letters that it could grant.
  const outside = kind === 'service' && need.on !== 'file';
  const able = [...need.letters].some((letter) => granted.permission.includes(letter));
  if (!able || outside) throw new StorageError('AuthorizationPermissionMismatch');
}
