/**
 * Facts about Virtual Network Manager: which networks it groups, and the rules that it puts before their groups.
 *
 * @module
 */

import type { SecurityRule } from './gates.ts';

/** A network manager. */
export interface ManagerFact {
  readonly kind: 'manager';
  readonly id: string;
  /** Its scope has management groups: where two managers have rules for a network, its rules come first. */
  readonly upper: boolean;
}

/** A group of networks. */
export interface NetworkGroupFact {
  readonly kind: 'network-group';
  readonly id: string;
}

/** A network that somebody put into a group. */
export interface GroupMemberFact {
  readonly kind: 'group-member';
  readonly id: string;
  readonly group: string;
  readonly vnet: string;
}

/** A collection of admin rules, for the networks of some groups. */
export interface AdminCollectionFact {
  readonly kind: 'admin-collection';
  readonly id: string;
  readonly configuration: string;
  readonly groups: readonly string[];
}

/** `AlwaysAllow` is final, as `Deny` is; `Allow` leaves the last word to the security groups (N-7). */
export type AdminAccess = 'Allow' | 'AlwaysAllow' | 'Deny';

/** A rule of a collection; `groups` of its sides are network groups. */
export interface AdminRuleFact {
  readonly kind: 'admin-rule';
  readonly id: string;
  readonly collection: string;
  readonly rule: Omit<SecurityRule, 'access'> & { readonly access: AdminAccess };
}

/** A configuration that was committed to regions: before, it has no effect (docs/adr/0016-commits.md). */
export interface AdminCommitFact {
  readonly kind: 'admin-commit';
  readonly configuration: string;
  /** Undefined: every region. */
  readonly regions: readonly string[] | undefined;
}
