/** Virtual Network Manager: scopes, groups and members, admin rules, commits. */

import type { JsonObject } from '../../src/lib/json.ts';
import { idOf, root, type TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import { vnet } from './things.ts';

const manager = idOf('manager/m');
const group = `${manager}/networkGroups/g`;
const configuration = `${manager}/securityAdminConfigurations/c`;
const collection = `${configuration}/ruleCollections/r`;
const commitments = 'https://learn.microsoft.com/azure/virtual-network-manager/concept-deployments';
const fields = 'https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins';

const ofManager = (more: JsonObject = {}): JsonObject => ({
  location: 'eastus',
  properties: {
    networkManagerScopes: { subscriptions: [root] },
    networkManagerScopeAccesses: ['SecurityAdmin'],
    ...more,
  },
});
const rule = (more: JsonObject = {}, kind: string | null = 'Custom'): JsonObject => ({
  ...(kind === null ? {} : { kind }),
  properties: {
    protocol: 'Tcp',
    access: 'Deny',
    direction: 'Inbound',
    priority: 10,
    destinationPortRanges: ['22'],
    ...more,
  },
});
const putRule = (p: TestPlane, more: JsonObject, kind?: string | null) =>
  p.put(`${collection}/rules/x`, rule(more, kind));
const commit = (p: TestPlane, more: JsonObject = {}) =>
  p.post(`${manager}/commit`, {
    targetLocations: ['East US'],
    configurationIds: [configuration],
    commitType: 'SecurityAdmin',
    ...more,
  });
const status = (p: TestPlane) =>
  of(p.post(`${manager}/listDeploymentStatus`, {}), ({ value }) =>
    value.map((item) => {
      const { region, configurationIds } = item as { region: string; configurationIds: string[] };
      return [region, ...configurationIds.map((id) => id.split('/').at(-1))];
    }),
  );

async function everything(p: TestPlane): Promise<void> {
  await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
  await p.have(manager, ofManager());
  await p.have(group, { properties: {} });
  await p.have(`${group}/staticMembers/hub`, { properties: { resourceId: idOf('vnet/hub') } });
  await p.have(configuration, { properties: {} });
  await p.have(collection, { properties: { appliesToGroups: [{ networkGroupId: group }] } });
  await p.have(`${collection}/rules/no-ssh`, rule());
}

table('network managers', everything, [
  [
    'ARM reference',
    'a scope is needed',
    (p) => p.put(idOf('manager/n'), ofManager({ networkManagerScopes: {} })),
    refused(400, 'InvalidRequestContent', 'needs a subscription or a management group'),
  ],
  [
    'ARM reference',
    'a member is shown with its region',
    (p) => p.get(`${group}/staticMembers/hub`),
    answered(200, { region: 'eastus' }),
  ],
  [
    'ARM reference',
    'a member must be there',
    (p) => p.put(`${group}/staticMembers/x`, { properties: { resourceId: idOf('vnet/lost') } }),
    refused(400, 'InvalidResourceReference'),
  ],
  [
    'ARM reference',
    'and be a network',
    (p) => p.put(`${group}/staticMembers/x`, { properties: { resourceId: idOf('vnet/hub/subnets/a') } }),
    refused(400, 'InvalidRequestContent', 'must be a virtual network'),
  ],
  [
    fields,
    'in the scope of the manager',
    async (p) => {
      await p.have(manager, ofManager({ networkManagerScopes: { subscriptions: ['/subscriptions/x'] } }));
      return p.put(`${group}/staticMembers/x`, { properties: { resourceId: idOf('vnet/hub') } });
    },
    refused(400, 'InvalidRequestContent', 'not in the scope'),
  ],
  [
    'Azure',
    'a membership goes with its network',
    async (p) => {
      await p.remove(idOf('vnet/hub'));
      return p.list(`${group}/staticMembers`);
    },
    [],
  ],
  [
    'Azure',
    'a group that rules are for stays',
    (p) => p.remove(group),
    refused(409, 'ResourceInUse', 'is used by'),
  ],
  [
    'not modelled',
    'subnets as members',
    (p) => p.put(`${manager}/networkGroups/s`, { properties: { memberType: 'Subnet' } }),
    refused(400, 'InvalidRequestContent', "must be one of 'VirtualNetwork'"),
  ],
  [
    'not modelled',
    'connectivity configurations',
    (p) => p.put(`${manager}/connectivityConfigurations/x`, { properties: {} }),
    refused(404, 'InvalidResourceType', 'is not supported'),
  ],
]);

table('admin rules', everything, [
  [
    'ARM reference',
    'access to SecurityAdmin is needed',
    async (p) => {
      await p.have(idOf('manager/n'), ofManager({ networkManagerScopeAccesses: ['Connectivity'] }));
      return p.put(`${idOf('manager/n')}/securityAdminConfigurations/c`, { properties: {} });
    },
    refused(400, 'InvalidRequestContent', 'add SecurityAdmin'),
  ],
  [
    'ARM reference',
    'a collection is for groups',
    (p) => p.put(collection, { properties: { appliesToGroups: [] } }),
    refused(400, 'InvalidRequestContent', 'needs a network group'),
  ],
  [
    'ARM reference',
    'which must be there',
    (p) =>
      p.put(collection, {
        properties: { appliesToGroups: [{ networkGroupId: `${manager}/networkGroups/x` }] },
      }),
    refused(400, 'InvalidResourceReference'),
  ],
  ['ARM reference', 'a rule of one kind', (p) => putRule(p, {}), answered(201)],
  [
    'ARM reference',
    'not of the other',
    (p) => putRule(p, {}, 'Default'),
    refused(400, 'InvalidRequestContent', 'Custom'),
  ],
  [
    'ARM reference',
    'the kind is needed',
    (p) => putRule(p, {}, null),
    refused(400, 'InvalidRequestContent', 'Custom'),
  ],
  [
    'ARM reference',
    'priority',
    (p) => putRule(p, { priority: 0 }),
    refused(400, 'InvalidRequestContent', 'from 1 to 4096'),
  ],
  [fields, 'AlwaysAllow', (p) => putRule(p, { access: 'AlwaysAllow' }), answered(201)],
  [fields, 'no other word', (p) => putRule(p, { access: 'Permit' }), refused(400, 'InvalidRequestContent')],
  [
    fields,
    'a tag of the platform',
    (p) => putRule(p, { sources: [{ addressPrefix: 'AzurePlatformIMDS', addressPrefixType: 'ServiceTag' }] }),
    refused(400, 'InvalidRequestContent', 'do not take the service tag'),
  ],
  [
    fields,
    'a tag without its type',
    (p) => putRule(p, { sources: [{ addressPrefix: 'Internet' }] }),
    refused(400, 'InvalidRequestContent', '"addressPrefixType": "ServiceTag"'),
  ],
  [
    fields,
    'a prefix with host bits',
    (p) => putRule(p, { destinations: [{ addressPrefix: '10.0.0.5/24', addressPrefixType: 'IPPrefix' }] }),
    refused(400, 'InvalidRequestContent', 'without host bits'),
  ],
  [
    fields,
    'a network group that is none',
    (p) =>
      putRule(p, {
        sources: [{ addressPrefix: idOf('vnet/hub'), addressPrefixType: 'NetworkGroup' }],
      }),
    refused(400, 'InvalidRequestContent', 'must be a network group'),
  ],
]);

table('commits', everything, [
  [commitments, 'nothing is deployed before', status, []],
  [commitments, 'a commit is answered', (p) => commit(p), { status: 200 }],
  [
    commitments,
    'and kept, by region',
    async (p) => {
      await commit(p);
      return status(p);
    },
    [['eastus', 'c']],
  ],
  [
    commitments,
    'an empty one clears the region',
    async (p) => {
      await commit(p, { targetLocations: ['eastus', 'westus'] });
      await commit(p, { configurationIds: [] });
      return status(p);
    },
    [['westus', 'c'], ['eastus']],
  ],
  [
    commitments,
    'it outlives a PUT of the manager, which does not show it',
    async (p) => {
      await commit(p);
      await p.have(manager, ofManager({ description: 'new' }));
      const { properties } = await p.get(manager);
      return ['commits' in properties, await status(p)];
    },
    [false, [['eastus', 'c']]],
  ],
  [
    commitments,
    'one configuration for a region',
    (p) => commit(p, { configurationIds: [configuration, configuration] }),
    refused(400, 'InvalidRequestContent', 'Only one'),
  ],
  [
    commitments,
    'which must be there',
    (p) => commit(p, { configurationIds: [`${configuration}x`] }),
    refused(400, 'InvalidResourceReference'),
  ],
  [
    commitments,
    'and be of this manager',
    async (p) => {
      const other = idOf('manager/n');
      await p.have(other, ofManager());
      await p.have(`${other}/securityAdminConfigurations/c`, { properties: {} });
      return commit(p, { configurationIds: [`${other}/securityAdminConfigurations/c`] });
    },
    refused(400, 'InvalidRequestContent', 'is not of the network manager'),
  ],
  [
    'not modelled',
    'connectivity',
    (p) => commit(p, { commitType: 'Connectivity' }),
    refused(400, 'BadRequest', 'not supported'),
  ],
  [
    commitments,
    'what is deployed stays',
    async (p) => {
      await commit(p);
      return p.remove(configuration);
    },
    refused(409, 'ResourceInUse', 'is deployed to eastus'),
  ],
]);
