/**
 * Declared facts about names and DNS.
 *
 * @module
 */

/** The zones that a private endpoint's zone group names, in order. */
export interface ZoneGroupDeclared {
  readonly kind: 'zone-group';
  readonly id: string;
  readonly endpoint: string;
  readonly zones: readonly string[];
  /** The assignment of the policy that writes it; undefined: it is a resource. */
  readonly policy?: string;
}

export type NameDeclared = ZoneGroupDeclared;
