/** @azure/arm-network: a network watcher's questions about the machine of the example, and whom it refuses. */

import { all, finish, group, limit, refuses, sdk, subscription, works } from './steps.mjs';

const { DefaultAzureCredential } = sdk('@azure/identity');
const { NetworkManagementClient } = sdk('@azure/arm-network');
const { ResourceManagementClient } = sdk('@azure/arm-resources');

const credential = new DefaultAzureCredential();
const network = new NetworkManagementClient(credential, subscription);
const resources = new ResourceManagementClient(credential, subscription);
const [home, watcher, location] = ['NetworkWatcherRG', 'NetworkWatcher_eastus', 'eastus'];
const machine = idOf('Microsoft.Compute/virtualMachines', 'jumpbox');
const fast = { updateIntervalInMs: 100 };
const { networkWatchers, networkInterfaces } = network;

await resources.resourceGroups.createOrUpdate(home, { location });
await watchers();
await flows();
await hops();
await lists();
await connectivity();
await verifier();
await works('networkWatchers: delete', () => networkWatchers.beginDeleteAndWait(home, watcher, fast));
await resources.resourceGroups.beginDeleteAndWait(home, fast);
finish();

async function watchers() {
  await works(
    'networkWatchers: create',
    () => networkWatchers.createOrUpdate(home, watcher, { location }),
    ({ provisioningState, location: at }) => provisioningState === 'Succeeded' && at === location,
  );
  await works(
    'networkWatchers: list all',
    () => all(networkWatchers.listAll()),
    (found) => found.some(({ name }) => name === watcher),
  );
  await works(
    'networkWatchers: update tags',
    () => networkWatchers.updateTags(home, watcher, { tags: { team: 'network' } }),
    ({ tags }) => tags.team === 'network',
  );
  await refuses('networkWatchers: create a second one', 400, ['NetworkWatcherCountLimitReached'], () =>
    networkWatchers.createOrUpdate(home, 'another', { location }),
  );
}

async function flows() {
  const verify = (more) =>
    networkWatchers.beginVerifyIPFlowAndWait(
      home,
      watcher,
      {
        targetResourceId: machine,
        direction: 'Outbound',
        protocol: 'TCP',
        localIPAddress: '10.150.1.4',
        localPort: '*',
        remoteIPAddress: '8.8.8.8',
        remotePort: '443',
        ...more,
      },
      fast,
    );
  await works(
    'networkWatchers: verify an IP flow that is denied',
    () => verify({}),
    ({ access, ruleName }) => access === 'Deny' && ruleName === 'securityRules/DenyInternet',
  );
  await works(
    'networkWatchers: verify an IP flow that is allowed',
    () => verify({ remoteIPAddress: '10.150.0.4' }),
    ({ access, ruleName }) => access === 'Allow' && ruleName === 'defaultSecurityRules/AllowVnetOutBound',
  );
  await refuses('networkWatchers: verify a flow of another address', 400, ['10.150.1.4'], () =>
    verify({ localIPAddress: '10.150.1.5' }),
  );
  await refuses('networkWatchers: verify a flow of nobody', 404, ['ResourceNotFound'], () =>
    verify({ targetResourceId: idOf('Microsoft.Compute/virtualMachines', 'nobody') }),
  );
}

async function hops() {
  const next = (destinationIPAddress) =>
    networkWatchers.beginGetNextHopAndWait(
      home,
      watcher,
      { targetResourceId: machine, sourceIPAddress: '10.150.1.4', destinationIPAddress },
      fast,
    );
  await works(
    'networkWatchers: next hop to the internet',
    () => next('8.8.8.8'),
    ({ nextHopType, routeTableId }) => nextHopType === 'Internet' && routeTableId === 'System Route',
  );
  await works(
    'networkWatchers: next hop to a private endpoint',
    () => next('10.150.0.4'),
    ({ nextHopType }) => nextHopType === 'InterfaceEndpoint',
  );
  await works(
    'networkWatchers: next hop to nowhere',
    () => next('10.9.0.1'),
    ({ nextHopType }) => nextHopType === 'None',
  );
}

async function lists() {
  await works(
    'networkInterfaces: effective route table',
    () => networkInterfaces.beginGetEffectiveRouteTableAndWait(group, 'jumpbox-nic', fast),
    ({ value }) => value.some(({ nextHopType, state }) => nextHopType === 'VnetLocal' && state === 'Active'),
  );
  await works(
    'networkInterfaces: effective security groups',
    () => networkInterfaces.beginListEffectiveNetworkSecurityGroupsAndWait(group, 'jumpbox-nic', fast),
    ({ value }) => value[0].effectiveSecurityRules.some(({ name }) => name === 'securityRules/DenyInternet'),
  );
  await works(
    'networkWatchers: security group view',
    () => networkWatchers.beginGetVMSecurityRulesAndWait(home, watcher, { targetResourceId: machine }, fast),
    ({ networkInterfaces: [nic] }) =>
      nic.securityRuleAssociations.subnetAssociation.securityRules.length === 4 &&
      nic.securityRuleAssociations.effectiveSecurityRules.length === 10,
  );
  await works(
    'networkWatchers: topology',
    () => networkWatchers.getTopology(home, watcher, { targetResourceGroupName: group }),
    ({ resources: found }) =>
      found
        .find(({ name }) => name === 'jumpbox')
        .associations.some(
          ({ name, associationType }) => name === 'jumpbox-nic' && associationType === 'Associated',
        ),
  );
}

