/**
 * Whether a request may do what it asks for, and where it may ask for a token that does.
 *
 * @module
 */

import type { Json } from '../../lib/json.ts';
import type { DataRequest, World } from '../data-plane.ts';
import type { Credentials } from './credentials.ts';
import { RegistryError } from './error.ts';
import { isRepository } from './names.ts';
import type { Operation } from './operation.ts';
import { type Action, grantOf } from './rights.ts';
import { type Grant, loginServer } from './tokens.ts';

/** Who was let in. */
export interface Pass {
  /** A token that lacks something may be exchanged for another; rights that lack something may not. */
  readonly scoped: boolean;
  readonly may: (type: string, name: string, action: string) => boolean;
}

/** Returns what credentials are good for. */
export function passOf(
  credentials: Extract<Credentials, { readonly kind: 'subject' | 'access' }>,
  { resource }: DataRequest,
  world: World,
): Pass {
  if (credentials.kind === 'access') {
    const { access } = credentials.token;
    return {
      scoped: true,
      may: (type, name, action) =>
        access.some((each) => each.type === type && each.name === name && each.actions.includes(action)),
    };
  }
  const { subject } = credentials;
  return {
    scoped: false,
    may: (type, name, action) => {
      const granted = grantOf(subject, { type, name, actions: [action] }, resource, world);
      return granted !== undefined && granted.actions.length > 0;
    },
  };
}

/** Throws where the pass is not good for the operation. */
export function authorize(pass: Pass, operation: Operation, request: DataRequest): void {
  const { access, repository } = operation;
  const may = (action: Action): boolean => pass.may('repository', repository, action);
  const allowed =
    access.on === 'registry' ||
    (access.on === 'catalog'
      ? pass.may('registry', 'catalog', '*')
      : access.any
        ? access.actions.some(may)
        : access.actions.every(may));
  if (allowed) return;
  if (pass.scoped) throw challenge(request, operation, 'insufficient_scope');
  throw new RegistryError('DENIED', { detail: detailOf(scopeOf(operation)) });
}

/** Tells a client where to get a token, and for what. */
export function challenge(
  request: DataRequest,
  operation: Operation | undefined,
  problem?: 'invalid_token' | 'insufficient_scope',
): RegistryError {
  const service = loginServer(request.resource);
  const asked = [`realm="https://${service}/oauth2/token"`, `service="${service}"`];
  const scope = operation && scopeOf(operation);
  if (scope) asked.push(`scope="${scope.type}:${scope.name}:${scope.actions.join(',')}"`);
  if (problem) asked.push(`error="${problem}"`);
  return new RegistryError('UNAUTHORIZED', {
    detail: detailOf(scope),
    headers: { 'www-authenticate': `Bearer ${asked.join(',')}` },
  });
}

/** What a token is to be asked for. */
function scopeOf({ access, repository }: Operation): Grant | undefined {
  switch (access.on) {
    case 'registry':
      return undefined;
    case 'catalog':
      return { type: 'registry', name: 'catalog', actions: ['*'] };
    case 'repository':
      if (!isRepository(repository)) return undefined;
      // Any of them will do: the first is asked for.
      return {
        type: 'repository',
        name: repository,
        actions: access.any ? access.actions.slice(0, 1) : access.actions,
      };
  }
}

function detailOf(scope: Grant | undefined): Json {
  if (!scope) return null;
  return scope.actions.map((action) => ({ Type: scope.type, Name: scope.name, Action: action }));
}
