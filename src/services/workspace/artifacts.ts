/**
 * Artifacts: files of runs and of uploads. Their bytes go straight to the workspace's storage account, with a pass to
 * the one blob: who cannot reach the account cannot read them.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { asText, type Json, type JsonObject } from '../../lib/json.ts';
import { type BlobPlace, bodyOf, type Call, type Operations, paged, pageOf } from './call.ts';
import { WorkspaceError } from './error.ts';
import { runOf } from './lookup.ts';
import type { Write } from './records.ts';
import type { Artifact, Run } from './row.ts';

const store = 'workspaceartifactstore';
const read = 'metadata/artifacts/read';
const write = 'metadata/artifacts/write';
const mostCreated = 500;
/** What clients show as logs of a run. */
const logs = /^(logs|azureml-logs|user_logs|system_logs)\//;

const ofRun = 'history/v1.0 experiments/{experiment}/runs/{run}/artifacts';
const any = 'artifact/v2.0 artifacts';

export const artifacts: Operations = {
  [`POST ${any}/batch/metadata/{origin}/{container}`]: [write, createEmpty],
  [`GET ${any}/contentinfo/{origin}/{container}/{path+}`]: [read, contentInfo],
  [`GET ${any}/write/{origin}/{container}/{path+}`]: [write, writePass],
  [`GET ${any}/prefix/contentinfo/{origin}/{container}/{path+}`]: [read, contentInfos],
  [`GET ${any}/prefix/contentinfo/{origin}/{container}`]: [read, contentInfos],
  [`GET ${any}/metadata/{origin}/{container}/{path+}`]: [read, async (call) => artifactOf(call)],
  [`GET ${any}/{origin}/{container}`]: [read, list],
  [`GET ${any}/{origin}/{container}/{path+}`]: [read, list],
  [`POST ${ofRun}/batch/metadata`]: [write, createEmpty],
  [`GET ${ofRun}/contentinfo/{path+}`]: [read, contentInfo],
  [`GET ${ofRun}/prefix/contentinfo/{path+}`]: [read, contentInfos],
  [`GET ${ofRun}/path/{path+}`]: [read, list],
  [`GET ${ofRun}`]: [read, list],
};

/** The log files of a run -> addresses that let in for an hour. */
export async function logFilesOf(call: Call, run: Run): Promise<JsonObject> {
  const all = await call.records.all(call.workspace, 'artifact', 'ExperimentRun', run.dataContainerId);
  const found = all.filter(({ path }) => logs.test(path));
  return Object.fromEntries(found.map((artifact) => [artifact.path, addressOf(call, artifact, 'r')]));
}

/** Where the artifacts of a request are: its origin and container, or those of its run. */
async function placeOf(call: Call): Promise<readonly [origin: string, container: string]> {
  if (call.at('run') === '') return [call.at('origin'), call.at('container')];
  return ['ExperimentRun', (await runOf(call)).dataContainerId];
}

async function createEmpty(call: Call): Promise<Json> {
  const path = shape.object({ path: shape.required(shape.text) });
  const { paths } = await bodyOf(call, shape.object({ paths: shape.required(shape.list(path)) }));
  if (paths.length > mostCreated) {
    throw new WorkspaceError('malformed', `At most ${mostCreated} artifacts are made at once.`);
  }
  const datastore = call.query.get('datastoreName') ?? store;
  if (datastore.toLowerCase() !== store) {
    throw new WorkspaceError(
      'unimplemented',
      `Cloister does not have artifacts in the datastore '${datastore}' yet: leave datastoreName out.`,
    );
  }
  const [origin, container] = await placeOf(call);
  return call.records.change(call.workspace, async () => {
    const made: Artifact[] = [];
    for (const { path: given } of paths) {
      const before = await call.records.one(
        call.workspace,
        'artifact',
        origin,
        container,
        checkedPath(given),
      );
      const fresh = { origin, container, path: given, etag: call.newId(), createdTime: call.now };
      made.push(before ?? artifactRow(fresh).value);
    }
    const by = (value: (each: Artifact) => Json): JsonObject =>
      Object.fromEntries(made.map((each) => [each.path, value(each)]));
    const result = {
      artifacts: by((each) => each),
      artifactContentInformation: by((each) => informationOf(call, each, 'rcw')),
      errors: {},
    };
    const writes = made.map(
      (each): Write => ({ kind: 'artifact', names: [origin, container, each.path], value: each }),
    );
    return { result, writes };
  });
}

