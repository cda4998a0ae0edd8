/**
 * Facts about networks that Azure manages for a workspace.
 *
 * @module
 */

import type { Intervals } from '../../lib/intervals.ts';
import type { Prefix } from '../../lib/ip.ts';

/** A network that nobody but Azure sees, and what it lets out. */
export interface ManagedNetworkFact {
  readonly kind: 'managed-network';
  /** The workspace whose computes stand in it; or a deployment that is shut in by itself. */
  readonly of: string;
  readonly location: string;
  readonly lets: ManagedOutbound;
}

/** Everything; what rules approve; what a workspace's own services are; or what the network of a hub lets out. */
export type ManagedOutbound =
  | { readonly out: 'everything' }
  | { readonly out: 'approved' }
  | DependenciesOut
  | { readonly out: 'as-hub'; readonly hub: string };

/** A workspace and what it is made of. */
export interface DependenciesOut {
  readonly out: 'dependencies';
  readonly workspace: string;
  /** What its connections on them are called, behind their sub-resource and a dot. */
  readonly connections: string;
}

/** An outbound rule of a managed network. */
export interface ManagedRuleFact {
  readonly kind: 'managed-rule';
  readonly id: string;
  /** The workspace of the network. */
  readonly of: string;
  readonly name: string;
  readonly to: ManagedDestination;
}

/** What a rule is about. */
export type ManagedDestination =
  | {
      readonly kind: 'endpoint';
      readonly target: string;
      readonly group: string;
      /** The connection's id on the target; undefined: there is none to approve. */
      readonly connection: string | undefined;
    }
  | {
      readonly kind: 'tag';
      readonly tag: string;
      /** In place of the tag, where there are any. */
      readonly prefixes: readonly Prefix[];
      /** Absent: any. */
      readonly protocol: Intervals | undefined;
      readonly ports: Intervals;
      readonly access: 'Allow' | 'Deny';
    }
  | { readonly kind: 'name'; readonly pattern: string };
