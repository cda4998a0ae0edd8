/**
 * Key vaults: their name, door and permission model.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { propertiesOf, store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { fqdn } from '../../lib/fqdn.ts';
import { define } from '../define.ts';
import {
  bypassFact,
  bypassOf,
  checkIpRules,
  checkSubnetRules,
  doorOf,
  networkAcls,
  publicAccess,
  subnetRuleRights,
} from '../doors.ts';
import { refuseName } from '../names.ts';
import { connections, embedConnections, linkResources } from '../private-link/connections.ts';
import { linkGroupsFact } from '../private-link/target.ts';
import { vaultLink, vaultNames, vaultType } from './link.ts';

const properties = shape.object({
  tenantId: shape.required(shape.text),
  sku: shape.required(shape.object({ family: shape.text, name: shape.oneOf('standard', 'premium') })),
  accessPolicies: shape.list(
    shape.object({
      tenantId: shape.text,
      objectId: shape.required(shape.text),
      applicationId: shape.text,
      permissions: shape.object({
        secrets: shape.list(shape.text),
        keys: shape.list(shape.text),
        certificates: shape.list(shape.text),
        storage: shape.list(shape.text),
      }),
    }),
  ),
  publicNetworkAccess: publicAccess,
  networkAcls: networkAcls(bypassOf('AzureServices')),
  enableRbacAuthorization: shape.bool,
  enableSoftDelete: shape.bool,
  softDeleteRetentionInDays: shape.int(7, 90),
  enablePurgeProtection: shape.bool,
  enabledForDeployment: shape.bool,
  enabledForDiskEncryption: shape.bool,
  // The template of version 1 of the machine-learning SDK sends it; the service has no such member and lets it pass.
  ...shape.served('enabledForVolumeEncryption'),
  enabledForTemplateDeployment: shape.bool,
  createMode: shape.oneOf('default', 'recover'),
  ...shape.served('provisioningState', 'vaultUri', 'privateEndpointConnections', 'hsmPoolResourceId'),
});

export const vaults = define(vaultType, {
  level: 'modelled',
  located: true,
  created: 200,
  properties,
  linked: (put) => subnetRuleRights(put.properties.networkAcls),
  hostName: vaultNameRule,
  put: (put, read) => {
    refuseName(put, read, vaultNameRule);
    checkIpRules(
      (put.properties.networkAcls?.ipRules ?? []).map((rule) => rule.value),
      'properties.networkAcls.ipRules',
    );
    checkSubnetRules(put.properties.networkAcls, 'Microsoft.KeyVault', read);
    if (put.properties.enablePurgeProtection === false) {
      throw new ArmError(
        'BadRequest',
        'The property "enablePurgeProtection" cannot be set to false: leave it out. Once it is on it stays on.',
        { target: 'properties.enablePurgeProtection' },
      );
    }
    if (
      put.properties.accessPolicies === undefined &&
      put.properties.enableRbacAuthorization !== true &&
      !put.before
    ) {
      throw new ArmError(
        'BadRequest',
        'A vault needs accessPolicies (they may be empty), or enableRbacAuthorization true.',
        { target: 'properties.accessPolicies' },
      );
    }
    return {
      writes: [
        store(put, {
          accessPolicies: put.before ? (propertiesOf(properties, put.before).accessPolicies ?? []) : [],
          enableSoftDelete: true,
          publicNetworkAccess: 'Enabled',
          ...(put.before?.properties['enablePurgeProtection'] === true
            ? { enablePurgeProtection: true }
            : {}),
          ...put.properties,
        }),
      ],
    };
  },
  remove: (vault) => ({ writes: [], then: [{ kind: 'forget', resource: vault.id }] }),
  show: (vault, read) => ({
    ...vault.properties,
    vaultUri: `https://${vaultNames(vault.name).name}/`,
    privateEndpointConnections: embedConnections(read, vault),
  }),
  views: { privateLinkResources: linkResources(vaultLink) },
  facts: (vault) => {
    const stored = propertiesOf(properties, vault);
    const { name, alias } = vaultNames(vault.name);
    return [
      {
        kind: 'service',
        id: vault.id,
        service: 'vault',
        location: vault.location ?? '',
        surfaces: [{ group: 'vault', name: fqdn(name), alias: fqdn(alias), ports: [443] }],
        tag: 'AzureKeyVault',
        behind: undefined,
        door: doorOf(stored.publicNetworkAccess, stored.networkAcls),
        access:
          stored.enableRbacAuthorization === true
            ? { by: 'role', operation: 'Microsoft.KeyVault/vaults/secrets/getSecret/action', plane: 'data' }
            : {
                by: 'policy',
                permission: 'get',
                policies: (stored.accessPolicies ?? []).map((policy) => ({
                  objectId: policy.objectId,
                  secrets: policy.permissions?.secrets ?? [],
                })),
              },
        aliasNeedsApproval: true,
      },
      bypassFact(vault.id, stored.networkAcls),
      linkGroupsFact(vaultLink, vault),
      { kind: 'vault-settings', id: vault.id, purgeProtection: stored.enablePurgeProtection === true },
    ];
  },
});

export const vaultConnections = connections(vaultLink);

function vaultNameRule(name: string): string | undefined {
  return /^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$/.test(name) && !name.includes('--')
    ? undefined
    : `The vault name '${name}' is invalid. It must be 3 to 24 letters, digits and single dashes, and start with a letter.`;
}
