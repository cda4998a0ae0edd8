/**
 * Declared facts about products beside the platform, and settings that other resources rest on.
 *
 * @module
 */

/** A Synapse workspace. */
export interface SynapseDeclared {
  readonly kind: 'synapse';
  readonly id: string;
  /** `managedVirtualNetworkSettings.preventDataExfiltration`. */
  readonly keepsDataIn: boolean;
}

/** A managed private endpoint or a linked service of a Synapse workspace. */
export interface SynapseLinkDeclared {
  readonly kind: 'synapse-link';
  readonly id: string;
  readonly synapse: string;
  /** It leads to machine learning. */
  readonly toMachineLearning: boolean;
}

/** What a key vault promises to keep. */
export interface VaultSettingsDeclared {
  readonly kind: 'vault-settings';
  readonly id: string;
  readonly purgeProtection: boolean;
}

export type OperationsDeclared = SynapseDeclared | SynapseLinkDeclared | VaultSettingsDeclared;
