/**
 * The operations of the file service, with what each needs. What no runner does is refused by its name.
 *
 * @module
 */

import { StorageError } from '../blob/error.ts';
import type { DataResponse } from '../data-plane.ts';
import type { Need } from './access.ts';
import type { Address } from './address.ts';
import type { Call } from './call.ts';
import * as entries from './entries.ts';
import { listDirectory } from './lists.ts';
import * as shares from './shares.ts';

/** One operation. Without `run` it is refused by name. */
export interface Operation {
  readonly name: string;
  readonly need: Need;
  readonly run: ((call: Call) => Promise<DataResponse>) | undefined;
}

type Row = readonly [name: string, verb: Need['verb'], letters: string, run?: Operation['run']];
type Rows = Readonly<Record<string, Row>>;

/** `METHOD restype comp` -> name, verb, letters of a signature that suffice, and who does it. */
const account: Rows = {
  'GET  list': ['List Shares', 'read', 'l', shares.listShares],
  'GET service properties': ['Get File Service Properties', 'read', 'r'],
  'PUT service properties': ['Set File Service Properties', 'write', 'w'],
};

const share: Rows = {
  'PUT share ': ['Create Share', 'write', 'cw', shares.createShare],
  'GET share ': ['Get Share Properties', 'read', 'r', shares.getShare],
  'HEAD share ': ['Get Share Properties', 'read', 'r', shares.getShare],
  'DELETE share ': ['Delete Share', 'delete', 'd', shares.deleteShare],
  'GET share metadata': ['Get Share Metadata', 'read', 'r', shares.getShareMetadata],
  'HEAD share metadata': ['Get Share Metadata', 'read', 'r', shares.getShareMetadata],
  'PUT share metadata': ['Set Share Metadata', 'write', 'w', shares.setShareMetadata],
  'PUT share properties': ['Set Share Properties', 'write', 'w', shares.setShareProperties],
  'GET share acl': ['Get Share ACL', 'read', 'r'],
  'PUT share acl': ['Set Share ACL', 'write', 'w'],
  'GET share stats': ['Get Share Stats', 'read', 'r'],
  'PUT share snapshot': ['Snapshot Share', 'write', 'w'],
  'PUT share undelete': ['Restore Share', 'write', 'w'],
  'PUT share lease': ['Lease Share', 'write', 'w'],
  'PUT share filepermission': ['Create Permission', 'write', 'w'],
  'GET share filepermission': ['Get Permission', 'read', 'r'],
};

const directory: Rows = {
  'PUT directory ': ['Create Directory', 'write', 'cw', entries.createDirectory],
  'GET directory ': ['Get Directory Properties', 'read', 'r', entries.getDirectory],
  'HEAD directory ': ['Get Directory Properties', 'read', 'r', entries.getDirectory],
  'DELETE directory ': ['Delete Directory', 'delete', 'd', entries.deleteDirectory],
  'GET directory list': ['List Directories and Files', 'read', 'l', listDirectory],
  'GET directory metadata': ['Get Directory Metadata', 'read', 'r', entries.getMetadata],
  'HEAD directory metadata': ['Get Directory Metadata', 'read', 'r', entries.getMetadata],
  'PUT directory metadata': ['Set Directory Metadata', 'write', 'w', entries.setDirectoryMetadata],
  'PUT directory properties': ['Set Directory Properties', 'write', 'w'],
  'PUT directory rename': ['Rename Directory', 'write', 'w'],
};

const file: Rows = {
  'PUT  ': ['Create File', 'write', 'cw', entries.createFile],
  'GET  ': ['Get File', 'read', 'r', entries.getFile],
  'HEAD  ': ['Get File Properties', 'read', 'r', entries.getFileProperties],
  'DELETE  ': ['Delete File', 'delete', 'd', entries.deleteFile],
  'PUT  range': ['Put Range', 'write', 'w', entries.putRange],
  'GET  rangelist': ['List Ranges', 'read', 'r', entries.listRanges],
  'GET  metadata': ['Get File Metadata', 'read', 'r', entries.getMetadata],
  'HEAD  metadata': ['Get File Metadata', 'read', 'r', entries.getMetadata],
  'PUT  metadata': ['Set File Metadata', 'write', 'w', entries.setFileMetadata],
  'PUT  properties': ['Set File Properties', 'write', 'w', entries.setFileProperties],
  'PUT  copy': ['Abort Copy File', 'write', 'w'],
  'PUT  lease': ['Lease File', 'write', 'w'],
  'PUT  rename': ['Rename File', 'write', 'w'],
  'GET  listhandles': ['List Handles', 'read', 'l'],
  'PUT  forceclosehandles': ['Force Close Handles', 'write', 'w'],
};

/** Finds the operation that a request asks for; throws where there is none. */
export function operationOf(
  method: string,
  { share: shareName, path, query }: Address,
  headers: Readonly<Record<string, string | undefined>>,
): Operation {
  const type = query.get('restype')?.toLowerCase() ?? '';
  const comp = query.get('comp')?.toLowerCase() ?? '';
  const [on, rows] = tableOf(shareName, type);
  // At the root of a share there is its directory, and nothing that can be written.
  const read = method === 'GET' || method === 'HEAD';
  if (on === 'file' && path === '' && !(type === 'directory' && read)) {
    throw new StorageError(type === 'directory' && method === 'PUT' ? 'ResourceAlreadyExists' : 'InvalidUri');
  }
  if (query.has('sharesnapshot')) return named(on, ['share snapshots', 'read', 'r']);
  const copied = method === 'PUT' && comp === '' && headers['x-ms-copy-source'] !== undefined;
  if (copied) return named(on, ['Copy File', 'write', 'cw']);
  const line = `${method} ${type} ${comp}`;
  if (Object.hasOwn(rows, line) && rows[line]) return named(on, rows[line]);
  if (Object.keys(rows).some((each) => each.endsWith(` ${type} ${comp}`))) {
    throw new StorageError('UnsupportedHttpVerb');
  }
  throw new StorageError('InvalidQueryParameterValue', {
    details: {
      QueryParameterName: comp === '' ? 'restype' : 'comp',
      QueryParameterValue: comp === '' ? type : comp,
    },
  });
}

function tableOf(shareName: string, type: string): readonly [Need['on'], Rows] {
  if (shareName === '') return ['account', account];
  if (type === 'share') return ['share', share];
  return ['file', type === 'directory' ? directory : file];
}

function named(on: Need['on'], [name, verb, letters, run]: Row): Operation {
  return { name, need: { on, verb, letters }, run };
}
