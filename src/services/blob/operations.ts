/**
 * Every operation of the blob service: what it is called, which right it needs, and who does it. What is not here
 * yet is in the table all the same, so that it is refused by its name and not by accident.
 *
 * @module
 */

import type { Right } from './access.ts';
import type { Address } from './address.ts';
import { createContainer, deleteContainer, getContainer } from './containers.ts';
import { notImplemented, StorageError } from './error.ts';
import { listBlobs, listContainers } from './lists.ts';
import type { Operation } from './operation.ts';
import { getBlob, getBlobProperties } from './read-blob.ts';
import { deleteBlob, putBlob, setBlobMetadata } from './write-blob.ts';

const data = (operation: string): Right => ({ operation: `blobServices/${operation}`, plane: 'data' });
const control = (operation: string): Right => ({ operation: `blobServices/${operation}`, plane: 'control' });

const readService = control('read');
const writeService = control('write');
const readContainer = control('containers/read');
const writeContainer = control('containers/write');
const deletesContainer = control('containers/delete');
const readBlob = data('containers/blobs/read');
const writeBlob = data('containers/blobs/write');
const deletesBlob = data('containers/blobs/delete');
const delegates = control('generateUserDelegationKey/action');
const filters = data('containers/blobs/filter/action');
const readTags = data('containers/blobs/tags/read');
const writeTags = data('containers/blobs/tags/write');

type Row = readonly [method: string, name: string, right: Right, run?: Operation['run']];

/** Level and `comp` -> operations. */
const rows: Readonly<Record<string, readonly Row[]>> = {
  'account list': [['GET', 'List Containers', readContainer, listContainers]],
  'account properties': [
    ['GET', 'Get Blob Service Properties', readService],
    ['HEAD', 'Get Account Information', readService],
    ['PUT', 'Set Blob Service Properties', writeService],
  ],
  'account stats': [['GET', 'Get Blob Service Stats', readService]],
  'account userdelegationkey': [['POST', 'Get User Delegation Key', delegates]],
  'account batch': [['POST', 'Blob Batch', writeBlob]],
  'account blobs': [['GET', 'Find Blobs by Tags', filters]],
  'container ': [
    ['PUT', 'Create Container', writeContainer, createContainer],
    ['GET', 'Get Container Properties', readContainer, getContainer],
    ['HEAD', 'Get Container Properties', readContainer, getContainer],
    ['DELETE', 'Delete Container', deletesContainer, deleteContainer],
  ],
  'container list': [['GET', 'List Blobs', readBlob, listBlobs]],
  'container metadata': [
    ['GET', 'Get Container Metadata', readContainer],
    ['HEAD', 'Get Container Metadata', readContainer],
    ['PUT', 'Set Container Metadata', writeContainer],
  ],
  'container acl': [
    ['GET', 'Get Container ACL', control('containers/getAcl/action')],
    ['HEAD', 'Get Container ACL', control('containers/getAcl/action')],
    ['PUT', 'Set Container ACL', control('containers/setAcl/action')],
  ],
  'container lease': [['PUT', 'Lease Container', control('containers/lease/action')]],
  'container undelete': [['PUT', 'Restore Container', writeContainer]],
  'container rename': [['PUT', 'Rename Container', writeContainer]],
  'container batch': [['POST', 'Blob Batch', writeBlob]],
  'container blobs': [['GET', 'Find Blobs by Tags in Container', filters]],
  'blob ': [
    ['GET', 'Get Blob', readBlob, getBlob],
    ['HEAD', 'Get Blob Properties', readBlob, getBlobProperties],
    ['PUT', 'Put Blob', writeBlob, putBlob],
    ['DELETE', 'Delete Blob', deletesBlob, deleteBlob],
  ],
  'blob metadata': [
    ['GET', 'Get Blob Metadata', readBlob],
    ['HEAD', 'Get Blob Metadata', readBlob],
    ['PUT', 'Set Blob Metadata', writeBlob, setBlobMetadata],
  ],
  'blob properties': [['PUT', 'Set Blob Properties', writeBlob]],
  'blob block': [['PUT', 'Put Block', writeBlob]],
  'blob blocklist': [
    ['GET', 'Get Block List', readBlob],
    ['PUT', 'Put Block List', writeBlob],
  ],
  'blob appendblock': [['PUT', 'Append Block', writeBlob]],
  'blob seal': [['PUT', 'Append Blob Seal', writeBlob]],
  'blob page': [['PUT', 'Put Page', writeBlob]],
  'blob pagelist': [['GET', 'Get Page Ranges', readBlob]],
  'blob incrementalcopy': [['PUT', 'Incremental Copy Blob', writeBlob]],
  'blob copy': [['PUT', 'Abort Copy Blob', writeBlob]],
  'blob lease': [['PUT', 'Lease Blob', writeBlob]],
  'blob snapshot': [['PUT', 'Snapshot Blob', writeBlob]],
  'blob tier': [['PUT', 'Set Blob Tier', writeBlob]],
  'blob tags': [
    ['GET', 'Get Blob Tags', readTags],
    ['PUT', 'Set Blob Tags', writeTags],
  ],
  'blob undelete': [['PUT', 'Undelete Blob', writeBlob]],
  'blob query': [['POST', 'Query Blob Contents', readBlob]],
  'blob expiry': [['PUT', 'Set Blob Expiry', writeBlob]],
  'blob immutabilitypolicies': [
    ['PUT', 'Set Blob Immutability Policy', writeBlob],
    ['DELETE', 'Delete Blob Immutability Policy', writeBlob],
  ],
  'blob legalhold': [['PUT', 'Set Blob Legal Hold', writeBlob]],
};

/** Finds the operation that a request asks for. */
export function operationOf(
  method: string,
  address: Address,
  headers: Readonly<Record<string, string | undefined>>,
): Operation {
  const { level, query } = address;
  const comp = (query.get('comp') ?? '').toLowerCase();
  if (query.get('restype') === 'account') return { name: 'Get Account Information', right: readService };
  const known = rows[`${level} ${comp}`];
  if (!known) {
    const details = { QueryParameterName: 'comp', QueryParameterValue: comp };
    throw new StorageError('InvalidQueryParameterValue', { details });
  }
  const found = known.find(([each]) => each === method);
  if (!found) {
    const allow = known.map(([each]) => each).join(', ');
    throw new StorageError('UnsupportedHttpVerb', { headers: { allow } });
  }
  const [, name, right, run] = found;
  if (run === putBlob && headers['x-ms-copy-source'] !== undefined) {
    const fromUrl = headers['x-ms-blob-type'] !== undefined;
    return { name: fromUrl ? 'Put Blob From URL' : 'Copy Blob', right };
  }
  return run === undefined ? { name, right } : { name, right, run };
}

/** Returns what runs an operation, or throws its refusal. */
export function runnerOf(operation: Operation): NonNullable<Operation['run']> {
  if (!operation.run) throw notImplemented(operation.name);
  return operation.run;
}
