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

/** A deployment that is given secrets of its workspace's connections, which its endpoint's identity reads. */
export interface ConnectionReaderDeclared {
  readonly kind: 'connection-reader';
  readonly id: string;
  readonly endpoint: string;
  readonly workspace: string;
}

export type IdentityDeclared = IdentityKindDeclared | ConnectionReaderDeclared;
