/**
 * Variations of doors: public flags, addresses, subnets, and the flags of workspace and online endpoint.
 *
 * @module
 */

import { undeployed, type Variation, variation } from './scenario-flows.ts';

const enabled = (name: string): string => `
  - set: ${name} publicNetworkAccess
    to: Enabled
`;
const addresses = (...values: string[]): string => `
  - set: kv-clinic networkAcls.ipRules
    to: [${values.map((value) => `{value: ${value}}`).join(', ')}]
`;

/** Storage, vault and registry. */
export const services: readonly Variation[] = [
  variation(
    'the vault is Enabled, with the default Deny',
    enabled('kv-clinic'),
    `
  internet -> vault/kv-clinic | refused-by-door by kv-clinic, networkAcls.defaultAction is Deny | kv-clinic properties.networkAcls.defaultAction | paas 1 step 7
  vm/jumpbox -> vault/kv-clinic | delivered by kv-clinic, private endpoint connection | | paas 1 step 1
`,
  ),
  variation(
    'the vault is Enabled and lists the client',
    enabled('kv-clinic') + addresses('203.0.113.0/24'),
    `
  internet -> vault/kv-clinic | delivered by kv-clinic, networkAcls.ipRules | | paas 1 step 5
`,
  ),
  variation(
    'the vault is Enabled and lists somebody else',
    enabled('kv-clinic') + addresses('198.51.100.7'),
    `
  internet -> vault/kv-clinic | refused-by-door by kv-clinic, networkAcls.defaultAction is Deny | kv-clinic properties.networkAcls.defaultAction | paas 1 step 7
  site/branch-office -> vault/kv-clinic | unknown by kv-clinic, networkAcls.ipRules | | the site says no public address
`,
  ),
  variation(
    'the vault is Disabled and lists the client',
    addresses('203.0.113.0/24'),
    `
  internet -> vault/kv-clinic | refused-by-door by kv-clinic, publicNetworkAccess is Disabled | kv-clinic properties.publicNetworkAccess | paas 4: IP rules ignored
`,
  ),
  variation(
    'the account is Enabled, with the default Allow',
    `${enabled('stclinic')}
  - set: stclinic networkAcls.defaultAction
    to: Allow
`,
    `
  internet -> storage/stclinic/blob | delivered by stclinic, networkAcls.defaultAction allows | | paas 1 step 4, PE-8
  internet -> storage/stclinic/blob as anonymous | unauthenticated by stclinic, token | | R-9
`,
  ),
  variation(
    'the registry is Enabled',
    enabled('crclinic'),
    `
  internet -> registry/crclinic | delivered by crclinic, networkRuleSet.defaultAction allows | | PE-8
  internet -> crclinic.eastus.data.azurecr.io | delivered by crclinic, networkRuleSet.defaultAction allows | | paas 5
`,
  ),
  variation(
    'the vault lists the public address of the jumpbox, and has no private endpoint',
    `${undeployed}${enabled('kv-clinic')}
  - remove: pe-vault/default
  - remove: pe-vault
  - remove: clinic-nsg securityRules[DenyInternet]
  - add: publicIPAddresses/jumpbox-ip
    with: {publicIPAllocationMethod: Static}
  - set: jumpbox-nic ipConfigurations[primary].publicIPAddress.id
    to: "@jumpbox-ip"
  - set: kv-clinic networkAcls.ipRules
    to: [{value: "[reference(resourceId('Microsoft.Network/publicIPAddresses', 'jumpbox-ip'), '2024-01-01').ipAddress]"}]
`,
    `
  vm/jumpbox -> vault/kv-clinic | delivered by kv-clinic, networkAcls.ipRules | | paas 1 step 5
  vnet/clinic-vnet/training -> vault/kv-clinic | unknown by kv-clinic, networkAcls.ipRules assuming default-outbound-access | | the source is an address that Azure picks
`,
  ),
  variation(
    'the vault lists the subnet, which has a service endpoint',
    `${undeployed}${enabled('kv-clinic')}
  - remove: pe-vault/default
  - remove: pe-vault
  - set: clinic-vnet subnets[scoring].serviceEndpoints
    to: [{service: Microsoft.KeyVault}]
  - set: kv-clinic networkAcls.virtualNetworkRules
    to: [{id: "@clinic-vnet/scoring"}]
  - set: clinic-nsg securityRules.+
    to: {name: AllowVault, properties: {direction: Outbound, priority: 130, access: Allow, protocol: Tcp, sourceAddressPrefix: VirtualNetwork, sourcePortRange: "*", destinationAddressPrefix: AzureKeyVault, destinationPortRange: "443"}}
`,
    `
  vm/jumpbox -> vault/kv-clinic | delivered by kv-clinic, networkAcls.virtualNetworkRules | | SE-1, SE-6
  vnet/clinic-vnet/training -> vault/kv-clinic | refused-by-door by kv-clinic, networkAcls.defaultAction is Deny assuming default-outbound-access | kv-clinic properties.networkAcls.defaultAction | SE-6
`,
  ),
  variation(
    'the subnet has a service endpoint, and the rules do not let it out',
    `${undeployed}${enabled('kv-clinic')}
  - remove: pe-vault/default
  - remove: pe-vault
  - set: clinic-vnet subnets[scoring].serviceEndpoints
    to: [{service: Microsoft.KeyVault}]
  - set: kv-clinic networkAcls.virtualNetworkRules
    to: [{id: "@clinic-vnet/scoring"}]
`,
    `
  vm/jumpbox -> vault/kv-clinic | dropped-by-gate by clinic-nsg, DenyInternet | clinic-nsg securityRules/DenyInternet | SE-2
`,
  ),
];

