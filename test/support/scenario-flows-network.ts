/**
 * Variations of the way: rules, routes, appliances, ways out.
 *
 * @module
 */

import { type Variation, variation } from './scenario-flows.ts';

const rule = (
  name: string,
  direction: string,
  access: string,
  source: string,
  destination: string,
  more = '',
): string => `
  - set: clinic-nsg securityRules.+
    to: {name: ${name}, properties: {direction: ${direction}, priority: 200, access: ${access}, protocol: "*", sourceAddressPrefix: ${source}, sourcePortRange: "*", destinationAddressPrefix: ${destination}, destinationPortRange: "${more || '*'}"}}
`;
const policies = (value: string): string => `
  - set: clinic-vnet subnets[training].privateEndpointNetworkPolicies
    to: ${value}
`;
const denyScoring = rule('DenyScoring', 'Inbound', 'Deny', '10.150.1.0/24', '10.150.0.0/24');
const deliveredBlob =
  'vm/jumpbox -> storage/stclinic/blob | delivered by stclinic, private endpoint connection | |';

/** Security rules. */
export const gates: readonly Variation[] = [
  variation(
    'a rule denies the blob endpoint, leaving',
    rule('DenyBlob', 'Outbound', 'Deny', '"*"', '10.150.0.4'),
    `
  vm/jumpbox -> storage/stclinic/blob | dropped-by-gate by clinic-nsg, DenyBlob | clinic-nsg securityRules/DenyBlob | N-1
  vm/jumpbox -> storage/stclinic/file | delivered by stclinic, private endpoint connection | | N-1
`,
  ),
  variation('a rule denies entering, policies off', denyScoring, `${deliveredBlob} N-9`),
  variation(
    'a rule denies entering, policies on for security groups',
    denyScoring + policies('NetworkSecurityGroupEnabled'),
    `
  vm/jumpbox -> storage/stclinic/blob | dropped-by-gate by clinic-nsg, DenyScoring | clinic-nsg securityRules/DenyScoring | private-endpoints 5
  vnet/clinic-vnet/training -> storage/stclinic/blob | delivered by stclinic, private endpoint connection | | private-endpoints 5
`,
  ),
  variation(
    'a rule denies entering, policies on for routes only',
    denyScoring + policies('RouteTableEnabled'),
    `${deliveredBlob} private-endpoints 5`,
  ),
  variation(
    'a rule denies entering, all policies on',
    denyScoring + policies('Enabled'),
    `
  vm/jumpbox -> storage/stclinic/blob | dropped-by-gate by clinic-nsg, DenyScoring | clinic-nsg securityRules/DenyScoring | private-endpoints 5
`,
  ),
  variation(
    'a rule denies machines of one subnet each other',
    `${rule('DenyNeighbours', 'Inbound', 'Deny', '10.150.1.0/24', '10.150.1.0/24')}
  - machine: other
    in: clinic-vnet/scoring
    at: 10.150.1.20
`,
    `
  vm/other -> vm/jumpbox:22 | dropped-by-gate by clinic-nsg, DenyNeighbours | clinic-nsg securityRules/DenyNeighbours | N-3
  vnet/clinic-vnet/training -> vm/jumpbox:22 | delivered assuming a-machine-listens | | N-1
`,
  ),
  variation(
    'a rule names a tag that no table has',
    rule('DenyStranger', 'Outbound', 'Deny', '"*"', 'NobodyKnowsThisTag'),
    `
  vm/jumpbox -> 8.8.8.8 | dropped-by-gate by clinic-nsg, DenyInternet | clinic-nsg securityRules/DenyInternet | unknown, and both ways the same
  vm/jumpbox -> storage/stclinic/blob | unknown by clinic-nsg, DenyStranger | | charter: never map the unknown to empty
`,
  ),
];

const table = (prefix: string, hop: string, subnet = 'scoring'): string => `
  - add: routeTables/forced
    with: {routes: [{name: all, addressPrefix: ${prefix}, ${hop}}]}
  - set: clinic-vnet subnets[${subnet}].routeTable.id
    to: "@forced"
`;
const none = 'nextHopType: None';

/** User-defined routes to nowhere. */
export const routes: readonly Variation[] = [
  variation(
    'everything is routed to None',
    table('0.0.0.0/0', none),
    `
  vm/jumpbox -> storage/stclinic/blob | delivered by stclinic, private endpoint connection | | network 2: the /32 is longer
  vm/jumpbox -> azure/sign-in | no-route by forced, all | forced all | network 2 rule 5
  vnet/clinic-vnet/training -> azure/sign-in | delivered by sign-in, public service allows | | a table is a subnet's
`,
  ),
  variation(
    'the network is routed to None, policies off',
    table('10.150.0.0/16', none),
    `${deliveredBlob} private-endpoints 5 rule 3`,
  ),
  variation(
    'the network is routed to None, policies on for routes',
    table('10.150.0.0/16', none) + policies('RouteTableEnabled'),
    `
  vm/jumpbox -> storage/stclinic/blob | no-route by forced, all | forced all | private-endpoints 5 rule 2
`,
  ),
  variation(
    'everything is routed to None, policies on for routes',
    table('0.0.0.0/0', none) + policies('RouteTableEnabled'),
    `${deliveredBlob} private-endpoints 5 rule 2: less specific does not`,
  ),
  variation(
    'one address is routed to None, policies off',
    table('10.150.0.4/32', none),
    `
  vm/jumpbox -> storage/stclinic/blob | no-route by forced, all | forced all | private-endpoints 5 rule 3
  vm/jumpbox -> storage/stclinic/file | delivered by stclinic, private endpoint connection | | private-endpoints 5 rule 3
`,
  ),
  variation(
    'the jumpbox has no route back to training',
    table('10.150.0.0/24', none),
    `
  vnet/clinic-vnet/training -> vm/jumpbox:22 | no-return-path by scoring, routes | forced routes | network 2 rule 5
  vm/jumpbox -> storage/stclinic/blob | delivered by stclinic, private endpoint connection | | network 2: the /32 is longer
`,
  ),
];

