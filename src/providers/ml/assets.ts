/**
 * Versioned assets of a workspace: models, code, data and environments. A version never changes what it stands for;
 * the container over it says which version is the latest and what the next one is called.
 *
 * @module
 */

import { ArmError, type ErrorCode } from '../../arm/error.ts';
import { ancestorId, type ResourceType, sameId } from '../../arm/id.ts';
import { type Action, type Put, store } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { asText, equalJson } from '../../lib/json.ts';
import { define } from '../define.ts';
import { refuseLegacy } from './legacy.ts';
import { inventedId, workspaceType } from './link.ts';
import { byVersion, count, inView, versions } from './listing.ts';
import { deploymentType } from './online-endpoints.ts';
import { storageOf } from './workspace-actions.ts';

/** What every asset says about itself. */
const common = {
  description: shape.text,
  isAnonymous: shape.bool,
  isArchived: shape.bool,
  tags: shape.mapOf(shape.text),
  properties: shape.mapOf(shape.word),
  ...shape.opaque('autoDeleteSetting'),
  ...shape.served('provisioningState'),
} as const;

const container = shape.object({
  description: shape.text,
  isArchived: shape.bool,
  tags: shape.mapOf(shape.text),
  ...shape.opaque('properties', 'dataType'),
  ...shape.served('provisioningState', 'latestVersion', 'nextVersion'),
});

/** Declares the name over the versions of one kind of asset. */
function containers(kind: string, level: 'modelled' | 'stored'): ReturnType<typeof define> {
  const type = `${workspaceType}/${kind}`;
  return define(type, {
    level,
    located: false,
    properties: container,
    show: (asset, read) => {
      const made = byVersion(read.children(asset.id, `${type}/versions`));
      const numbers = made.map(({ name }) => Number(name)).filter((number) => Number.isInteger(number));
      const latest = made.findLast(({ properties }) => properties['isArchived'] !== true);
      return {
        isArchived: false,
        ...asset.properties,
        ...(latest ? { latestVersion: latest.name } : {}),
        nextVersion: String(Math.max(0, ...numbers) + 1),
      };
    },
    list: (found, query) => count(inView(found, query), query('count')),
  });
}

/** Refuses a version that would stand for something else than it did. */
function checkSame(put: Put, what: string, members: readonly string[], code: ErrorCode = 'UserError'): void {
  const { before, properties } = put;
  const changed = members.find((name) => before && !equalJson(before.properties[name], properties[name]));
  if (changed === undefined) return;
  throw new ArmError(
    code,
    `Version ${put.id.name} of the ${what} has the ${changed} ${JSON.stringify(before?.properties[changed])}: a version never changes. Register a new one.`,
    { target: `properties.${changed}` },
  );
}

/** Refuses the deletion of what a deployment uses. */
function checkUnused(users: readonly Resource[], version: Resource, what: string): void {
  const user = users.find((item) => sameId(item.type, deploymentType));
  if (!user) return;
  throw new ArmError(
    'UserError',
    `${what} version ${version.id} is served by ${user.id}. Delete that deployment first.`,
  );
}

/** Where the files of a version go before it is registered: a container of its own, with a pass that expires. */
const startPendingUpload: Action = {
  right: 'write',
  ahead: true,
  run: ({ resource, body }, read) => {
    const kind = body['pendingUploadType'] ?? 'TemporaryBlobReference';
    if (kind !== 'TemporaryBlobReference') {
      throw new ArmError(
        'InvalidRequestContent',
        `pendingUploadType must be TemporaryBlobReference, not ${JSON.stringify(kind)}.`,
        { target: 'pendingUploadType' },
      );
    }
    const workspace = ancestorId(resource.id, 2);
    const account = storageOf(workspace, read);
    // A version that is there keeps its files to itself: what is uploaded now goes elsewhere.
    const name = inventedId(resource.id, `upload ${resource.etag}`);
    const blobUri = `https://${account.name}.blob.core.windows.net/${name}`;
    return {
      ask: { kind: 'pass', workspace, account: account.id, container: name },
      as: (token) => ({
        pendingUploadId: inventedId(resource.id, 'pendingUploadId'),
        pendingUploadType: 'TemporaryBlobReference',
        blobReferenceForConsumption: {
          blobUri,
          storageAccountArmId: account.id,
          credential: { credentialType: 'SAS', sasUri: `${blobUri}?${String(token)}` },
        },
      }),
    };
  },
};

const actions = { startPendingUpload, createOrGetStartPendingUpload: startPendingUpload };

