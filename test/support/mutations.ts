/**
 * One-change mutations of examples/secure-workspace, in the language of docs/semantics/README.md.
 *
 * @module
 */

import type { JsonObject } from '../../src/lib/json.ts';
import { wideMutations } from './mutations-wide.ts';

/** A change and what has to be found. */
export interface Mutation {
  readonly change: readonly JsonObject[];
  readonly beside?: JsonObject;
  /** `code subject at`. */
  readonly finds: string | readonly string[];
  /** `resource property` of the worst finding. */
  readonly blockers?: readonly string[];
  /** What the fix of the worst finding says; null: none can be proven. */
  readonly fix?: string | null;
}

const zones = {
  blob: 'privatelink.blob.core.windows.net',
  file: 'privatelink.file.core.windows.net',
  queue: 'privatelink.queue.core.windows.net',
  table: 'privatelink.table.core.windows.net',
  vault: 'privatelink.vaultcore.azure.net',
  registry: 'privatelink.azurecr.io',
} as const;
const workspaceZones = ['privatelink.api.azureml.ms', 'privatelink.notebooks.azure.net'] as const;
const targets = {
  blob: 'stclinic',
  file: 'stclinic',
  queue: 'stclinic',
  table: 'stclinic',
  vault: 'kv-clinic',
  registry: 'crclinic',
  workspace: 'mlw-clinic',
} as const;
const endpoints = Object.keys(targets) as (keyof typeof targets)[];
const elsewhere =
  '/subscriptions/0c7e5a1d-3f0b-4c52-9d6e-1a2b3c4d5e6f/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/clinic-vnet/subnets/training';

/** A private endpoint that is not there. */
const removed: readonly Mutation[] = [
  ...(['blob', 'file'] as const).map((group) => ({
    change: [{ remove: `pe-${group}/default` }, { remove: `pe-${group}` }],
    finds: `private-endpoint-missing stclinic ${group}`,
    blockers: [`stclinic ${group}`],
    fix: `add a private endpoint for ${group} in training`,
  })),
  ...(['vault', 'registry', 'workspace'] as const).map((group) => ({
    change: [{ remove: `pe-${group}/default` }, { remove: `pe-${group}` }],
    finds: `public-access-off-without-endpoint ${targets[group]} publicNetworkAccess`,
    blockers: [`${targets[group]} publicNetworkAccess`],
    fix: `add a private endpoint for ${group === 'workspace' ? 'amlworkspace' : group} in training`,
  })),
];

/** A private endpoint that is there, and wrong. */
const wrong: readonly Mutation[] = [
  ...endpoints.map((name) => ({
    change: [{ set: `pe-${name} location`, to: 'westus' }],
    finds: `private-endpoint-region-mismatch pe-${name} location`,
    blockers: [`pe-${name} location`],
    fix: 'put it into eastus',
  })),
  ...endpoints.map((name) => ({
    change: [{ set: `pe-${name} subnet.id`, to: elsewhere }],
    finds: `subnet-reference-unresolved pe-${name} subnet.id`,
    blockers: [`pe-${name} subnet.id`],
    fix: 'name training by its full id',
  })),
  ...(['blob', 'vault', 'workspace'] as const).map((name) => ({
    change: [
      { remove: `pe-${name} privateLinkServiceConnections` },
      {
        set: `pe-${name} manualPrivateLinkServiceConnections`,
        to: [
          {
            name,
            properties: {
              privateLinkServiceId: `@${targets[name]}`,
              groupIds: [name === 'workspace' ? 'amlworkspace' : name],
            },
          },
        ],
      },
    ],
    finds: `private-endpoint-pending pe-${name} manualPrivateLinkServiceConnections`,
    blockers: [`pe-${name} privateLinkServiceConnectionState.status`],
    fix: 'ask for it automatically',
  })),
];

