/**
 * Every operation of the blob service: what it is called, which right it needs, and who does it. What is not here
 * yet is in the table all the same, so that it is refused by its name and not by accident.
 *
 * @module
 */

import type { Need, Right } from './access.ts';
import type { Address } from './address.ts';
import { getBlockList, putBlock, putBlockList } from './blocks.ts';
import {
  createContainer,
  deleteContainer,
  getContainer,
  getContainerAcl,
  getContainerMetadata,
  setContainerAcl,
  setContainerMetadata,
} from './containers.ts';
import { copyBlob, putBlobFromUrl, putBlockFromUrl } from './copy.ts';
import { getUserDelegationKey } from './delegation.ts';
import { notImplemented, StorageError } from './error.ts';
import { leaseBlob, leaseContainer } from './leases.ts';
import { listBlobs, listContainers } from './lists.ts';
import type { Operation } from './operation.ts';
import { getBlob, getBlobMetadata, getBlobProperties } from './read-blob.ts';
import {
  getAccountInformation,
  getServiceProperties,
  getServiceStats,
  setServiceProperties,
} from './service.ts';
import { getBlobTags, setBlobTags } from './tags.ts';
import { deleteBlob, putBlob, setBlobMetadata, setBlobProperties } from './write-blob.ts';

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

type Row = readonly [method: string, name: string, right: Right, letters: string, run?: Operation['run']];

/** Level and `comp` -> operations. */
const rows: Readonly<Record<string, readonly Row[]>> = {
  'account list': [['GET', 'List Containers', readContainer, 'l', listContainers]],
  'account properties': [
    ['GET', 'Get Blob Service Properties', readService, 'r', getServiceProperties],
    ['PUT', 'Set Blob Service Properties', writeService, 'w', setServiceProperties],
  ],
  'account stats': [['GET', 'Get Blob Service Stats', readService, 'r', getServiceStats]],
  'account userdelegationkey': [['POST', 'Get User Delegation Key', delegates, '', getUserDelegationKey]],
  'account batch': [['POST', 'Blob Batch', writeBlob, '']],
  'account blobs': [['GET', 'Find Blobs by Tags', filters, 'f']],
  'container ': [
    ['PUT', 'Create Container', writeContainer, 'cw', createContainer],
    ['GET', 'Get Container Properties', readContainer, 'r', getContainer],
    ['HEAD', 'Get Container Properties', readContainer, 'r', getContainer],
    ['DELETE', 'Delete Container', deletesContainer, 'd', deleteContainer],
  ],
  'container list': [['GET', 'List Blobs', readBlob, 'l', listBlobs]],
  'container metadata': [
    ['GET', 'Get Container Metadata', readContainer, 'r', getContainerMetadata],
    ['HEAD', 'Get Container Metadata', readContainer, 'r', getContainerMetadata],
    ['PUT', 'Set Container Metadata', writeContainer, 'w', setContainerMetadata],
  ],
  'container acl': [
    ['GET', 'Get Container ACL', control('containers/getAcl/action'), '', getContainerAcl],
    ['HEAD', 'Get Container ACL', control('containers/getAcl/action'), '', getContainerAcl],
    ['PUT', 'Set Container ACL', control('containers/setAcl/action'), '', setContainerAcl],
  ],
  'container lease': [['PUT', 'Lease Container', control('containers/lease/action'), 'w', leaseContainer]],
  'container undelete': [['PUT', 'Restore Container', writeContainer, 'w']],
  'container rename': [['PUT', 'Rename Container', writeContainer, 'w']],
  'container batch': [['POST', 'Blob Batch', writeBlob, '']],
  'container blobs': [['GET', 'Find Blobs by Tags in Container', filters, 'f']],
  'blob ': [
    ['GET', 'Get Blob', readBlob, 'r', getBlob],
    ['HEAD', 'Get Blob Properties', readBlob, 'r', getBlobProperties],
    ['PUT', 'Put Blob', writeBlob, 'cw', putBlob],
    ['DELETE', 'Delete Blob', deletesBlob, 'd', deleteBlob],
  ],
  'blob metadata': [
    ['GET', 'Get Blob Metadata', readBlob, 'r', getBlobMetadata],
    ['HEAD', 'Get Blob Metadata', readBlob, 'r', getBlobMetadata],
    ['PUT', 'Set Blob Metadata', writeBlob, 'w', setBlobMetadata],
  ],
  'blob properties': [['PUT', 'Set Blob Properties', writeBlob, 'w', setBlobProperties]],
  'blob block': [['PUT', 'Put Block', writeBlob, 'w', putBlock]],
  'blob blocklist': [
    ['GET', 'Get Block List', readBlob, 'r', getBlockList],
    ['PUT', 'Put Block List', writeBlob, 'w', putBlockList],
  ],
  'blob appendblock': [['PUT', 'Append Block', writeBlob, 'aw']],
  'blob seal': [['PUT', 'Append Blob Seal', writeBlob, 'aw']],
  'blob page': [['PUT', 'Put Page', writeBlob, 'w']],
  'blob pagelist': [['GET', 'Get Page Ranges', readBlob, 'r']],
  'blob incrementalcopy': [['PUT', 'Incremental Copy Blob', writeBlob, 'cw']],
  'blob copy': [['PUT', 'Abort Copy Blob', writeBlob, 'w']],
  'blob lease': [['PUT', 'Lease Blob', writeBlob, 'w', leaseBlob]],
  'blob snapshot': [['PUT', 'Snapshot Blob', writeBlob, 'cw']],
  'blob tier': [['PUT', 'Set Blob Tier', writeBlob, 'w']],
  'blob tags': [
    ['GET', 'Get Blob Tags', readTags, 't', getBlobTags],
    ['PUT', 'Set Blob Tags', writeTags, 't', setBlobTags],
  ],
  'blob undelete': [['PUT', 'Undelete Blob', writeBlob, 'w']],
  'blob query': [['POST', 'Query Blob Contents', readBlob, 'r']],
  'blob expiry': [['PUT', 'Set Blob Expiry', writeBlob, 'w']],
  'blob immutabilitypolicies': [
    ['PUT', 'Set Blob Immutability Policy', writeBlob, 'i'],
    ['DELETE', 'Delete Blob Immutability Policy', writeBlob, 'i'],
  ],
  'blob legalhold': [['PUT', 'Set Blob Legal Hold', writeBlob, 'i']],
};

