/**
 * Private link of container registries: the login server and a data endpoint, two addresses. Premium only.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import type { ResourceType } from '../../arm/id.ts';
import { asText } from '../../lib/json.ts';
import type { LinkTarget } from '../private-link/target.ts';

export const registryType = 'Microsoft.ContainerRegistry/registries' as ResourceType;

/** Names of a registry: login server and data endpoint, each with its alias under private link. */
export function registryNames(
  name: string,
  location: string,
): readonly { readonly name: string; readonly alias: string }[] {
  const lower = name.toLowerCase();
  return [
    { name: `${lower}.azurecr.io`, alias: `${lower}.privatelink.azurecr.io` },
    {
      name: `${lower}.${location}.data.azurecr.io`,
      alias: `${lower}.${location}.data.privatelink.azurecr.io`,
    },
  ];
}

export const registryLink: LinkTarget = {
  type: registryType,
  approval: `${registryType}/privateEndpointConnectionsApproval/action`,
  groups: [
    {
      id: 'registry',
      zones: ['privatelink.azurecr.io'],
      members: (registry) => {
        const location = registry.location ?? '';
        const members = ['registry', `registry_data_${location}`];
        return registryNames(registry.name, location).map(({ name, alias }, at) => ({
          name: members[at] ?? name,
          names: [{ fqdn: name, alias }],
        }));
      },
    },
  ],
  check: (registry) => {
    const sku = asText(registry.sku?.['name']) ?? '';
    if (sku.toLowerCase() === 'premium') return;
    throw new ArmError(
      'BadRequest',
      `Registry ${registry.name} has the SKU ${sku}: private endpoints need Premium.`,
      { target: 'sku.name' },
    );
  },
};
