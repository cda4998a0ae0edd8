/**
 * The fixed points of Azure's network: addresses and names that no resource declares.
 *
 * @module
 */

import { fqdn } from '../lib/fqdn.ts';
import { type Intervals, subtract, union } from '../lib/intervals.ts';
import { type Ip, intervalOf, ip, prefix } from '../lib/ip.ts';
import type { DoorFact, OpaqueFact, ServiceFact } from './facts.ts';
import { type PublicTag, regionOf } from './tags.ts';

/** Azure's resolver, health probe source and wire server, the same in every virtual network. */
export const azureDns: Ip = ip('168.63.129.16');

/** The instance metadata service. */
export const instanceMetadata: Ip = ip('169.254.169.254');

/** Every IPv4 address. */
export const anyAddress: Intervals = [[0, 2 ** 32 - 1]];

/** Blocks that a route table drops unless the network uses them (docs/semantics/routes.md). */
export const droppedByDefault = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(
  prefix,
);

/** Blocks that are on nobody's public internet besides those (RFC 6890, and multicast), and Azure's own resolver. */
const unroutable = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'].map(prefix);

/** Addresses that cannot be on the public internet. */
export const privateAddresses: Intervals = union([...droppedByDefault, ...unroutable].map(intervalOf), [
  [azureDns, azureDns],
]);

/** Addresses that can: what a service tag holds, and what Azure picks from when it translates a source. */
export const publicAddresses: Intervals = subtract(anyAddress, privateAddresses);

/** The tag of everything that a network can reach privately. */
export const virtualNetworkTag = 'VirtualNetwork';

/** Subnets that Azure gives a meaning by their names: what stands in them brings rules of its own. */
export const reservedSubnets: ReadonlySet<string> = new Set([
  'gatewaysubnet',
  'azurefirewallsubnet',
  'azurefirewallmanagementsubnet',
  'azurebastionsubnet',
  'routeserversubnet',
]);

/** Ports on which Azure's own addresses answer a machine (docs/semantics/security-groups.md). */
export const platformPorts: ReadonlyMap<Ip, readonly number[]> = new Map([
  [azureDns, [53, 80, 443, 32526]],
  [instanceMetadata, [80]],
]);

const gatewayTypes = new Set(['microsoft.network/virtualhubs']);

/** Reports whether a stored resource may teach a network routes that nobody wrote down. */
export function isGateway({ type }: OpaqueFact): boolean {
  return gatewayTypes.has(type.toLowerCase());
}

const addressedTypes = new Set([
  'microsoft.compute/virtualmachinescalesets',
  'microsoft.containerinstance/containergroups',
  'microsoft.containerservice/managedclusters',
  'microsoft.network/applicationgateways',
  'microsoft.network/loadbalancers',
  'microsoft.network/networkvirtualappliances',
  'microsoft.network/privatelinkservices',
]);

/** Reports whether a stored resource has addresses in a subnet that no network interface of the estate shows. */
export function hasHiddenAddresses({ type }: OpaqueFact): boolean {
  return addressedTypes.has(type.toLowerCase());
}

/** Tags for platform traffic that every rule but one naming them lets through (N-8). */
export const platformTags: ReadonlyMap<string, Intervals> = new Map([
  ['azureplatformdns', [[azureDns, azureDns]] as Intervals],
  ['azureplatformimds', [[instanceMetadata, instanceMetadata]] as Intervals],
  ['azureplatformlkm', [] as Intervals],
]);

/** Regions that Azure pairs; in one order, each pair once. Source: https://learn.microsoft.com/azure/reliability/cross-region-replication-azure */
const pairs: readonly (readonly [string, string])[] = [
  ['eastus', 'westus'],
  ['eastus2', 'centralus'],
  ['northcentralus', 'southcentralus'],
  ['westus2', 'westcentralus'],
  ['westus3', 'eastus'],
  ['canadacentral', 'canadaeast'],
  ['brazilsouth', 'southcentralus'],
  ['northeurope', 'westeurope'],
  ['uksouth', 'ukwest'],
  ['francecentral', 'francesouth'],
  ['germanywestcentral', 'germanynorth'],
  ['switzerlandnorth', 'switzerlandwest'],
  ['swedencentral', 'swedensouth'],
  ['norwayeast', 'norwaywest'],
  ['uaenorth', 'uaecentral'],
  ['southafricanorth', 'southafricawest'],
  ['australiaeast', 'australiasoutheast'],
  ['southeastasia', 'eastasia'],
  ['japaneast', 'japanwest'],
  ['koreacentral', 'koreasouth'],
  ['centralindia', 'southindia'],
];

/** Reports whether a service sees a private address of Azure for who comes from a region: storage of the same one, or its pair. */
export function seesPrivately({ service, location }: ServiceFact, region: string | undefined): boolean {
  if (service !== 'storage' || region === undefined) return false;
  const [one, other] = [regionOf(region), regionOf(location)];
  return one === other || pairs.some((pair) => pair.includes(one) && pair.includes(other));
}

/** Service tags behind each service that a subnet can have a service endpoint for. */
export const serviceEndpointTags: ReadonlyMap<string, PublicTag> = new Map([
  ['microsoft.storage', 'Storage'],
  ['microsoft.storage.global', 'Storage'],
  ['microsoft.keyvault', 'AzureKeyVault'],
  ['microsoft.containerregistry', 'AzureContainerRegistry'],
  ['microsoft.azurecosmosdb', 'AzureCosmosDB'],
  ['microsoft.servicebus', 'ServiceBus'],
  ['microsoft.eventhub', 'EventHub'],
  ['microsoft.azureactivedirectory', 'AzureActiveDirectory'],
]);

/** What service endpoint policies call the storage accounts of machine learning itself. */
export const machineLearningAlias = '/services/Azure/MachineLearning';

/** Services of Azure itself that every estate can see. They have no private door and no public rules. */
export const platformServices: readonly ServiceFact[] = [
  platform('arm', 'AzureResourceManager', ['management.azure.com', 'management.core.windows.net']),
  {
    ...platform('sign-in', 'AzureActiveDirectory', [
      'login.microsoftonline.com',
      'login.microsoft.com',
      'login.windows.net',
      'sts.windows.net',
    ]),
    access: { by: 'nothing' },
  },
  platform('graph', 'AzureActiveDirectory', ['graph.microsoft.com', 'graph.windows.net']),
];

/** A door that one flag opens and shuts, without lists of callers. */
export function doorOf(publicAccess: boolean, flag: string): DoorFact {
  return {
    publicAccess,
    flag,
    defaultAllow: true,
    defaultFlag: '',
    addresses: [],
    addressesFlag: '',
    subnets: [],
  };
}

function platform(name: string, tag: PublicTag, names: readonly string[]): ServiceFact {
  return {
    kind: 'service',
    id: `azure/${name}`,
    service: 'platform',
    location: '',
    surfaces: names.map((text) => ({ group: '', name: fqdn(text), alias: undefined, ports: [443] })),
    tag,
    behind: undefined,
    door: doorOf(true, ''),
    access: { by: 'token' },
    aliasNeedsApproval: false,
  };
}