/** What `restype=account` asks for, at any level. */
const information: Operation = {
  name: 'Get Account Information',
  right: readService,
  letters: '*',
  run: getAccountInformation,
};

/** Finds the operation that a request asks for. */
export function operationOf(
  method: string,
  address: Address,
  headers: Readonly<Record<string, string | undefined>>,
): Operation {
  const { level, query } = address;
  const comp = (query.get('comp') ?? '').toLowerCase();
  if (query.get('restype') === 'account' && /^(GET|HEAD)$/.test(method)) return information;
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
  const [, name, right, letters, run] = found;
  const source = headers['x-ms-copy-source'] !== undefined;
  if (run === putBlob && source) {
    return headers['x-ms-blob-type'] === undefined
      ? { name: 'Copy Blob', right, letters, run: copyBlob }
      : { name: 'Put Blob From URL', right, letters, run: putBlobFromUrl };
  }
  if (run === putBlock && source) return { name: 'Put Block From URL', right, letters, run: putBlockFromUrl };
  // Whoever may delete may break a lease as well.
  const breaks = comp === 'lease' && headers['x-ms-lease-action']?.toLowerCase() === 'break';
  return { name, right, letters: breaks ? `d${letters}` : letters, ...(run ? { run } : {}) };
}

/** Returns all that a request needs: the operation, and tags where it names them. */
export function needsOf(
  operation: Operation,
  address: Address,
  headers: Readonly<Record<string, string | undefined>>,
): readonly Need[] {
  const { level, container, query } = address;
  const { right, letters } = operation;
  const own: Need = { right, letters, level, container };
  const writesTags = (headers['x-ms-tags'] ?? '') !== '' && operation.run !== undefined;
  const listsTags = operation.run === listBlobs && (query.get('include') ?? '').split(',').includes('tags');
  return [
    own,
    ...(writesTags ? [{ ...own, right: writeTags, letters: 't' }] : []),
    ...(listsTags ? [{ ...own, right: readTags, level: 'blob', letters: 't' } as const] : []),
  ];
}

/** Returns what runs an operation, or throws its refusal. */
export function runnerOf(operation: Operation): NonNullable<Operation['run']> {
  if (!operation.run) throw notImplemented(operation.name);
  return operation.run;
}
