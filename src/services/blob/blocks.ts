/**
 * Put Block, Put Block List and Get Block List.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import type { Bytes } from '../bytes.ts';
import type { DataResponse } from '../data-plane.ts';
import type { BlobBlocks } from './blobs.ts';
import { bodyOf, bodyText, checkMd5, largestBlock } from './body.ts';
import { checkRead } from './conditions.ts';
import { detailsOf, stateHeaders } from './details.ts';
import { answer, StorageError } from './error.ts';
import { checkLeaseToRead, checkLeaseToWrite } from './lease.ts';
import { type Call, demandWritable, leaseIdOf, missing, requireContainer } from './operation.ts';
import { parseXml } from './parse-xml.ts';
import type { Block } from './row.ts';
import { type Xml, xml, xmlHead } from './xml.ts';

const mostStaged = 100_000;
const mostCommitted = 50_000;
const longestId = 64;

/** Stages a block. */
export async function putBlock(call: Call): Promise<DataResponse> {
  const id = blockId(call.address.query.get('blockid'));
  const { 'content-md5': md5, 'content-length': length } = call.request.headers;
  await stageBlock(call, id, bodyOf(call, largestBlock), Number(length));
  return answer(call.request, 201, {
    ...(md5 === undefined ? {} : { 'content-md5': md5 }),
    'x-ms-request-server-encrypted': 'true',
  });
}

/** Stages bytes as a block; there have to be some. */
export async function stageBlock(call: Call, id: string, bytes: Bytes, size: number): Promise<void> {
  const { request, at, blobs } = call;
  if (size === 0) {
    throw new StorageError('InvalidHeaderValue', {
      details: { HeaderName: 'Content-Length', HeaderValue: '0' },
    });
  }
  await blobs.stage(at, id, bytes, (blob, container, staged) => {
    requireContainer(call, container);
    checkLeaseToWrite(blob?.lease, request.now, leaseIdOf(request.headers), 'blob');
    const [other = id] = staged.keys();
    if (other.length !== id.length) throw new StorageError('InvalidBlobOrBlock');
    if (staged.size >= mostStaged && !staged.has(id)) throw new StorageError('BlockCountExceedsLimit');
  });
}

/** Makes a blob of blocks. */
export async function putBlockList(call: Call): Promise<DataResponse> {
  const { request, at, blobs } = call;
  const { headers } = request;
  const md5 = headers['x-ms-blob-content-md5'] ?? '';
  if (md5 !== '') checkMd5(md5);
  const details = { ...detailsOf(headers), md5 };
  const document = await bodyText(call);
  const choose = chooser(document);
  const blob = await blobs.assemble(at, choose, details, (before, container) => {
    requireContainer(call, container);
    demandWritable(call, before);
  });
  return answer(request, 201, {
    ...stateHeaders(blob),
    // Of the list, not of the blob.
    'content-md5': createHash('md5').update(document).digest('base64'),
    'x-ms-request-server-encrypted': 'true',
  });
}

/** Reads a list of blocks, and returns what picks them. */
function chooser(document: string): (blocks: BlobBlocks) => readonly Block[] {
  const root = parseXml(document);
  if (root.name !== 'BlockList') throw new StorageError('InvalidXmlDocument');
  if (root.children.length > mostCommitted) throw new StorageError('BlockListTooLong');
  const known = ['Committed', 'Uncommitted', 'Latest'];
  if (root.children.some(({ name }) => !known.includes(name))) throw new StorageError('InvalidXmlDocument');
  return (blocks) => {
    const byId = (each: readonly Block[]): Map<string, Block> =>
      new Map(each.map((block) => [block.id, block]));
    const committed = byId(blocks.committed);
    const staged = byId(blocks.staged);
    return root.children.map(({ name, own }) => {
      const id = own.trim();
      const found =
        (name === 'Committed' ? undefined : staged.get(id)) ??
        (name === 'Uncommitted' ? undefined : committed.get(id));
      if (!found) throw new StorageError('InvalidBlockList');
      return found;
    });
  };
}

/** Answers the blocks of a blob. */
export async function getBlockList(call: Call): Promise<DataResponse> {
  const { request, address, at, blobs } = call;
  const type = (address.query.get('blocklisttype') || 'committed').toLowerCase();
  if (!['committed', 'uncommitted', 'all'].includes(type)) {
    const details = { QueryParameterName: 'blocklisttype', QueryParameterValue: type };
    throw new StorageError('InvalidQueryParameterValue', { details });
  }
  const blob = await blobs.head(at);
  const { committed, staged } = await blobs.blocks(at, blob);
  const gone = !blob && staged.length === 0;
  if (gone || !call.exists(await blobs.container(at.account, at.container))) throw await missing(call);
  if (blob) {
    checkRead(request.headers, blob);
    checkLeaseToRead(blob.lease, request.now, leaseIdOf(request.headers), 'blob');
  }
  const list = (name: string, blocks: readonly Block[]): Xml =>
    xml(
      name,
      blocks.map(({ id, size }) => xml('Block', [xml('Name', id), xml('Size', String(size))])),
    );
  const body = xml('BlockList', [
    ...(type === 'uncommitted' ? [] : [list('CommittedBlocks', committed)]),
    ...(type === 'committed' ? [] : [list('UncommittedBlocks', staged)]),
  ]);
  const headers = {
    ...(blob ? stateHeaders(blob) : {}),
    'x-ms-blob-content-length': String(blob?.size ?? 0),
    'content-type': 'application/xml',
  };
  return answer(request, 200, headers, `${xmlHead}${body}`);
}

/** Reads the id of a block: base64 of at most 64 bytes. */
export function blockId(text: string | null): string {
  const details = { QueryParameterName: 'blockid', QueryParameterValue: text ?? '' };
  if (text === null) throw new StorageError('MissingRequiredQueryParameter', { details });
  // A plus that nobody encoded has become a blank.
  const id = text.replaceAll(' ', '+');
  const bytes = Buffer.from(id, 'base64');
  if (bytes.length === 0 || bytes.length > longestId || bytes.toString('base64') !== id) {
    throw new StorageError('InvalidQueryParameterValue', { details });
  }
  return id;
}
