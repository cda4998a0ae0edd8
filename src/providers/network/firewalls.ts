/**
 * Azure Firewalls (docs/semantics/firewalls.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf } from '../../arm/id.ts';
import { propertiesOf, store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { formatIp, parseIp } from '../../lib/ip.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Fact, FirewallCollectionFact } from '../../net/facts.ts';
import { define } from '../define.ts';
import { allocate } from './addresses.ts';
import {
  applicationRule,
  applicationRuleOf,
  checkApplicationRule,
  checkNetworkRule,
  networkRule,
  networkRuleOf,
} from './firewall-rules.ts';
import { mustExist } from './network-interfaces.ts';
import { refuseInUse } from './security-groups.ts';

/** The one name that a firewall's subnet may have. */
const subnetName = 'AzureFirewallSubnet';

const configuration = shape.object({
  name: shape.required(shape.text),
  properties: shape.object({
    subnet: shape.reference,
    publicIPAddress: shape.reference,
    // Given back by clients that read the firewall before; the service gives it out.
    privateIPAddress: shape.address,
    ...shape.served('provisioningState', 'privateIPAllocationMethod'),
  }),
  ...shape.served('id', 'etag', 'type'),
});

const action = shape.object({ type: shape.required(shape.oneOf('Allow', 'Deny')) });

/** A collection of rules of one kind, as a firewall of its own lists it. */
const collectionOf = <R extends JsonObject>(rule: shape.Shape<R>) =>
  shape.object({
    name: shape.required(shape.text),
    properties: shape.required(
      shape.object({
        priority: shape.required(shape.int(100, 65000)),
        action: shape.required(action),
        rules: shape.required(shape.list(rule)),
        ...shape.served('provisioningState'),
      }),
    ),
    ...shape.served('id', 'etag'),
  });

const properties = shape.object({
  sku: shape.object({ name: shape.oneOf('AZFW_VNet'), tier: shape.oneOf('Basic', 'Standard', 'Premium') }),
  threatIntelMode: shape.oneOf('Alert', 'Deny', 'Off'),
  ipConfigurations: shape.required(shape.list(configuration)),
  firewallPolicy: shape.reference,
  networkRuleCollections: shape.list(collectionOf(networkRule)),
  applicationRuleCollections: shape.list(collectionOf(applicationRule)),
  additionalProperties: shape.mapOf(shape.text),
  ...shape.opaque('managementIpConfiguration', 'autoscaleConfiguration'),
  ...shape.served('provisioningState', 'ipGroups', 'resourceGuid'),
});

type Properties = shape.Of<typeof properties>;

