/**
 * Facts about load balancers.
 *
 * @module
 */

import type { Intervals } from '../../lib/intervals.ts';
import type { Ip } from '../../lib/ip.ts';

/** A load balancer. Its private frontends are addresses of a network interface under the same id. */
export interface BalancerFact {
  readonly kind: 'balancer';
  readonly id: string;
  readonly standard: boolean;
  readonly frontends: readonly Frontend[];
  readonly pools: readonly BalancerPool[];
  readonly rules: readonly BalancerRule[];
  readonly outbound: readonly OutboundRule[];
}

/** Where a load balancer is reached: a private address, or a public address resource. */
export interface Frontend {
  readonly id: string;
  readonly address: Ip | undefined;
  readonly publicAddress: string | undefined;
}

/** Machines behind it. Interfaces say themselves that they are in a pool; others are listed by address. */
export interface BalancerPool {
  readonly id: string;
  readonly addresses: readonly { readonly vnet: string | undefined; readonly address: Ip }[];
}

/** A load-balancing rule, or an inbound NAT rule. */
export interface BalancerRule {
  /** `loadBalancingRules/<name>`, `inboundNatRules/<name>`. */
  readonly name: string;
  readonly frontend: string;
  /** Absent: TCP and UDP. */
  readonly protocol: Intervals | undefined;
  readonly ports: Intervals;
  /** Absent: the port stays as it is. */
  readonly backendPort: number | undefined;
  /** Machines of pools, or the one whose interface names this rule by its id. */
  readonly to: { readonly pools: readonly string[] } | { readonly natRule: string };
  /** Port at which machines are asked whether they are well. */
  readonly probe: number | undefined;
  /** Machines leave by the frontend, where there is no better way. */
  readonly translates: boolean;
}

/** By which frontends the machines of a pool leave. */
export interface OutboundRule {
  /** `outboundRules/<name>`. */
  readonly name: string;
  readonly frontends: readonly string[];
  readonly pool: string;
  /** Absent: TCP and UDP. */
  readonly protocol: Intervals | undefined;
}
