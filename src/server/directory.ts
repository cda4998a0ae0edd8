/**
 * The directory as it runs: the principal that deploys, whom cloister.yaml describes, and the managed identities of
 * the estate.
 *
 * @module
 */

import { defaultDeployer } from '../app/defaults.ts';
import type { Application, Directory } from '../arm/directory.ts';
import type { Estate } from '../arm/resource.ts';
import { parseUuid, type Uuid } from '../lib/uuid.ts';
import { managedIdentities } from '../providers/identity.ts';
import { inventedId } from '../providers/ml/link.ts';
import { type Objects, objectsOf } from '../services/graph/objects.ts';

/** The application that deploys. Every installation has it. */
export const deployer: Application = {
  name: defaultDeployer.name,
  appId: uuid(defaultDeployer.appId),
  objectId: uuid(defaultDeployer.objectId),
  applicationId: inventedId(defaultDeployer.appId, 'application'),
  certificates: [],
};

function uuid(text: string): Uuid {
  const id = parseUuid(text);
  if (id === undefined) throw new Error(`${text} is not a GUID`);
  return id;
}

/** Everybody, as Microsoft Graph shows it. */
export function everybody(directory: Directory, estate: Estate): Objects {
  const own = [...estate.all()].flatMap(managedIdentities);
  return objectsOf({ ...directory, applications: [deployer, ...directory.applications] }, own);
}
