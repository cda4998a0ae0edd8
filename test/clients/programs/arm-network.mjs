/** @azure/arm-network: a network of its own with security groups, routes, peerings and a private endpoint. */

import { all, finish, group as home, limit, refuses, sdk, subscription, works } from './steps.mjs';

const { DefaultAzureCredential } = sdk('@azure/identity');
const { NetworkManagementClient } = sdk('@azure/arm-network');
const { ResourceManagementClient } = sdk('@azure/arm-resources');

const credential = new DefaultAzureCredential();
const network = new NetworkManagementClient(credential, subscription);
const group = 'rg-network';
const location = 'eastus';
const fast = { updateIntervalInMs: 100 };
const storage = idOf('Microsoft.Storage/storageAccounts', 'stclinic', home);

const arm = new ResourceManagementClient(credential, subscription);
await arm.resourceGroups.createOrUpdate(group, { location });
await securityGroups();
await routes();
await virtualNetworks();
await addresses();
await privateEndpoints();
await removal();
await arm.resourceGroups.beginDeleteAndWait(group, fast);
finish();

async function securityGroups() {
  await works(
    'networkSecurityGroups: create',
    () =>
      network.networkSecurityGroups.beginCreateOrUpdateAndWait(
        group,
        'nsg',
        {
          location,
          tags: { team: 'network' },
          securityRules: [
            {
              name: 'AllowWeb',
              priority: 100,
              direction: 'Outbound',
              access: 'Allow',
              protocol: 'Tcp',
              sourceAddressPrefix: 'VirtualNetwork',
              sourcePortRange: '*',
              destinationAddressPrefix: 'AzureMachineLearning',
              destinationPortRange: '443',
            },
          ],
        },
        fast,
      ),
    ({ provisioningState, securityRules, defaultSecurityRules, etag }) =>
      provisioningState === 'Succeeded' &&
      securityRules[0].provisioningState === 'Succeeded' &&
      defaultSecurityRules.length === 6 &&
      etag !== undefined,
  );
  const rule = {
    priority: 4096,
    direction: 'Outbound',
    access: 'Deny',
    protocol: '*',
    sourceAddressPrefix: '*',
    sourcePortRange: '*',
    destinationAddressPrefix: 'Internet',
    destinationPortRanges: ['80', '443', '8000-8080'],
  };
  await works(
    'securityRules: create',
    () => network.securityRules.beginCreateOrUpdateAndWait(group, 'nsg', 'DenyInternet', rule, fast),
    ({ destinationPortRanges }) => destinationPortRanges.length === 3,
  );
  await works(
    'securityRules: list',
    () => all(network.securityRules.list(group, 'nsg')),
    (list) => list.length === 2,
  );
  await works(
    'defaultSecurityRules: list',
    () => all(network.defaultSecurityRules.list(group, 'nsg')),
    (list) => list.some(({ name, priority }) => name === 'DenyAllInBound' && priority === 65500),
  );
  await refuses('securityRules: a priority that is taken', 400, ['SecurityRuleConflict'], () =>
    network.securityRules.beginCreateOrUpdateAndWait(group, 'nsg', 'Again', rule, fast),
  );
  await works('securityRules: delete', () =>
    network.securityRules.beginDeleteAndWait(group, 'nsg', 'DenyInternet', fast),
  );
  await works(
    'networkSecurityGroups: update tags',
    () => network.networkSecurityGroups.updateTags(group, 'nsg', { tags: { team: 'ml' } }),
    ({ tags, securityRules }) => tags.team === 'ml' && securityRules.length === 1,
  );
}

async function routes() {
  await works(
    'routeTables: create',
    () =>
      network.routeTables.beginCreateOrUpdateAndWait(
        group,
        'udr',
        { location, routes: [{ name: 'out', addressPrefix: '0.0.0.0/0', nextHopType: 'None' }] },
        fast,
      ),
    ({ provisioningState, routes: found }) =>
      provisioningState === 'Succeeded' && found[0].nextHopType === 'None',
  );
  await works(
    'routes: create',
    () =>
      network.routes.beginCreateOrUpdateAndWait(
        group,
        'udr',
        'hub',
        { addressPrefix: '10.80.0.0/16', nextHopType: 'VirtualAppliance', nextHopIpAddress: '10.70.0.4' },
        fast,
      ),
    ({ nextHopIpAddress }) => nextHopIpAddress === '10.70.0.4',
  );
  await works(
    'routes: list',
    () => all(network.routes.list(group, 'udr')),
    (list) => list.length === 2,
  );
}

