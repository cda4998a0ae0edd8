/**
 * Firewall policies and their groups of rule collections (docs/semantics/firewalls.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType, sameId } from '../../arm/id.ts';
import { propertiesOf, store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { parseIp } from '../../lib/ip.ts';
import type { FirewallCollectionFact, FirewallDns } from '../../net/facts.ts';
import { define } from '../define.ts';
import {
  applicationRuleOf,
  checkApplicationRule,
  checkNetworkRule,
  networkRuleOf,
  policyRule,
} from './firewall-rules.ts';
import { mustExist } from './network-interfaces.ts';
import { refuseInUse } from './security-groups.ts';

const policyType = 'Microsoft.Network/firewallPolicies' as ResourceType;
const groupType = `${policyType}/ruleCollectionGroups` as ResourceType;

const policyProperties = shape.object({
  sku: shape.object({ tier: shape.oneOf('Basic', 'Standard', 'Premium') }),
  threatIntelMode: shape.oneOf('Alert', 'Deny', 'Off'),
  basePolicy: shape.reference,
  dnsSettings: shape.object({
    servers: shape.list(shape.address),
    enableProxy: shape.bool,
    ...shape.opaque('requireProxyForNetworkRules'),
  }),
  ...shape.opaque(
    'threatIntelWhitelist',
    'insights',
    'snat',
    'sql',
    'intrusionDetection',
    'transportSecurity',
    'explicitProxy',
  ),
  ...shape.served('provisioningState', 'firewalls', 'childPolicies', 'ruleCollectionGroups', 'size'),
});

export const firewallPolicies = define(policyType, {
  level: 'modelled',
  located: true,
  properties: policyProperties,
  put: (put, read) => {
    const { basePolicy } = put.properties;
    mustExist(read, basePolicy?.id, 'properties.basePolicy.id');
    if (basePolicy && sameId(basePolicy.id, put.id.id)) {
      throw new ArmError('InvalidParameter', 'A policy cannot be its own parent.', {
        target: 'properties.basePolicy.id',
      });
    }
    return { writes: [store(put)] };
  },
  remove: (policy, read) => {
    refuseInUse(policy, read);
    return { writes: [] };
  },
  facts: (policy) => {
    const { basePolicy, dnsSettings } = propertiesOf(policyProperties, policy);
    return [
      {
        kind: 'firewall-policy',
        id: policy.id,
        base: basePolicy?.id,
        dns: dnsSettings && dnsOf(dnsSettings),
      },
    ];
  },
});

function dnsOf({
  enableProxy,
  servers,
}: NonNullable<shape.Of<typeof policyProperties>['dnsSettings']>): FirewallDns {
  return { proxy: enableProxy ?? false, servers: (servers ?? []).flatMap((text) => parseIp(text) ?? []) };
}

const action = shape.object({ type: shape.required(shape.oneOf('Allow', 'Deny')) });
const filter = shape.object({
  ruleCollectionType: shape.required(shape.oneOf('FirewallPolicyFilterRuleCollection')),
  name: shape.required(shape.text),
  priority: shape.required(shape.int(100, 65000)),
  action: shape.required(action),
  rules: shape.required(shape.list(policyRule)),
});

const groupProperties = shape.object({
  priority: shape.required(shape.int(100, 65000)),
  ruleCollections: shape.list(filter),
  ...shape.served('provisioningState', 'size'),
});

export const ruleCollectionGroups = define(groupType, {
  level: 'modelled',
  located: false,
  properties: groupProperties,
  put: (put) => {
    for (const [at, collection] of (put.properties.ruleCollections ?? []).entries()) {
      for (const [index, rule] of collection.rules.entries()) {
        const path = `properties.ruleCollections[${at}].rules[${index}]`;
        if (rule.ruleType === 'ApplicationRule') checkApplicationRule(rule, path);
        else checkNetworkRule(rule, path);
      }
    }
    return { writes: [store(put)] };
  },
  facts: (group) => {
    const { priority, ruleCollections } = propertiesOf(groupProperties, group);
    return (ruleCollections ?? []).map(
      (collection): FirewallCollectionFact => ({
        kind: 'firewall-collection',
        id: `${group.id}/ruleCollections/${collection.name}`,
        owner: partsOf(group.id).parent ?? '',
        order: [priority, collection.priority],
        action: collection.action.type === 'Allow' ? 'allow' : 'deny',
        network: collection.rules.flatMap((rule) =>
          rule.ruleType === 'NetworkRule' ? [networkRuleOf(rule)] : [],
        ),
        application: collection.rules.flatMap((rule) =>
          rule.ruleType === 'ApplicationRule' ? [applicationRuleOf(rule)] : [],
        ),
      }),
    );
  },
});
