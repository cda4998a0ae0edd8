/** Service endpoint policies: network-semantics.md section 7. */

import type { Json, JsonObject } from '../../src/lib/json.ts';
import { idOf, rg, root, type TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import { body, storage, vnet } from './things.ts';

const policy = idOf('servicePolicy/p');
const definition = `${policy}/serviceEndpointPolicyDefinitions/d`;
const account = idOf('storage/data');
const listing = (serviceResources: Json, service = 'Microsoft.Storage'): JsonObject => ({
  properties: { service, serviceResources },
});
const subnet = idOf('vnet/hub/subnets/a');
const attached = (more: JsonObject = {}): JsonObject => ({
  properties: {
    addressPrefix: '10.0.0.0/24',
    serviceEndpoints: [{ service: 'Microsoft.Storage' }],
    serviceEndpointPolicies: [{ id: policy }],
    ...more,
  },
});

async function start(p: TestPlane): Promise<void> {
  await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
  await p.have(account, storage());
  await p.have(policy, body());
}

table('service endpoint policies', start, [
  ['section 7', 'an account', (p) => p.put(definition, listing([account])), answered(201)],
  ['section 7', 'one that is elsewhere', (p) => p.put(definition, listing([`${account}x`])), answered(201)],
  ['section 7', 'a resource group', (p) => p.put(definition, listing([rg])), answered(201)],
  ['section 7', 'a subscription', (p) => p.put(definition, listing([root])), answered(201)],
  [
    'section 7',
    'an alias',
    (p) => p.put(definition, listing(['/services/Azure/MachineLearning'], 'Global')),
    answered(201),
  ],
  [
    'section 7',
    'an alias is global',
    (p) => p.put(definition, listing(['/services/Azure/MachineLearning'])),
    refused(400, 'InvalidParameter', 'ids of storage accounts'),
  ],
  [
    'section 7',
    'an account is not',
    (p) => p.put(definition, listing([account], 'Global')),
    refused(400, 'InvalidParameter', 'must list aliases'),
  ],
  [
    'section 7',
    'storage only',
    (p) => p.put(definition, listing([idOf('vault/kv')])),
    refused(400, 'InvalidParameter', 'ids of storage accounts'),
  ],
  [
    'section 7',
    'no other service',
    (p) => p.put(definition, listing([account], 'Microsoft.Sql')),
    refused(400, 'InvalidRequestContent', "'Microsoft.Storage', 'Global'"),
  ],
  [
    'section 7',
    'up to 200 resources',
    (p) => p.put(definition, listing(Array.from({ length: 201 }, () => account))),
    refused(400, 'InvalidParameter', 'not 201'),
  ],
  [
    'ARM reference',
    'definitions are children, and embedded',
    async (p) => {
      await p.have(
        policy,
        body({ serviceEndpointPolicyDefinitions: [{ name: 'd', ...listing([account]) }] }),
      );
      return [
        await p.list(`${policy}/serviceEndpointPolicyDefinitions`),
        await of(p.get(policy), ({ properties }) =>
          (properties['serviceEndpointPolicyDefinitions'] as { name: string }[]).map(({ name }) => name),
        ),
      ];
    },
    [['d'], ['d']],
  ],
  ['section 7', 'attached', (p) => p.put(subnet, attached()), answered(200)],
  [
    'section 7',
    'a service endpoint is needed',
    (p) => p.put(subnet, attached({ serviceEndpoints: [{ service: 'Microsoft.KeyVault' }] })),
    refused(400, 'InvalidParameter', 'no service endpoint for Microsoft.Storage'),
  ],
  [
    'section 7',
    'one for all regions will do',
    (p) => p.put(subnet, attached({ serviceEndpoints: [{ service: 'Microsoft.Storage.Global' }] })),
    answered(200),
  ],
  [
    'section 7',
    'the policy must be there',
    (p) => p.put(subnet, attached({ serviceEndpointPolicies: [{ id: `${policy}x` }] })),
    refused(400, 'InvalidResourceReference'),
  ],
  [
    'section 7',
    'in the region of the network',
    async (p) => {
      await p.have(`${policy}west`, { location: 'westus', properties: {} });
      return p.put(subnet, attached({ serviceEndpointPolicies: [{ id: `${policy}west` }] }));
    },
    refused(400, 'InvalidResourceReference', 'is in the region westus'),
  ],
  [
    'Azure',
    'one that is used stays',
    async (p) => {
      await p.have(subnet, attached());
      return p.remove(policy);
    },
    refused(409, 'ResourceInUse', 'is used by'),
  ],
  [
    'Azure',
    'and shows where',
    async (p) => {
      await p.have(subnet, attached());
      return of(p.get(policy), ({ properties }) => properties['subnets']);
    },
    [{ id: subnet }],
  ],
]);