async function virtualNetworks() {
  const spoke = {
    location,
    addressSpace: { addressPrefixes: ['10.70.0.0/16'] },
    subnets: [
      {
        name: 'work',
        addressPrefix: '10.70.0.0/24',
        networkSecurityGroup: { id: own('networkSecurityGroups', 'nsg') },
      },
    ],
  };
  await works(
    'virtualNetworks: create',
    () => network.virtualNetworks.beginCreateOrUpdateAndWait(group, 'spoke', spoke, fast),
    ({ provisioningState, subnets }) =>
      provisioningState === 'Succeeded' && subnets[0].id === own('virtualNetworks', 'spoke/subnets/work'),
  );
  await works(
    'subnets: create',
    () =>
      network.subnets.beginCreateOrUpdateAndWait(
        group,
        'spoke',
        'endpoints',
        {
          addressPrefix: '10.70.1.0/24',
          privateEndpointNetworkPolicies: 'Disabled',
          routeTable: { id: own('routeTables', 'udr') },
          serviceEndpoints: [{ service: 'Microsoft.Storage' }],
        },
        fast,
      ),
    ({ privateEndpointNetworkPolicies, serviceEndpoints }) =>
      privateEndpointNetworkPolicies === 'Disabled' && serviceEndpoints[0].provisioningState === 'Succeeded',
  );
  await works(
    'subnets: list',
    () => all(network.subnets.list(group, 'spoke')),
    (list) => list.length === 2,
  );
  await refuses('subnets: outside the address space', 400, ['NetcfgSubnetRangeOutsideVnet'], () =>
    network.subnets.beginCreateOrUpdateAndWait(
      group,
      'spoke',
      'far',
      { addressPrefix: '10.99.0.0/24' },
      fast,
    ),
  );
  await refuses('subnets: over another', 400, ['NetcfgSubnetRangesOverlap'], () =>
    network.subnets.beginCreateOrUpdateAndWait(
      group,
      'spoke',
      'over',
      { addressPrefix: '10.70.0.0/25' },
      fast,
    ),
  );
  await works(
    'virtualNetworkPeerings: create, one side',
    () =>
      network.virtualNetworkPeerings.beginCreateOrUpdateAndWait(
        group,
        'spoke',
        'to-clinic',
        {
          remoteVirtualNetwork: { id: idOf('Microsoft.Network/virtualNetworks', 'clinic-vnet', home) },
          allowVirtualNetworkAccess: true,
        },
        fast,
      ),
    ({ peeringState, provisioningState }) =>
      peeringState === 'Initiated' && provisioningState === 'Succeeded',
  );
  await works(
    'virtualNetworkPeerings: create, the other side',
    async () => {
      await network.virtualNetworkPeerings.beginCreateOrUpdateAndWait(
        home,
        'clinic-vnet',
        'to-spoke',
        { remoteVirtualNetwork: { id: own('virtualNetworks', 'spoke') }, allowVirtualNetworkAccess: true },
        fast,
      );
      return network.virtualNetworkPeerings.get(group, 'spoke', 'to-clinic');
    },
    ({ peeringState, remoteAddressSpace }) =>
      peeringState === 'Connected' && remoteAddressSpace.addressPrefixes.length === 1,
  );
  await limit(
    'virtualNetworks: is this address free',
    404,
    ['CheckIPAddressAvailability', 'not supported'],
    () => network.virtualNetworks.checkIPAddressAvailability(group, 'spoke', '10.70.0.4'),
  );
  await works(
    'virtualNetworks: list all',
    () => all(network.virtualNetworks.listAll()),
    (list) => ['clinic-vnet', 'spoke'].every((name) => list.some((each) => each.name === name)),
  );
}

async function addresses() {
  await works(
    'publicIPAddresses: create',
    () =>
      network.publicIPAddresses.beginCreateOrUpdateAndWait(
        group,
        'pip',
        { location, sku: { name: 'Standard' }, publicIPAllocationMethod: 'Static' },
        fast,
      ),
    ({ ipAddress, provisioningState }) => provisioningState === 'Succeeded' && /^\d+\./.test(ipAddress),
  );
  await works(
    'networkInterfaces: create',
    () =>
      network.networkInterfaces.beginCreateOrUpdateAndWait(
        group,
        'nic',
        {
          location,
          ipConfigurations: [
            { name: 'primary', subnet: { id: own('virtualNetworks', 'spoke/subnets/work') } },
          ],
        },
        fast,
      ),
    ({ ipConfigurations, provisioningState }) =>
      provisioningState === 'Succeeded' &&
      ipConfigurations[0].privateIPAddress === '10.70.0.4' &&
      ipConfigurations[0].primary === true,
  );
  await refuses('virtualNetworks: delete a subnet in use', 400, ['InUseSubnetCannotBeDeleted'], () =>
    network.subnets.beginDeleteAndWait(group, 'spoke', 'work', fast),
  );
}