const endpointFlag = (value: string): string => `
  - set: mlw-clinic/length-of-stay publicNetworkAccess
    to: ${value}
  - set: all-traffic-to-blue parameters.publicNetworkAccess.value
    to: ${value}
`;
const noEndpointFlag = `
  - remove: mlw-clinic/length-of-stay publicNetworkAccess
  - remove: all-traffic-to-blue
`;
const scoring = 'endpoint/mlw-clinic/length-of-stay';

/** Workspace and online endpoint. */
export const flags: readonly Variation[] = [
  variation(
    'the workspace is Enabled, the endpoint Disabled',
    enabled('mlw-clinic'),
    `
  internet -> workspace/mlw-clinic | delivered by mlw-clinic, ipAllowlist allows | | paas 2
  internet -> ${scoring} | refused-by-door by length-of-stay, publicNetworkAccess is Disabled | length-of-stay properties.publicNetworkAccess | paas 2
`,
  ),
  variation(
    'the workspace is Disabled, the endpoint Enabled',
    endpointFlag('Enabled'),
    `
  internet -> workspace/mlw-clinic | refused-by-door by mlw-clinic, publicNetworkAccess is Disabled | mlw-clinic properties.publicNetworkAccess | paas 2
  internet -> ${scoring} | delivered by length-of-stay, publicNetworkAccess allows | | paas 2, second table
  internet -> ${scoring} as anonymous | unauthenticated by length-of-stay, token | | paas 2
`,
  ),
  variation(
    'the workspace is Disabled, the endpoint says nothing',
    noEndpointFlag,
    `
  internet -> ${scoring} | refused-by-door by mlw-clinic, publicNetworkAccess is Disabled | mlw-clinic properties.publicNetworkAccess | assumed.md
  vm/jumpbox -> ${scoring} | delivered by mlw-clinic, private endpoint connection | | private-endpoints 4.1
`,
  ),
  variation(
    'the workspace is Enabled, the endpoint says nothing',
    enabled('mlw-clinic') + noEndpointFlag,
    `
  internet -> ${scoring} | delivered by mlw-clinic, ipAllowlist allows | | assumed.md
`,
  ),
  variation(
    'the workspace lists addresses, and the client is one',
    `${enabled('mlw-clinic')}
  - set: mlw-clinic ipAllowlist
    to: [203.0.113.0/24]
`,
    `
  internet -> workspace/mlw-clinic | delivered by mlw-clinic, ipAllowlist | | paas 2
`,
  ),
  variation(
    'the workspace lists addresses, and the client is none',
    `${enabled('mlw-clinic')}${endpointFlag('Enabled')}
  - set: mlw-clinic ipAllowlist
    to: [198.51.100.7]
`,
    `
  internet -> workspace/mlw-clinic | refused-by-door by mlw-clinic, ipAllowlist has no such address | mlw-clinic properties.ipAllowlist | paas 2
  internet -> ${scoring} | delivered by length-of-stay, publicNetworkAccess allows | | paas 2: the list does not cover endpoints
`,
  ),
  variation(
    'the older flag opens the workspace',
    `
  - remove: mlw-clinic publicNetworkAccess
  - set: mlw-clinic allowPublicAccessWhenBehindVnet
    to: true
`,
    `
  internet -> workspace/mlw-clinic | delivered by mlw-clinic, ipAllowlist allows | | paas 2: one is mirrored to the other
`,
  ),
];
