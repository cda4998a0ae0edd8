/**
 * Machine-learning registries, as far as private link goes: they are kept, and private endpoints lead to them. Which
 * names and members their endpoints have is not verified, so an endpoint has one address and no record is written.
 *
 * @module
 */

import type { ResourceType } from '../../arm/id.ts';
import type { Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { asList, asText, member } from '../../lib/json.ts';
import { define } from '../define.ts';
import { identityFacts } from '../identity.ts';
import { connections } from '../private-link/connections.ts';
import { type LinkTarget, linkGroupsFact } from '../private-link/target.ts';

const type = 'Microsoft.MachineLearningServices/registries' as ResourceType;

export const mlRegistryLink: LinkTarget = {
  type,
  approval: `${type}/privateEndpointConnectionsApproval/action`,
  groups: [
    {
      id: 'amlregistry',
      zones: ['privatelink.api.azureml.ms'],
      members: () => [{ name: 'amlregistry', names: [] }],
    },
  ],
};

export const mlRegistries = define(type, {
  level: 'stored',
  located: true,
  properties: shape.freeForm,
  facts: (registry) => [
    { kind: 'opaque', id: registry.id, type: registry.type, place: undefined },
    ...identityFacts(registry),
    linkGroupsFact(mlRegistryLink, registry),
    { kind: 'ml-registry', id: registry.id, containers: containersOf(registry) },
  ],
});

/** The container registries behind it. Source: Azure's REST specifications, `RegistryRegionArmDetails`. */
function containersOf({ properties }: Resource): readonly string[] {
  return asList(properties['regionDetails'])
    .flatMap((region) => asList(member(region, 'acrDetails')))
    .flatMap((details) => [
      member(details, 'userCreatedAcrAccount'),
      member(details, 'systemCreatedAcrAccount'),
    ])
    .flatMap((account) => asText(member(member(account, 'armResourceId'), 'resourceId')) ?? []);
}

export const mlRegistryConnections = connections(mlRegistryLink);
