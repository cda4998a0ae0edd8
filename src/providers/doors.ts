/**
 * What the firewalls of storage, key vault and registry have in common, as shapes and as doors
 * (docs/semantics/doors.md).
 *
 * @module
 */

import { ArmError } from '../arm/error.ts';
import type { LinkedRight } from '../arm/provider.ts';
import type { Read } from '../arm/resource.ts';
import * as shape from '../arm/shape.ts';
import { has } from '../lib/intervals.ts';
import { type Prefix, parsePrefix } from '../lib/ip.ts';
import { asList, asText, member } from '../lib/json.ts';
import { privateAddresses } from '../net/azure.ts';
import type { BypassDeclared } from '../net/declared/endpoint.ts';
import type { DoorFact } from '../net/facts.ts';

/** `publicNetworkAccess`. */
export const publicAccess = shape.oneOf('Enabled', 'Disabled');

/** `bypass`: None, or any of the words, in one text with commas between. */
export function bypassOf(...words: readonly string[]): shape.Shape<string> {
  const wants = `'None' or any of ${words.map((word) => `'${word}'`).join(', ')}, with commas between`;
  const word = shape.oneOf('None', ...words);
  return {
    wants,
    check: (value, at) => {
      const parts = shape.text.check(value, at).split(',');
      const given = parts.map((part) => word.check(part.trim(), at));
      if (given.length === 1 || !given.includes('None')) return given.join(', ');
      throw new ArmError('InvalidRequestContent', `${at} must be ${wants}, not '${String(value)}'.`, {
        target: at,
      });
    },
  };
}

/** `networkAcls` of storage accounts and vaults. */
export const networkAcls = (bypass: shape.Shape<string>) =>
  shape.object({
    defaultAction: shape.oneOf('Allow', 'Deny'),
    bypass,
    ipRules: shape.list(shape.object({ value: shape.required(shape.text), action: shape.oneOf('Allow') })),
    virtualNetworkRules: shape.list(
      shape.object({
        id: shape.required(shape.resourceId),
        ignoreMissingVnetServiceEndpoint: shape.bool,
        ...shape.opaque('action'),
        ...shape.served('state'),
      }),
    ),
    resourceAccessRules: shape.list(shape.object({ tenantId: shape.text, resourceId: shape.text })),
  });

type Acls = shape.Of<ReturnType<typeof networkAcls>>;

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

/** A rule names a subnet that is there and has the service's endpoint, unless it says that it may lack it. */
export function checkSubnetRules(acls: Acls | undefined, service: string, read: Read): void {
  for (const [at, rule] of (acls?.virtualNetworkRules ?? []).entries()) {
    const target = `properties.networkAcls.virtualNetworkRules[${at}].id`;
    const subnet = read.get(rule.id);
    if (!subnet) {
      throw new ArmError('InvalidResourceReference', `${target}: subnet ${rule.id} was not found.`, {
        target,
      });
    }
    const endpoints = asList(subnet.properties['serviceEndpoints']);
    const isThere = endpoints.some(
      (item) => asText(member(item, 'service'))?.toLowerCase() === service.toLowerCase(),
    );
    if (isThere || rule.ignoreMissingVnetServiceEndpoint === true) continue;
    throw new ArmError(
      'NetworkAclsValidationFailure',
      `Validation of network acls failure: SubnetsHaveNoServiceEndpointsConfigured: subnet ${rule.id} has no service endpoint for ${service}. Add ${service} to its serviceEndpoints.`,
      { target },
    );
  }
}

/** Rights that a rule for a subnet needs on that subnet. */
export function subnetRuleRights(acls: Acls | undefined): LinkedRight[] {
  return (acls?.virtualNetworkRules ?? []).map((rule) => ({
    action: 'Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action',
    scope: rule.id,
  }));
}

/** The door of a service with `publicNetworkAccess` and `networkAcls`. */
export function doorOf(access: 'Enabled' | 'Disabled' | undefined, acls: Acls | undefined): DoorFact {
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

/** Whom the firewall of a storage account or vault admits besides its lists; both trust Microsoft unless told not to. */
export function bypassFact(id: string, acls: Acls | undefined): BypassDeclared {
  const words = acls?.bypass?.split(',').map((word) => word.trim());
  return {
    kind: 'bypass',
    id,
    flag: 'networkAcls.bypass',
    trusted: words === undefined || words.includes('AzureServices'),
    instances: (acls?.resourceAccessRules ?? []).flatMap((rule) => rule.resourceId ?? []),
  };
}
