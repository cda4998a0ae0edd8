/**
 * What somebody may do at a registry. These rights are actions, not data actions (docs/semantics/callers.md).
 *
 * @module
 */

import { mayDo } from '../../arm/caller.ts';
import type { Resource } from '../../arm/resource.ts';
import type { World } from '../data-plane.ts';
import { isRepository } from './names.ts';
import type { Grant, Subject } from './tokens.ts';

/** What can be done with a repository. */
export type Action = 'pull' | 'push' | 'delete' | 'metadata_read' | 'metadata_write';

/** Who pulls may also list: a role with `pull/read` alone is described as both. */
const rights: Readonly<Record<Action, string>> = {
  pull: 'pull/read',
  push: 'push/write',
  delete: 'artifacts/delete',
  metadata_read: 'pull/read',
  metadata_write: 'push/write',
};
const actions = Object.keys(rights) as readonly Action[];

/** Returns what is granted of a scope; nothing where there is no such scope. */
export function grantOf(subject: Subject, scope: Grant, registry: Resource, world: World): Grant | undefined {
  const { type, name } = scope;
  const may = (action: Action): boolean => mayAct(subject, action, registry, world);
  if (type === 'registry' && name === 'catalog') {
    const granted = scope.actions.includes('*') && may('metadata_read');
    return { type, name, actions: granted ? ['*'] : [] };
  }
  if (type !== 'repository' || !isRepository(name)) return undefined;
  const asked = actions.filter((action) => scope.actions.includes(action) || scope.actions.includes('*'));
  return { type, name, actions: asked.filter(may) };
}

/** Reports whether somebody may do anything at all at a registry. */
export function mayAnything(subject: Subject, registry: Resource, world: World): boolean {
  return actions.some((action) => mayAct(subject, action, registry, world));
}

function mayAct(subject: Subject, action: Action, registry: Resource, { read }: World): boolean {
  switch (subject.kind) {
    case 'admin':
      return true;
    case 'anonymous':
      return rights[action] === rights.pull && registry.properties['anonymousPullEnabled'] === true;
    case 'principal': {
      const operation = `Microsoft.ContainerRegistry/registries/${rights[action]}`;
      return mayDo(read, subject.objectId, operation, registry.id, 'control');
    }
  }
}

/** Reads a scope as clients write it: `repository:team/app:pull,push`. */
export function parseScope(text: string): Grant | undefined {
  const [, type, name, list] = /^([a-z-]+):(.+):([^:]*)$/.exec(text) ?? [];
  if (type === undefined || name === undefined || list === undefined) return undefined;
  return { type, name, actions: list.split(',') };
}
