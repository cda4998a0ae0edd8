/**
 * Assets and models of version 1: an asset is a prefix of artifacts, a model a version of a name that stands for one.
 * Versions are resources, so that an online endpoint can serve what version 1 registered.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { asText, isObject, type Json, type JsonObject, member } from '../../lib/json.ts';
import { bodyOf, type Call, creator, type Operations, paged, pageOf } from './call.ts';
import { ask } from './control-plane.ts';
import { WorkspaceError } from './error.ts';
import type { Asset, ModelNote, Texts } from './row.ts';

const container = 'Microsoft.MachineLearningServices/workspaces/models' as Resource['type'];
const version = `${container}/versions` as Resource['type'];

const newAsset = shape.object({
  name: shape.required(shape.text),
  artifacts: shape.required(shape.list(shape.object({ id: shape.text, prefix: shape.text }))),
  ...shape.opaque('id', 'type', 'description', 'kvTags', 'properties', 'runid', 'meta', 'createdTime'),
});

const newModel = shape.object({
  name: shape.required(shape.text),
  url: shape.required(shape.text),
  mimeType: shape.required(shape.text),
  description: shape.text,
  kvTags: shape.mapOf(shape.text),
  properties: shape.mapOf(shape.text),
  ...shape.opaque('framework', 'frameworkVersion', 'unpack', 'parentModelId', 'runId', 'experimentName'),
  ...shape.opaque('datasets', 'sampleInputData', 'sampleOutputData', 'resourceRequirements'),
  ...shape.opaque('derivedModelIds', 'id', 'version', 'createdTime', 'modifiedTime', 'createdBy'),
});

const assetUrl = /^aml:\/\/asset\/([^/]+)$/;

export const models: Operations = {
  'POST modelmanagement/v1.0 assets': ['models/write', createAsset],
  'GET modelmanagement/v1.0 assets': ['models/read', listAssets],
  'GET modelmanagement/v1.0 assets/{id}': ['models/read', assetOf],
  'POST modelmanagement/v1.0 models': ['models/write', register],
  'GET modelmanagement/v1.0 models': ['models/read', list],
  'GET modelmanagement/v1.0 models/{id}': ['models/read', get],
  'DELETE modelmanagement/v1.0 models/{id}': ['models/delete', remove],
};

async function createAsset(call: Call): Promise<Json> {
  const body = await bodyOf(call, newAsset);
  if (body.artifacts.length !== 1) {
    throw new WorkspaceError('unimplemented', 'Cloister does not have assets of several artifacts yet.');
  }
  const asset: Asset = { ...body, id: call.newId(), createdTime: call.now };
  return call.records.change(call.workspace, async () => ({
    result: asset,
    writes: [{ kind: 'asset', names: [asset.id], value: asset }],
  }));
}

async function assetOf(call: Call, id = call.at('id')): Promise<Asset> {
  const found = await call.records.one(call.workspace, 'asset', id);
  if (!found) throw new WorkspaceError('notFound', `There is no asset ${id}.`);
  return found;
}

async function listAssets(call: Call): Promise<Json> {
  const { query } = call;
  const [name, run] = [query.get('name'), query.get('runId')];
  const all = (await call.records.all(call.workspace, 'asset')).filter(
    (each) => (name === null || each.name === name) && (run === null || each['runid'] === run),
  );
  return paged(all, pageOf(query.get('count'), query.get('$skipToken')), ({ id }) => id);
}

async function register(call: Call): Promise<Json> {
  const body = await bodyOf(call, newModel);
  const id = assetUrl.exec(body.url)?.[1];
  if (id === undefined) {
    throw new WorkspaceError(
      'unimplemented',
      `Cloister does not have models at '${body.url}' yet: register files, which become aml://asset/<id>.`,
    );
  }
  const asset = await assetOf(call, id);
  const [artifact] = asset.artifacts;
  const place = asText(member(artifact, 'prefix')) ?? asText(member(artifact, 'id')) ?? '';
  const { name, description, kvTags = {}, properties = {}, ...rest } = body;
  const note: ModelNote = { ...rest, createdTime: call.now, createdBy: creator(call) };
  return call.records.change(call.workspace, async () => {
    const next = Math.max(0, ...versionsOf(call, name).map((each) => Number(each.name) || 0)) + 1;
    const modelUri = `azureml:/${call.workspace}/datastores/workspaceartifactstore/paths/${place}`;
    await ask(call, {
      method: 'PUT',
      path: `models/${name}/versions/${next}`,
      body: { properties: { modelUri, modelType: 'custom_model', description, tags: kvTags, properties } },
      onlyNew: true,
    });
    const made = call.world.read.get(`${call.workspace}/models/${name}/versions/${next}`);
    if (!made) throw new Error(`version ${next} of model ${name} was made and is not there`);
    const names = [name.toLowerCase(), String(next)];
    return { result: words(made, name, note), writes: [{ kind: 'model', names, value: note }] };
  });
}

async function get(call: Call): Promise<Json> {
  return shown(call, found(call));
}

async function remove(call: Call): Promise<Json | undefined> {
  const { name, resource } = found(call);
  return call.records.change(call.workspace, async () => {
    await ask(call, { method: 'DELETE', path: `models/${name}/versions/${resource.name}` });
    const names = [name.toLowerCase(), resource.name];
    return { result: undefined, writes: [{ kind: 'model', names, value: undefined }] };
  });
}

async function list(call: Call): Promise<Json> {
  const { query } = call;
  const wanted = query.get('name');
  for (const unknown of ['datasetId', 'orderBy', 'description', 'framework']) {
    if (query.get(unknown) === null) continue;
    throw new WorkspaceError('unimplemented', `Cloister does not list models by ${unknown} yet.`);
  }
  const names = call.world.read
    .children(call.workspace as Resource['id'], container)
    .map(({ name }) => name)
    .filter((name) => wanted === null || name.toLowerCase() === wanted.toLowerCase());
  const latest = query.get('latestVersionOnly')?.toLowerCase() === 'true';
  const all = names.flatMap((name) => {
    const sorted = versionsOf(call, name).toSorted((a, b) => Number(b.name) - Number(a.name));
    return (latest ? sorted.slice(0, 1) : sorted).map((resource) => ({ name, resource }));
  });
  const said = await Promise.all(all.map((each) => shown(call, each)));
  const tags = [query.get('tag'), query.get('tags')].filter((each) => each !== null).join(',');
  const run = query.get('runId');
  const fitting = said.filter(
    (model) =>
      has(model['kvTags'], tags) &&
      has(model['properties'], query.get('properties') ?? '') &&
      (run === null || model['runId'] === run),
  );
  const page = pageOf(query.get('count'), query.get('$skipToken'));
  const { value, continuationToken } = paged(fitting, page, ({ id }) => String(id));
  if (continuationToken === undefined) return { value };
  const next = new URLSearchParams(query);
  next.set('$skipToken', continuationToken);
  const { host, target } = call.request;
  return { value, continuationToken, nextLink: `https://${host}${target.split('?')[0]}?${next}` };
}

/** Reports whether texts have all that is listed: `name=value` or a name alone, joined by commas. */
function has(texts: Json | undefined, listed: string): boolean {
  return listed
    .split(',')
    .filter((each) => each !== '')
    .every((each) => {
      const [name = '', ...value] = each.split('=');
      const given = member(texts, name);
      return given !== undefined && (value.length === 0 || given === value.join('='));
    });
}