export const azureFirewalls = define('Microsoft.Network/azureFirewalls', {
  level: 'modelled',
  located: true,
  properties,
  linked: (put) =>
    put.properties.ipConfigurations.flatMap((item) =>
      item.properties?.subnet
        ? [
            {
              action: 'Microsoft.Network/virtualNetworks/subnets/join/action',
              scope: item.properties.subnet.id,
            },
          ]
        : [],
    ),
  put: (put, read) => {
    const { ipConfigurations, firewallPolicy } = put.properties;
    const [first, ...others] = ipConfigurations;
    const subnet = first?.properties?.subnet?.id;
    const target = 'properties.ipConfigurations[0].properties.subnet';
    if (!first || subnet === undefined) {
      throw new ArmError('InvalidRequestContent', `${target} is required.`, { target });
    }
    if (partsOf(subnet).name.toLowerCase() !== subnetName.toLowerCase()) {
      const message = `A firewall stands in the subnet ${subnetName}, not in ${partsOf(subnet).name}.`;
      throw new ArmError('InvalidRequestContent', message, { target });
    }
    if (others.some((item) => item.properties?.subnet)) {
      throw new ArmError('InvalidRequestContent', 'Only the first IP configuration names the subnet.', {
        target,
      });
    }
    const { location } = put.envelope;
    mustExist(read, subnet, `${target}.id`, location);
    mustExist(read, firewallPolicy?.id, 'properties.firewallPolicy.id', location);
    for (const [at, item] of ipConfigurations.entries()) {
      const path = `properties.ipConfigurations[${at}].properties.publicIPAddress.id`;
      mustExist(read, item.properties?.publicIPAddress?.id, path, location);
    }
    checkRules(put.properties);
    const had = [put.before, put.rehearsed?.get(put.id.id)].flatMap((known) =>
      known ? (addressOf(propertiesOf(properties, known)) ?? []) : [],
    );
    const [address] = allocate(read, subnet, put.id.id, [{ preferably: had[0] }]);
    const given = address === undefined ? {} : { privateIPAddress: formatIp(address) };
    const stored = ipConfigurations.map((item, at) =>
      at === 0 ? { ...item, properties: { ...item.properties, ...given } } : item,
    );
    return { writes: [store(put, { ...put.properties, ipConfigurations: stored })] };
  },
  remove: (firewall, read) => {
    refuseInUse(firewall, read);
    return { writes: [] };
  },
  facts: (firewall) => {
    const stored = propertiesOf(properties, firewall);
    const first = stored.ipConfigurations[0]?.properties;
    const address = parseIp(addressOf(stored) ?? '');
    if (!first?.subnet || address === undefined) return [];
    const settings = stored.additionalProperties ?? {};
    const facts: Fact[] = [
      {
        kind: 'nic',
        id: firewall.id,
        configurations: [
          { subnet: first.subnet.id, address, publicAddress: first.publicIPAddress?.id, groups: [] },
        ],
        gate: undefined,
        dnsServers: [],
        forwarding: true,
        endpoint: undefined,
        runs: 'firewall',
      },
      {
        kind: 'firewall',
        id: firewall.id,
        policy: stored.firewallPolicy?.id,
        dns: {
          proxy: settings['Network.DNS.EnableProxy']?.toLowerCase() === 'true',
          servers: (settings['Network.DNS.Servers'] ?? '')
            .split(',')
            .flatMap((text) => parseIp(text.trim()) ?? []),
        },
      },
      ...collectionsOf(firewall.id, stored),
    ];
    return facts;
  },
});

function addressOf({ ipConfigurations }: Properties): string | undefined {
  return ipConfigurations[0]?.properties?.privateIPAddress;
}

function checkRules({ networkRuleCollections, applicationRuleCollections }: Properties): void {
  for (const [at, { properties: one }] of (networkRuleCollections ?? []).entries()) {
    for (const [index, rule] of one.rules.entries())
      checkNetworkRule(rule, `properties.networkRuleCollections[${at}].properties.rules[${index}]`);
  }
  for (const [at, { properties: one }] of (applicationRuleCollections ?? []).entries()) {
    for (const [index, rule] of one.rules.entries())
      checkApplicationRule(rule, `properties.applicationRuleCollections[${at}].properties.rules[${index}]`);
  }
}

/** Rules of a firewall without a policy. */
function collectionsOf(owner: string, stored: Properties): readonly FirewallCollectionFact[] {
  const fact = (
    kind: 'networkRuleCollections' | 'applicationRuleCollections',
    {
      name,
      properties: one,
    }: {
      readonly name: string;
      readonly properties: {
        readonly priority: number;
        readonly action: { readonly type: 'Allow' | 'Deny' };
      };
    },
  ): Omit<FirewallCollectionFact, 'network' | 'application'> => ({
    kind: 'firewall-collection',
    id: `${owner}/${kind}/${name}`,
    owner,
    order: [0, one.priority],
    action: one.action.type === 'Allow' ? 'allow' : 'deny',
  });
  return [
    ...(stored.networkRuleCollections ?? []).map((item) => ({
      ...fact('networkRuleCollections', item),
      network: item.properties.rules.map(networkRuleOf),
      application: [],
    })),
    ...(stored.applicationRuleCollections ?? []).map((item) => ({
      ...fact('applicationRuleCollections', item),
      network: [],
      application: item.properties.rules.map(applicationRuleOf),
    })),
  ];
}
