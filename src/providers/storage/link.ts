/**
 * Private link of storage accounts: one group a sub-resource, one address each.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import type { ResourceType } from '../../arm/id.ts';
import { type LinkGroup, type LinkTarget, single } from '../private-link/target.ts';

export const storageAccountType = 'Microsoft.Storage/storageAccounts' as ResourceType;

/** Sub-resources of an account. */
export const storageServices = ['blob', 'file', 'queue', 'table', 'dfs', 'web'] as const;

/** Public name of a sub-resource, and its alias under private link. */
export function storageNames(
  account: string,
  service: string,
): { readonly name: string; readonly alias: string } {
  return {
    name: `${account}.${service}.core.windows.net`,
    alias: `${account}.privatelink.${service}.core.windows.net`,
  };
}

function group(service: string): LinkGroup {
  return {
    id: service,
    zones: [`privatelink.${service}.core.windows.net`],
    members: (account) => {
      const { name, alias } = storageNames(account.name, service);
      return single(service, name, alias);
    },
  };
}

export const storageLink: LinkTarget = {
  type: storageAccountType,
  approval: `${storageAccountType}/PrivateEndpointConnectionsApproval/action`,
  groups: storageServices.map(group),
  check: (account) => {
    if (account.kind === 'Storage' || account.kind === 'BlobStorage') {
      throw new ArmError(
        'BadRequest',
        `Storage account ${account.name} is of kind ${account.kind}: private endpoints need StorageV2.`,
      );
    }
  },
};