/** Names that nobody writes, or nobody is answered. */
const names: readonly Mutation[] = [
  ...(Object.keys(zones) as (keyof typeof zones)[]).map((name) => ({
    change: [{ remove: `pe-${name}/default` }],
    finds: `zone-group-incomplete pe-${name} privateDnsZoneConfigs`,
    blockers: [`pe-${name} privateDnsZoneConfigs`],
    fix: `name ${zones[name]} in the zone group of pe-${name}`,
  })),
  {
    change: [{ remove: 'pe-workspace/default' }],
    finds: 'zone-group-incomplete pe-workspace privateDnsZoneConfigs',
    fix: `name ${workspaceZones.join(' and ')} in the zone group of pe-workspace`,
  },
  ...(['api', 'notebooks'] as const).map((config, at) => ({
    change: [{ remove: `pe-workspace/default privateDnsZoneConfigs[${config}]` }],
    finds: 'zone-group-incomplete default privateDnsZoneConfigs',
    blockers: ['default privateDnsZoneConfigs'],
    fix: `name ${workspaceZones[at]} in the zone group of pe-workspace`,
  })),
  ...[...Object.values(zones), ...workspaceZones].map((zone) => ({
    change: [{ remove: `${zone}/clinic-vnet` }],
    finds: `private-dns-zone-not-linked ${zone} virtualNetworkLinks`,
    blockers: [`${zone} virtualNetworkLinks`],
    fix: `link ${zone} to clinic-vnet`,
  })),
  {
    change: [
      {
        add: `privateDnsZones/${zones.vault}/A/kv-clinic`,
        after: 'pe-vault/default',
        with: { ttl: 60, aRecords: [{ ipv4Address: '10.150.0.77' }] },
      },
    ],
    finds: 'private-dns-record-wrong-address kv-clinic aRecords',
    blockers: ['kv-clinic aRecords'],
    fix: 'set the record to 10.150.0.8',
  },
  {
    change: [
      {
        'private-endpoint': 'pe-vault-again',
        in: 'clinic-vnet/scoring',
        to: 'kv-clinic',
        group: 'vault',
        zones: [zones.vault],
      },
    ],
    finds: 'private-dns-record-shared default privateDnsZoneConfigs',
  },
];

/** Doors. */
const doors: readonly Mutation[] = [
  {
    change: [{ set: 'crclinic publicNetworkAccess', to: 'Enabled' }],
    finds: 'dependency-left-public crclinic publicNetworkAccess',
    blockers: ['crclinic publicNetworkAccess'],
    fix: 'shut the public door',
  },
  {
    change: [{ set: 'mlw-clinic publicNetworkAccess', to: 'Enabled' }],
    finds: 'workspace-public-path-limited mlw-clinic publicNetworkAccess',
    blockers: ['mlw-clinic publicNetworkAccess'],
    fix: 'shut the public door',
  },
  ...(['stclinic', 'kv-clinic'] as const).map((name) => ({
    change: [{ set: `${name} networkAcls.bypass`, to: 'None' }],
    finds: `trusted-bypass-off ${name} networkAcls.bypass`,
    blockers: [`${name} networkAcls.bypass`],
    fix: "let Microsoft's services in",
  })),
  {
    change: [{ set: 'crclinic networkRuleBypassOptions', to: 'None' }],
    finds: 'trusted-bypass-off crclinic networkRuleBypassOptions',
    blockers: ['crclinic networkRuleBypassOptions'],
    fix: "let Microsoft's services in",
  },
  ...(['Basic', 'Standard'] as const).map((sku) => ({
    change: [{ set: 'crclinic sku.name', to: sku }],
    finds: 'registry-sku-not-premium crclinic sku.name',
    blockers: ['crclinic sku.name'],
    fix: 'make it Premium',
  })),
  {
    change: [{ set: 'stclinic allowSharedKeyAccess', to: false }],
    finds: 'authentication-mode-refused mlw-clinic systemDatastoresAuthMode',
    blockers: ['mlw-clinic systemDatastoresAuthMode', 'stclinic allowSharedKeyAccess'],
  },
  {
    change: [{ set: 'crclinic policies.azureADAuthenticationAsArmPolicy.status', to: 'disabled' }],
    finds: 'authentication-mode-refused crclinic policies.azureADAuthenticationAsArmPolicy.status',
    fix: 'take such tokens',
  },
];

