/**
 * The operations of a registry: OCI distribution's, and those that hand out tokens. None is done yet.
 *
 * @module
 */

/** What a request asks for. */
export interface Operation {
  readonly name: string;
  /** Empty where it is about the whole registry. */
  readonly repository: string;
  /** What it does; tokens are asked for without one. */
  readonly access: 'token' | 'check' | 'catalog' | 'pull' | 'push' | 'delete';
}

type Row = readonly [methods: string, path: RegExp, name: string, access: Operation['access']];

/** Repositories have slashes in them, so what follows them decides. */
const rows: readonly Row[] = [
  ['GET POST', /^\/oauth2\/token$/, 'Get Access Token', 'token'],
  ['POST', /^\/oauth2\/exchange$/, 'Exchange Token', 'token'],
  ['GET HEAD', /^\/v2\/?$/, 'API Version Check', 'check'],
  ['GET', /^\/v2\/_catalog$/, 'List Repositories', 'catalog'],
  ['GET', /^\/acr\/v1\/_catalog$/, 'List Repositories', 'catalog'],
  ['GET', /^\/v2\/(.+)\/tags\/list$/, 'List Tags', 'pull'],
  ['GET', /^\/v2\/(.+)\/referrers\/[^/]+$/, 'List Referrers', 'pull'],
  ['GET HEAD', /^\/v2\/(.+)\/manifests\/[^/]+$/, 'Pull Manifest', 'pull'],
  ['PUT', /^\/v2\/(.+)\/manifests\/[^/]+$/, 'Push Manifest', 'push'],
  ['DELETE', /^\/v2\/(.+)\/manifests\/[^/]+$/, 'Delete Manifest', 'delete'],
  ['POST', /^\/v2\/(.+)\/blobs\/uploads\/?$/, 'Start Layer Upload', 'push'],
  ['GET PATCH PUT DELETE', /^\/v2\/(.+)\/blobs\/uploads\/[^/]+$/, 'Layer Upload', 'push'],
  ['GET HEAD', /^\/v2\/(.+)\/blobs\/[^/]+$/, 'Pull Layer', 'pull'],
  ['DELETE', /^\/v2\/(.+)\/blobs\/[^/]+$/, 'Delete Layer', 'delete'],
  ['GET', /^\/acr\/v1\/(.+?)(\/_(tags|manifests).*)?$/, 'Read Repository', 'pull'],
  ['PATCH', /^\/acr\/v1\/(.+?)(\/_(tags|manifests).*)?$/, 'Update Repository', 'push'],
  ['DELETE', /^\/acr\/v1\/(.+?)(\/_(tags|manifests).*)?$/, 'Delete Repository', 'delete'],
];

/** Finds the operation of a method and path; nothing where a registry has none. */
export function operationOf(method: string, path: string): Operation | undefined {
  for (const [methods, pattern, name, access] of rows) {
    const match = methods.split(' ').includes(method) ? pattern.exec(path) : null;
    if (match) return { name, repository: match[1] ?? '', access };
  }
  return undefined;
}
