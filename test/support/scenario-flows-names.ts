/**
 * Variations of what names lead to: zones, links, records, DNS servers, hosts files, approval.
 *
 * @module
 */

import { undeployed, type Variation, variation } from './scenario-flows.ts';

const pending = (name: string, target: string, group: string): string => `
  - remove: ${name} privateLinkServiceConnections
  - set: ${name} manualPrivateLinkServiceConnections
    to: [{name: by-hand, properties: {privateLinkServiceId: "@${target}", groupIds: [${group}]}}]
`;

const answered = (status: string): string => `
  - add: storageAccounts/stclinic/privateEndpointConnections/pe-blob.834ed262-7b29-583b-a7e1-cc17cb6b76ac
    after: pe-blob
    with: {privateLinkServiceConnectionState: {status: ${status}, description: by hand}}
`;

/** Zones, links and records. */
export const zones: readonly Variation[] = [
  variation(
    'the blob zone is not linked',
    '- remove: privatelink.blob.core.windows.net/clinic-vnet',
    `
  vm/jumpbox -> storage/stclinic/blob | dropped-by-gate by clinic-nsg, DenyInternet | privatelink.blob.core.windows.net virtualNetworkLinks; clinic-nsg securityRules/DenyInternet; stclinic properties.publicNetworkAccess | names 2: zone not linked, public address
  vm/jumpbox -> storage/stclinic/file | delivered by stclinic, private endpoint connection | | names 2
`,
  ),
  variation(
    'the blob zone is not linked, and nothing keeps traffic in',
    `
  - remove: privatelink.blob.core.windows.net/clinic-vnet
  - remove: clinic-nsg securityRules[DenyInternet]
`,
    `
  vm/jumpbox -> storage/stclinic/blob | refused-by-door by stclinic, publicNetworkAccess is Disabled assuming default-outbound-access | privatelink.blob.core.windows.net virtualNetworkLinks; stclinic properties.publicNetworkAccess | names 2: 403, no DNS error
`,
  ),
  variation(
    'the vault has no zone group',
    '- remove: pe-vault/default',
    `
  vm/jumpbox -> vault/kv-clinic | name-not-found by privatelink.vaultcore.azure.net, kv-clinic | privatelink.vaultcore.azure.net A/kv-clinic | names 2: record missing
  vm/jumpbox -> 10.150.0.8 | delivered by kv-clinic, private endpoint connection | | the address works without a name
`,
  ),
  variation(
    'the vault has no zone group, and its zone falls back',
    `
  - remove: pe-vault/default
  - set: privatelink.vaultcore.azure.net/clinic-vnet resolutionPolicy
    to: NxDomainRedirect
`,
    `
  vm/jumpbox -> vault/kv-clinic | dropped-by-gate by clinic-nsg, DenyInternet | clinic-nsg securityRules/DenyInternet; kv-clinic properties.publicNetworkAccess | L-7
`,
  ),
  variation(
    'the zone group of blob names the zone of file',
    `
  - set: pe-blob/default privateDnsZoneConfigs[blob].privateDnsZoneId
    to: "@privatelink.file.core.windows.net"
`,
    `
  vm/jumpbox -> storage/stclinic/blob | name-not-found by privatelink.blob.core.windows.net, stclinic | privatelink.blob.core.windows.net A/stclinic | private-endpoints 6: only with the recommended zone
  vm/jumpbox -> storage/stclinic/file | delivered by stclinic, private endpoint connection | | private-endpoints 6
`,
  ),
  variation(
    'the blob record was written by hand, with the address of file',
    `
  - remove: pe-blob/default
  - add: privateDnsZones/privatelink.blob.core.windows.net/A/stclinic
    with: {ttl: 10, aRecords: [{ipv4Address: 10.150.0.5}]}
`,
    `
  vm/jumpbox -> storage/stclinic/blob | nothing-listening by pe-file, groupIds | pe-file properties.privateLinkServiceConnections[0].properties.groupIds | private-endpoints 1: one sub-resource each
`,
  ),
  variation(
    'the vault zone has the name that people guess',
    `
  - remove: privatelink.vaultcore.azure.net/clinic-vnet
  - remove: privatelink.vaultcore.azure.net
  - zone: privatelink.vault.azure.net
    links: [clinic-vnet]
  - set: pe-vault/default privateDnsZoneConfigs[vault].privateDnsZoneId
    to: "@privatelink.vault.azure.net"
`,
    `
  vm/jumpbox -> vault/kv-clinic | dropped-by-gate by clinic-nsg, DenyInternet | clinic-nsg securityRules/DenyInternet; kv-clinic properties.publicNetworkAccess | names 2: mistyped zone, silently public
`,
  ),
  variation(
    'a zone for one account beside the zone for all',
    `
  - zone: stclinic.privatelink.blob.core.windows.net
    links: [clinic-vnet]
    records: {"@": 10.150.0.4}
`,
    `
  vm/jumpbox -> storage/stclinic/blob | delivered by stclinic, private endpoint connection assuming the-most-specific-zone-answers | | names 2 [I]
`,
  ),
];

