/** Managed networks of workspaces: modes, outbound rules, connections that wait, provisioning. */

import type { Json, JsonObject } from '../../src/lib/json.ts';
import { asText, member } from '../../src/lib/json.ts';
import { idOf, root, type TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import { haveWorkspace, onlineDeployment, onlineEndpoint, storage, vnet, workspace } from './things.ts';

const source = 'aml-required-traffic 7';
const ml = idOf('workspace/mlw');
const approvedOnly = { isolationMode: 'AllowOnlyApprovedOutbound' };
const internet = { isolationMode: 'AllowInternetOutbound' };
const rule = (name: string): string => `${ml}/outboundRules/${name}`;
const put = (p: TestPlane, managedNetwork: JsonObject, more: JsonObject = {}) =>
  p.put(ml, workspace({ managedNetwork, ...more }));
const fqdn = (destination = 'packages.example.org'): JsonObject => ({
  properties: { type: 'FQDN', destination },
});
const tag = (serviceTag: string, more: JsonObject = {}): JsonObject => ({
  properties: {
    type: 'ServiceTag',
    destination: { serviceTag, protocol: 'TCP', portRanges: '443', ...more },
  },
});
const endpoint = (target: string, group: string, more: JsonObject = {}): JsonObject => ({
  properties: {
    type: 'PrivateEndpoint',
    destination: { serviceResourceId: target, subresourceTarget: group },
    ...more,
  },
});
const cluster: JsonObject = {
  location: 'eastus',
  properties: { computeType: 'AmlCompute', properties: { vmSize: 'Standard_DS3_v2' } },
};
const rulesOf = (workspaceBody: JsonObject): string[] =>
  Object.entries((member(workspaceBody['managedNetwork'], 'outboundRules') ?? {}) as JsonObject).map(
    ([name, one]) => `${name.replace(/_[0-9a-f]{8}$/, '')} ${asText(member(one, 'category'))}`,
  );
const stateOf = (connections: readonly Json[]): (string | undefined)[] =>
  connections.map((one) =>
    asText(member(member(member(one, 'properties'), 'privateLinkServiceConnectionState'), 'status')),
  );
const connectionsOf = async (p: TestPlane, id: string): Promise<(string | undefined)[]> =>
  stateOf((await p.get(`${id}/privateEndpointConnections`)).value);
const statusOf = async (p: TestPlane): Promise<Json | undefined> =>
  member(member((await p.get(ml)).properties['managedNetwork'], 'status'), 'status');
const withMode = (managedNetwork: JsonObject) => async (p: TestPlane) => {
  await haveWorkspace(p);
  await p.have(ml, workspace({ managedNetwork }));
};
const elsewhere = async (p: TestPlane): Promise<string> => {
  await p.have(`${root}/resourceGroups/other`, { location: 'eastus' });
  const id = idOf('storage/theirs', 'other');
  await p.have(id, storage());
  return id;
};

table('managed networks', haveWorkspace, [
  [source, 'none: nothing is made', (p) => of(p.get(ml), (a) => a.properties['managedNetwork']), undefined],
  [
    source,
    'with the internet: private endpoints for what is closed',
    async (p) => {
      await p.have(idOf('storage/data'), storage({ publicNetworkAccess: 'Disabled' }));
      return of(put(p, internet), (a) => rulesOf(a.properties));
    },
    ['__SYS_PE_data_blob Required', '__SYS_PE_data_file Required'],
  ],
  [
    source,
    'approved only: private endpoints for everything, and the tags',
    (p) => of(put(p, approvedOnly), (a) => rulesOf(a.properties)),
    [
      '__SYS_PE_mlw_amlworkspace Required',
      '__SYS_PE_data_blob Required',
      '__SYS_PE_data_file Required',
      '__SYS_PE_keys_vault Required',
      '__SYS_ST_AzureActiveDirectory_TCP Required',
      '__SYS_ST_AzureMachineLearning_TCP Required',
      '__SYS_ST_AzureMachineLearning_UDP Required',
      '__SYS_ST_BatchNodeManagement_Any Required',
      '__SYS_ST_AzureResourceManager_TCP Required',
      '__SYS_ST_AzureFrontDoorFirstParty_TCP Required',
      '__SYS_ST_MicrosoftContainerRegistry_TCP Required',
      '__SYS_ST_AzureMonitor_TCP Required',
      '__SYS_ST_VirtualNetwork_Any Required',
    ],
  ],
  [
    source,
    'the identity of the workspace approves where it may',
    async (p) => {
      await put(p, approvedOnly);
      return connectionsOf(p, idOf('storage/data'));
    },
    ['Approved', 'Approved'],
  ],
  [
    'wire-shapes',
    'an answer can be read, not put back: required rules are the service’s',
    async (p) => {
      await put(p, approvedOnly);
      return p.put(ml, (await p.get(ml)).body);
    },
    refused(400, 'BadRequest', 'are made by the service'),
  ],
  [
    source,
    'a PUT that says nothing of it leaves it as it is',
    async (p) => {
      await put(p, { ...approvedOnly, outboundRules: { packages: fqdn()['properties'] ?? null } });
      return of(p.put(ml, workspace({ friendlyName: 'x' })), (a) =>
        rulesOf(a.properties).filter((text) => text.endsWith('UserDefined')),
      );
    },
    ['packages UserDefined'],
  ],
  [
    'assumed',
    'rules that a PUT does not list any more go, those written by themselves stay',
    async (p) => {
      await put(p, { ...approvedOnly, outboundRules: { packages: fqdn()['properties'] ?? null } });
      await p.have(rule('own'), fqdn('own.example.org'));
      return of(put(p, { ...approvedOnly, outboundRules: {} }), (a) =>
        rulesOf(a.properties).filter((text) => text.endsWith('UserDefined')),
      );
    },
    ['own UserDefined'],
  ],
  [
    source,
    'it is not taken away',
    async (p) => {
      await put(p, internet);
      return put(p, { isolationMode: 'Disabled' });
    },
    refused(400, 'BadRequest', 'cannot be taken away'),
  ],
  [
    source,
    'isolation does not go back',
    async (p) => {
      await put(p, approvedOnly);
      return put(p, internet);
    },
    refused(400, 'BadRequest', 'cannot go back', 'properties.managedNetwork.isolationMode'),
  ],
  [
    source,
    'it is tightened',
    async (p) => {
      await put(p, internet);
      return put(p, approvedOnly);
    },
    answered(200),
  ],
  [
    source,
    'a workspace with computes gets none',
    async (p) => {
      await p.have(`${ml}/computes/cpu`, cluster);
      return put(p, internet);
    },
    refused(400, 'BadRequest', 'Delete its computes before'),
  ],
  [
    source,
    'rules of a workspace without one are refused',
    (p) => p.put(rule('packages'), fqdn()),
    refused(400, 'BadRequest', 'has no managed network'),
  ],
  [
    source,
    'nor is there anything to provision',
    (p) => p.post(`${ml}/provisionManagedNetwork`, { includeSpark: false }),
    refused(400, 'BadRequest', 'no managed network to provision'),
  ],
]);

table('outbound rules, approved only', withMode(approvedOnly), [
  [
    'wire-shapes',
    'a host name',
    (p) => p.put(rule('packages'), fqdn()),
    answered(200, { type: 'FQDN', status: 'Inactive' }),
  ],
  ['wire-shapes', 'all names below', (p) => p.put(rule('packages'), fqdn('*.example.org')), answered(200)],
  [
    'wire-shapes',
    'no host name',
    (p) => p.put(rule('packages'), fqdn('not a name')),
    refused(400, 'BadRequest', 'not a host name'),
  ],
  [
    'wire-shapes',
    'a tag',
    (p) => p.put(rule('hub'), tag('EventHub')),
    answered(200, { category: 'UserDefined' }),
  ],
  [
    'wire-shapes',
    'ports are a list',
    (p) => p.put(rule('hub'), tag('EventHub', { portRanges: '80,x' })),
    refused(400, 'BadRequest', 'no list of ports', 'properties.destination.portRanges'),
  ],
  [
    'wire-shapes',
    'prefixes in place of a tag',
    (p) => p.put(rule('hub'), tag('', { addressPrefixes: ['203.0.113.0/24'] })),
    answered(200),
  ],
  [
    'wire-shapes',
    'which are prefixes',
    (p) => p.put(rule('hub'), tag('', { addressPrefixes: ['everything'] })),
    refused(400, 'BadRequest', 'not an IPv4 prefix'),
  ],
  [
    source,
    'a required tag',
    (p) => p.put(rule('again'), tag('AzureMonitor')),
    refused(400, 'BadRequest', 'required rule'),
  ],
  [
    source,
    'a required tag of a region',
    (p) => p.put(rule('again'), tag('BatchNodeManagement.eastus')),
    refused(400, 'BadRequest', 'required rule'),
  ],
  [
    source,
    'the default storage has its private endpoint already',
    (p) => p.put(rule('again'), endpoint(idOf('storage/data'), 'blob')),
    refused(400, 'BadRequest', 'itself'),
  ],
  [
    source,
    'and may have others',
    (p) => p.put(rule('queue'), endpoint(idOf('storage/data'), 'queue')),
    answered(200),
  ],
  [
    'wire-shapes',
    'a sub-resource that there is not',
    (p) => p.put(rule('x'), endpoint(idOf('storage/data'), 'vault')),
    refused(400, 'BadRequest', 'no sub-resource', 'properties.destination.subresourceTarget'),
  ],
  [
    'wire-shapes',
    'a target that is not there',
    (p) => p.put(rule('x'), endpoint(idOf('storage/none'), 'blob')),
    refused(400, 'InvalidResourceReference', 'storageAccounts/none'),
  ],
  [
    source,
    'of a category that is the service’s',
    (p) => p.put(rule('x'), endpoint(idOf('storage/data'), 'queue', { category: 'Required' })),
    refused(400, 'BadRequest', 'made by the service'),
  ],
  [
    source,
    'of a name that is the service’s',
    (p) => p.put(rule('__SYS_mine'), fqdn()),
    refused(400, 'BadRequest', 'required by the service'),
  ],
  [
    source,
    'a required one is not removed',
    (p) => p.remove(rule('__SYS_ST_AzureMonitor_TCP')),
    refused(400, 'BadRequest', 'neither changed nor removed'),
  ],
  [
    'section 7: needs approval rights on target',
    'a connection waits where the workspace may not approve',
    async (p) => {
      const theirs = await elsewhere(p);
      await p.have(rule('theirs'), endpoint(theirs, 'blob'));
      return connectionsOf(p, theirs);
    },
    ['Pending'],
  ],
  [
    'private-endpoints 3',
    'until somebody there approves it',
    async (p) => {
      const theirs = await elsewhere(p);
      await p.have(rule('theirs'), endpoint(theirs, 'blob'));
      const [waiting] = (await p.get(`${theirs}/privateEndpointConnections`)).value;
      await p.have(asText(member(waiting, 'id')) ?? '', {
        properties: { privateLinkServiceConnectionState: { status: 'Approved', description: '' } },
      });
      return [...p.network().connections.values()]
        .map(({ status }) => status)
        .filter((s) => s !== 'Approved');
    },
    [],
  ],
  [
    'private-endpoints 3',
    'a connection goes with its rule',
    async (p) => {
      const theirs = await elsewhere(p);
      await p.have(rule('theirs'), endpoint(theirs, 'blob'));
      await p.remove(rule('theirs'));
      return connectionsOf(p, theirs);
    },
    [],
  ],
  [
    'wire-shapes',
    'a rule that the workspace brought is removed by itself',
    async (p) => {
      await put(p, { ...approvedOnly, outboundRules: { packages: fqdn()['properties'] ?? null } });
      await p.remove(rule('packages'));
      return of(p.put(ml, workspace({ friendlyName: 'x' })), (a) =>
        rulesOf(a.properties).filter((text) => text.endsWith('UserDefined')),
      );
    },
    [],
  ],
]);

table('outbound rules, with the internet', withMode(internet), [
  [
    source,
    'host names are refused',
    (p) => p.put(rule('x'), fqdn()),
    refused(400, 'BadRequest', 'AllowOnlyApprovedOutbound'),
  ],
  [
    source,
    'tags are refused',
    (p) => p.put(rule('x'), tag('EventHub')),
    refused(400, 'BadRequest', 'AllowOnlyApprovedOutbound'),
  ],
  [
    source,
    'private endpoints are not',
    (p) => p.put(rule('x'), endpoint(idOf('storage/data'), 'blob')),
    answered(200),
  ],
]);

table('provisioning', withMode(approvedOnly), [
  [source, 'is not done at first', (p) => statusOf(p), 'Inactive'],
  [
    'real-clients',
    'by an action',
    async (p) => [
      (await p.post(`${ml}/provisionManagedNetwork`, { includeSpark: true })).body,
      await statusOf(p),
    ],
    [{ status: 'Active', sparkReady: true }, 'Active'],
  ],
  [
    source,
    'by the first compute',
    async (p) => {
      await p.have(`${ml}/computes/cpu`, cluster);
      return statusOf(p);
    },
    'Active',
  ],
  [
    source,
    'a compute has no subnet of its own',
    async (p) => {
      await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.1.0/24' }));
      const subnet = { id: idOf('vnet/hub/subnets/a') };
      return p.put(`${ml}/computes/cpu`, {
        location: 'eastus',
        properties: { computeType: 'AmlCompute', properties: { subnet } },
      });
    },
    refused(400, 'BadRequest', 'have no subnet of their own'),
  ],
  [
    source,
    'a deployment does not wait for it',
    async (p) => {
      await p.have(`${ml}/onlineEndpoints/score-me`, onlineEndpoint());
      return p.put(`${ml}/onlineEndpoints/score-me/deployments/blue`, onlineDeployment());
    },
    refused(400, 'WorkspaceManagedNetworkNotReady', 'is not provisioned'),
  ],
]);
