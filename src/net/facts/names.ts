/**
 * Facts about names: private zones, and resolvers that are not Azure's own.
 *
 * @module
 */

import type { RecordData } from '../../lib/dns.ts';
import type { Fqdn } from '../../lib/fqdn.ts';
import type { Ip } from '../../lib/ip.ts';

/** A private DNS zone. */
export interface ZoneFact {
  readonly kind: 'zone';
  readonly id: string;
  readonly name: Fqdn;
  /** Only a network that Azure made for a workspace sees it. */
  readonly managed?: true;
}

/** A record set of a private zone. `name` is relative, `@` for the zone's own. */
export interface RecordFact {
  readonly kind: 'record';
  readonly id: string;
  readonly zone: string;
  readonly name: string;
  /** Time to live, in seconds. */
  readonly ttl: number;
  readonly data: RecordData;
}

/** A zone's link to a virtual network. */
export interface LinkFact {
  readonly kind: 'link';
  readonly id: string;
  readonly zone: string;
  readonly vnet: string;
  /** `NxDomainRedirect`: what the zone lacks is asked publicly. */
  readonly fallback: boolean;
}

/** A DNS server that Azure does not run (cloister.yaml). */
export interface DnsServerFact {
  readonly kind: 'dns-server';
  readonly name: string;
  readonly address: Ip | undefined;
  /** The machine it runs on; its address is the machine's. */
  readonly at: string | undefined;
  /** Suffix -> servers; `.` for everything else. */
  readonly forward: readonly { readonly suffix: Fqdn | '.'; readonly to: readonly Ip[] }[];
  readonly records: readonly { readonly name: Fqdn; readonly address: Ip }[];
}

/** Where a private resolver can be asked. Its address is a network interface's, under the same id. */
export interface ResolverInboundFact {
  readonly kind: 'resolver-inbound';
  readonly id: string;
  readonly address: Ip;
}

/** From where a private resolver asks others. */
export interface ResolverOutboundFact {
  readonly kind: 'resolver-outbound';
  readonly id: string;
  readonly subnet: string;
}

/** A set of forwarding rules, and the outbound endpoints by which it asks. */
export interface RulesetFact {
  readonly kind: 'ruleset';
  readonly id: string;
  readonly outbound: readonly string[];
}

/** A forwarding rule of a set. `.` is for every name. */
export interface ForwardingRuleFact {
  readonly kind: 'forwarding-rule';
  readonly id: string;
  readonly ruleset: string;
  readonly suffix: Fqdn | '.';
  readonly to: readonly Ip[];
  readonly enabled: boolean;
}

/** A virtual network whose questions a set of rules forwards. */
export interface RulesetLinkFact {
  readonly kind: 'ruleset-link';
  readonly id: string;
  readonly ruleset: string;
  readonly vnet: string;
}
