/**
 * Declared facts about clusters, the extension and its relay.
 *
 * @module
 */

import type { Fqdn } from '../../lib/fqdn.ts';
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
  /** Its API server has an address of the network. */
  readonly private: boolean;
  /** Where a private API server has its name: `system`, `none`, or the id of a zone. */
  readonly zone: string;
  /** What its nodes and pods do not ask their HTTP proxy for; undefined: they have no proxy. */
  readonly proxySkip: readonly string[] | undefined;
}

/** A cluster outside Azure, connected by Arc. */
export interface ConnectedClusterDeclared {
  readonly kind: 'connected-cluster';
  readonly id: string;
  /** `k3s`, `eks`, `generic`, ... in lower case, as far as the template says it. */
  readonly distribution: string | undefined;
}

/** A cluster that runs at a site (cloister.yaml). */
export interface SiteClusterDeclared {
  readonly kind: 'site-cluster';
  readonly site: string;
  /** As cloister.yaml has it: that of the resource, where the estate has one. */
  readonly name: string;
  /** Of services and pods; empty where they are not described. */
  readonly ranges: readonly Prefix[];
  /** What its agents do not ask the site's proxy for, and which list says so; undefined: the site has no proxy. */
  readonly proxySkip: { readonly at: 'skip' | 'bypass'; readonly list: readonly string[] } | undefined;
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

/** The extension of machine learning on a cluster, as far as it is set up by its template. */
export interface LearningExtensionDeclared {
  readonly kind: 'learning-extension';
  readonly id: string;
  /** A managed cluster, or one that Arc connects. */
  readonly cluster: string;
  /** It serves online endpoints. */
  readonly inference: boolean;
  readonly router: RouterDeclared;
  readonly relay: RelayUseDeclared;
}

/** What stands before the deployments on a cluster. */
export interface RouterDeclared {
  /** `loadBalancer`, `nodePort`, `clusterIP`, as the template says it. */
  readonly type: string | undefined;
  /** It asks for a load balancer inside the network. */
  readonly internal: boolean;
  readonly insecure: boolean;
  /** Where its certificate comes from; `path`: from a file that only a command line could read. */
  readonly certificate: 'given' | 'half' | 'path' | 'none';
  readonly hostName: Fqdn | undefined;
  /** It takes over from the router of an attachment of the old kind. */
  readonly migrates: boolean;
}

/** A relay of one's own, through which the service reaches a cluster that Arc connects. */
export interface RelayUseDeclared {
  /** Id of a hybrid connection. */
  readonly connection: string | undefined;
  /** `unreadable`: the connection string does not end one part before the next begins. */
  readonly key: 'given' | 'unreadable' | 'unknown';
}

/** A hybrid connection of a relay. */
export interface HybridConnectionDeclared {
  readonly kind: 'hybrid-connection';
  readonly id: string;
}

/** A policy whose keys let somebody use a relay. */
export interface RelayPolicyDeclared {
  readonly kind: 'relay-policy';
  readonly id: string;
  /** The hybrid connection, or the whole namespace. */
  readonly of: string;
  readonly rights: readonly ('Manage' | 'Send' | 'Listen')[];
}

/** The rule set of a relay's door. */
export interface RelayRulesDeclared {
  readonly kind: 'relay-rules';
  readonly id: string;
  readonly namespace: string;
  /** Networks that are not named are refused. */
  readonly closed: boolean;
}

export type KubernetesDeclared =
  | ClusterDeclared
  | ConnectedClusterDeclared
  | SiteClusterDeclared
  | NodePoolDeclared
  | LearningExtensionDeclared
  | HybridConnectionDeclared
  | RelayPolicyDeclared
  | RelayRulesDeclared;
