/**
 * Facts about gateways and who is behind them.
 *
 * @module
 */

import type { Fqdn } from '../../lib/fqdn.ts';
import type { Ip, Prefix } from '../../lib/ip.ts';

/** A virtual network gateway, in the subnet that is reserved for it. */
export interface GatewayFact {
  readonly kind: 'gateway';
  readonly id: string;
  readonly subnet: string;
  readonly type: 'vpn' | 'expressroute';
  /** Addresses of point-to-site clients. */
  readonly clients: readonly Prefix[];
  /** It learns prefixes that no resource writes down. */
  readonly learns: boolean;
}

/** A NAT gateway: subnets that name it leave by its addresses. */
export interface NatGatewayFact {
  readonly kind: 'nat-gateway';
  readonly id: string;
  readonly publicAddresses: readonly string[];
  /** Address prefixes, whose addresses the estate does not know one by one. */
  readonly publicPrefixes: readonly string[];
}

/** A service endpoint policy. */
export interface ServicePolicyFact {
  readonly kind: 'service-policy';
  readonly id: string;
}

/** What a policy lists: storage accounts, resource groups and subscriptions, or a service by its alias. */
export interface ServicePolicyDefinitionFact {
  readonly kind: 'service-policy-definition';
  readonly id: string;
  readonly policy: string;
  readonly resources: readonly string[];
}

/** A network at the far end of a tunnel, as Azure was told. */
export interface LocalNetworkFact {
  readonly kind: 'local-network';
  readonly id: string;
  readonly prefixes: readonly Prefix[];
}

/** A tunnel from a gateway to a local network, or to another gateway. */
export interface TunnelFact {
  readonly kind: 'tunnel';
  readonly id: string;
  readonly gateway: string;
  readonly to: string;
}

/** A network outside Azure's record (cloister.yaml). */
export interface SiteFact {
  readonly kind: 'site';
  readonly name: string;
  readonly prefixes: readonly Prefix[];
  /** `internet`, or the gateway that joins it: `vpn/<gateway>`, `expressroute/<gateway>`. */
  readonly via: string;
  /** Of a site that is hosted in Azure. */
  readonly region: string | undefined;
  readonly dns: string | undefined;
  readonly hosts: readonly HostsLine[];
  /** What carries HTTP for its clients. */
  readonly proxy: ProxyFact | undefined;
  /** Its browsers ask a public resolver over HTTPS. */
  readonly doh: boolean;
}

/** A line of a hosts file. */
export interface HostsLine {
  readonly text: string;
  readonly entries: readonly { readonly address: Ip; readonly name: Fqdn }[];
  /** Why resolvers skip it, or a part of it. */
  readonly problem: string | undefined;
}

/** An HTTP proxy of a site's clients. */
export interface ProxyFact {
  /** As clients are set to it: `http://192.168.0.20:3128`. */
  readonly address: string;
  /** `dnsServer/<name>` that it asks; undefined: public DNS. */
  readonly dns: string | undefined;
  /** Names (globs) and prefixes that clients go to by themselves. */
  readonly bypass: readonly string[];
  /** Names (globs) that it does not carry. */
  readonly deny: readonly string[];
  /** It opens TLS, and shows certificates of its own authority. */
  readonly inspect: { readonly ca: string | undefined; readonly except: readonly string[] } | undefined;
  /** It wants to know who asks: Azure's clients do not tell it. */
  readonly credentials: boolean;
}
