/**
 * Names and private link of machine-learning workspaces: three addresses, for the API, the notebooks and the
 * scoring of managed online endpoints (docs/semantics/private-endpoints.md).
 *
 * @module
 */

import { partsOf, type ResourceType } from '../../arm/id.ts';
import type { Resource } from '../../arm/resource.ts';
import { parseUuid, type Uuid, uuidV5 } from '../../lib/uuid.ts';
import type { LinkTarget } from '../private-link/target.ts';

export const workspaceType = 'Microsoft.MachineLearningServices/workspaces' as ResourceType;

/** Namespace of ids that Azure would invent: UUIDv5 of the resource id and the property's name. */
const inventions = parseUuid('5f2d3c1e-0b7a-4d67-9c41-8a4f1d2e6b90');

/** Returns the id that a service would invent for a property of a resource: the same on every machine. */
export function inventedId(resourceId: string, property: string): Uuid {
  if (!inventions) throw new Error('the namespace is malformed');
  return uuidV5(inventions, `${resourceId.toLowerCase()} ${property}`);
}

/** Name and alias. */
export interface NamePair {
  readonly name: string;
  readonly alias: string;
}

/** Names of a workspace. */
export interface WorkspaceNames {
  readonly api: NamePair;
  readonly cert: NamePair;
  readonly notebooks: NamePair;
}

const longestLabel = 63;

/** Returns the names of a workspace from its id and region. */
export function workspaceNames(id: string, location: string): WorkspaceNames {
  const guid = inventedId(id, 'workspaceId');
  const base = `${guid}.workspace.${location}`;
  // A label holds 63 characters: the workspace's name is cut so that the rest fits.
  const fixed = `ml--${location}-${guid}`.length;
  const label = `ml-${partsOf(id)
    .name.toLowerCase()
    .slice(0, longestLabel - fixed)}-${location}-${guid}`;
  return {
    api: { name: `${base}.api.azureml.ms`, alias: `${base}.privatelink.api.azureml.ms` },
    cert: { name: `${base}.cert.api.azureml.ms`, alias: `${base}.cert.privatelink.api.azureml.ms` },
    notebooks: {
      name: `${label}.${location}.notebooks.azure.net`,
      alias: `${label}.${location}.privatelink.notebooks.azure.net`,
    },
  };
}

/** Returns the names of an online endpoint (or, with `*`, of all of a workspace). */
export function scoringNames(workspaceId: string, location: string, endpoint: string): NamePair {
  const guid = inventedId(workspaceId, 'workspaceId');
  return {
    name: `${endpoint}.${location}.inference.ml.azure.com`,
    alias: `${endpoint}.${guid}.inference.${location}.privatelink.api.azureml.ms`,
  };
}

export const workspaceLink: LinkTarget = {
  type: workspaceType,
  approval: `${workspaceType}/privateEndpointConnectionsApproval/action`,
  groups: [
    {
      id: 'amlworkspace',
      zones: ['privatelink.api.azureml.ms', 'privatelink.notebooks.azure.net'],
      requiredMembers: ['default'],
      members: (workspace: Resource) => {
        const location = workspace.location ?? '';
        const names = workspaceNames(workspace.id, location);
        const pair = ({ name, alias }: NamePair): { fqdn: string; alias: string } => ({ fqdn: name, alias });
        return [
          { name: 'default', names: [pair(names.api), pair(names.cert)] },
          { name: 'notebook', names: [pair(names.notebooks)] },
          { name: 'inference', names: [pair(scoringNames(workspace.id, location, '*'))] },
        ];
      },
    },
  ],
};
