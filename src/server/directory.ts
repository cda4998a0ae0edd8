/**
 * The directory: who there is to name. The principal that deploys, and the managed identities of the estate.
 *
 * @module
 */

import { defaultDeployer } from '../app/defaults.ts';
import type { Estate } from '../arm/resource.ts';
import { principalOf } from '../providers/identity.ts';
import { inventedId } from '../providers/ml/link.ts';
import type { DirectoryPrincipal } from '../services/graph/graph.ts';

/** Lists every principal. */
export function directoryOf(estate: Estate): readonly DirectoryPrincipal[] {
  const { objectId, appId, name } = defaultDeployer;
  const identities = [...estate.all()].flatMap((resource): DirectoryPrincipal[] => {
    const principal = principalOf(resource);
    if (principal === undefined) return [];
    const client = inventedId(resource.id, 'clientId');
    return [{ objectId: principal, appId: client, displayName: resource.name, kind: 'ManagedIdentity' }];
  });
  return [{ objectId, appId, displayName: name, kind: 'Application' }, ...identities];
}
