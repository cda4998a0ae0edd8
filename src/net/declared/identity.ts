/**
 * Declared facts about identities, roles and policies.
 *
 * @module
 */

/** Which identities a resource has. */
export interface IdentityKindDeclared {
  readonly kind: 'identity-kind';
  readonly id: string;
  readonly type: string;
  readonly systemAssigned: boolean;
  readonly userAssigned: readonly string[];
}

/** An identity that resources can be given. */
export interface UserIdentityDeclared {
  readonly kind: 'user-identity';
  readonly id: string;
}

/** A deployment that is given secrets of its workspace's connections, which its endpoint's identity reads. */
export interface ConnectionReaderDeclared {
  readonly kind: 'connection-reader';
  readonly id: string;
  readonly endpoint: string;
  readonly workspace: string;
}

/** A compute of a workspace that is a cluster: one that was attached, or one that the service makes. */
export interface ClusterComputeDeclared {
  readonly kind: 'cluster-compute';
  readonly id: string;
  readonly workspace: string;
  /** Attached the old way (`AKS`): the service puts its router there by itself, without the extension. */
  readonly legacy: boolean;
  /** Undefined: the service makes it. */
  readonly cluster: string | undefined;
  /** Where the service puts its nodes. */
  readonly nodes: string | undefined;
  /** Its router asks for an internal load balancer. */
  readonly internal: boolean;
  /** Name of the subnet, in the network of the nodes, that the load balancer stands in; undefined: that of the nodes. */
  readonly router: string | undefined;
}

/** A text of a role's definition, and where it stands below its properties. */
export interface RoleText {
  readonly text: string;
  readonly at: readonly (string | number)[];
}

/** A custom role, as it is written. */
export interface CustomRoleDeclared {
  readonly kind: 'custom-role';
  readonly id: string;
  readonly name: string;
  readonly operations: readonly RoleText[];
  readonly scopes: readonly RoleText[];
}

/** Types that providers have. */
export interface ResourceTypesDeclared {
  readonly kind: 'resource-types';
  readonly types: readonly string[];
}

export type IdentityDeclared =
  | IdentityKindDeclared
  | UserIdentityDeclared
  | ConnectionReaderDeclared
  | ClusterComputeDeclared
  | CustomRoleDeclared
  | ResourceTypesDeclared;
