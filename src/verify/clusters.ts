/**
 * Clusters as checks look at them: what kind a cluster is, and which workspaces use it.
 *
 * @module
 */

import { keyOf } from '../lib/key.ts';
import type { ClusterComputeDeclared } from '../net/declared/identity.ts';
import type {
  ClusterDeclared,
  ConnectedClusterDeclared,
  LearningExtensionDeclared,
} from '../net/declared/kubernetes.ts';
import type { Model } from './model.ts';
import { type Workspace, workspacesOf } from './workspaces.ts';

/** An extension that serves online endpoints, with its cluster; undefined where the estate does not have it. */
export interface Serving {
  readonly extension: LearningExtensionDeclared;
  readonly cluster: ClusterDeclared | ConnectedClusterDeclared | undefined;
}

/** Extensions that serve. */
export function servingExtensions(model: Model): readonly Serving[] {
  const { declared } = model.network;
  const clusters = [...declared.of('cluster'), ...declared.of('connected-cluster')];
  return declared
    .of('learning-extension')
    .filter(({ inference }) => inference)
    .map((extension) => ({
      extension,
      cluster: clusters.find(({ id }) => keyOf(id) === keyOf(extension.cluster)),
    }));
}

/** The namespace of the relay that the service of machine learning comes through; undefined: one that it makes itself. */
export function relayOf({ relay }: LearningExtensionDeclared): string | undefined {
  return relay.connection?.split('/').slice(0, 9).join('/');
}

/** A cluster as a compute of a workspace that declares itself private. */
export interface PrivateUse {
  readonly compute: ClusterComputeDeclared;
  readonly workspace: Workspace;
}

/** Clusters that workspaces use which have a private endpoint, or take nobody from outside. */
export function privateUses(model: Model): readonly PrivateUse[] {
  const workspaces = workspacesOf(model).filter(
    ({ links, publicAccess }) => links.length > 0 || !publicAccess,
  );
  return model.network.declared.of('cluster-compute').flatMap((compute): PrivateUse[] => {
    const workspace = workspaces.find(({ fact }) => keyOf(fact.id) === keyOf(compute.workspace));
    return workspace ? [{ compute, workspace }] : [];
  });
}
