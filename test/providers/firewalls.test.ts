/** Azure Firewalls, their policies and rules. */

import type { Json, JsonObject } from '../../src/lib/json.ts';
import { idOf, type TestPlane } from '../support/plane.ts';
import { answered, refused, table } from './row.ts';
import { body, vnet } from './things.ts';

const wall = idOf('firewall/wall');
const policy = idOf('policy/p');
const subnet = (name: string): JsonObject => ({ subnet: { id: idOf(`vnet/hub/subnets/${name}`) } });
const firewall = (more: JsonObject = {}, at = subnet('AzureFirewallSubnet')) =>
  body({ ipConfigurations: [{ name: 'one', properties: at }], ...more });
const rule = (more: JsonObject = {}): JsonObject => ({
  ruleType: 'NetworkRule',
  name: 'r',
  ipProtocols: ['TCP'],
  sourceAddresses: ['*'],
  destinationAddresses: ['10.0.0.0/8'],
  destinationPorts: ['443'],
  ...more,
});
const request = (more: JsonObject = {}): JsonObject => ({
  ruleType: 'ApplicationRule',
  name: 'r',
  protocols: [{ protocolType: 'Https', port: 443 }],
  sourceAddresses: ['*'],
  targetFqdns: ['*.example.org'],
  ...more,
});
const putRules = (p: TestPlane, ...rules: Json[]) =>
  p.put(`${policy}/ruleCollectionGroups/g`, {
    properties: {
      priority: 100,
      ruleCollections: [
        {
          ruleCollectionType: 'FirewallPolicyFilterRuleCollection',
          name: 'c',
          priority: 100,
          action: { type: 'Allow' },
          rules,
        },
      ],
    },
  });

const prepare = async (p: TestPlane): Promise<void> => {
  await p.have(
    idOf('vnet/hub'),
    vnet('10.0.0.0/16', { AzureFirewallSubnet: '10.0.0.0/26', a: '10.0.1.0/24' }),
  );
  await p.have(policy, body({ sku: { tier: 'Standard' } }));
};

table('a firewall', prepare, [
  [
    'arm',
    'has the first free address of its subnet',
    (p) => p.put(wall, firewall()),
    answered(201, { ipConfigurations: [{ properties: { privateIPAddress: '10.0.0.4' } }] }),
  ],
  [
    'arm',
    'and keeps it',
    async (p) => {
      await p.have(wall, firewall());
      return p.put(wall, firewall({ firewallPolicy: { id: policy } }));
    },
    answered(200, { ipConfigurations: [{ properties: { privateIPAddress: '10.0.0.4' } }] }),
  ],
  [
    'arm',
    'stands in its own subnet only',
    (p) => p.put(wall, firewall({}, subnet('a'))),
    refused(400, 'InvalidRequestContent', 'AzureFirewallSubnet'),
  ],
  [
    'arm',
    'needs one',
    (p) => p.put(wall, firewall({}, {})),
    refused(400, 'InvalidRequestContent', 'is required'),
  ],
  [
    'arm',
    'needs its policy',
    (p) => p.put(wall, firewall({ firewallPolicy: { id: `${policy}x` } })),
    refused(400, 'InvalidResourceReference', 'firewallPolicy'),
  ],
  [
    'arm',
    'needs its public address',
    (p) =>
      p.put(
        wall,
        firewall({}, { ...subnet('AzureFirewallSubnet'), publicIPAddress: { id: idOf('pip/no') } }),
      ),
    refused(400, 'InvalidResourceReference', 'publicIPAddress'),
  ],
  [
    'limit',
    'translates no destinations',
    (p) => p.put(wall, firewall({ natRuleCollections: [] })),
    refused(400, 'InvalidRequestFormat', 'natRuleCollections'),
  ],
  [
    'limit',
    'is in no virtual hub',
    (p) => p.put(wall, firewall({ virtualHub: { id: idOf('vnet/hub') } })),
    refused(400, 'InvalidRequestFormat', 'virtualHub'),
  ],
  [
    'arm',
    'keeps its policy from being deleted',
    async (p) => {
      await p.have(wall, firewall({ firewallPolicy: { id: policy } }));
      return p.remove(policy);
    },
    refused(409, 'ResourceInUse'),
  ],
]);

table('a policy', prepare, [
  [
    'arm',
    'is not its own parent',
    (p) => p.put(policy, body({ basePolicy: { id: policy } })),
    refused(400, 'InvalidParameter', 'parent'),
  ],
  [
    'arm',
    'has a parent that is there',
    (p) => p.put(policy, body({ basePolicy: { id: `${policy}x` } })),
    refused(400, 'InvalidResourceReference'),
  ],
  ['F-2', 'takes rules of both kinds', (p) => putRules(p, rule(), request()), answered(201)],
  [
    'F-8',
    'takes names in network rules',
    (p) => putRules(p, rule({ destinationAddresses: [], destinationFqdns: ['x.example.org'] })),
    answered(201),
  ],
  [
    'F-8',
    'without wildcards',
    (p) => putRules(p, rule({ destinationFqdns: ['*.example.org'] })),
    refused(400, 'InvalidRequestContent', 'no wildcards'),
  ],
  [
    'arm',
    'names ports',
    (p) => putRules(p, rule({ destinationPorts: ['x'] })),
    refused(400, 'InvalidRequestContent', "'x' is not a port"),
  ],
  [
    'arm',
    'at least one',
    (p) => putRules(p, rule({ destinationPorts: [] })),
    refused(400, 'InvalidRequestContent', 'ports'),
  ],
  [
    'arm',
    'names protocols',
    (p) => putRules(p, rule({ ipProtocols: [] })),
    refused(400, 'InvalidRequestContent', 'protocols'),
  ],
  [
    'arm',
    'names sources',
    (p) => putRules(p, rule({ sourceAddresses: [] })),
    refused(400, 'InvalidRequestContent', 'sourceAddresses'),
  ],
  [
    'arm',
    'names hosts',
    (p) => putRules(p, request({ targetFqdns: [] })),
    refused(400, 'InvalidRequestContent', 'hosts'),
  ],
  [
    'arm',
    'that are hosts',
    (p) => putRules(p, request({ targetFqdns: ['a b'] })),
    refused(400, 'InvalidRequestContent', "'a b'"),
  ],
  [
    'arm',
    'says which kind a rule is',
    (p) => putRules(p, rule({ ruleType: 'Rule' })),
    refused(400, 'InvalidRequestContent', 'ruleType'),
  ],
  [
    'limit',
    'translates no destinations',
    (p) => putRules(p, rule({ ruleType: 'NatRule' })),
    refused(400, 'InvalidRequestContent', "'NetworkRule', 'ApplicationRule'"),
  ],
  [
    'limit',
    'has no collections that translate destinations',
    (p) =>
      p.put(`${policy}/ruleCollectionGroups/g`, {
        properties: {
          priority: 100,
          ruleCollections: [
            {
              ruleCollectionType: 'FirewallPolicyNatRuleCollection',
              name: 'c',
              priority: 100,
              action: { type: 'Dnat' },
              rules: [],
            },
          ],
        },
      }),
    refused(400, 'InvalidRequestContent', 'FirewallPolicyFilterRuleCollection'),
  ],
]);