const rule = (name: string, more: JsonObject): JsonObject => ({
  set: 'clinic-nsg securityRules.+',
  to: {
    name,
    properties: {
      direction: 'Outbound',
      priority: 90 + 100,
      access: 'Deny',
      protocol: '*',
      sourceAddressPrefix: '*',
      sourcePortRange: '*',
      destinationPortRange: '*',
      ...more,
    },
  },
});

/** Security groups. */
const gates: readonly Mutation[] = [
  ...(['AllowSignIn', 'AllowResourceManager'] as const).flatMap((name): Mutation[] => [
    {
      change: [{ remove: `clinic-nsg securityRules[${name}]` }],
      finds: 'nsg-outbound-required-blocked clinic-nsg DenyInternet',
      blockers: ['clinic-nsg securityRules/DenyInternet'],
    },
    {
      change: [{ set: `clinic-nsg securityRules[${name}].access`, to: 'Deny' }],
      finds: `nsg-outbound-required-blocked clinic-nsg ${name}`,
      blockers: [`clinic-nsg securityRules/${name}`],
      fix: `let ${name} allow`,
    },
    {
      change: [{ set: `clinic-nsg securityRules[${name}].protocol`, to: 'Udp' }],
      finds: 'nsg-outbound-required-blocked clinic-nsg DenyInternet',
    },
    {
      change: [{ set: `clinic-nsg securityRules[${name}].destinationAddressPrefix`, to: 'AzureMonitor' }],
      finds: 'nsg-outbound-required-blocked clinic-nsg DenyInternet',
    },
  ]),
  {
    change: [rule('DenyVault', { destinationAddressPrefix: '10.150.0.8/32' })],
    finds: 'nsg-outbound-required-blocked clinic-nsg DenyVault',
    blockers: ['clinic-nsg securityRules/DenyVault'],
    fix: 'let DenyVault allow',
  },
  {
    change: [rule('DenyBlob', { destinationAddressPrefix: '10.150.0.4/32', destinationPortRange: '443' })],
    finds: 'nsg-outbound-required-blocked clinic-nsg DenyBlob',
    blockers: ['clinic-nsg securityRules/DenyBlob'],
    fix: 'let DenyBlob allow',
  },
  {
    change: [rule('DenyInbound', { direction: 'Inbound', destinationAddressPrefix: '10.150.0.0/24' })],
    finds: 'nsg-ignored-on-endpoint training privateEndpointNetworkPolicies',
    blockers: ['training privateEndpointNetworkPolicies'],
    fix: null,
  },
  ...(['training', 'scoring'] as const).map((subnet) => ({
    change: [{ remove: `clinic-vnet subnets[${subnet}].networkSecurityGroup` }],
    finds: `subnet-without-nsg ${subnet} networkSecurityGroup`,
    blockers: [`${subnet} networkSecurityGroup`],
    fix: 'attach clinic-nsg',
  })),
];

/** What a team asks for beside the estate. */
const asked: readonly Mutation[] = [
  {
    change: [],
    beside: { intents: [{ from: 'internet', must: 'reach', to: 'workspace/mlw-clinic' }] },
    finds: 'public-access-disabled-for-caller mlw-clinic publicNetworkAccess',
    blockers: ['mlw-clinic properties.publicNetworkAccess'],
    fix: null,
  },
];

export const mutations: readonly Mutation[] = [
  ...removed,
  ...wrong,
  ...names,
  ...doors,
  ...gates,
  ...asked,
  ...wideMutations,
];
