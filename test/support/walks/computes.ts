/**
 * What Azure runs for a workspace: aml-required-traffic.md section 3.
 *
 * @module
 */

import {
  compute,
  ids,
  link,
  network,
  nsg,
  privateEndpoint,
  storage,
  subnet,
  udr,
  vault,
  vm,
  vnet,
  workspace,
  zone,
} from '../network.ts';
import type { Walks } from './row.ts';

/** Instances and clusters in subnets, and in none. */
export const computes: Walks = {
  title: 'computes',
  network: network(
    vnet(
      'net',
      '10.0.0.0/16',
      subnet('jobs', '10.0.1.0/24', { outbound: false }),
      subnet('ruled', '10.0.2.0/24', { nsg: 'ruled' }),
      subnet('forced', '10.0.3.0/24', { udr: 'forced' }),
      subnet('pe', '10.0.4.0/24'),
      subnet('full', '10.0.5.0/29'),
      subnet('plain', '10.0.6.0/24'),
    ),
    udr('forced', '0.0.0.0/0 -> None'),
    nsg('ruled', '100 Deny Out tcp 443 from * to Internet', '110 Deny Out tcp 22 from 10.0.2.4 to *'),
    ['4', '5', '6'].map((last) => vm(`taken${last}`, 'net/full', `10.0.5.${last}`)),
    workspace('ml'),
    storage('data', { closed: true }),
    storage('open'),
    storage('near', { deny: true, allow: ['203.0.113.0/24'] }),
    vault('listed', { deny: true, allow: ['203.0.113.0/24'] }),
    privateEndpoint('pe-data', 'net/pe', '10.0.4.4', ids.storage('data'), 'blob'),
    zone('privatelink.blob.core.windows.net', {}, 'data A 10.0.4.4'),
    link('privatelink.blob.core.windows.net', 'net'),
    compute('ml', 'hidden', { subnet: 'net/jobs' }),
    compute('ml', 'shown', { subnet: 'net/jobs', shown: true }),
    compute('ml', 'ruled', { subnet: 'net/ruled', shown: true }),
    compute('ml', 'forced', { subnet: 'net/forced', shown: true }),
    compute('ml', 'crowded', { subnet: 'net/full' }),
    compute('ml', 'astray', { subnet: 'elsewhere/jobs' }),
    compute('ml', 'loose', { shown: true }),
  ),
  rows: [
    ['C-1', 'compute/ml/hidden -> storage/data/blob', 'delivered: door data private endpoint connection'],
    [
      'C-1',
      'compute/ml/hidden -> storage/open/blob',
      'no-route: outbound jobs defaultOutboundAccess',
      'jobs properties.defaultOutboundAccess',
    ],
    ['C-5', 'compute/ml/shown -> storage/open/blob', 'delivered: door open networkAcls.defaultAction allows'],
    ['C-5', 'compute/ml/shown -> vault/listed', 'unknown: door listed networkAcls.ipRules'],
    ['C-2', 'compute/ml/forced -> storage/open/blob', 'no-route: route forced 0.0.0.0-0', 'forced 0.0.0.0-0'],
    [
      'N-1',
      'compute/ml/ruled -> storage/open/blob',
      'dropped-by-gate: egress ruled DenyOut100',
      'ruled securityRules/DenyOut100',
    ],
    ['C-3', 'compute/ml/crowded -> storage/data/blob', 'no-route: route crowded subnet'],
    ['C-6', 'compute/ml/astray -> storage/data/blob', 'unknown: route astray subnet'],
    ['C-6', 'compute/ml/loose -> storage/open/blob', 'delivered: door open networkAcls.defaultAction allows'],
    [
      'C-6',
      'compute/ml/loose -> storage/data/blob',
      'refused-by-door: door data publicNetworkAccess is Disabled',
      'data properties.publicNetworkAccess',
    ],
    ['C-6', 'compute/ml/loose -> vault/listed', 'unknown: door listed networkAcls.ipRules'],
    [
      'S-IP',
      'compute/ml/loose -> storage/near/blob',
      'refused-by-door: door near networkAcls.ipRules is not asked within a region',
      'near properties.networkAcls.defaultAction',
    ],
    ['C-6', 'compute/ml/loose -> 10.0.4.4', 'no-route: route internet public routing'],
    ['C-3', 'vm/taken4 -> 10.0.1.9:22', 'unknown: listener net addresses'],
    ['C-3', 'vm/taken4 -> 10.0.6.9:22', 'nothing-listening: listener net addresses'],
  ],
};
