/**
 * Private link of key vaults. The zone is `privatelink.vaultcore.azure.net` although the public name ends in
 * `vault.azure.net`.
 *
 * @module
 */

import type { ResourceType } from '../../arm/id.ts';
import { type LinkTarget, single } from '../private-link/target.ts';

export const vaultType = 'Microsoft.KeyVault/vaults' as ResourceType;

/** Public name of a vault, and its alias under private link. */
export function vaultNames(vault: string): { readonly name: string; readonly alias: string } {
  return { name: `${vault}.vault.azure.net`, alias: `${vault}.privatelink.vaultcore.azure.net` };
}

export const vaultLink: LinkTarget = {
  type: vaultType,
  approval: `${vaultType}/privateEndpointConnectionsApproval/action`,
  groups: [
    {
      id: 'vault',
      zones: ['privatelink.vaultcore.azure.net'],
      members: (vault) => {
        const { name, alias } = vaultNames(vault.name);
        return single('default', name, alias);
      },
    },
  ],
};
