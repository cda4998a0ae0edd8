/**
 * What Azure's network watcher calls rules and hops.
 *
 * @module
 */

import { formatIp } from '../../../lib/ip.ts';
import type { NextHop } from '../../../net/routes.ts';
import type { GateAnswer } from '../../../net/watch.ts';

type Decided = Extract<GateAnswer, { kind: 'decided' }>;

/** `securityRules/<name>`, `defaultSecurityRules/<name>` for those that nobody wrote, and nothing where none is asked. */
export function ruleName({ row, admin }: Pick<Decided, 'row' | 'admin'>): string {
  if (!row) return '';
  return admin ? `securityAdminRules/${row.by.rule}` : nameOfRule(row.by.rule, row.builtIn === true);
}

/** A rule of a group. */
export function nameOfRule(name: string, builtIn: boolean): string {
  return `${builtIn ? 'defaultSecurityRules' : 'securityRules'}/${name}`;
}

/** `nextHopType`, as next hop and effective routes have it. */
export function hopType(hop: NextHop): string {
  switch (hop.kind) {
    case 'vnet':
      return 'VnetLocal';
    case 'peering':
      return 'VnetPeering';
    case 'endpoint':
      return 'InterfaceEndpoint';
    case 'service-endpoint':
      return 'VirtualNetworkServiceEndpoint';
    case 'appliance':
      return 'VirtualAppliance';
    case 'gateway':
      return 'VirtualNetworkGateway';
    case 'internet':
      return 'Internet';
    case 'none':
      return 'None';
  }
}

/** The address of a hop that has one. */
export function hopAddress(hop: NextHop): string | undefined {
  return hop.kind === 'appliance' ? formatIp(hop.address) : undefined;
}
