/**
 * Namespaces of Azure Relay: their name and door. The rules of the door are a resource of their own, and are kept in the
 * namespace, too: what a resource means is said by it alone (docs/adr/0004).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { ancestorId, sameId } from '../../arm/id.ts';
import { propertiesOf, store } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { fqdn } from '../../lib/fqdn.ts';
import { type Prefix, parsePrefix } from '../../lib/ip.ts';
import { asText, isObject, type JsonObject, omit } from '../../lib/json.ts';
import type { DoorFact } from '../../net/facts.ts';
import { define } from '../define.ts';
import { checkIpRules, publicAccess } from '../doors.ts';
import { refuseName } from '../names.ts';
import { connections, embedConnections, linkResources } from '../private-link/connections.ts';
import { linkGroupsFact } from '../private-link/target.ts';
import { relayLink, relayNames, relayType } from './link.ts';

const properties = shape.object({
  publicNetworkAccess: publicAccess,
  ...shape.served(
    'provisioningState',
    'status',
    'createdAt',
    'updatedAt',
    'serviceBusEndpoint',
    'metricId',
    'privateEndpointConnections',
  ),
});

/** Where a namespace keeps the rules of its door. */
const kept = 'x-cloister-network-rules';

/** HTTPS; and where a listener of a hybrid connection comes by a private endpoint, what it is called back on. */
const ports = [443, ...Array.from({ length: 200 }, (_, at) => 9400 + at)];

export const relayNamespaces = define(relayType, {
  level: 'modelled',
  located: true,
  properties,
  hostName: namespaceRule,
  put: (put, read) => {
    refuseName(put, read, namespaceRule);
    const sku = asText(put.envelope.sku?.['name']) ?? 'Standard';
    if (!sameId(sku, 'Standard')) {
      throw new ArmError('InvalidRequestContent', `sku.name must be Standard, not '${sku}'.`, {
        target: 'sku.name',
      });
    }
    const rules = put.before?.properties[kept];
    const draft = store(put, {
      publicNetworkAccess: 'Enabled',
      ...put.properties,
      ...(rules === undefined ? {} : { [kept]: rules }),
    });
    return { writes: [{ ...draft, sku: { name: 'Standard', tier: 'Standard' } }] };
  },
  show: (namespace, read) => ({
    ...omit(namespace.properties, kept),
    status: 'Active',
    serviceBusEndpoint: `https://${relayNames(namespace.name).name}:443/`,
    metricId: `${namespace.id.split('/')[2] ?? ''}:${namespace.name}`,
    privateEndpointConnections: embedConnections(read, namespace),
  }),
  views: { privateLinkResources: linkResources(relayLink) },
  facts: (namespace) => {
    const { name, alias } = relayNames(namespace.name);
    return [
      {
        kind: 'service',
        id: namespace.id,
        service: 'relay',
        location: namespace.location ?? '',
        surfaces: [{ group: 'namespace', name: fqdn(name), alias: fqdn(alias), ports }],
        tag: 'ServiceBus',
        behind: undefined,
        door: doorOf(namespace),
        access: {
          by: 'role',
          operation: 'Microsoft.Relay/namespaces/messages/send/action',
          plane: 'data',
          // The keys of its policies; nothing turns them off.
          keys: { flag: 'authorizationRules', allowed: true },
        },
        aliasNeedsApproval: false,
      },
      linkGroupsFact(relayLink, namespace),
    ];
  },
});

export const relayConnections = connections(relayLink);

const ruleProperties = shape.object({
  defaultAction: shape.oneOf('Allow', 'Deny'),
  publicNetworkAccess: publicAccess,
  ipRules: shape.list(shape.object({ ipMask: shape.required(shape.text), action: shape.oneOf('Allow') })),
  // Whom it would admit is in dispute; machine learning is not among them.
  ...shape.opaque('trustedServiceAccessEnabled'),
  ...shape.served('provisioningState'),
});

/** `default`, the one rule set of a namespace. */
export const relayRules = define(`${relayType}/networkRuleSets`, {
  level: 'modelled',
  located: false,
  created: 200,
  properties: ruleProperties,
  put: (put, read) => {
    const { defaultAction = 'Allow', ipRules = [], publicNetworkAccess } = put.properties;
    if (!sameId(put.id.name, 'default')) {
      throw new ArmError(
        'BadRequest',
        `A namespace has one rule set, 'default'; there is no '${put.id.name}'.`,
        { target: 'name' },
      );
    }
    checkIpRules(
      ipRules.map(({ ipMask }) => ipMask),
      'properties.ipRules',
    );
    const namespace = read.get(ancestorId(put.id.id, 1));
    const rules = { defaultAction, ipRules };
    return {
      writes: [
        store(put, { ...put.properties, ...rules }),
        ...(namespace ? [withRules(namespace, rules, publicNetworkAccess)] : []),
      ],
    };
  },
  remove: (rules, read) => {
    const namespace = read.get(ancestorId(rules.id, 1));
    return { writes: namespace ? [{ ...namespace, properties: omit(namespace.properties, kept) }] : [] };
  },
  facts: ({ id, properties: { defaultAction } }) => [
    { kind: 'relay-rules', id, namespace: ancestorId(id, 1), closed: defaultAction === 'Deny' },
  ],
});

/** The flag of the rule set is that of the namespace. */
function withRules(namespace: Resource, rules: JsonObject, flag: string | undefined): Resource {
  const access = flag === undefined ? {} : { publicNetworkAccess: flag };
  return { ...namespace, properties: { ...namespace.properties, ...access, [kept]: rules } };
}

function doorOf(namespace: Resource): DoorFact {
  const stored = namespace.properties[kept];
  const { defaultAction, ipRules = [] } = ruleProperties.check(isObject(stored) ? stored : {}, kept);
  return {
    publicAccess: propertiesOf(properties, namespace).publicNetworkAccess !== 'Disabled',
    flag: 'publicNetworkAccess',
    defaultAllow: defaultAction !== 'Deny',
    defaultFlag: 'networkRuleSets.defaultAction',
    addresses: ipRules.flatMap(({ ipMask }): Prefix[] => {
      const prefix = parsePrefix(ipMask);
      return prefix ? [prefix] : [];
    }),
    addressesFlag: 'networkRuleSets.ipRules',
    subnets: [],
  };
}

function namespaceRule(name: string): string | undefined {
  return /^[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]$/.test(name)
    ? undefined
    : `The namespace name '${name}' is invalid. It must be 6 to 50 letters, digits and dashes, and start with a letter.`;
}
