/**
 * Private link of relays. Namespaces of Service Bus and Event Hubs have names in the same zone.
 *
 * @module
 */

import type { ResourceType } from '../../arm/id.ts';
import { type LinkTarget, single } from '../private-link/target.ts';

export const relayType = 'Microsoft.Relay/namespaces' as ResourceType;

/** Public name of a namespace, and its alias under private link. */
export function relayNames(namespace: string): { readonly name: string; readonly alias: string } {
  return {
    name: `${namespace}.servicebus.windows.net`,
    alias: `${namespace}.privatelink.servicebus.windows.net`,
  };
}

export const relayLink: LinkTarget = {
  type: relayType,
  approval: `${relayType}/privateEndpointConnectionsApproval/action`,
  groups: [
    {
      id: 'namespace',
      zones: ['privatelink.servicebus.windows.net'],
      members: ({ name: namespace }) => {
        const { name, alias } = relayNames(namespace);
        return single('namespace', name, alias);
      },
    },
  ],
};
