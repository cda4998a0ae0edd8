/**
 * Facts about Azure Firewall and its policies.
 *
 * @module
 */

import type { Fqdn } from '../../lib/fqdn.ts';
import type { Intervals } from '../../lib/intervals.ts';
import type { Ip, Prefix } from '../../lib/ip.ts';

/** An Azure Firewall. Its private address is a network interface's, under the same id. */
export interface FirewallFact {
  readonly kind: 'firewall';
  readonly id: string;
  /** The policy that it obeys; undefined: its own collections. */
  readonly policy: string | undefined;
  /** Its own settings, where it has no policy. */
  readonly dns: FirewallDns | undefined;
}

/** A policy that firewalls obey. */
export interface FirewallPolicyFact {
  readonly kind: 'firewall-policy';
  readonly id: string;
  /** The parent, whose rules come before. */
  readonly base: string | undefined;
  readonly dns: FirewallDns | undefined;
}

/** How a firewall deals with names. */
export interface FirewallDns {
  /** It answers questions at its own address. */
  readonly proxy: boolean;
  /** Whom it asks; empty: Azure's own resolver. */
  readonly servers: readonly Ip[];
}

/** One side of a firewall's rule. */
export interface FirewallSide {
  readonly any: boolean;
  readonly prefixes: readonly Prefix[];
  readonly tags: readonly string[];
  /** IP groups, whose addresses no estate here knows. */
  readonly groups: readonly string[];
}

/** A rule on packets. */
export interface FirewallNetworkRule {
  readonly name: string;
  /** Absent: any. */
  readonly protocol: Intervals | undefined;
  readonly source: FirewallSide;
  readonly destination: FirewallSide;
  /** Names in place of addresses: they need the DNS proxy, and have no wildcards (F-8). */
  readonly names: readonly Fqdn[];
  readonly ports: Intervals;
}

/** A rule on HTTP, HTTPS and MSSQL requests by name. */
export interface FirewallApplicationRule {
  readonly name: string;
  readonly source: FirewallSide;
  /** Names, `*.<suffix>` for everything below a suffix, `*` for all. */
  readonly names: readonly string[];
  /** Names that Microsoft keeps under a word; which they are is not known here. */
  readonly tags: readonly string[];
  readonly ports: Intervals;
}

/** A collection of rules with one action. */
export interface FirewallCollectionFact {
  readonly kind: 'firewall-collection';
  readonly id: string;
  /** The firewall or policy that it belongs to. */
  readonly owner: string;
  /** Its group's priority, then its own; lower comes first. */
  readonly order: readonly [group: number, collection: number];
  readonly action: 'allow' | 'deny';
  readonly network: readonly FirewallNetworkRule[];
  readonly application: readonly FirewallApplicationRule[];
}
