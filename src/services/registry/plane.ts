/**
 * The data plane of container registries. Its door, challenge and rights are real; images come later.
 *
 * @module
 */

import { mayDo } from '../../arm/caller.ts';
import { formatIp } from '../../lib/ip.ts';
import type { DataPlane, DataRequest, World } from '../data-plane.ts';
import { errorAnswer, RegistryError } from './error.ts';
import { type Operation, operationOf } from './operations.ts';

/** What answers at `<registry>.azurecr.io` and at its data endpoints. */
export const registryPlane: DataPlane = {
  audiences: () => ['https://containerregistry.azure.net', 'https://management.azure.com'],
  refuse: (request) =>
    errorAnswer(
      request,
      new RegistryError(
        'DENIED',
        `client with IP '${addressOf(request)}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.`,
      ),
    ),
  handle: async (request, world) => errorAnswer(request, answerRegistry(request, world)),
};

function addressOf({ arrival: { source } }: DataRequest): string {
  return source === undefined ? 'unknown' : formatIp(source);
}

/** Rights on a registry are actions, not data actions (rbac-identity.md section 2). */
const rights: Readonly<Record<Exclude<Operation['access'], 'token'>, string>> = {
  check: 'pull/read',
  catalog: 'catalog/read',
  pull: 'pull/read',
  push: 'push/write',
  delete: 'artifacts/delete',
};

/** Which scope a client has to ask a token for. */
const scopes: Readonly<Record<'pull' | 'push' | 'delete', string>> = {
  pull: 'pull',
  push: 'pull,push',
  delete: 'delete',
};

/** Every answer is a refusal yet; this is which. */
function answerRegistry(request: DataRequest, world: World): RegistryError {
  const { method, target, headers, caller, resource } = request;
  const path = target.replace(/\?.*$/s, '');
  const operation = operationOf(method, path);
  if (operation?.access === 'token') return later(operation.name);
  if (/^basic /i.test(headers.authorization ?? ''))
    return later('Basic authorization (docker login, admin user)');
  if (caller.kind !== 'principal') return challenge(request, operation);
  if (!operation) return new RegistryError('NAME_UNKNOWN', `A registry has no ${method} at '${path}'.`);
  const action = `Microsoft.ContainerRegistry/registries/${rights[operation.access]}`;
  // Checking the version is anybody's who has a token.
  if (operation.access !== 'check' && !mayDo(world.read, caller.objectId, action, resource.id, 'control')) {
    return new RegistryError('DENIED', 'requested access to the resource is denied', {
      detail: { action, scope: resource.id },
    });
  }
  return later(operation.name);
}

function later(name: string): RegistryError {
  return new RegistryError(
    'UNSUPPORTED',
    `The operation is unsupported: Cloister does not have '${name}' yet; it comes in a later version.`,
  );
}

/** Tells a client where to get a token, and for what. */
function challenge(request: DataRequest, operation: Operation | undefined): RegistryError {
  const service = `${request.resource.name.toLowerCase()}.azurecr.io`;
  const asked = [`realm="https://${service}/oauth2/token"`, `service="${service}"`];
  const scope = operation && scopeOf(operation);
  if (scope !== undefined) asked.push(`scope="${scope}"`);
  if (request.caller.kind === 'invalid') asked.push('error="invalid_token"');
  return new RegistryError(
    'UNAUTHORIZED',
    'authentication required, visit https://aka.ms/acr/authorization for more information.',
    { detail: null, headers: { 'www-authenticate': `Bearer ${asked.join(',')}` } },
  );
}

function scopeOf({ access, repository }: Operation): string | undefined {
  switch (access) {
    case 'token':
    case 'check':
      return undefined;
    case 'catalog':
      return 'registry:catalog:*';
    default:
      return `repository:${repository}:${scopes[access]}`;
  }
}
