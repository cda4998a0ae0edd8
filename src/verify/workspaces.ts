/**
 * Workspaces as checks look at them: what they are made of, and where their private endpoints are.
 *
 * @module
 */

import { keyOf } from '../lib/key.ts';
import type { WorkspaceFact } from '../net/declared/workspace.ts';
import { doorOf } from '../net/doors.ts';
import type { Service } from '../net/model.ts';
import type { Model } from './model.ts';
import { type Link, linksTo } from './private-link.ts';

/** A service that a workspace rests on. */
export interface Dependency {
  readonly role: 'storage' | 'vault' | 'registry';
  readonly service: Service;
  /** Closed: the flag is off, or the default is to refuse. */
  readonly closed: boolean;
  readonly links: readonly Link[];
}

/** A workspace with what belongs to it. */
export interface Workspace {
  readonly fact: WorkspaceFact;
  readonly service: Service;
  readonly publicAccess: boolean;
  readonly links: readonly Link[];
  readonly dependencies: readonly Dependency[];
}

/** Every workspace but projects, which use their hub's endpoints and dependencies. */
export function workspacesOf(model: Model): readonly Workspace[] {
  return model.network.declared.of('workspace').flatMap((fact): Workspace[] => {
    const service = model.service(fact.id);
    if (!service || isProject(fact)) return [];
    const roles = ['storage', 'vault', 'registry'] as const;
    return [
      {
        fact,
        service,
        publicAccess: service.fact.door?.publicAccess ?? true,
        links: linksTo(model, fact.id),
        dependencies: roles.flatMap((role): Dependency[] => {
          const used = model.service(fact[role]);
          if (!used) return [];
          const links = linksTo(model, used.fact.id);
          return [{ role, service: used, closed: isClosed(model, used), links }];
        }),
      },
    ];
  });
}

/** Reports whether a workspace is a project of a hub. */
export function isProject({ flavour, hub }: WorkspaceFact): boolean {
  return flavour.toLowerCase() === 'project' || hub !== undefined;
}

/** Reports whether a service is closed: its flag is off, or its default action is to refuse. */
export function isClosed(model: Model, service: Service): boolean {
  const found = doorOf(model.network, service);
  return found !== undefined && !(found.door.publicAccess && found.door.defaultAllow);
}

/** Approved private endpoints among links. */
export function approved(links: readonly Link[]): readonly Link[] {
  return links.filter(({ status }) => status === 'Approved');
}

/** The virtual network that a private endpoint stands in. */
export function vnetOf(model: Model, { endpoint }: Link): string | undefined {
  return model.network.subnets.get(keyOf(endpoint.subnet))?.vnet.fact.id;
}
