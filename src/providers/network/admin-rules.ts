/**
 * Security admin configurations, their collections and rules (docs/semantics/admin-rules.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, type ResourceType } from '../../arm/id.ts';
import { type Put, propertiesOf, store } from '../../arm/provider.ts';
import type { Read } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { parsePrefix } from '../../lib/ip.ts';
import { platformTags } from '../../net/azure.ts';
import type { AddressSpec, AdminRuleFact } from '../../net/facts.ts';
import { protocolSet } from '../../net/gates.ts';
import { define } from '../define.ts';
import { managerType, networkGroupType, refuseCommitted } from './managers.ts';
import { mustExist } from './network-interfaces.ts';
import { portsOf, portsShape } from './security-rules.ts';

const configurationType = `${managerType}/securityAdminConfigurations` as ResourceType;
const collectionType = `${configurationType}/ruleCollections` as ResourceType;

const configurationProperties = shape.object({
  description: shape.text,
  applyOnNetworkIntentPolicyBasedServices: shape.list(shape.oneOf('None', 'All', 'AllowRulesOnly')),
  networkGroupAddressSpaceAggregationOption: shape.oneOf('None', 'Manual'),
  ...shape.served('provisioningState', 'resourceGuid'),
});

export const adminConfigurations = define(configurationType, {
  level: 'modelled',
  located: false,
  properties: configurationProperties,
  put: (put, read) => {
    const manager = read.get(put.id.parent ?? '');
    const accesses = manager?.properties['networkManagerScopeAccesses'];
    if (Array.isArray(accesses) && !accesses.includes('SecurityAdmin')) {
      const message = `Network manager ${manager?.name} cannot have security admin configurations: add SecurityAdmin to its networkManagerScopeAccesses.`;
      throw new ArmError('InvalidRequestContent', message, { target: 'properties' });
    }
    return { writes: [store(put)] };
  },
  remove: (configuration, read) => {
    refuseCommitted(configuration, read);
    return { writes: [] };
  },
});

const collectionProperties = shape.object({
  description: shape.text,
  appliesToGroups: shape.required(
    shape.list(shape.object({ networkGroupId: shape.required(shape.resourceId) })),
  ),
  ...shape.served('provisioningState', 'resourceGuid'),
});

export const adminCollections = define(collectionType, {
  level: 'modelled',
  located: false,
  properties: collectionProperties,
  put: (put, read) => {
    const target = 'properties.appliesToGroups';
    const groups = put.properties.appliesToGroups;
    if (groups.length === 0) {
      throw new ArmError('InvalidRequestContent', `${target} needs a network group.`, { target });
    }
    for (const { networkGroupId } of groups) mustExist(read, networkGroupId, target);
    return { writes: [store(put)] };
  },
  facts: (collection) => [
    {
      kind: 'admin-collection',
      id: collection.id,
      configuration: partsOf(collection.id).parent ?? '',
      groups: propertiesOf(collectionProperties, collection).appliesToGroups.map(
        ({ networkGroupId }) => networkGroupId,
      ),
    },
  ],
});

const side = shape.list(
  shape.object({
    addressPrefix: shape.required(shape.text),
    addressPrefixType: shape.oneOf('IPPrefix', 'ServiceTag', 'NetworkGroup'),
  }),
);

const ruleProperties = shape.object({
  description: shape.text,
  protocol: shape.required(shape.oneOf('Tcp', 'Udp', 'Icmp', 'Esp', 'Ah', 'Any')),
  access: shape.required(shape.oneOf('Allow', 'Deny', 'AlwaysAllow')),
  direction: shape.required(shape.oneOf('Inbound', 'Outbound')),
  priority: shape.required(shape.int(1, 4096)),
  sources: side,
  destinations: side,
  sourcePortRanges: shape.list(portsShape),
  destinationPortRanges: shape.list(portsShape),
  ...shape.served('provisioningState', 'resourceGuid'),
});

type Rule = shape.Of<typeof ruleProperties>;
type Side = 'sources' | 'destinations';

export const adminRules = define(`${collectionType}/rules`, {
  level: 'modelled',
  located: false,
  properties: ruleProperties,
  put: (put, read) => {
    if (put.envelope.kind?.toLowerCase() !== 'custom') {
      const message = `An admin rule needs "kind": "Custom" beside its properties, not ${JSON.stringify(put.envelope.kind ?? null)}: rules of the kind Default are the service's own.`;
      throw new ArmError('InvalidRequestContent', message, { target: 'kind' });
    }
    checkSide(put, 'sources', read);
    checkSide(put, 'destinations', read);
    return { writes: [store(put)] };
  },
  facts: (rule) => [
    {
      kind: 'admin-rule',
      id: rule.id,
      collection: partsOf(rule.id).parent ?? '',
      rule: ruleOf(rule.name, propertiesOf(ruleProperties, rule)),
    },
  ],
});

function checkSide({ properties }: Put<Rule>, name: Side, read: Read): void {
  for (const [at, { addressPrefix: text, addressPrefixType: type }] of (properties[name] ?? []).entries()) {
    const target = `properties.${name}[${at}].addressPrefix`;
    const refuse = (message: string): ArmError => new ArmError('InvalidRequestContent', message, { target });
    if (type === 'NetworkGroup') {
      mustExist(read, text, target);
      if (partsOf(text).type.toLowerCase() !== networkGroupType.toLowerCase())
        throw refuse(`${target} must be a network group, not ${text}.`);
    } else if (type === 'ServiceTag') {
      if (platformTags.has(text.toLowerCase())) {
        throw refuse(`${target}: security admin rules do not take the service tag ${text}.`);
      }
    } else if (text !== '*' && !parsePrefix(text)) {
      throw refuse(
        `${target} must be an address, a prefix without host bits or '*', not '${text}'. A service tag needs "addressPrefixType": "ServiceTag".`,
      );
    }
  }
}

function ruleOf(name: string, stored: Rule): AdminRuleFact['rule'] {
  return {
    name,
    priority: stored.priority,
    direction: stored.direction,
    access: stored.access,
    protocol: protocolSet(stored.protocol),
    source: sideOf(stored.sources),
    destination: sideOf(stored.destinations),
    ports: portsOf(undefined, stored.destinationPortRanges),
    sourcePorts: portsOf(undefined, stored.sourcePortRanges),
  };
}

/** No address at all is every address. */
function sideOf(items: Rule[Side] = []): AddressSpec {
  const texts = (type: 'ServiceTag' | 'NetworkGroup'): string[] =>
    items.flatMap((item) => (item.addressPrefixType === type ? [item.addressPrefix] : []));
  const addresses = items.filter(({ addressPrefixType: type = 'IPPrefix' }) => type === 'IPPrefix');
  const isAny = ({ addressPrefix }: { readonly addressPrefix: string }): boolean =>
    addressPrefix === '*' || addressPrefix === '0.0.0.0/0';
  return {
    any: items.length === 0 || addresses.some(isAny),
    prefixes: addresses.flatMap((item) => (isAny(item) ? [] : (parsePrefix(item.addressPrefix) ?? []))),
    tags: texts('ServiceTag'),
    groups: texts('NetworkGroup'),
  };
}
