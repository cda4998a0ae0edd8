/**
 * Storage accounts: their names, doors and keys. Blobs are served elsewhere.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { keyOf } from '../../arm/id.ts';
import { propertiesOf, store } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { fqdn } from '../../lib/fqdn.ts';
import { asText, type JsonObject } from '../../lib/json.ts';
import type { Surface } from '../../net/facts.ts';
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
import { storageAccountType, storageGroups, storageLink, storageNames, storageServices } from './link.ts';

const properties = shape.object({
  publicNetworkAccess: publicAccess,
  networkAcls: networkAcls(bypassOf('AzureServices', 'Logging', 'Metrics')),
  supportsHttpsTrafficOnly: shape.bool,
  isHnsEnabled: shape.bool,
  allowBlobPublicAccess: shape.bool,
  allowSharedKeyAccess: shape.bool,
  minimumTlsVersion: shape.oneOf('TLS1_0', 'TLS1_1', 'TLS1_2', 'TLS1_3'),
  ...shape.opaque(
    'accessTier',
    'allowCrossTenantReplication',
    'allowedCopyScope',
    'azureFilesIdentityBasedAuthentication',
    'customDomain',
    'defaultToOAuthAuthentication',
    'dnsEndpointType',
    'enableExtendedGroups',
    'encryption',
    'immutableStorageWithVersioning',
    'isLocalUserEnabled',
    'isNfsV3Enabled',
    'isSftpEnabled',
    'keyPolicy',
    'largeFileSharesState',
    'routingPreference',
    'sasPolicy',
  ),
  ...shape.served(
    'provisioningState',
    'primaryEndpoints',
    'secondaryEndpoints',
    'primaryLocation',
    'secondaryLocation',
    'privateEndpointConnections',
    'creationTime',
    'statusOfPrimary',
    'statusOfSecondary',
    'keyCreationTime',
    'accountMigrationInProgress',
    'failoverInProgress',
    'geoReplicationStats',
  ),
});

/** Key generations are counted; the key itself is derived, so that nothing secret is in the estate. */
const generations = 'x-cloister-key-generations';

/** How an account is encrypted that says nothing of it; clients read it before they update one. */
const serviceKeys = {
  keySource: 'Microsoft.Storage',
  services: {
    blob: { enabled: true, keyType: 'Account' },
    file: { enabled: true, keyType: 'Account' },
  },
};

export const storageAccounts = define(storageAccountType, {
  level: 'modelled',
  located: true,
  created: 200,
  properties,
  linked: (put) => subnetRuleRights(put.properties.networkAcls),
  hostName: accountNameRule,
  put: (put, read) => {
    refuseName(put, read, accountNameRule);
    const sku = asText(put.envelope.sku?.['name']);
    if (sku === undefined) {
      throw new ArmError(
        'InvalidRequestContent',
        'A storage account needs sku.name, for example Standard_LRS.',
        { target: 'sku.name' },
      );
    }
    checkIpRules(
      (put.properties.networkAcls?.ipRules ?? []).map((rule) => rule.value),
      'properties.networkAcls.ipRules',
    );
    checkSubnetRules(put.properties.networkAcls, 'Microsoft.Storage', read);
    const draft = store(put, {
      publicNetworkAccess: 'Enabled',
      supportsHttpsTrafficOnly: true,
      allowBlobPublicAccess: false,
      encryption: serviceKeys,
      ...put.properties,
      networkAcls: {
        defaultAction: 'Allow',
        bypass: 'AzureServices',
        ipRules: [],
        virtualNetworkRules: [],
        ...put.properties.networkAcls,
      },
      ...(put.before?.properties[generations] === undefined
        ? {}
        : { [generations]: put.before.properties[generations] }),
    });
    const tier = sku.startsWith('Premium') ? 'Premium' : 'Standard';
    return { writes: [{ kind: 'StorageV2', ...draft, sku: { name: sku, tier } }] };
  },
  remove: (account) => ({ writes: [], then: [{ kind: 'forget', resource: account.id }] }),
  show: (account, read) => {
    const { [generations]: _, ...shown } = account.properties;
    return {
      ...shown,
      primaryLocation: account.location,
      statusOfPrimary: 'available',
      primaryEndpoints: Object.fromEntries(
        storageServices.map((service) => [service, `https://${storageNames(account.name, service).name}/`]),
      ),
      privateEndpointConnections: embedConnections(read, account),
    };
  },
  actions: {
    listKeys: {
      right: 'listKeys/action',
      run: ({ resource, settings }) => ({ body: { keys: keysOf(resource, settings.secret) } }),
    },
    regenerateKey: {
      right: 'regeneratekey/action',
      run: ({ resource, body, settings }) => {
        const keyName = asText(body['keyName']);
        if (keyName !== 'key1' && keyName !== 'key2') {
          throw new ArmError('InvalidRequestContent', "keyName must be 'key1' or 'key2'.", {
            target: 'keyName',
          });
        }
        const before = generationsOf(resource);
        const after = { ...before, [keyName]: before[keyName] + 1 };
        const rotated = { ...resource, properties: { ...resource.properties, [generations]: after } };
        return { body: { keys: keysOf(rotated, settings.secret) }, writes: [rotated] };
      },
    },
  },
  views: { privateLinkResources: linkResources(storageLink) },
  facts: (account) => {
    const stored = propertiesOf(properties, account);
    return [
      {
        kind: 'service',
        id: account.id,
        service: 'storage',
        location: account.location ?? '',
        surfaces: storageGroups(account).map((group): Surface => {
          const { name, alias } = storageNames(account.name, group);
          return {
            group,
            name: fqdn(name),
            alias: fqdn(alias),
            ports: group === 'file' ? [443, 445] : [443],
          };
        }),
        tag: 'Storage',
        behind: undefined,
        door: doorOf(stored.publicNetworkAccess, stored.networkAcls),
        access: {
          by: 'role',
          operation: 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read',
          plane: 'data',
          keys: { flag: 'allowSharedKeyAccess', allowed: stored.allowSharedKeyAccess !== false },
        },
        aliasNeedsApproval: false,
      },
      bypassFact(account.id, stored.networkAcls),
      linkGroupsFact(storageLink, account),
      {
        kind: 'account-settings',
        id: account.id,
        flavour: account.kind ?? '',
        hierarchical: stored.isHnsEnabled === true,
        takesKeys: stored.allowSharedKeyAccess !== false,
      },
    ];
  },
});

export const storageConnections = connections(storageLink);

function generationsOf(account: Resource): { readonly key1: number; readonly key2: number } {
  const stored = account.properties[generations];
  return {
    key1: 0,
    key2: 0,
    ...(typeof stored === 'object' && stored !== null ? (stored as JsonObject) : {}),
  } as {
    key1: number;
    key2: number;
  };
}

/** The account's keys as `listKeys` answers them. */
export function keysOf(account: Resource, secret: (purpose: string) => string): JsonObject[] {
  const current = generationsOf(account);
  return (['key1', 'key2'] as const).map((keyName) => ({
    keyName,
    value: secret(`storage ${keyOf(account.id)} ${keyName} ${current[keyName]}`),
    permissions: 'FULL',
  }));
}

function accountNameRule(name: string): string | undefined {
  return /^[a-z0-9]{3,24}$/.test(name)
    ? undefined
    : `${name} is not a valid storage account name. It must be 3 to 24 characters, lower-case letters and digits only.`;
}
