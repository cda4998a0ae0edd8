/**
 * Who acts, what they must be allowed to do, and the role that would let them.
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { Plane } from '../../../lib/rights.ts';
import { roleFor, unseen } from '../../../net/callers.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';

/** A built-in role that mends something. Source: Microsoft's list of built-in roles. */
export interface Role {
  /** GUID. */
  readonly id: string;
  readonly name: string;
}

export const roles = {
  reader: { id: 'acdd72a7-3385-48ef-bd42-f606fba81ae7', name: 'Reader' },
  blobReader: { id: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1', name: 'Storage Blob Data Reader' },
  blobContributor: { id: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe', name: 'Storage Blob Data Contributor' },
  fileContributor: {
    id: '69566ab7-960f-475b-8e7c-b3118f30c6bd',
    name: 'Storage File Data Privileged Contributor',
  },
  accountContributor: { id: '17d1049b-9a84-46fb-8f53-869881c3d3ab', name: 'Storage Account Contributor' },
  acrPull: { id: '7f951dda-4ed3-4680-a7ca-43fe172d538d', name: 'AcrPull' },
  network: { id: '4d97b98b-1d4f-4787-a291-c67834d212e7', name: 'Network Contributor' },
  zones: { id: 'b12aa53e-6015-4669-85d0-8515ebb3ae7f', name: 'Private DNS Zone Contributor' },
  clusterAdmin: {
    id: '0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8',
    name: 'Azure Kubernetes Service Cluster Admin Role',
  },
  dataScientist: { id: 'f6c7c914-8db3-469d-8ca1-694a8f32e121', name: 'AzureML Data Scientist' },
} as const satisfies Readonly<Record<string, Role>>;

/** An operation, and the least role that has it. */
export interface Right {
  readonly operation: string;
  readonly plane: Plane;
  readonly role: Role;
}

const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

export const rights = {
  readBlobs: { operation: `${blobs}/read`, plane: 'data', role: roles.blobReader },
  writeBlobs: { operation: `${blobs}/write`, plane: 'data', role: roles.blobContributor },
  // What sets the privileged role apart from those for SMB: it passes over the permissions of files.
  mountFiles: {
    operation: 'Microsoft.Storage/storageAccounts/fileServices/writeFileBackupSemantics/action',
    plane: 'data',
    role: roles.fileContributor,
  },
  listAccountKeys: {
    operation: 'Microsoft.Storage/storageAccounts/listKeys/action',
    plane: 'control',
    role: roles.accountContributor,
  },
  readEndpoint: {
    operation: 'Microsoft.Network/privateEndpoints/read',
    plane: 'control',
    role: roles.reader,
  },
  pull: {
    operation: 'Microsoft.ContainerRegistry/registries/pull/read',
    plane: 'control',
    role: roles.acrPull,
  },
  readConnections: {
    operation: 'Microsoft.MachineLearningServices/workspaces/connections/listsecrets/action',
    plane: 'control',
    role: roles.dataScientist,
  },
  useCluster: {
    operation: 'Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action',
    plane: 'control',
    role: roles.clusterAdmin,
  },
  writeZoneGroups: {
    operation: 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups/write',
    plane: 'control',
    role: roles.network,
  },
  joinSubnet: join('virtualNetworks/subnets', roles.network),
  joinRoutes: join('routeTables', roles.network),
  joinGate: join('networkSecurityGroups', roles.network),
  joinNat: join('natGateways', roles.network),
  joinZone: join('privateDnsZones', roles.zones),
} as const satisfies Readonly<Record<string, Right>>;

function join(type: string, role: Role): Right {
  return { operation: `Microsoft.Network/${type}/join/action`, plane: 'control', role };
}

/** Sub-resources of storage that studio reads data by. */
export const studioGroups: ReadonlySet<string> = new Set(['blob', 'dfs']);

/** An identity that a resource acts as. */
export interface Actor {
  readonly objectId: string;
  /** The resource that it is the identity of: for a user-assigned identity, that identity. */
  readonly resource: string;
}

/** The identities of a resource: its own, and those that it was given. */
export interface Identities {
  /** It has one of its own; who that is stays open where it was not deployed. */
  readonly system: boolean;
  readonly own: Actor | undefined;
  readonly given: readonly Actor[];
}

/** Who a resource can act as. */
export function identitiesOf({ network }: Model, id: string): Identities {
  const actor = (resource: string): Actor[] => {
    const objectId = network.identities.get(keyOf(resource));
    return objectId === undefined ? [] : [{ objectId, resource }];
  };
  const kind = network.declared.of('identity-kind').find((item) => keyOf(item.id) === keyOf(id));
  return {
    system: kind?.systemAssigned === true,
    own: actor(id)[0],
    given: (kind?.userAssigned ?? []).flatMap(actor),
  };
}

/** Reports whether somebody lacks a right at a scope; where that cannot be said, they do not. */
export function lacks(
  { network }: Model,
  objectId: string,
  right: Omit<Right, 'role'>,
  scope: string,
): boolean {
  const { operation, plane } = right;
  return (
    roleFor(network, objectId, operation, plane, scope) === undefined &&
    unseen(network, objectId, operation, plane, scope) === undefined
  );
}

/** A right that a resource's identity must have. */
export interface Need {
  /** Who acts, as the resource that does it. */
  readonly subject: string;
  readonly actor: Actor;
  readonly right: Right;
  readonly scope: string;
  /** `to mount its files`. */
  readonly purpose: string;
}

/** The fault of a right that is missing, mended by the role. */
export function* missing(model: Model, { subject, actor, right, scope, purpose }: Need): Generator<Fault> {
  if (!lacks(model, actor.objectId, right, scope)) return;
  const { operation, role } = right;
  const who =
    keyOf(actor.resource) === keyOf(subject)
      ? `the identity of ${nameOf(subject)}`
      : `${nameOf(actor.resource)}, as which ${nameOf(subject)} acts,`;
  yield {
    subject,
    at: `${role.name} on ${nameOf(scope)}`,
    says: `${who} has no role on ${nameOf(scope)} that allows ${operation} ${purpose}`,
    concerns: [scope],
    blockers: [
      {
        resource: scope,
        property: 'Microsoft.Authorization/roleAssignments',
        is: `none for ${actor.objectId} with ${operation}`,
        needs: role.name,
      },
    ],
    repairs: [
      {
        says: `give it ${role.name} on ${nameOf(scope)}`,
        edits: [
          {
            kind: 'create',
            creation: {
              what: 'role-assignment',
              principal: { resource: actor.resource },
              role: role.id,
              scope,
            },
          },
        ],
      },
    ],
  };
}
