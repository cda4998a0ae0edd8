/**
 * Declared facts about compute, images and serving.
 *
 * @module
 */

import type { Fqdn } from '../../lib/fqdn.ts';

/** A compute of a workspace. */
export interface ComputeFact {
  readonly kind: 'compute';
  readonly id: string;
  readonly workspace: string;
  /** `ComputeInstance`, `AmlCompute`, `Kubernetes`, `AKS`, ... as the template says it. */
  readonly type: string;
  readonly location: string;
  readonly subnet: string | undefined;
  /** Undefined where the template leaves it to the service. */
  readonly publicIp: boolean | undefined;
  /** As many as there may be; an instance is one. */
  readonly nodes: number;
  /** `Standard_DS3_v2`; undefined for what is attached. */
  readonly size: string | undefined;
  /** What was attached: a cluster, a machine. */
  readonly attached: string | undefined;
  /** Of an instance: the name of its applications, which leads to the workspace's private endpoint. */
  readonly host: Fqdn | undefined;
}

/** A lock on a resource, a group or a subscription. */
export interface LockFact {
  readonly kind: 'lock';
  readonly id: string;
  /** What it locks, with everything below. */
  readonly scope: string;
  readonly level: 'ReadOnly' | 'CanNotDelete';
}

/** What builds images at a container registry. */
export interface RegistryBuildFact {
  readonly kind: 'registry-build';
  readonly id: string;
  readonly registry: string;
  /** A task, or a single run of its own, which never has an identity (a "quick build"). */
  readonly what: 'task' | 'run';
  readonly systemAssigned: boolean;
  readonly userAssigned: boolean;
  /** Login servers that it brings its system identity to; `*`: the registry that it belongs to. */
  readonly credentials: readonly string[];
  /** Name of the agent pool that it runs on; undefined: agents that everybody shares. */
  readonly pool: string | undefined;
}

/** Agents of a container registry. */
export interface AgentPoolFact {
  readonly kind: 'agent-pool';
  readonly id: string;
  readonly registry: string;
  readonly subnet: string | undefined;
}

/** A version of an environment. */
export interface EnvironmentFact {
  readonly kind: 'environment';
  readonly id: string;
  readonly workspace: string;
  /** It is no finished image: it has a build context, or conda adds to it. */
  readonly builds: boolean;
}

/** A managed online deployment. */
export interface DeploymentFact {
  readonly kind: 'deployment';
  readonly id: string;
  readonly endpoint: string;
  readonly workspace: string;
  /** `egressPublicNetworkAccess`: its way to the internet while the workspace has no managed network. */
  readonly egress: boolean;
  /** `privateNetworkConnection`, the preview's flag: it goes out privately, and shuts its workspace. */
  readonly preview: boolean;
  readonly model: string | undefined;
  readonly environment: string | undefined;
}

/** An online endpoint on a cluster. */
export interface ClusterEndpointFact {
  readonly kind: 'cluster-endpoint';
  readonly id: string;
  readonly compute: string;
}

/** A deployment of one. */
export interface ClusterDeploymentFact {
  readonly kind: 'cluster-deployment';
  readonly id: string;
  readonly endpoint: string;
  readonly environment: string | undefined;
}

/** A version of a model. */
export interface ModelFact {
  readonly kind: 'model';
  readonly id: string;
  /** `custom_model`, `mlflow_model`, `triton_model`. */
  readonly type: string;
}

/** An outbound rule of a workspace's managed network. */
export interface OutboundRuleFact {
  readonly kind: 'outbound-rule';
  /** The resource that writes it, and where: the workspace, or a rule of its own. */
  readonly id: string;
  readonly at: string;
  readonly workspace: string;
  readonly name: string;
  readonly type: 'PrivateEndpoint' | 'ServiceTag' | 'FQDN';
  /** Id of a resource, a tag, or a host name. */
  readonly destination: string;
  /** Sub-resource of a private endpoint. */
  readonly group: string | undefined;
  readonly spark: boolean;
  readonly required: boolean;
}

/** A connection of a workspace to data or a service elsewhere. */
export interface WorkspaceConnectionFact {
  readonly kind: 'workspace-connection';
  readonly id: string;
  readonly workspace: string;
  /** As it is written: a URL, a connection string, a host. */
  readonly target: string;
}

export type ComputeDeclared =
  | ComputeFact
  | LockFact
  | RegistryBuildFact
  | AgentPoolFact
  | EnvironmentFact
  | DeploymentFact
  | ClusterEndpointFact
  | ClusterDeploymentFact
  | ModelFact
  | OutboundRuleFact
  | WorkspaceConnectionFact;