/** What approval does. */
export const approval: readonly Variation[] = [
  variation(
    'the vault connection is Pending, and it is the only one',
    undeployed + pending('pe-vault', 'kv-clinic', 'vault'),
    `
  vm/jumpbox -> 10.150.0.8 | endpoint-not-approved by pe-vault, privateLinkServiceConnectionState | pe-vault properties.privateLinkServiceConnectionState.status | private-endpoints 2
  vm/jumpbox -> vault/kv-clinic | dropped-by-gate by clinic-nsg, DenyInternet | clinic-nsg securityRules/DenyInternet; kv-clinic properties.publicNetworkAccess | private-endpoints 2: no alias before approval
`,
  ),
  variation(
    'the blob connection is Pending',
    pending('pe-blob', 'stclinic', 'blob'),
    `
  vm/jumpbox -> storage/stclinic/blob | endpoint-not-approved by pe-blob, privateLinkServiceConnectionState | pe-blob properties.privateLinkServiceConnectionState.status | private-endpoints 2
  vm/jumpbox -> storage/stclinic/file | delivered by stclinic, private endpoint connection | | private-endpoints 2
  vm/jumpbox -> storage/stclinic/blob as anonymous | endpoint-not-approved by pe-blob, privateLinkServiceConnectionState | pe-blob properties.privateLinkServiceConnectionState.status | network 10: the first stop decides
`,
  ),
  variation(
    'the workspace connection is Pending, and it is the only one',
    undeployed + pending('pe-workspace', 'mlw-clinic', 'amlworkspace'),
    `
  vm/jumpbox -> workspace/mlw-clinic | endpoint-not-approved by pe-workspace, privateLinkServiceConnectionState assuming an-alias-comes-before-approval | pe-workspace properties.privateLinkServiceConnectionState.status | private-endpoints 2
  vm/jumpbox -> endpoint/mlw-clinic/length-of-stay | endpoint-not-approved by pe-workspace, privateLinkServiceConnectionState assuming an-alias-comes-before-approval | pe-workspace properties.privateLinkServiceConnectionState.status | private-endpoints 2
`,
  ),
  variation(
    'the blob connection was Rejected',
    answered('Rejected'),
    `
  vm/jumpbox -> storage/stclinic/blob | endpoint-not-approved by pe-blob, privateLinkServiceConnectionState | pe-blob properties.privateLinkServiceConnectionState.status | private-endpoints 2
`,
  ),
  variation(
    'the blob connection was Pending and was approved',
    pending('pe-blob', 'stclinic', 'blob') + answered('Approved'),
    `
  vm/jumpbox -> storage/stclinic/blob | delivered by stclinic, private endpoint connection | | private-endpoints 2
`,
  ),
  variation(
    'the workspace has no private endpoint any more',
    `${undeployed}
  - remove: pe-workspace/default
  - remove: pe-workspace
`,
    `
  internet -> workspace/mlw-clinic | refused-by-door by mlw-clinic, publicNetworkAccess is Disabled | mlw-clinic properties.publicNetworkAccess | WS-4
  vm/jumpbox -> workspace/mlw-clinic | refused-by-door by mlw-clinic, publicNetworkAccess is Disabled assuming default-outbound-access | mlw-clinic properties.publicNetworkAccess | WS-4
`,
  ),
  variation(
    'the workspace has the private endpoints of a deployment, and none of its own',
    `
  - remove: pe-workspace/default
  - remove: pe-workspace
`,
    `
  vm/jumpbox -> workspace/mlw-clinic | name-not-found by privatelink.api.azureml.ms | privatelink.api.azureml.ms A/1d0532d6-1f8c-52a8-8bc7-dfa49b73e917.workspace.eastus | private-endpoints 2: any connection gives the alias
  deployment/length-of-stay/blue -> workspace/mlw-clinic | delivered by mlw-clinic, private endpoint connection | | aml-required-traffic 6
`,
  ),
];

