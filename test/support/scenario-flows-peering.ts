/**
 * Variations with a second network, joined to the first or not.
 *
 * @module
 */

import { type Variation, variation } from './scenario-flows.ts';

const lab = `
  - add: virtualNetworks/lab
    with: {addressSpace: {addressPrefixes: [10.151.0.0/16]}, subnets: [{name: desks, addressPrefix: 10.151.0.0/24}]}
  - machine: desk
    in: lab/desks
    at: 10.151.0.10
`;
const both = `${lab}
  - peering: [clinic-vnet, lab]
`;
const linked = `
  - add: privateDnsZones/privatelink.blob.core.windows.net/virtualNetworkLinks/lab
    with: {virtualNetwork: {id: "@lab"}, registrationEnabled: false}
`;

/** A second network. */
export const peered: readonly Variation[] = [
  variation(
    'a peered network without links',
    both,
    `
  vm/desk -> storage/stclinic/blob | refused-by-door by stclinic, publicNetworkAccess is Disabled assuming default-outbound-access | privatelink.blob.core.windows.net virtualNetworkLinks; stclinic properties.publicNetworkAccess | names 7: links are not shared by peering
  vm/desk -> 10.150.0.4 | delivered by stclinic, private endpoint connection | | PE-5
  vm/desk -> vm/jumpbox:22 | delivered assuming a-machine-listens | | network 3: the peer is in VirtualNetwork
`,
  ),
  variation(
    'a peered network with a link to the blob zone',
    both + linked,
    `
  vm/desk -> storage/stclinic/blob | delivered at 10.150.0.4 by stclinic, private endpoint connection | | names 7
  vm/desk -> vault/kv-clinic | refused-by-door by kv-clinic, publicNetworkAccess is Disabled | privatelink.vaultcore.azure.net virtualNetworkLinks; kv-clinic properties.publicNetworkAccess | names 7: one link a zone
`,
  ),
  variation(
    'a linked network that is not peered',
    lab + linked,
    `
  vm/desk -> storage/stclinic/blob | no-route by lab, system route 10.0.0.0/8 | lab system route 10.0.0.0/8 | network 2, 3
`,
  ),
  variation(
    'a peering that has only the side of the clinic',
    `${lab}
  - peering: [clinic-vnet, lab]
    one-sided: true
`,
    `
  vm/jumpbox -> vm/desk:22 | no-route by clinic-vnet, system route 10.0.0.0/8 | to-lab properties.peeringState | network 3: both sides must exist
  vm/desk -> 10.150.0.4 | no-route by lab, system route 10.0.0.0/8 | lab system route 10.0.0.0/8 | network 3
`,
  ),
  variation(
    'a peering that lets nothing through',
    `${lab}
  - peering: [clinic-vnet, lab]
    with: {allowVirtualNetworkAccess: false}
`,
    `
  vm/desk -> 10.150.0.4 | no-route by lab, system route 10.0.0.0/8 | to-clinic-vnet properties.allowVirtualNetworkAccess | network 3
`,
  ),
  variation(
    'a peering that the clinic closed on its side',
    `${both}
  - set: clinic-vnet/to-lab allowVirtualNetworkAccess
    to: false
`,
    `
  vm/desk -> 10.150.0.4 | no-route by to-lab, allowVirtualNetworkAccess | to-lab properties.allowVirtualNetworkAccess | network 3
`,
  ),
  variation(
    'a network behind the peered network',
    `${both}
  - add: virtualNetworks/annex
    with: {addressSpace: {addressPrefixes: [10.152.0.0/16]}, subnets: [{name: desks, addressPrefix: 10.152.0.0/24}]}
  - peering: [lab, annex]
`,
    `
  vnet/annex/desks -> 10.150.0.4 | no-route by annex, system route 10.0.0.0/8 | annex system route 10.0.0.0/8 | network 3: not transitive
`,
  ),
  variation(
    'a peered network that uses the DNS server of the clinic',
    `${both}
  - set: lab dhcpOptions.dnsServers
    to: [10.150.1.9]
  - machine: dns
    in: clinic-vnet/scoring
    at: 10.150.1.9
`,
    `
  vm/desk -> storage/stclinic/blob | delivered at 10.150.0.4 by stclinic, private endpoint connection | | names 7: hub DNS
`,
    'dnsServers: {clinic: {at: vm/dns, forward: {".": [168.63.129.16]}}}',
  ),
];
