/**
 * Types that are accepted and kept but mean nothing to the network yet: a walk that leads through one is unknown.
 *
 * @module
 */

import type { Provider } from '../arm/provider.ts';
import * as shape from '../arm/shape.ts';
import type { Fact } from '../net/facts.ts';
import { define } from './define.ts';
import { identityFacts } from './identity.ts';

/** Types, and which of them has no location. */
const types: readonly (readonly [string, { readonly located?: boolean }])[] = [
  ['Microsoft.Insights/components', {}],
  ['Microsoft.Insights/diagnosticSettings', { located: false }],
  ['Microsoft.OperationalInsights/workspaces', {}],
  ['Microsoft.Network/bastionHosts', {}],
  ['Microsoft.Network/virtualNetworkGateways', {}],
  ['Microsoft.Network/localNetworkGateways', {}],
  ['Microsoft.Network/connections', {}],
  ['Microsoft.Network/azureFirewalls', {}],
  ['Microsoft.Network/firewallPolicies', {}],
  ['Microsoft.Network/natGateways', {}],
  ['Microsoft.Compute/virtualMachines/extensions', {}],
];

/** One provider for each stored type. */
export const storedTypes: readonly Provider<Fact>[] = types.map(([type, { located }]) =>
  define(type, {
    level: 'stored',
    located: located ?? true,
    ...(type === 'Microsoft.Insights/diagnosticSettings' ? { scope: 'any' as const } : {}),
    properties: shape.freeForm,
    facts: (resource) => [
      {
        kind: 'opaque',
        id: resource.id,
        type: resource.type,
        place: undefined,
      },
      ...identityFacts(resource),
    ],
  }),
);
