/**
 * Service endpoint policies: network-semantics.md section 7.
 *
 * @module
 */

import {
  idOf,
  ids,
  network,
  privateEndpoint,
  servicePolicy,
  storage,
  subnet,
  vault,
  vm,
  vnet,
} from '../network.ts';
import type { Walks } from './row.ts';

const serviceEndpoints = ['Microsoft.Storage', 'Microsoft.KeyVault'];
const limited = (name: string, space: string, ...servicePolicies: string[]) =>
  subnet(name, space, { serviceEndpoints, servicePolicies });

export const policies: Walks = {
  title: 'service endpoint policies',
  network: network(
    vnet(
      'net',
      '10.0.0.0/16',
      limited('free', '10.0.1.0/24'),
      limited('own', '10.0.2.0/24', 'own'),
      limited('empty', '10.0.3.0/24', 'empty'),
      limited('both', '10.0.4.0/24', 'empty', 'own'),
      limited('lost', '10.0.5.0/24', 'own', 'lost'),
      limited('platform', '10.0.6.0/24', 'platform'),
      limited('group', '10.0.7.0/24', 'group'),
      limited('near', '10.0.8.0/24', 'near'),
    ),
    servicePolicy('own', ids.storage('acct').toUpperCase(), ids.storage('shut')),
    servicePolicy('empty'),
    servicePolicy('platform', '/services/Azure/MachineLearning'),
    servicePolicy('group', '/subscriptions/s/resourceGroups/RG'),
    servicePolicy('near', idOf('Microsoft.Storage/storageAccounts', 'acct', 'rg2'), `${ids.storage('ac')}`),
    storage('acct'),
    storage('other'),
    storage('shut', { deny: true }),
    storage('far', { location: 'westus2' }),
    vault('kv'),
    vm('one', 'net/empty', '10.0.3.9'),
    privateEndpoint('pe', 'net/free', '10.0.1.9', ids.storage('other'), 'file'),
  ),
  rows: [
    [
      'section 7: no policy',
      'vnet/net/free -> storage/acct/blob',
      'delivered: door acct networkAcls.defaultAction allows',
    ],
    [
      'section 7: listed',
      'vnet/net/own -> storage/acct/blob',
      'delivered: door acct networkAcls.defaultAction allows',
    ],
    [
      'section 7: any policy denies the rest',
      'vnet/net/own -> storage/other/blob',
      'refused-by-door: door own serviceEndpointPolicyDefinitions',
      'own properties.serviceEndpointPolicyDefinitions',
    ],
    [
      'SE-6: the account must let the subnet in besides',
      'vnet/net/own -> storage/shut/blob',
      'refused-by-door: door shut networkAcls.defaultAction is Deny',
      'shut properties.networkAcls.defaultAction',
    ],
    [
      'section 7: one that lists nothing',
      'vm/one -> storage/acct/blob',
      'refused-by-door: door empty serviceEndpointPolicyDefinitions',
      'empty properties.serviceEndpointPolicyDefinitions',
    ],
    [
      'section 7: several policies are a union',
      'vnet/net/both -> storage/acct/blob',
      'delivered: door acct networkAcls.defaultAction allows',
    ],
    [
      'section 7: storage only',
      'vnet/net/empty -> vault/kv',
      'delivered: door kv networkAcls.defaultAction allows',
    ],
    [
      'section 7: over the service endpoint only: another region has none',
      'vnet/net/empty -> storage/far/blob',
      'delivered: door far networkAcls.defaultAction allows',
    ],
    [
      'section 7: not private endpoints',
      'vnet/net/empty -> 10.0.1.9',
      'delivered: door other private endpoint connection',
    ],
    [
      'section 7: a group of resources',
      'vnet/net/group -> storage/other/blob',
      'delivered: door other networkAcls.defaultAction allows',
    ],
    [
      'a name that begins alike is another',
      'vnet/net/near -> storage/acct/blob',
      'refused-by-door: door near serviceEndpointPolicyDefinitions',
      'near properties.serviceEndpointPolicyDefinitions',
    ],
    [
      'a policy that the estate does not have',
      'vnet/net/lost -> storage/other/blob',
      'unknown: door own serviceEndpointPolicyDefinitions',
    ],
    [
      'which one listed is enough',
      'vnet/net/lost -> storage/acct/blob',
      'delivered: door acct networkAcls.defaultAction allows',
    ],
    [
      'outside the estate',
      'vnet/net/own -> 198.18.48.1',
      'refused-by-door: door own serviceEndpointPolicyDefinitions',
      'own properties.serviceEndpointPolicyDefinitions',
    ],
    [
      'outside the estate, what an alias stands for',
      'vnet/net/platform -> 198.18.48.1',
      'unknown: door platform serviceEndpointPolicyDefinitions',
    ],
    [
      'outside the estate, what a group has',
      'vnet/net/group -> 198.18.48.1',
      'unknown: door group serviceEndpointPolicyDefinitions',
    ],
    [
      'outside the estate, what is listed and not in it',
      'vnet/net/near -> 198.18.48.1',
      'unknown: door near serviceEndpointPolicyDefinitions',
    ],
    [
      'C-9 an alias lists no account of ours',
      'vnet/net/platform -> storage/acct/blob',
      'refused-by-door: door platform serviceEndpointPolicyDefinitions',
      'platform properties.serviceEndpointPolicyDefinitions',
    ],
    [
      'another service outside the estate',
      'vnet/net/own -> 198.18.144.1',
      'delivered: listener 198.18.144.1 listener',
    ],
  ],
};