/** The version that an id `name:version` names. */
function found(call: Call): { readonly name: string; readonly resource: Resource } {
  const id = call.at('id');
  const [, name = '', number = ''] = /^(.+):([^:]+)$/.exec(id) ?? [];
  const resource =
    name === '' ? undefined : call.world.read.get(`${call.workspace}/models/${name}/versions/${number}`);
  if (!resource) throw new WorkspaceError('notFound', `Model ${id} was not found.`);
  return { name, resource };
}

function versionsOf(call: Call, name: string): readonly Resource[] {
  return call.world.read.children(`${call.workspace}/models/${name}` as Resource['id'], version);
}

async function shown(
  call: Call,
  { name, resource }: { readonly name: string; readonly resource: Resource },
): Promise<JsonObject> {
  const note = await call.records.one(call.workspace, 'model', name.toLowerCase(), resource.name);
  return words(resource, name, note);
}

/** A version in the words of version 1. What version 2 made has no note, and is where its files are. */
function words(resource: Resource, name: string, note: ModelNote | undefined): JsonObject {
  const { modelUri, description, tags, properties } = resource.properties;
  const texts = (value: Json | undefined): Texts => (isObject(value) ? (value as Texts) : {});
  return {
    mimeType: 'application/x-python',
    url: asText(modelUri) ?? '',
    unpack: false,
    datasets: [],
    ...note,
    id: `${name}:${resource.name}`,
    name,
    version: Number(resource.name),
    description,
    kvTags: texts(tags),
    properties: texts(properties),
  };
}
