/**
 * Snapshots of the folder that a run was started from. Files go straight to the workspace's storage account.
 *
 * @module
 */

import * as shape from '../../arm/shape.ts';
import { asText, type Json, type JsonObject, member } from '../../lib/json.ts';
import { addressAt, checkedPath } from './artifacts.ts';
import { bodyOf, type Call, creator, type Operations } from './call.ts';
import { WorkspaceError } from './error.ts';

const read = 'metadata/snapshots/read';
const write = 'metadata/snapshots/write';
/** What clients know before there is any snapshot. */
const none = { id: '00000000-0000-0000-0000-000000000000', root: {} };

const made = shape.object({
  parentSnapshotId: shape.text,
  dirTreeNode: shape.required(shape.mapOf(shape.any)),
  fileRevisionList: shape.required(
    shape.object({
      fileNodes: shape.required(
        shape.list(
          shape.object({
            fullName: shape.required(shape.text),
            blobUri: shape.required(shape.text),
            fileSize: shape.any,
          }),
        ),
      ),
    }),
  ),
  ...shape.opaque('tags', 'properties'),
});

export const snapshots: Operations = {
  'GET content/v1.0 snapshots/latest/metadata': [read, latest],
  'GET content/v1.0 snapshots/{id}/metadata': [read, get],
  'POST content/v2.0 snapshots/getblob': [write, passes],
  'POST content/v2.0 snapshots/{id}': [write, create],
};

/** Where each file of a snapshot goes. */
async function passes(call: Call): Promise<Json> {
  const wanted = shape.object({ fileNames: shape.required(shape.list(shape.text)) });
  const { fileNames } = await bodyOf(call, wanted);
  const place = `Snapshots/${call.newId()}`;
  return {
    fileNodes: fileNames.map((fullName) => ({
      fullName,
      blobUri: addressAt(call, `${place}/${checkedPath(fullName)}`, 'rcw'),
    })),
  };
}

async function create(call: Call): Promise<Json> {
  const body = await bodyOf(call, made);
  const id = call.at('id');
  return call.records.change(call.workspace, async () => {
    const before = await call.records.one(call.workspace, 'snapshot', id);
    if (before) throw new WorkspaceError('conflict', `Snapshot ${id} is there already.`);
    const parent = body.parentSnapshotId;
    const known = await call.records.all(call.workspace, 'snapshot');
    if (parent !== undefined && parent !== none.id && !known.some((each) => each.id === parent)) {
      throw new WorkspaceError('notFound', `The parent snapshot ${parent} was not found.`);
    }
    const snapshot = {
      id,
      number: known.length + 1,
      root: body.dirTreeNode as JsonObject,
      // A pass in an address ends in an hour, and is nobody else's.
      files: body.fileRevisionList.fileNodes.map((node) => ({
        ...node,
        blobUri: node.blobUri.replace(/\?.*$/s, ''),
      })),
      properties: body.properties ?? {},
      createdTime: call.now,
      createdBy: creator(call),
    };
    return { result: shown(snapshot), writes: [{ kind: 'snapshot', names: [id], value: snapshot }] };
  });
}

async function latest(call: Call): Promise<Json> {
  const all = await call.records.all(call.workspace, 'snapshot');
  const last = all.toSorted((a, b) => a.number - b.number).at(-1);
  return last ? shown(last) : none;
}

async function get(call: Call): Promise<Json> {
  const found = await call.records.one(call.workspace, 'snapshot', call.at('id'));
  if (found) return shown(found);
  throw new WorkspaceError('notFound', `Snapshot ${call.at('id')} was not found.`);
}

function shown({ id, root, ...rest }: JsonObject): Json {
  const { properties, createdTime, createdBy } = rest;
  return { id, root, properties, createdTime, createdBy, name: asText(member(root, 'name')) ?? '' };
}
