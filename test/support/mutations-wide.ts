/**
 * Mutations that add what the example does not have: other groups, policies, custom roles, computes, peers.
 *
 * @module
 */

import type { JsonObject } from '../../src/lib/json.ts';
import type { Mutation } from './mutations.ts';
import { vaultPolicy, vaultZone } from './policies.ts';

const nobody = '/subscriptions/00000000-0000-0000-0000-000000000000';
const policies: readonly Mutation[] = [
  { change: vaultPolicy({}), finds: [] },
  {
    change: vaultPolicy({ group: 'keyvault' }),
    finds: [
      'dns-policy-ineffective vault-zones policyRule.if.allOf.1.count.where.equals',
      'zone-group-incomplete pe-vault privateDnsZoneConfigs',
    ],
    fix: 'say vault there',
  },
  {
    change: vaultPolicy({
      zone: `${nobody}/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/${vaultZone}`,
    }),
    finds: [
      'dns-policy-ineffective write-zones parameters.zone.value',
      'zone-group-incomplete pe-vault privateDnsZoneConfigs',
    ],
    fix: `say ${vaultZone} there`,
  },
  {
    change: vaultPolicy({ identity: false }),
    finds: [
      'dns-policy-ineffective write-zones identity',
      'zone-group-incomplete pe-vault privateDnsZoneConfigs',
    ],
    blockers: ['write-zones identity'],
  },
  {
    change: vaultPolicy({ role: 'acdd72a7-3385-48ef-bd42-f606fba81ae7' }),
    finds: [
      `network-join-right-missing write-zones Private DNS Zone Contributor on ${vaultZone}`,
      'role-action-missing write-zones Network Contributor on cloister',
      'zone-group-incomplete pe-vault privateDnsZoneConfigs',
    ],
  },
];

const zonesElsewhere: readonly Mutation[] = [
  {
    change: [{ zone: `ward:${vaultZone}`, links: ['clinic-vnet'] }],
    finds: 'private-dns-zone-duplicated clinic-vnet virtualNetwork.id',
    blockers: ['clinic-vnet virtualNetwork.id'],
    fix: `keep ${vaultZone} in cloister alone for it`,
  },
  {
    change: [
      { zone: `ward:${vaultZone}` },
      { set: 'pe-vault/default privateDnsZoneConfigs[vault].privateDnsZoneId', to: `@ward:${vaultZone}` },
    ],
    finds: `private-dns-zone-duplicated ${vaultZone} clinic-vnet`,
    fix: `point the zone groups at ${vaultZone} in cloister`,
  },
  {
    // The link is written into the nested template that has the zone.
    change: [
      { remove: 'pe-vault/default' },
      { remove: `${vaultZone}/clinic-vnet` },
      { remove: vaultZone },
      { zone: `hub:${vaultZone}` },
      {
        add: 'privateEndpoints/pe-vault/privateDnsZoneGroups/central',
        with: {
          privateDnsZoneConfigs: [{ name: 'vault', properties: { privateDnsZoneId: `@hub:${vaultZone}` } }],
        },
      },
    ],
    finds: `private-dns-zone-not-linked ${vaultZone} virtualNetworkLinks`,
    fix: `link ${vaultZone} to clinic-vnet`,
  },
];

const role = (more: JsonObject): JsonObject => ({
  add: 'roleDefinitions/00000000-0000-0000-0000-0000000000e1',
  with: {
    roleName: 'Joins subnets',
    type: 'CustomRole',
    assignableScopes: ['@group'],
    permissions: [{ actions: ['Microsoft.Network/virtualNetworks/subnets/join/action'] }],
    ...more,
  },
});

const roles: readonly Mutation[] = [
  { change: [role({})], finds: [] },
  {
    change: [role({ permissions: [{ actions: ['Microsoft.Network/virtualNetworks/subnet/join/action'] }] })],
    finds: 'role-definition-invalid 00000000-0000-0000-0000-0000000000e1 permissions.0.actions.0',
    fix: 'write Microsoft.Network/virtualNetworks/subnets/join/action',
  },
  {
    change: [role({ assignableScopes: [nobody] })],
    finds: 'role-definition-invalid 00000000-0000-0000-0000-0000000000e1 assignableScopes.0',
  },
  {
    change: [role({ assignableScopes: ['research'] })],
    finds: 'role-definition-invalid 00000000-0000-0000-0000-0000000000e1 assignableScopes.0',
  },
];

