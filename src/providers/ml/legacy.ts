/**
 * `v1LegacyMode`: whether the objects of the second API are kept away from a workspace (docs/semantics/workspaces.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, sameId } from '../../arm/id.ts';
import type { Put } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import type { JsonObject } from '../../lib/json.ts';
import { connectionType } from '../private-link/connections.ts';
import { workspaceLink, workspaceType } from './link.ts';

/** Before this version of the API, a workspace behind a private endpoint is kept to version 1 unless it says. */
const firstWithVersion2 = '2022-05-01';

/** The member that says that a workspace was made by such a version. */
export const oldApi = 'x-cloister-made-before-version-2';

/** What is remembered of the API that a workspace was made with. */
export function madeWith({ before, apiVersion }: Put): JsonObject {
  const old = before ? before.properties[oldApi] === true : apiVersion < firstWithVersion2;
  return old ? { [oldApi]: true } : {};
}

/** Reports whether a workspace is kept to version 1: as it says, or as its first API and private endpoints have it. */
export function isLegacy({ id, properties }: Resource, read: Read): boolean {
  const { v1LegacyMode } = properties;
  if (typeof v1LegacyMode === 'boolean') return v1LegacyMode;
  return properties[oldApi] === true && read.children(id, connectionType(workspaceLink)).length > 0;
}

/** Refuses the objects of v2 in a workspace that is kept to v1. What version 1 itself registers comes by the workspace. */
export function refuseLegacy(put: Put, read: Read): void {
  if (put.surface === 'workspace') return;
  const workspace = workspaceOf(put.id.id, read);
  if (!workspace || !isLegacy(workspace, read)) return;
  const why =
    workspace.properties['v1LegacyMode'] === true
      ? ''
      : ` (it was made with an API before ${firstWithVersion2} and has a private endpoint)`;
  throw new ArmError(
    'UserError',
    `Workspace ${workspace.name} has v1LegacyMode on${why}: ${put.id.type.split('/').at(-1)} are objects of v2. Turn it off first.`,
  );
}

/** The workspace that a resource stands in. */
export function workspaceOf(id: string, read: Read): Resource | undefined {
  for (let at: string | undefined = id; at !== undefined; at = partsOf(at).parent) {
    if (sameId(partsOf(at).type, workspaceType)) return read.get(at);
    if (partsOf(at).names.length <= 1) return undefined;
  }
  return undefined;
}
