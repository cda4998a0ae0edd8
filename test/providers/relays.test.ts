/** Relays: what namespaces, hybrid connections and their policies take, and what the door becomes. */

import { expect } from 'vitest';
import { keyOf } from '../../src/lib/key.ts';
import { idOf, type TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';

const relay = idOf('relay/relay-lab');
const jobs = `${relay}/hybridConnections/jobs`;
const policy = `${jobs}/authorizationRules/azureml_rw`;
const rules = `${relay}/networkRuleSets/default`;
const open = { location: 'eastus', properties: {} };
const lab = (p: TestPlane): Promise<unknown> => p.have(relay, open);
const withJobs = async (p: TestPlane): Promise<unknown> => {
  await lab(p);
  return p.have(jobs, { properties: {} });
};
const doorOf = async (p: TestPlane): Promise<unknown> => p.network().services.get(keyOf(relay))?.fact.door;
const shut = { properties: { defaultAction: 'Deny', ipRules: [{ ipMask: '203.0.113.7', action: 'Allow' }] } };

table('namespaces', lab, [
  [
    'wire-shapes, Relay',
    'an answer has the endpoint and the SKU',
    (p) => of(p.get(relay), ({ body, properties }) => [body['sku'], properties['serviceBusEndpoint']]),
    [{ name: 'Standard', tier: 'Standard' }, 'https://relay-lab.servicebus.windows.net:443/'],
  ],
  [
    'Azure',
    'a name that no host can have is refused',
    (p) => p.put(idOf('relay/lab_1'), open),
    refused(400, 'InvalidResourceName', 'start with a letter'),
  ],
  [
    'wire-shapes, Relay',
    'there is one SKU',
    (p) => p.put(relay, { ...open, sku: { name: 'Premium' } }),
    refused(400, 'InvalidRequestContent', 'Standard', 'sku.name'),
  ],
  [
    'wire-shapes, Relay',
    'what a perimeter secures is refused by name',
    (p) => p.put(relay, { ...open, properties: { publicNetworkAccess: 'SecuredByPerimeter' } }),
    refused(400, 'InvalidRequestContent', 'publicNetworkAccess'),
  ],
  [
    'private-endpoints 4.2',
    'the one group is the namespace, with its zone',
    (p) => of(p.get(`${relay}/privateLinkResources`), ({ value }) => value),
    [
      expect.objectContaining({
        name: 'namespace',
        properties: expect.objectContaining({ requiredZoneNames: ['privatelink.servicebus.windows.net'] }),
      }),
    ],
  ],
]);

table('the door of a namespace', lab, [
  ['paas-access', 'it is open at first', doorOf, { publicAccess: true, defaultAllow: true, addresses: [] }],
  [
    'paas-access',
    'its rules are a resource, and its own',
    async (p) => {
      await p.have(rules, shut);
      return doorOf(p);
    },
    { publicAccess: true, defaultAllow: false, addresses: [{ length: 32 }] },
  ],
  [
    'paas-access',
    'a namespace that is written again keeps its rules, and shows none',
    async (p) => {
      await p.have(rules, shut);
      const { properties } = await p.put(relay, { ...open, properties: { publicNetworkAccess: 'Disabled' } });
      return [Object.keys(properties).filter((name) => name.startsWith('x-')), await doorOf(p)];
    },
    [[], expect.objectContaining({ publicAccess: false, defaultAllow: false })],
  ],
  [
    'paas-access',
    'the flag of the rules is that of the namespace',
    async (p) => {
      await p.have(rules, { properties: { publicNetworkAccess: 'Disabled' } });
      return of(p.get(relay), ({ properties }) => properties['publicNetworkAccess']);
    },
    'Disabled',
  ],
  [
    'paas-access',
    'without the rules it is open again',
    async (p) => {
      await p.have(rules, shut);
      await p.remove(rules);
      return doorOf(p);
    },
    { defaultAllow: true },
  ],
  [
    'Azure',
    'there is one rule set',
    (p) => p.put(`${relay}/networkRuleSets/other`, shut),
    refused(400, 'BadRequest', "'default'", 'name'),
  ],
  [
    'paas-access',
    'private addresses are no rule',
    (p) => p.put(rules, { properties: { ipRules: [{ ipMask: '10.0.0.4' }] } }),
    refused(400, 'InvalidParameter', 'public addresses'),
  ],
]);

table('hybrid connections', withJobs, [
  [
    'wire-shapes, Relay',
    'clients need a key unless it is said otherwise',
    (p) => p.get(jobs),
    answered(200, { requiresClientAuthorization: true, listenerCount: 0 }),
  ],
  [
    'wire-shapes, Relay',
    'a policy has rights',
    (p) => p.put(policy, { properties: {} }),
    refused(400, 'InvalidRequestContent', 'rights'),
  ],
  [
    'Azure',
    'who manages sends and listens',
    (p) => p.put(policy, { properties: { rights: ['Manage', 'Send'] } }),
    refused(400, 'BadRequest', 'Send and Listen', 'properties.rights'),
  ],
  [
    'kubernetes-extension 2',
    'keys are the same whenever they are asked for, and the connection string parts its parts',
    async (p) => {
      await p.have(policy, { properties: { rights: ['Manage', 'Send', 'Listen'] } });
      const [first, second] = [await p.post(`${policy}/listKeys`), await p.post(`${policy}/listKeys`)];
      const text = String(first.body['primaryConnectionString']);
      return [
        first.body['primaryKey'] === second.body['primaryKey'],
        text.replace(/SharedAccessKey=[^;]+/, 'key'),
      ];
    },
    [
      true,
      'Endpoint=sb://relay-lab.servicebus.windows.net/;SharedAccessKeyName=azureml_rw;key;EntityPath=jobs',
    ],
  ],
]);
