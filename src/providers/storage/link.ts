/**
 * Private link of storage accounts: one group a sub-resource, one address each.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import type { ResourceType } from '../../arm/id.ts';
import type { Resource } from '../../arm/resource.ts';
import { asText } from '../../lib/json.ts';
import { type LinkGroup, type LinkTarget, single } from '../private-link/target.ts';

export const storageAccountType = 'Microsoft.Storage/storageAccounts' as ResourceType;

/** Sub-resources of an account. */
export const storageServices = ['blob', 'file', 'queue', 'table', 'dfs', 'web'] as const;

/** Those that a second region can be read at; files cannot. */
const readable = ['blob', 'queue', 'table', 'dfs', 'web'] as const;

/** Groups of an account: its sub-resources, and those of its second region where that can be read. */
export function storageGroups(account: Pick<Resource, 'sku'>): readonly string[] {
  const second = hasSecond(account) ? readable.map((service) => `${service}_secondary`) : [];
  return [...storageServices, ...second];
}

/** Only the redundancies with RA in their name let a second region be read. */
function hasSecond(account: Pick<Resource, 'sku'>): boolean {
  return /_RAG/i.test(asText(account.sku?.['name']) ?? '');
}

/** Public name of a sub-resource, and its alias under private link. */
export function storageNames(
  account: string,
  group: string,
): { readonly name: string; readonly alias: string } {
  const [service = '', second] = group.split('_');
  const label = second === undefined ? account : `${account}-${second}`;
  return {
    name: `${label}.${service}.core.windows.net`,
    alias: `${label}.privatelink.${service}.core.windows.net`,
  };
}

function groupOf(id: string): LinkGroup {
  const [service, second] = id.split('_');
  return {
    id,
    zones: [`privatelink.${service}.core.windows.net`],
    members: (account) => {
      const { name, alias } = storageNames(account.name, id);
      return single(id, name, alias);
    },
    ...(second === undefined ? {} : { isAt: hasSecond }),
  };
}

export const storageLink: LinkTarget = {
  type: storageAccountType,
  approval: `${storageAccountType}/PrivateEndpointConnectionsApproval/action`,
  groups: [...storageServices, ...readable.map((service) => `${service}_secondary`)].map(groupOf),
  check: (account) => {
    if (account.kind === 'Storage' || account.kind === 'BlobStorage') {
      throw new ArmError(
        'BadRequest',
        `Storage account ${account.name} is of kind ${account.kind}: private endpoints need StorageV2.`,
      );
    }
  },
};
