/**
 * Service endpoint policies and their definitions (docs/semantics/service-endpoint-policies.md).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { parseId, partsOf } from '../../arm/id.ts';
import { type Put, propertiesOf, store } from '../../arm/provider.ts';
import * as shape from '../../arm/shape.ts';
import { omit } from '../../lib/json.ts';
import { define } from '../define.ts';
import { embed, inlineChildren, planInline } from '../inline.ts';
import { refuseInUse } from './security-groups.ts';

const policyType = 'Microsoft.Network/serviceEndpointPolicies';

/** As many resources as a definition may list. */
const mostResources = 200;

const definitionProperties = shape.object({
  description: shape.text,
  service: shape.required(shape.oneOf('Microsoft.Storage', 'Global')),
  serviceResources: shape.required(shape.list(shape.text)),
  ...shape.served('provisioningState'),
});

export const servicePolicyDefinitions = define(`${policyType}/serviceEndpointPolicyDefinitions`, {
  level: 'modelled',
  located: false,
  properties: definitionProperties,
  put: (put) => {
    checkResources(put);
    return { writes: [store(put)] };
  },
  facts: (definition) => [
    {
      kind: 'service-policy-definition',
      id: definition.id,
      policy: partsOf(definition.id).parent ?? '',
      resources: propertiesOf(definitionProperties, definition).serviceResources,
    },
  ],
});

/** Accounts and what has them for storage, aliases of services for `Global`. */
function checkResources({ id, properties }: Put<shape.Of<typeof definitionProperties>>): void {
  const { service, serviceResources } = properties;
  const target = 'properties.serviceResources';
  const refuse = (message: string): ArmError => new ArmError('InvalidParameter', message, { target });
  if (serviceResources.length === 0 || serviceResources.length > mostResources) {
    throw refuse(
      `Definition ${id.name} must list 1 to ${mostResources} resources, not ${serviceResources.length}.`,
    );
  }
  for (const text of serviceResources) {
    if (service === 'Global') {
      if (/^\/services\/\w+(?:\/\w+)*$/i.test(text)) continue;
      throw refuse(
        `Definition ${id.name} is for Global and must list aliases such as /services/Azure/MachineLearning, not ${text}.`,
      );
    }
    const parsed = parseId(text);
    const type = parsed.ok ? parsed.value.type.toLowerCase() : '';
    if (listed.has(type)) continue;
    throw refuse(
      `Definition ${id.name} is for Microsoft.Storage and must list ids of storage accounts, resource groups or subscriptions, not ${text}.`,
    );
  }
}

const listed = new Set([
  'microsoft.storage/storageaccounts',
  'microsoft.resources/resourcegroups',
  'microsoft.resources/subscriptions',
]);

const properties = shape.object({
  serviceEndpointPolicyDefinitions: inlineChildren,
  ...shape.opaque('serviceAlias', 'contextualServiceEndpointPolicies'),
  ...shape.served('provisioningState', 'resourceGuid', 'subnets'),
});

export const servicePolicies = define(policyType, {
  level: 'modelled',
  located: true,
  properties,
  put: (put, read) =>
    planInline(put, read, store(put, omit(put.properties, 'serviceEndpointPolicyDefinitions')), [
      { member: 'serviceEndpointPolicyDefinitions', provider: servicePolicyDefinitions },
    ]),
  remove: (policy, read) => {
    refuseInUse(policy, read);
    return { writes: [] };
  },
  show: (policy, read, settings) => {
    const subnets = read.referencing(policy.id).map(({ id }) => ({ id }));
    return {
      ...policy.properties,
      serviceEndpointPolicyDefinitions: embed(read, settings, policy.id, servicePolicyDefinitions),
      ...(subnets.length === 0 ? {} : { subnets }),
    };
  },
  facts: (policy) => [{ kind: 'service-policy', id: policy.id }],
});
