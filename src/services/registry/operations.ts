/**
 * The operations of a registry: OCI distribution's and Azure's own. What is not here yet is in the table all the
 * same, so that it is refused by its name and not by accident.
 *
 * @module
 */

import {
  deleteRepository,
  listRepositories,
  listTags,
  showManifest,
  showManifests,
  showRepository,
  showTag,
  showTags,
} from './lists.ts';
import type { Access, Operation } from './operation.ts';
import { checkVersion, listReferrers, pullLayer, pullManifest } from './pull.ts';
import {
  cancelUpload,
  checkUpload,
  continueUpload,
  deleteLayer,
  deleteManifest,
  deleteTag,
  finishUpload,
  pushManifest,
  startUpload,
} from './push.ts';

const registry: Access = { on: 'registry' };
const catalog: Access = { on: 'catalog' };
const pull: Access = { on: 'repository', actions: ['pull'] };
const push: Access = { on: 'repository', actions: ['pull', 'push'] };
const remove: Access = { on: 'repository', actions: ['delete'] };
const readMetadata: Access = { on: 'repository', actions: ['metadata_read'] };
const writeMetadata: Access = { on: 'repository', actions: ['metadata_write'] };
const listing: Access = { on: 'repository', actions: ['pull', 'metadata_read'], any: true };

type Row = readonly [methods: string, path: RegExp, name: string, access: Access, run?: Operation['run']];

/** Repositories have slashes in them, so what follows them decides. */
const rows: readonly Row[] = [
  ['GET HEAD', /^\/v2\/?$/, 'API Version Check', registry, checkVersion],
  ['GET', /^\/v2\/_catalog$/, 'List Repositories', catalog, listRepositories],
  ['GET', /^\/v2\/(.+)\/tags\/list$/, 'List Tags', listing, listTags],
  ['GET', /^\/v2\/(.+)\/referrers\/([^/]+)$/, 'List Referrers', pull, listReferrers],
  ['GET HEAD', /^\/v2\/(.+)\/manifests\/([^/]+)$/, 'Pull Manifest', pull, pullManifest],
  ['PUT', /^\/v2\/(.+)\/manifests\/([^/]+)$/, 'Push Manifest', push, pushManifest],
  ['DELETE', /^\/v2\/(.+)\/manifests\/([^/]+)$/, 'Delete Manifest', remove, deleteManifest],
  ['POST', /^\/v2\/(.+)\/blobs\/uploads\/?$/, 'Start Layer Upload', push, startUpload],
  ['GET', /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/, 'Layer Upload', push, checkUpload],
  ['PATCH', /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/, 'Layer Upload', push, continueUpload],
  ['PUT', /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/, 'Layer Upload', push, finishUpload],
  ['DELETE', /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/, 'Layer Upload', push, cancelUpload],
  ['GET HEAD', /^\/v2\/(.+)\/blobs\/([^/]+)$/, 'Pull Layer', pull, pullLayer],
  ['DELETE', /^\/v2\/(.+)\/blobs\/([^/]+)$/, 'Delete Layer', remove, deleteLayer],
  ['GET PUT POST DELETE', /^\/v2\/(.+)\/_trust\/.*$/, 'Content Trust', registry],
  ['GET PUT POST DELETE', /^\/helm\/.*$/, 'Helm Repository (deprecated)', registry],
  ['GET', /^\/acr\/v1\/_catalog$/, 'List Repositories', catalog, listRepositories],
  ['GET PUT POST DELETE', /^\/acr\/v1\/_deleted\/.*$/, 'Soft Delete', registry],
  ['GET POST', /^\/acr\/v1\/_metadata\/.*$/, 'Metadata Search', registry],
  ['GET', /^\/acr\/v1\/(.+)\/_tags$/, 'List Tags', readMetadata, showTags],
  ['GET', /^\/acr\/v1\/(.+)\/_tags\/([^/]+)$/, 'Show Tag', readMetadata, showTag],
  ['PATCH', /^\/acr\/v1\/(.+)\/_tags\/([^/]+)$/, 'Update Tag', writeMetadata],
  ['DELETE', /^\/acr\/v1\/(.+)\/_tags\/([^/]+)$/, 'Delete Tag', remove, deleteTag],
  ['GET', /^\/acr\/v1\/(.+)\/_manifests$/, 'List Manifests', readMetadata, showManifests],
  ['GET', /^\/acr\/v1\/(.+)\/_manifests\/([^/]+)$/, 'Show Manifest', readMetadata, showManifest],
  ['PATCH', /^\/acr\/v1\/(.+)\/_manifests\/([^/]+)$/, 'Update Manifest (locks, quarantine)', writeMetadata],
  ['GET', /^\/acr\/v1\/(.+)$/, 'Show Repository', readMetadata, showRepository],
  ['PATCH', /^\/acr\/v1\/(.+)$/, 'Update Repository', writeMetadata],
  ['DELETE', /^\/acr\/v1\/(.+)$/, 'Delete Repository', remove, deleteRepository],
];

/** Finds the operation of a method and path; nothing where a registry has none. */
export function operationOf(method: string, path: string): Operation | undefined {
  for (const [methods, pattern, name, access, run] of rows) {
    const match = methods.split(' ').includes(method) ? pattern.exec(path) : null;
    if (match) return { name, access, repository: match[1] ?? '', reference: match[2] ?? '', run };
  }
  return undefined;
}
