/**
 * Declared facts about clusters, the extension and its relay.
 *
 * @module
 */

import type { Prefix } from '../../lib/ip.ts';

/** A managed cluster's network. */
export interface ClusterDeclared {
  readonly kind: 'cluster';
  readonly id: string;
  readonly location: string;
  /** `azure`, `kubenet`, `none`. */
  readonly plugin: string;
  /** Pods have addresses of their own range, not of the subnet: overlay and kubenet. */
  readonly podRange: boolean;
  readonly serviceCidrs: readonly Prefix[];
  /** Empty where pods take addresses of a subnet. */
  readonly podCidrs: readonly Prefix[];
  /** `loadBalancer`, `userDefinedRouting`, `managedNATGateway`, ... */
  readonly outbound: string;
}

/** Nodes of a managed cluster. */
export interface NodePoolDeclared {
  readonly kind: 'node-pool';
  /** The resource that writes it: the cluster, or a pool of its own. */
  readonly id: string;
  readonly cluster: string;
  readonly name: string;
  /** Undefined: a network that the service makes. */
  readonly subnet: string | undefined;
  readonly podSubnet: string | undefined;
  /** As many as there may be: the autoscaler's maximum, or the count. */
  readonly nodes: number;
  /** Nodes beside those during an upgrade. */
  readonly surge: number;
  /** Undefined: the default of the cluster's plug-in. */
  readonly maxPods: number | undefined;
}

/** An extension that is installed on a cluster. */
export interface ExtensionDeclared {
  readonly kind: 'extension';
  readonly id: string;
  readonly cluster: string;
  /** `microsoft.azureml.kubernetes`, as the template says it. */
  readonly type: string;
}

export type KubernetesDeclared = ClusterDeclared | NodePoolDeclared | ExtensionDeclared;