const resolver = (addresses: string): string => `
  - set: clinic-vnet dhcpOptions.dnsServers
    to: [${addresses}]
`;
const machine = `
  - machine: dns
    in: clinic-vnet/scoring
    at: 10.150.1.9
`;
const described = (forward: string): string => `dnsServers: {clinic: {at: vm/dns, forward: {${forward}}}}`;

/** Custom DNS servers and hosts files. */
export const servers: readonly Variation[] = [
  variation(
    'a DNS server that forwards everything to Azure',
    resolver('10.150.1.9') + machine,
    `
  vm/jumpbox -> storage/stclinic/blob | delivered at 10.150.0.4 by stclinic, private endpoint connection | | names 4: DNS server in the network
  vm/jumpbox -> vault/kv-clinic | delivered by kv-clinic, private endpoint connection | | names 4
`,
    described('".": [168.63.129.16]'),
  ),
  variation(
    'a DNS server that forwards nothing',
    resolver('10.150.1.9') + machine,
    `
  vm/jumpbox -> storage/stclinic/blob | dropped-by-gate by clinic-nsg, DenyInternet | clinic-nsg securityRules/DenyInternet; stclinic properties.publicNetworkAccess | names 4: it must forward the public suffix
`,
    described(''),
  ),
  variation(
    'a DNS server that forwards only the private suffix',
    resolver('10.150.1.9') + machine,
    `
  vm/jumpbox -> storage/stclinic/blob | dropped-by-gate by clinic-nsg, DenyInternet assuming a-dns-server-takes-the-whole-chain | clinic-nsg securityRules/DenyInternet; stclinic properties.publicNetworkAccess | names 4
`,
    described('privatelink.blob.core.windows.net: [168.63.129.16]'),
  ),
  variation(
    'a DNS server that nobody described',
    resolver('10.150.1.9') + machine,
    `
  vm/jumpbox -> storage/stclinic/blob | unknown by 10.150.1.9, dnsServers | | charter: never map the unknown to empty
  vm/jumpbox -> 10.150.0.4 | delivered by stclinic, private endpoint connection | | an address needs no name
`,
  ),
  variation(
    'a DNS server that is not there',
    resolver('10.150.1.9'),
    `
  vm/jumpbox -> storage/stclinic/blob | resolver-unreachable by clinic-vnet, dnsServers | | names 2
`,
  ),
  variation(
    'a DNS server that is not there, then Azure',
    resolver('10.150.1.9, 168.63.129.16'),
    `
  vm/jumpbox -> storage/stclinic/blob | delivered by stclinic, private endpoint connection | | names 1: tried in order
`,
  ),
  variation(
    'the interface has a DNS server of its own',
    `${resolver('10.150.1.9')}
  - set: jumpbox-nic dnsSettings.dnsServers
    to: [168.63.129.16]
`,
    `
  vm/jumpbox -> storage/stclinic/blob | delivered by stclinic, private endpoint connection | | names 1: the interface's list comes first
  vnet/clinic-vnet/training -> storage/stclinic/blob | resolver-unreachable by clinic-vnet, dnsServers | | names 1
`,
  ),
  variation(
    'a rule keeps the jumpbox from its DNS server',
    `${resolver('10.150.1.9')}${machine}
  - set: clinic-nsg securityRules.+
    to: {name: DenyDns, properties: {direction: Outbound, priority: 200, access: Deny, protocol: Udp, sourceAddressPrefix: "*", sourcePortRange: "*", destinationAddressPrefix: 10.150.1.9, destinationPortRange: "53"}}
`,
    `
  vm/jumpbox -> storage/stclinic/blob | resolver-unreachable by clinic-vnet, dnsServers | clinic-nsg securityRules/DenyDns | N-3, names 2
`,
    described('".": [168.63.129.16]'),
  ),
  variation(
    'a rule denies the platform resolver by its tag',
    `
  - set: clinic-nsg securityRules.+
    to: {name: DenyAzureDns, properties: {direction: Outbound, priority: 200, access: Deny, protocol: "*", sourceAddressPrefix: "*", sourcePortRange: "*", destinationAddressPrefix: AzurePlatformDNS, destinationPortRange: "*"}}
`,
    `
  vm/jumpbox -> storage/stclinic/blob | resolver-unreachable by clinic-nsg, DenyAzureDns | clinic-nsg securityRules/DenyAzureDns | N-8
`,
  ),
  variation(
    'a rule denies everything',
    `
  - set: clinic-nsg securityRules.+
    to: {name: DenyAll, properties: {direction: Outbound, priority: 200, access: Deny, protocol: "*", sourceAddressPrefix: "*", sourcePortRange: "*", destinationAddressPrefix: "*", destinationPortRange: "*"}}
`,
    `
  vm/jumpbox -> storage/stclinic/blob | dropped-by-gate by clinic-nsg, DenyAll | clinic-nsg securityRules/DenyAll | N-8: DNS is exempt
  vm/jumpbox -> azure/sign-in | delivered by sign-in, public service allows | | N-1: the lower priority number first
`,
  ),
  variation(
    'hosts entries at the branch office, which has no tunnel',
    '',
    `
  site/branch-office -> storage/stclinic/blob | no-route by internet, public routing | | names 6
  site/branch-office -> vault/kv-clinic | refused-by-door by kv-clinic, publicNetworkAccess is Disabled | kv-clinic properties.publicNetworkAccess | names 6: a name that is not in the file
`,
    'sites: {branch-office: {via: internet, hosts: ["10.150.0.4 stclinic.blob.core.windows.net"]}}',
  ),
  variation(
    'hosts entries at a site with a gateway',
    '',
    `
  site/headquarters -> storage/stclinic/blob | unknown by hub-gateway, via | | gateways are only stored
`,
    'sites: {headquarters: {via: vpn/hub-gateway, prefixes: [192.168.0.0/16], hosts: ["10.150.0.4 stclinic.blob.core.windows.net"]}}',
  ),
  variation(
    'a site whose DNS server forwards to the machine in the network',
    machine,
    `
  site/headquarters -> storage/stclinic/blob | unknown by hub-gateway, via assuming a-gateway-carries-dns | | names 4: on-premises client
`,
    `
sites: {headquarters: {via: vpn/hub-gateway, prefixes: [192.168.0.0/16], dns: dnsServer/hq}}
dnsServers:
  hq: {address: 192.168.0.10, forward: {".": [10.150.1.9]}}
  clinic: {at: vm/dns, forward: {".": [168.63.129.16]}}
`,
  ),
];