const firewall = `
  - set: clinic-vnet subnets.+
    to: {name: firewall, properties: {addressPrefix: 10.150.2.0/24}}
`;
const router = (forwarding: boolean): string => `${firewall}
  - machine: router
    in: clinic-vnet/firewall
    at: 10.150.2.4
    with: {enableIPForwarding: ${forwarding}}
`;
const over = 'nextHopType: VirtualAppliance, nextHopIpAddress: 10.150.2.4';

/** User-defined routes to an appliance. */
export const appliances: readonly Variation[] = [
  variation(
    'everything goes through an appliance',
    router(true) + table('0.0.0.0/0', over),
    `
  vm/jumpbox -> azure/sign-in | delivered by sign-in, public service allows assuming an-appliance-forwards, an-appliance-translates-to-the-internet, default-outbound-access | | network 2
  vm/jumpbox -> 8.8.8.8 | delivered by 8.8.8.8, listener assuming an-appliance-forwards, an-appliance-translates-to-the-internet, default-outbound-access, the-internet-listens | | network 1: the route puts 0.0.0.0/0 into VirtualNetwork [I]
  vm/jumpbox -> storage/stclinic/blob | delivered by stclinic, private endpoint connection | | network 2: the /32 is longer
`,
  ),
  variation(
    'the appliance does not forward',
    router(false) + table('0.0.0.0/0', over),
    `
  vm/jumpbox -> azure/sign-in | no-route by router-nic, enableIPForwarding | router-nic properties.enableIPForwarding | network 2: IP forwarding on its NIC
`,
  ),
  variation(
    'nothing has the address of the appliance',
    firewall + table('0.0.0.0/0', over),
    `
  vm/jumpbox -> azure/sign-in | no-route by forced, all | forced all | network 2
`,
  ),
  variation(
    'the appliance is something that is only stored',
    `${firewall}${table('0.0.0.0/0', over)}
  - add: managedClusters/aks
    with: {dnsPrefix: aks}
`,
    `
  vm/jumpbox -> azure/sign-in | unknown by forced, all | | charter: a stored type on the way is unknown
`,
  ),
  variation(
    'private endpoints are reached through an appliance that does not translate',
    router(true) + table('10.150.0.0/16', over) + policies('RouteTableEnabled'),
    `
  vm/jumpbox -> storage/stclinic/blob | no-return-path by pe-blob, reply assuming an-appliance-forwards, an-appliance-keeps-the-source | pe-blob routes of the client subnet | private-endpoints 5 rule 4
`,
  ),
];

const shown = `
  - add: publicIPAddresses/jumpbox-ip
    with: {publicIPAllocationMethod: Static}
  - set: jumpbox-nic ipConfigurations[primary].publicIPAddress.id
    to: "@jumpbox-ip"
`;
const ssh = rule('AllowSsh', 'Inbound', 'Allow', 'Internet', '"*"', '22');

/** Ways out and in. */
export const outbound: readonly Variation[] = [
  variation(
    'the jumpbox has a public address',
    shown,
    `
  internet -> public/jumpbox-ip:22 | dropped-by-gate by clinic-nsg, DenyAllInBound | clinic-nsg securityRules | network 1, defaults
  vm/jumpbox -> azure/sign-in | delivered by sign-in, public service allows | | network 6: no assumption, the address is its own
`,
  ),
  variation(
    'the jumpbox has a public address and a rule for it',
    shown + ssh,
    `
  internet -> public/jumpbox-ip:22 | delivered by scoring, routes assuming a-machine-listens | | N-6
  internet -> public/jumpbox-ip:3389 | dropped-by-gate by clinic-nsg, DenyAllInBound | clinic-nsg securityRules | network 1, defaults
`,
  ),
  variation(
    'the jumpbox has a public address, and its replies are routed to None',
    shown + ssh + table('0.0.0.0/0', none),
    `
  internet -> public/jumpbox-ip:22 | no-return-path by scoring, routes | forced routes | network 2: asymmetric
`,
  ),
  variation(
    'default outbound access is off',
    `
  - set: clinic-vnet subnets[scoring].defaultOutboundAccess
    to: false
`,
    `
  vm/jumpbox -> azure/sign-in | no-route by scoring, defaultOutboundAccess | scoring properties.defaultOutboundAccess | network 6
  vm/jumpbox -> storage/stclinic/blob | delivered by stclinic, private endpoint connection | | network 6: private traffic needs no way out
`,
  ),
  variation(
    'the way out is a NAT gateway',
    `
  - add: natGateways/clinic-nat
    sku: {name: Standard}
  - set: clinic-vnet subnets[scoring].natGateway.id
    to: "@clinic-nat"
`,
    `
  vm/jumpbox -> azure/sign-in | no-route by clinic-nat, publicIpAddresses | clinic-nat properties.publicIpAddresses | network 6 order 2; no address to show
`,
  ),
];
