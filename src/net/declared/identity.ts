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

export type IdentityDeclared = IdentityKindDeclared;