async function connectivity() {
  const check = (destination) =>
    networkWatchers.beginCheckConnectivityAndWait(
      home,
      watcher,
      { source: { resourceId: machine }, destination },
      fast,
    );
  const extension = `${machine}/extensions/agent`;
  await refuses(
    'networkWatchers: check connectivity without an agent',
    400,
    ['NetworkWatcherAgentLinux'],
    () => check({ address: '8.8.8.8', port: 443 }),
  );
  await resources.resources.beginCreateOrUpdateByIdAndWait(
    extension,
    '2024-07-01',
    {
      location,
      properties: { publisher: 'Microsoft.Azure.NetworkWatcher', type: 'NetworkWatcherAgentLinux' },
    },
    fast,
  );
  await works(
    'networkWatchers: check connectivity that a rule stops',
    () => check({ address: '8.8.8.8', port: 443 }),
    ({ connectionStatus, hops: [source] }) =>
      connectionStatus === 'Unreachable' && source.issues[0].context[0].value === 'UserRule_DenyInternet',
  );
  await works(
    'networkWatchers: check connectivity by a private endpoint',
    () => check({ address: 'https://kv-clinic.vault.azure.net' }),
    ({ connectionStatus, hops: [, last] }) =>
      connectionStatus === 'Reachable' && last.type === 'PrivateEndpoint',
  );
  await limit('networkWatchers: packet captures', 404, ['packetCaptures', 'not supported by Cloister'], () =>
    all(network.packetCaptures.list(home, watcher)),
  );
  await limit('networkWatchers: troubleshoot', 400, ['troubleshoot', 'not supported by Cloister'], () =>
    networkWatchers.beginGetTroubleshootingAndWait(
      home,
      watcher,
      { targetResourceId: machine, storageId: machine, storagePath: 'https://example.org' },
      fast,
    ),
  );
  await resources.resources.beginDeleteByIdAndWait(extension, '2024-07-01', fast);
}

async function verifier() {
  const { networkManagers, verifierWorkspaces, reachabilityAnalysisIntents, reachabilityAnalysisRuns } =
    network;
  const scopes = { subscriptions: [`/subscriptions/${subscription}`] };
  await networkManagers.createOrUpdate(home, 'manager', { location, networkManagerScopes: scopes });
  await works(
    'verifierWorkspaces: create',
    () =>
      verifierWorkspaces.create(home, 'manager', 'ours', { location, properties: { description: 'ours' } }),
    ({ properties }) => properties.provisioningState === 'Succeeded' && properties.description === 'ours',
  );
  const intent = (destinationPorts) => ({
    properties: {
      sourceResourceId: machine,
      destinationResourceId: idOf('Microsoft.Storage/storageAccounts', 'stclinic'),
      ipTraffic: {
        sourceIps: ['*'],
        destinationIps: ['*'],
        sourcePorts: ['*'],
        destinationPorts,
        protocols: ['TCP'],
      },
    },
  });
  const intents = (name, ports) =>
    reachabilityAnalysisIntents.create(home, 'manager', 'ours', name, intent(ports));
  await works(
    'reachabilityAnalysisIntents: create',
    () => intents('blobs', ['443']),
    ({ properties }) => properties.ipTraffic.destinationPorts[0] === '443',
  );
  await refuses(
    'reachabilityAnalysisIntents: create with a port that is none',
    400,
    ['destinationPorts[0]'],
    () => intents('wrong', ['https']),
  );
  await works(
    'reachabilityAnalysisIntents: list',
    () => all(reachabilityAnalysisIntents.list(home, 'manager', 'ours')),
    (found) => found.length === 1 && found[0].name === 'blobs',
  );
  const intentId = `/subscriptions/${subscription}/resourceGroups/${home}/providers/Microsoft.Network/networkManagers/manager/verifierWorkspaces/ours/reachabilityAnalysisIntents/blobs`;
  await works('reachabilityAnalysisRuns: create', () =>
    reachabilityAnalysisRuns.create(home, 'manager', 'ours', 'first', { properties: { intentId } }),
  );
  await works(
    'reachabilityAnalysisRuns: get what was found',
    () => reachabilityAnalysisRuns.get(home, 'manager', 'ours', 'first'),
    ({ properties }) => {
      const { outcome, reached, blocked } = JSON.parse(properties.analysisResult);
      const blob = ({ to }) => to === 'stclinic.blob.core.windows.net';
      return outcome === 'PartiallyReached' && reached.some(blob) && !blocked.some(blob);
    },
  );
  await refuses(
    'reachabilityAnalysisRuns: create for no intent',
    400,
    ['is no intent of this workspace'],
    () =>
      reachabilityAnalysisRuns.create(home, 'manager', 'ours', 'second', {
        properties: { intentId: intentId.replace('blobs', 'none') },
      }),
  );
  await works('reachabilityAnalysisRuns: delete', () =>
    reachabilityAnalysisRuns.beginDeleteAndWait(home, 'manager', 'ours', 'first', fast),
  );
  await works('verifierWorkspaces: delete', () =>
    verifierWorkspaces.beginDeleteAndWait(home, 'manager', 'ours', fast),
  );
}

function idOf(type, name) {
  return `/subscriptions/${subscription}/resourceGroups/${group}/providers/${type}/${name}`;
}
