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
  /** `hbiWorkspace`: its data is of high business impact. */
  readonly highImpact: boolean;
  /** Vault that holds the customer's key. */
  readonly keyHolder: string | undefined;
  readonly managedNetwork: 'Disabled' | 'AllowInternetOutbound' | 'AllowOnlyApprovedOutbound';
  /** Its managed network is there, or is made with the workspace. */
  readonly provisioned: boolean;
  /** Its managed network is made for Spark, too. */
  readonly spark: boolean;
  /** `v1LegacyMode`; undefined where the template leaves it to the service. */
  readonly legacy: boolean | undefined;
  /** An API before version 2 made it: with a private endpoint it is legacy unless it says otherwise. */
  readonly madeBeforeVersion2: boolean;
  /** The deployment that turned its public access off, by the preview's flag. */
  readonly shutBy: string | undefined;
  /** Name of the compute that builds images. */
  readonly buildCompute: string | undefined;
  /** Subnet of its serverless compute. */
  readonly serverlessSubnet: string | undefined;
}

/** A datastore. */
export interface DatastoreFact {
  readonly kind: 'datastore';
  readonly id: string;
  readonly workspace: string;
  /** Name of the storage account. */
  readonly account: string;
  readonly type: 'AzureBlob' | 'AzureFile' | 'AzureDataLakeGen2';
  /** As whom studio reads it; `None`: as the datastore's own credential. */
  readonly identity: 'None' | 'WorkspaceSystemAssignedIdentity' | 'WorkspaceUserAssignedIdentity';
}

/** A batch endpoint. */
export interface BatchEndpointFact {
  readonly kind: 'batch-endpoint';
  readonly id: string;
  readonly workspace: string;
}

/** A registry of machine-learning assets. */
export interface MlRegistryFact {
  readonly kind: 'ml-registry';
  readonly id: string;
  /** Container registries behind it, as far as they are written down. */
  readonly containers: readonly string[];
}

export type WorkspaceDeclared = MlRegistryFact | WorkspaceFact | DatastoreFact | BatchEndpointFact;