const modelProperties = shape.object({
  modelUri: shape.required(shape.text),
  modelType: shape.text,
  ...shape.opaque('flavors', 'jobName', 'stage'),
  ...common,
});

export const models = containers('models', 'modelled');

export const modelVersions = define(`${workspaceType}/models/versions` as ResourceType, {
  level: 'modelled',
  located: false,
  impliedParent: true,
  properties: modelProperties,
  list: versions,
  actions,
  put: (put, read) => {
    refuseLegacy(put, read);
    checkSame(put, 'model', ['modelUri']);
    const { flavors = {}, ...given } = put.properties;
    return { writes: [store(put, { isArchived: false, isAnonymous: false, ...given, flavors })] };
  },
  facts: ({ id, properties }) => [
    { kind: 'model', id, type: asText(properties['modelType']) ?? 'custom_model' },
  ],
  remove: (version, read) => {
    checkUnused(read.referencing(version.id), version, 'Model');
    return { writes: [] };
  },
});

const codeProperties = shape.object({ codeUri: shape.required(shape.text), ...common });

export const codes = containers('codes', 'modelled');

export const codeVersions = define(`${workspaceType}/codes/versions` as ResourceType, {
  level: 'modelled',
  located: false,
  impliedParent: true,
  properties: codeProperties,
  list: versions,
  actions,
  put: (put, read) => {
    refuseLegacy(put, read);
    checkSame(put, 'code', ['codeUri']);
    return { writes: [store(put, { isArchived: false, isAnonymous: false, ...put.properties })] };
  },
  remove: (version, read) => {
    checkUnused(read.referencing(version.id), version, 'Code');
    return { writes: [] };
  },
});

const dataProperties = shape.object({
  dataType: shape.required(shape.oneOf('uri_file', 'uri_folder', 'mltable')),
  dataUri: shape.required(shape.text),
  referencedUris: shape.list(shape.text),
  ...shape.opaque('stage', 'intellectualProperty'),
  ...common,
});

export const data = containers('data', 'stored');

export const dataVersions = define(`${workspaceType}/data/versions` as ResourceType, {
  level: 'stored',
  located: false,
  impliedParent: true,
  properties: dataProperties,
  list: versions,
  actions,
  put: (put) => {
    checkSame(put, 'data asset', ['dataUri', 'dataType']);
    return { writes: [store(put, { isArchived: false, isAnonymous: false, ...put.properties })] };
  },
});

const route = shape.object({
  path: shape.required(shape.text),
  port: shape.required(shape.int(1, 65_535)),
});

/** How a container of one's own is asked. */
const inferenceConfig = shape.object({ livenessRoute: route, readinessRoute: route, scoringRoute: route });

export const environmentProperties = shape.object({
  image: shape.text,
  condaFile: shape.text,
  build: shape.object({ contextUri: shape.required(shape.text), dockerfilePath: shape.text }),
  osType: shape.oneOf('Linux', 'Windows'),
  autoRebuild: shape.oneOf('Disabled', 'OnBaseImageUpdate'),
  inferenceConfig,
  ...shape.opaque('stage', 'intellectualProperty'),
  ...common,
  ...shape.served('environmentType'),
});

export const environments = containers('environments', 'stored');

export const environmentVersions = define(`${workspaceType}/environments/versions` as ResourceType, {
  level: 'stored',
  located: false,
  impliedParent: true,
  properties: environmentProperties,
  list: versions,
  put: (put) => {
    const { image, build } = put.properties;
    if ((image === undefined) === (build === undefined)) {
      throw new ArmError(
        'UserError',
        'An environment is an image (and what conda adds to it), or a build context: give one of properties.image and properties.build.',
        { target: 'properties.image' },
      );
    }
    // Clients take a conflict as the word to register the next version.
    checkSame(put, 'environment', ['image', 'condaFile', 'build'], 'Conflict');
    return {
      writes: [
        store(put, {
          osType: 'Linux',
          autoRebuild: 'Disabled',
          isArchived: false,
          isAnonymous: false,
          ...put.properties,
        }),
      ],
    };
  },
  facts: ({ id, properties: { build, condaFile } }) => [
    {
      kind: 'environment',
      id,
      workspace: ancestorId(id, 2),
      builds: build !== undefined || condaFile !== undefined,
    },
  ],
  show: (version) => ({ ...version.properties, environmentType: 'UserCreated' }),
  remove: (version, read) => {
    checkUnused(read.referencing(version.id), version, 'Environment');
    return { writes: [] };
  },
});
