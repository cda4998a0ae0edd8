/**
 * Security admin rules of Virtual Network Manager: network-semantics.md section 1 N-7, and
 * https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins (AV).
 *
 * @module
 */

import {
  ids,
  manager,
  network,
  nsg,
  peered,
  privateEndpoint,
  storage,
  subnet,
  udr,
  vm,
  vnet,
} from '../network.ts';
import type { Walks } from './row.ts';

const shut = nsg('shut', '100 Deny In * from * to *', '100 Deny Out * from * to *');

/** The three words, both directions, and where they do not apply. */
export const words: Walks = {
  title: 'admin rules',
  network: network(
    vnet(
      'net',
      '10.0.0.0/16',
      subnet('open', '10.0.1.0/24', { policies: 'both' }),
      subnet('shut', '10.0.2.0/24', { nsg: 'shut' }),
      subnet('forced', '10.0.3.0/24', { udr: 'forced' }),
      subnet('AzureBastionSubnet', '10.0.4.0/26'),
    ),
    vnet('other', '10.1.0.0/16', subnet('a', '10.1.1.0/24')),
    peered('net', 'other'),
    shut,
    udr('forced', '198.51.100.0/24 -> Internet'),
    manager(
      'base',
      ['net'],
      {},
      '10 Deny In tcp 3389 from * to *',
      '20 AlwaysAllow In tcp 8530 from 10.0.0.0/16 to *',
      '21 Deny In tcp 8530 from * to *',
      '30 Allow In tcp 443 from group:base to *',
      '31 Deny In tcp 443 from 10.1.0.0/16 to *',
      '40 AlwaysAllow Out tcp 123 from * to *',
      '41 Deny Out tcp 25 from * to Internet',
      '42 Deny Out tcp 26 from * to VirtualNetwork',
      '43 Deny Out tcp 27 from * to Mystery',
    ),
    vm('web', 'net/open', '10.0.1.4', { nsg: 'nic', public: 'web-ip' }),
    nsg('nic', '100 Allow In tcp 3389 from * to *', '110 Allow In tcp 80 from Internet to *'),
    vm('db', 'net/shut', '10.0.2.4'),
    vm('far', 'other/a', '10.1.1.4'),
    vm('host', 'net/AzureBastionSubnet', '10.0.4.4'),
    storage('acct'),
    privateEndpoint('pe', 'net/open', '10.0.1.9', ids.storage('acct'), 'blob'),
  ),
  rows: [
    [
      'N-7 Deny before a group that allows, and nothing else is in the way',
      'vm/far -> vm/web:3389',
      'dropped-by-gate: ingress base Deny10',
      'base rules/Deny10',
    ],
    [
      'N-7 from the internet too',
      'internet -> public/web-ip:3389',
      'dropped-by-gate: ingress base Deny10',
      'base rules/Deny10',
    ],
    ['N-7 AlwaysAllow: the groups are not asked', 'vm/web -> vm/db:8530', 'delivered: return shut routes'],
    [
      'N-7 the lower number decides; all that is in the way is told',
      'vm/far -> vm/db:8530',
      'dropped-by-gate: ingress base Deny21',
      'base rules/Deny21',
      'shut securityRules/DenyIn100',
    ],
    [
      'N-7 Allow leaves it to the groups',
      'vm/web -> vm/db:443',
      'dropped-by-gate: ingress shut DenyIn100',
      'shut securityRules/DenyIn100',
    ],
    [
      'N-7 no rule: the groups alone',
      'vm/web -> vm/db:22',
      'dropped-by-gate: ingress shut DenyIn100',
      'shut securityRules/DenyIn100',
    ],
    [
      'AV a network group as source',
      'vm/far -> vm/web:443',
      'dropped-by-gate: ingress base Deny31',
      'base rules/Deny31',
    ],
    ['N-7 AlwaysAllow on the way out', 'vm/db -> vm/far:123', 'delivered: return a routes'],
    [
      'AV a service tag is public',
      'vm/web -> 8.8.8.8:25',
      'dropped-by-gate: egress base Deny41',
      'base rules/Deny41',
    ],
    [
      'AV tags mean what they mean at the subnet',
      'vm/web -> 198.51.100.7:26',
      'delivered: listener 198.51.100.7 listener',
    ],
    [
      'AV a route of the subnet puts its prefix into VirtualNetwork',
      'vnet/net/forced -> 198.51.100.7:26',
      'dropped-by-gate: egress base Deny42',
      'base rules/Deny42',
    ],
    ['a tag that nobody knows', 'vm/web -> 8.8.8.8:27', 'unknown: egress base Deny43'],
    ['AV networks that are in no group', 'vm/web -> vm/far:3389', 'delivered: return a routes'],
    [
      'AV not where Azure runs something',
      'vm/far -> vm/host:3389',
      'delivered: return AzureBastionSubnet routes',
    ],
    ['AV nor out of there', 'vm/host -> 8.8.8.8:25', 'delivered: listener 8.8.8.8 listener'],
    ['AV not at private endpoints', 'vm/far -> 10.0.1.9:3389', 'nothing-listening: listener acct ports'],
    [
      'N-8 platform traffic is exempt',
      'vm/db -> 168.63.129.16:53/udp',
      'delivered: listener 168.63.129.16 listener',
    ],
  ],
};

/** Where rules hold: regions, groups, several managers. */
export const scopes: Walks = {
  title: 'where admin rules hold',
  network: network(
    vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24')),
    vnet('lone', '10.2.0.0/16', subnet('a', '10.2.1.0/24')),
    vm('one', 'net/a', '10.0.1.4'),
    vm('two', 'net/a', '10.0.1.5'),
    vm('three', 'lone/a', '10.2.1.4'),
    vm('four', 'lone/a', '10.2.1.5'),
    manager('elsewhere', ['net'], { regions: ['westeurope'] }, '1 Deny In * from * to *'),
    manager('nowhere', ['net'], { regions: [] }, '1 Deny In * from * to *'),
    manager(
      'low',
      ['net'],
      { regions: ['East US'] },
      '1 AlwaysAllow In tcp 22 from * to *',
      '2 Deny In tcp 80 from * to *',
      '2 AlwaysAllow In tcp 80 from * to *',
    ),
    manager('high', ['net'], { upper: true }, '50 Deny In tcp 22 from * to *'),
    manager('lost', [], { lost: true }, '44 Deny In tcp 44 from * to *'),
  ),
  rows: [
    ['AV only in the regions of the commit', 'vm/one -> vm/two:443', 'delivered: return a routes'],
    [
      'AV a manager of management groups first',
      'vm/one -> vm/two:22',
      'dropped-by-gate: ingress high Deny50',
      'high rules/Deny50',
    ],
    [
      'assumed: of two alike, the one that denies',
      'vm/one -> vm/two:80',
      'dropped-by-gate: ingress low Deny2',
      'low rules/Deny2',
    ],
    ['AV members only', 'vm/three -> vm/four:22', 'delivered: return a routes'],
    ['a group that the estate does not have', 'vm/three -> vm/four:44', 'unknown: ingress lost Deny44'],
  ],
};
