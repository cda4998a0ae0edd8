/**
 * What the firewalls of storage, key vault and registry have in common, as shapes and as doors
 * (paas-access.md section 1).
 *
 * @module
 */

import { ArmError } from '../arm/error.ts';
import type { LinkedRight } from '../arm/provider.ts';
import * as shape from '../arm/shape.ts';
import { has } from '../lib/intervals.ts';
import { type Prefix, parsePrefix } from '../lib/ip.ts';
import { privateAddresses } from '../net/azure.ts';
import type { DoorFact } from '../net/facts.ts';

/** `publicNetworkAccess`. */
export const publicAccess = shape.oneOf('Enabled', 'Disabled');

/** `networkAcls` of storage accounts and vaults. */
export const networkAcls = shape.object({
  defaultAction: shape.oneOf('Allow', 'Deny'),
  bypass: shape.text,
  ipRules: shape.list(shape.object({ value: shape.required(shape.text), action: shape.oneOf('Allow') })),
  virtualNetworkRules: shape.list(
    shape.object({
      id: shape.required(shape.resourceId),
      ...shape.opaque('action', 'ignoreMissingVnetServiceEndpoint'),
      ...shape.served('state'),
    }),
  ),
  resourceAccessRules: shape.list(shape.object({ tenantId: shape.text, resourceId: shape.text })),
});

/** Checks the addresses of firewall rules: public, and bare instead of /31 or /32. */
export function checkIpRules(values: readonly string[], at: string): void {
  for (const [index, value] of values.entries()) {
    const target = `${at}[${index}].value`;
    const prefix = parsePrefix(value);
    if (!prefix)
      throw new ArmError(
        'InvalidParameter',
        `${target} is '${value}', which is neither an IPv4 address nor a prefix.`,
        { target },
      );
    if (has(privateAddresses, prefix.base)) {
      throw new ArmError(
        'InvalidParameter',
        `${target} is '${value}': firewall rules take public addresses. Use a private endpoint for a private one.`,
        { target },
      );
    }
    if (value.includes('/') && prefix.length > 30) {
      throw new ArmError(
        'InvalidParameter',
        `${target} is '${value}': write the bare address instead of a /${prefix.length}.`,
        { target },
      );
    }
  }
}

/** Rights that a rule for a subnet needs on that subnet. */
export function subnetRuleRights(acls: shape.Of<typeof networkAcls> | undefined): LinkedRight[] {
  return (acls?.virtualNetworkRules ?? []).map((rule) => ({
    action: 'Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action',
    scope: rule.id,
  }));
}

/** The door of a service with `publicNetworkAccess` and `networkAcls`. */
export function doorOf(
  access: 'Enabled' | 'Disabled' | undefined,
  acls: shape.Of<typeof networkAcls> | undefined,
): DoorFact {
  return {
    publicAccess: access !== 'Disabled',
    flag: 'publicNetworkAccess',
    defaultAllow: acls?.defaultAction !== 'Deny',
    defaultFlag: 'networkAcls.defaultAction',
    addresses: (acls?.ipRules ?? []).flatMap((rule): Prefix[] => {
      const prefix = parsePrefix(rule.value);
      return prefix ? [prefix] : [];
    }),
    addressesFlag: 'networkAcls.ipRules',
    subnets: (acls?.virtualNetworkRules ?? []).map((rule) => rule.id),
  };
}
