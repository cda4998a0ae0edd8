/**
 * Hybrid connections of a relay, and the policies whose keys let somebody send and listen. Keys are derived, so that
 * nothing secret is in the estate (docs/adr/0006).
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { ancestorId, keyOf } from '../../arm/id.ts';
import { type Provider, propertiesOf, type Settings, store } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import type { JsonObject } from '../../lib/json.ts';
import { nameOf } from '../../lib/key.ts';
import type { Fact } from '../../net/facts.ts';
import { define } from '../define.ts';
import { relayNames, relayType } from './link.ts';

const connectionType = `${relayType}/hybridConnections`;

export const hybridConnections = define(connectionType, {
  level: 'modelled',
  located: false,
  created: 200,
  properties: shape.object({
    requiresClientAuthorization: shape.bool,
    userMetadata: shape.text,
    ...shape.served('provisioningState', 'createdAt', 'updatedAt', 'listenerCount'),
  }),
  put: (put) => ({ writes: [store(put, { requiresClientAuthorization: true, ...put.properties })] }),
  show: (connection) => ({ ...connection.properties, listenerCount: 0 }),
  facts: ({ id }) => [{ kind: 'hybrid-connection', id }],
});

const ruleProperties = shape.object({
  rights: shape.required(shape.list(shape.oneOf('Manage', 'Send', 'Listen'))),
  ...shape.served('provisioningState'),
});

/** Policies of hybrid connections, and of whole namespaces. */
export const relayPolicies: readonly Provider<Fact>[] = [connectionType, relayType].map((parent) =>
  define(`${parent}/authorizationRules`, {
    level: 'modelled',
    located: false,
    created: 200,
    properties: ruleProperties,
    put: (put) => {
      const { rights } = put.properties;
      if (rights.includes('Manage') && !(rights.includes('Send') && rights.includes('Listen'))) {
        throw new ArmError('BadRequest', 'Manage permission should also include Send and Listen.', {
          target: 'properties.rights',
        });
      }
      return { writes: [store(put)] };
    },
    actions: {
      listKeys: {
        right: 'listKeys/action',
        run: ({ resource, settings }) => ({ body: keysOf(resource, settings) }),
      },
    },
    facts: (rule) => [
      {
        kind: 'relay-policy',
        id: rule.id,
        of: ancestorId(rule.id, 1),
        rights: propertiesOf(ruleProperties, rule).rights,
      },
    ],
  }),
);

/** Keys and connection strings of a policy, as clients are given them. */
function keysOf(rule: Resource, { secret }: Settings): JsonObject {
  const [, namespace = '', connection] =
    /\/namespaces\/([^/]+)(?:\/hybridConnections\/([^/]+))?\/authorizationRules\//i.exec(rule.id) ?? [];
  const path = connection === undefined ? '' : `;EntityPath=${connection}`;
  const key = (which: string): string => secret(`relay ${keyOf(rule.id)} ${which}`);
  const text = (which: string): string =>
    `Endpoint=sb://${relayNames(namespace).name}/;SharedAccessKeyName=${nameOf(rule.id)};SharedAccessKey=${key(which)}${path}`;
  return {
    primaryKey: key('primary'),
    secondaryKey: key('secondary'),
    primaryConnectionString: text('primary'),
    secondaryConnectionString: text('secondary'),
    keyName: nameOf(rule.id),
  };
}