const allZones = [
  'privatelink.api.azureml.ms',
  'privatelink.notebooks.azure.net',
  'privatelink.blob.core.windows.net',
  'privatelink.file.core.windows.net',
  'privatelink.queue.core.windows.net',
  'privatelink.table.core.windows.net',
  vaultZone,
  'privatelink.azurecr.io',
];

/** A machine in a network that is peered with the example's and linked to its zones. */
function spoke(peering: JsonObject): readonly JsonObject[] {
  return [
    { add: 'networkSecurityGroups/rules' },
    {
      add: 'virtualNetworks/spoke',
      with: {
        addressSpace: { addressPrefixes: ['10.160.0.0/16'] },
        subnets: [{ name: 'work', addressPrefix: '10.160.1.0/24', networkSecurityGroup: { id: '@rules' } }],
      },
    },
    { peering: ['spoke', 'clinic-vnet'], ...peering },
    ...allZones.map((zone) => ({
      add: `privateDnsZones/${zone}/virtualNetworkLinks/spoke`,
      with: { registrationEnabled: false, virtualNetwork: { id: '@spoke' } },
    })),
    { machine: 'desk', in: 'spoke/work' },
  ];
}

const ways: readonly Mutation[] = [
  {
    change: [
      {
        add: 'routeTables/nowhere',
        with: { routes: [{ name: 'endpoints', addressPrefix: '10.150.0.8/32', nextHopType: 'None' }] },
      },
      { set: 'clinic-vnet subnets[scoring].routeTable.id', to: '@nowhere' },
    ],
    finds: 'no-route-to-endpoint nowhere endpoints',
    blockers: ['nowhere endpoints'],
    fix: 'take endpoints away',
  },
  {
    change: spoke({ with: { allowVirtualNetworkAccess: false } }),
    finds: 'no-route-to-endpoint to-clinic-vnet properties.allowVirtualNetworkAccess',
    blockers: ['to-clinic-vnet properties.allowVirtualNetworkAccess'],
    fix: 'open the peering of spoke and clinic-vnet',
  },
  {
    change: spoke({ 'one-sided': true }),
    finds: 'no-route-to-endpoint to-clinic-vnet properties.peeringState',
    blockers: ['to-clinic-vnet properties.peeringState'],
    fix: 'open the peering of spoke and clinic-vnet',
  },
  { change: spoke({}), finds: [] },
];

const instance = { computeType: 'ComputeInstance', properties: { vmSize: 'Standard_DS3_v2' } };

const computes: readonly Mutation[] = [
  {
    change: [
      { set: 'mlw-clinic publicNetworkAccess', to: 'Enabled' },
      { set: 'mlw-clinic ipAllowlist', to: ['203.0.113.0/24'] },
      { set: 'crclinic adminUserEnabled', to: true },
      { add: 'networkSecurityGroups/rules' },
      { add: 'natGateways/out', sku: { name: 'Standard' } },
      {
        set: 'clinic-vnet subnets.+',
        to: {
          name: 'jobs',
          properties: {
            addressPrefix: '10.150.5.0/24',
            networkSecurityGroup: { id: '@rules' },
            natGateway: { id: '@out' },
          },
        },
      },
      { add: 'workspaces/mlw-clinic/computes/ci', with: instance },
    ],
    finds: [
      'compute-not-behind-endpoint ci properties.subnet',
      'network-acls-exclude-caller mlw-clinic ipAllowlist',
      'workspace-public-path-limited mlw-clinic publicNetworkAccess',
    ],
    fix: 'put ci into jobs',
  },
  {
    change: [
      { set: 'mlw-clinic publicNetworkAccess', to: 'Enabled' },
      { set: 'mlw-clinic/length-of-stay/blue privateNetworkConnection', to: true },
    ],
    finds: 'serving-visibility-follows-workspace blue privateNetworkConnection',
  },
  {
    change: [{ set: 'mlw-clinic allowRoleAssignmentOnRG', to: false }],
    finds: 'storage-endpoint-reader-missing mlw-clinic Reader on pe-blob',
  },
];

export const wideMutations: readonly Mutation[] = [
  ...policies,
  ...zonesElsewhere,
  ...roles,
  ...ways,
  ...computes,
];
