/**
 * Declared facts about workspaces: what they are made of.
 *
 * @module
 */

/** A workspace and what it depends on. */
export interface WorkspaceFact {
  readonly kind: 'workspace';
  readonly id: string;
  /** `Default`, `Hub`, `Project`, `FeatureStore`. */
  readonly flavour: string;
  readonly location: string;
  readonly storage: string | undefined;
  readonly vault: string | undefined;
  readonly registry: string | undefined;
  readonly hub: string | undefined;
  readonly primaryIdentity: string | undefined;
  /** How the system datastores sign in: account keys unless said otherwise. */
  readonly datastoreAuth: 'AccessKey' | 'Identity' | 'UserDelegationSAS';
}

export type WorkspaceDeclared = WorkspaceFact;
