/**
 * Policies that write zone groups, in the language of docs/semantics/README.md.
 *
 * @module
 */

import type { JsonObject } from '../../src/lib/json.ts';

export const vaultZone = 'privatelink.vaultcore.azure.net';
export const networkContributor = '4d97b98b-1d4f-4787-a291-c67834d212e7';
const endpoints = 'Microsoft.Network/privateEndpoints';
export const groupIds = `${endpoints}/privateLinkServiceConnections[*].groupIds[*]`;

/**
 * A policy that writes the zone group of the example's vault, whose private endpoint has none of its own. The first edit
 * takes that away, the last gives the role.
 */
export function vaultPolicy({
  group = 'vault',
  zone = `@${vaultZone}`,
  identity = true,
  role = networkContributor,
}): readonly JsonObject[] {
  return [
    { remove: 'pe-vault/default' },
    {
      add: 'policyDefinitions/vault-zones',
      with: {
        parameters: { zone: { type: 'String' } },
        policyRule: {
          if: {
            allOf: [
              { field: 'type', equals: endpoints },
              { count: { field: groupIds, where: { field: groupIds, equals: group } }, greaterOrEquals: 1 },
            ],
          },
          then: writing(),
        },
      },
    },
    {
      add: 'policyAssignments/write-zones',
      ...(identity ? { identity: { type: 'SystemAssigned' } } : {}),
      location: 'eastus',
      with: { policyDefinitionId: '@vault-zones', parameters: { zone: { value: zone } } },
    },
    ...(identity
      ? [
          {
            add: 'roleAssignments/00000000-0000-0000-0000-0000000000c1',
            after: 'write-zones',
            with: {
              roleDefinitionId: `[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '${role}')]`,
              principalId:
                "[reference(resourceId('Microsoft.Authorization/policyAssignments', 'write-zones'), '2022-06-01', 'full').identity.principalId]",
            },
          },
        ]
      : []),
  ];
}

function writing(): JsonObject {
  const type = `${endpoints}/privateDnsZoneGroups`;
  const configs = [{ name: 'vault', properties: { privateDnsZoneId: "[[parameters('zone')]" } }];
  return {
    effect: 'DeployIfNotExists',
    details: {
      type,
      deployment: {
        properties: {
          parameters: { zone: { value: "[[parameters('zone')]" } },
          template: { resources: [{ type, properties: { privateDnsZoneConfigs: configs } }] },
        },
      },
    },
  };
}

/** Assigns the definition through an initiative, which hands on zone and effect. */
export function initiative({ effect = 'DeployIfNotExists' }): readonly JsonObject[] {
  return [
    { set: 'vault-zones policyRule.then.effect', to: "[[parameters('effect')]" },
    {
      add: 'policySetDefinitions/all-zones',
      with: {
        parameters: { vaults: { type: 'String' }, act: { type: 'String', defaultValue: effect } },
        policyDefinitions: [
          {
            policyDefinitionId: '@vault-zones',
            parameters: {
              zone: { value: "[[parameters('vaults')]" },
              effect: { value: "[[parameters('act')]" },
            },
          },
        ],
      },
    },
    { set: 'write-zones policyDefinitionId', to: '@all-zones' },
    { set: 'write-zones parameters', to: { vaults: { value: `@${vaultZone}` } } },
  ];
}