async function artifactOf(call: Call): Promise<Artifact> {
  const [origin, container] = await placeOf(call);
  const path = call.at('path');
  const found = await call.records.one(call.workspace, 'artifact', origin, container, path);
  if (!found) {
    throw new WorkspaceError('notFound', `There is no artifact '${origin}/${container}/${path}'.`);
  }
  return found;
}

async function contentInfo(call: Call): Promise<Json> {
  return informationOf(call, await artifactOf(call), 'r');
}

async function writePass(call: Call): Promise<Json> {
  return informationOf(call, await artifactOf(call), 'rcw');
}

async function list(call: Call): Promise<Json> {
  return below(call);
}

async function contentInfos(call: Call): Promise<Json> {
  const { value, ...more } = await below(call);
  return { value: value.map((each) => informationOf(call, each, 'r')), ...more };
}

/** Artifacts below a path, or the one at it. */
async function below(call: Call): Promise<{ value: readonly Artifact[]; continuationToken?: string }> {
  const [origin, container] = await placeOf(call);
  const path = call.at('path').replace(/\/+$/, '');
  const all = await call.records.all(call.workspace, 'artifact', origin, container);
  const found = all.filter((each) => path === '' || each.path === path || each.path.startsWith(`${path}/`));
  return paged(found, pageOf(500, call.query.get('continuationToken')), (each) => each.path);
}

function informationOf(call: Call, artifact: Artifact, permission: 'r' | 'rcw'): JsonObject {
  const { origin, container, path } = artifact;
  return { contentUri: addressOf(call, artifact, permission), origin, container, path };
}

function addressOf(call: Call, { dataPath }: Artifact, permission: 'r' | 'rcw'): string {
  return addressAt(call, dataPath.relativePath, permission);
}

/** The address of a file in the workspace's artifact store, with a pass to it for an hour. */
export function addressAt(call: Call, path: string, permission: 'r' | 'rcw'): string {
  const place: BlobPlace = { ...artifactStore(call), name: path };
  const name = place.name.split('/').map(encodeURIComponent).join('/');
  const pass = call.pass(call.request.resource, place, permission);
  return `https://${place.account.name}.blob.core.windows.net/${place.container}/${name}?${pass}`;
}

/** The container that the workspace keeps artifacts in. */
function artifactStore(call: Call): { readonly account: Resource; readonly container: string } {
  const { read: estate } = call.world;
  const datastore = estate.get(`${call.workspace}/datastores/${store}`);
  const name = asText(datastore?.properties['accountName']);
  const account = estate.ofType('Microsoft.Storage/storageAccounts').find((each) => each.name === name);
  const container = asText(datastore?.properties['containerName']);
  if (account && container !== undefined) return { account, container };
  throw new WorkspaceError(
    'notFound',
    `The storage account of the datastore ${store} is not in this estate.`,
  );
}

/** A file of a run, as a row to write. */
export function artifactOfRun(
  { dataContainerId: container }: Run,
  path: string,
  etag: string,
  createdTime: string,
): Extract<Write, { kind: 'artifact' }> {
  return artifactRow({ origin: 'ExperimentRun', container, path, etag, createdTime });
}

function artifactRow(
  fresh: Omit<Artifact, 'artifactId' | 'dataPath'>,
): Extract<Write, { kind: 'artifact' }> & { readonly value: Artifact } {
  const { origin, container, path } = fresh;
  const relativePath = `${origin}/${container}/${path}`;
  const value = { artifactId: relativePath, ...fresh, dataPath: { dataStoreName: store, relativePath } };
  return { kind: 'artifact', names: [origin, container, path], value };
}

/** Refuses a path that would lead elsewhere. */
export function checkedPath(path: string): string {
  const parts = path.split('/');
  if (parts.every((part) => part !== '' && part !== '.' && part !== '..') && path.length <= 1024) return path;
  throw new WorkspaceError(
    'malformed',
    `'${path}' is not a path of an artifact: no empty part, no '.', no '..', at most 1024 characters.`,
  );
}
