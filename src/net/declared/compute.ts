/**
 * Declared facts about compute, images and serving.
 *
 * @module
 */

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
}

export type ComputeDeclared = ComputeFact;
