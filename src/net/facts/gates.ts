/**
 * Facts about network security groups.
 *
 * @module
 */

import type { Intervals } from '../../lib/intervals.ts';
import type { Prefix } from '../../lib/ip.ts';

/** One side of a security rule: addresses, service tags and application security groups, any of them. */
export interface AddressSpec {
  readonly any: boolean;
  readonly prefixes: readonly Prefix[];
  /** Symbolic until they are matched against a given network. */
  readonly tags: readonly string[];
  readonly groups: readonly string[];
}

/** A rule of a network security group. */
export interface SecurityRule {
  readonly name: string;
  readonly priority: number;
  readonly direction: 'Inbound' | 'Outbound';
  readonly access: 'Allow' | 'Deny';
  /** Absent: any. */
  readonly protocol: Intervals | undefined;
  readonly source: AddressSpec;
  readonly destination: AddressSpec;
  readonly ports: Intervals;
  readonly sourcePorts: Intervals;
}

/** A network security group's name; its rules are facts of their own. */
export interface GateFact {
  readonly kind: 'gate';
  readonly id: string;
}

/** One rule of a group. */
export interface GateRuleFact {
  readonly kind: 'gate-rule';
  readonly id: string;
  readonly gate: string;
  readonly rule: SecurityRule;
}