async function privateEndpoints() {
  await works(
    'privateEndpoints: create',
    () =>
      network.privateEndpoints.beginCreateOrUpdateAndWait(
        group,
        'pe',
        {
          location,
          subnet: { id: own('virtualNetworks', 'spoke/subnets/endpoints') },
          privateLinkServiceConnections: [
            { name: 'blob', privateLinkServiceId: storage, groupIds: ['blob'] },
          ],
        },
        fast,
      ),
    ({ provisioningState, privateLinkServiceConnections, networkInterfaces, customDnsConfigs }) =>
      provisioningState === 'Succeeded' &&
      privateLinkServiceConnections[0].privateLinkServiceConnectionState.status === 'Approved' &&
      networkInterfaces.length === 1 &&
      customDnsConfigs[0].fqdn === 'stclinic.blob.core.windows.net',
  );
  await works(
    'privateEndpoints: create, for approval by hand',
    () =>
      network.privateEndpoints.beginCreateOrUpdateAndWait(
        group,
        'pe-asked',
        {
          location,
          subnet: { id: own('virtualNetworks', 'spoke/subnets/endpoints') },
          manualPrivateLinkServiceConnections: [
            { name: 'blob', privateLinkServiceId: storage, groupIds: ['blob'], requestMessage: 'please' },
          ],
        },
        fast,
      ),
    ({ manualPrivateLinkServiceConnections: [asked] }) =>
      asked.privateLinkServiceConnectionState.status === 'Pending',
  );
  await refuses('privateEndpoints: a group that the target does not have', 400, ['groupIds'], () =>
    network.privateEndpoints.beginCreateOrUpdateAndWait(
      group,
      'pe-wrong',
      {
        location,
        subnet: { id: own('virtualNetworks', 'spoke/subnets/endpoints') },
        privateLinkServiceConnections: [{ name: 'x', privateLinkServiceId: storage, groupIds: ['vault'] }],
      },
      fast,
    ),
  );
  const zone = own('privateDnsZones', 'privatelink.blob.core.windows.net');
  await arm.resources.beginCreateOrUpdateByIdAndWait(zone, '2024-06-01', { location: 'global' }, fast);
  await works(
    'privateDnsZoneGroups: create',
    () =>
      network.privateDnsZoneGroups.beginCreateOrUpdateAndWait(
        group,
        'pe',
        'default',
        { privateDnsZoneConfigs: [{ name: 'blob', privateDnsZoneId: zone }] },
        fast,
      ),
    ({ provisioningState, privateDnsZoneConfigs: [config] }) =>
      provisioningState === 'Succeeded' && config.recordSets[0].ipAddresses[0] === '10.70.1.4',
  );
  await works(
    'privateDnsZoneGroups: list',
    () => all(network.privateDnsZoneGroups.list('pe', group)),
    (list) => list.length === 1,
  );
  await works(
    'privateEndpoints: list',
    () => all(network.privateEndpoints.list(group)),
    (list) => list.length === 2,
  );
  await works(
    'networkInterfaces: that of a private endpoint',
    async () => {
      const { networkInterfaces } = await network.privateEndpoints.get(group, 'pe');
      return network.networkInterfaces.get(group, networkInterfaces[0].id.split('/').at(-1));
    },
    ({ ipConfigurations, privateEndpoint }) =>
      ipConfigurations[0].privateIPAddress === '10.70.1.4' &&
      privateEndpoint.id === own('privateEndpoints', 'pe'),
  );
  await limit(
    'availablePrivateEndpointTypes: list',
    404,
    ['Microsoft.Network/locations', 'not supported'],
    () => all(network.availablePrivateEndpointTypes.list(location)),
  );
}

async function removal() {
  await works('privateDnsZoneGroups: delete', () =>
    network.privateDnsZoneGroups.beginDeleteAndWait(group, 'pe', 'default', fast),
  );
  await works('privateEndpoints: delete', async () => {
    await network.privateEndpoints.beginDeleteAndWait(group, 'pe', fast);
    await network.privateEndpoints.beginDeleteAndWait(group, 'pe-asked', fast);
  });
  await refuses('privateEndpoints: get one that is gone', 404, ['ResourceNotFound'], () =>
    network.privateEndpoints.get(group, 'pe'),
  );
  await works('virtualNetworkPeerings: delete', async () => {
    await network.virtualNetworkPeerings.beginDeleteAndWait(home, 'clinic-vnet', 'to-spoke', fast);
    await network.virtualNetworkPeerings.beginDeleteAndWait(group, 'spoke', 'to-clinic', fast);
  });
  await works('networkInterfaces: delete', () =>
    network.networkInterfaces.beginDeleteAndWait(group, 'nic', fast),
  );
  await works('virtualNetworks: delete', () =>
    network.virtualNetworks.beginDeleteAndWait(group, 'spoke', fast),
  );
}

function own(type, name) {
  return idOf(`Microsoft.Network/${type}`, name, group);
}

function idOf(type, name, where) {
  return `/subscriptions/${subscription}/resourceGroups/${where}/providers/${type}/${name}`;
}
