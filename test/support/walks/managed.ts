/**
 * Networks that Azure manages for a workspace: aml-required-traffic.md section 7.
 *
 * @module
 */

import { parsePorts } from '../../../src/lib/ports.ts';
import type { ManagedDestination, ManagedOutbound } from '../../../src/net/facts.ts';
import { protocolSet } from '../../../src/net/gates.ts';
import {
  compute,
  type Facts,
  ids,
  network,
  registry,
  storage,
  subnet,
  vault,
  vm,
  vnet,
  workspace,
} from '../network.ts';
import type { Walks } from './row.ts';

function managed(home: string, lets: ManagedOutbound): Facts {
  return { kind: 'managed-network', of: ids.workspace(home), location: 'eastus', lets };
}

function rule(home: string, name: string, to: ManagedDestination): Facts {
  const of = ids.workspace(home);
  return { kind: 'managed-rule', id: `${of}/outboundRules/${name}`, of, name, to };
}

function toEndpoint(target: string, group: string, connection?: string): ManagedDestination {
  return { kind: 'endpoint', target, group, connection };
}

/** `tcp 443 Storage`. */
function toTag(text: string, access: 'Allow' | 'Deny' = 'Allow'): ManagedDestination {
  const [protocol = '', ports = '', tag = ''] = text.split(' ');
  const set = ports.split(',').flatMap((part) => {
    const interval = parsePorts(part);
    return interval ? [interval] : [];
  });
  return { kind: 'tag', tag, prefixes: [], protocol: protocolSet(protocol), ports: set, access };
}

const waiting = `${ids.storage('theirs')}/privateEndpointConnections/waiting`;

/** Every mode, every kind of rule, and who stands there. */
export const managedNetworks: Walks = {
  title: 'managed networks',
  network: network(
    vnet('net', '10.0.0.0/16', subnet('a', '10.0.1.0/24')),
    vm('one', 'net/a', '10.0.1.4'),
    ['wide', 'tight', 'named', 'hub', 'project'].map((name) => workspace(name, { closed: true })),
    storage('data', { closed: true }),
    storage('open'),
    storage('theirs', { closed: true }),
    vault('kv', { closed: true }),
    registry('cr', { closed: true }),
    managed('wide', { out: 'everything' }),
    rule('wide', 'data', toEndpoint(ids.storage('data'), 'blob')),
    compute('wide', 'cpu'),
    managed('tight', { out: 'approved' }),
    rule('tight', 'data', toEndpoint(ids.storage('data'), 'blob')),
    rule('tight', 'self', toEndpoint(ids.workspace('tight'), 'amlworkspace')),
    rule('tight', 'theirs', toEndpoint(ids.storage('theirs'), 'blob', waiting)),
    {
      kind: 'connection',
      id: waiting,
      target: ids.storage('theirs'),
      endpoint: `${ids.workspace('tight')}/outboundRules/theirs`,
      status: 'Pending',
    },
    rule('tight', 'sign-in', toTag('tcp 80,443 AzureActiveDirectory')),
    rule('tight', 'no-lake', toTag('tcp 443 Storage.westeurope', 'Deny')),
    rule('tight', 'lake', toTag('tcp 443 Storage')),
    storage('far', { location: 'westeurope' }),
    compute('tight', 'cpu'),
    managed('named', { out: 'approved' }),
    rule('named', 'sign-in', toTag('tcp 443 AzureActiveDirectory')),
    rule('named', 'inside', toTag('* * VirtualNetwork')),
    rule('named', 'open', { kind: 'name', pattern: 'open.blob.core.windows.net' }),
    rule('named', 'below', { kind: 'name', pattern: '*.example.org' }),
    rule('named', 'data', toEndpoint(ids.storage('data'), 'file')),
    compute('named', 'cpu'),
    managed('hub', { out: 'everything' }),
    managed('project', { out: 'as-hub', hub: ids.workspace('hub') }),
    compute('project', 'cpu'),
    rule('hub', 'kv', toEndpoint(ids.vault('kv'), 'vault')),
    managed('lone', { out: 'as-hub', hub: ids.workspace('elsewhere') }),
    compute('lone', 'cpu'),
  ),
  rows: [
    ['section 7: internet', 'compute/wide/cpu -> 8.8.8.8', 'delivered: listener 8.8.8.8 listener'],
    [
      'section 7: rules',
      'compute/wide/cpu -> storage/data/blob',
      'delivered: door data private endpoint connection',
    ],
    [
      'section 7: one sub-resource',
      'compute/wide/cpu -> storage/data/file',
      'refused-by-door: door data publicNetworkAccess is Disabled',
      'data properties.publicNetworkAccess',
    ],
    [
      'section 7: no peering',
      'compute/wide/cpu -> vm/one',
      'no-route: route managedNetwork system route 10.0.0.0/8',
      'managedNetwork system route 10.0.0.0/8',
    ],
    [
      'section 7: nobody sees it',
      'vm/one -> 100.127.128.4',
      'no-route: route net system route 100.64.0.0/10',
      'net system route 100.64.0.0/10',
    ],
    [
      'section 7: nor its names',
      'vm/one -> storage/data/blob',
      'refused-by-door: door data publicNetworkAccess is Disabled',
      'data properties.publicNetworkAccess',
    ],
    [
      'section 7: approved',
      'compute/tight/cpu -> storage/data/blob',
      'delivered: door data private endpoint connection',
    ],
    [
      'section 7: approved',
      'compute/tight/cpu -> workspace/tight',
      'delivered: door tight private endpoint connection',
    ],
    [
      'section 7: rights on the target',
      'compute/tight/cpu -> storage/theirs/blob',
      'endpoint-not-approved: endpoint waiting privateLinkServiceConnectionState',
      'waiting properties.privateLinkServiceConnectionState.status',
    ],
    [
      'section 7: tags',
      'compute/tight/cpu -> azure/sign-in',
      'delivered: door sign-in public service allows',
    ],
    [
      'section 7: tags',
      'compute/tight/cpu -> storage/open/blob',
      'delivered: door open networkAcls.defaultAction allows',
    ],
    [
      'wire-shapes: action Deny',
      'compute/tight/cpu -> storage/far/blob',
      'dropped-by-gate: egress outboundRules no-lake',
      'outboundRules securityRules/no-lake',
    ],
    [
      'section 7: only listed rules',
      'compute/tight/cpu -> vault/kv',
      'dropped-by-gate: egress outboundRules unapproved',
      'outboundRules securityRules/unapproved',
      'kv properties.publicNetworkAccess',
    ],
    [
      'section 7: ports',
      'compute/tight/cpu -> azure/sign-in:8080',
      'dropped-by-gate: egress outboundRules unapproved',
      'outboundRules securityRules/unapproved',
    ],
    [
      'section 7: FQDN',
      'compute/named/cpu -> storage/open/blob',
      'delivered: door open networkAcls.defaultAction allows',
    ],
    [
      'section 7: FQDN',
      'compute/named/cpu -> azure/sign-in',
      'delivered: door sign-in public service allows',
    ],
    [
      'section 7: PE beside FQDN',
      'compute/named/cpu -> storage/data/file',
      'delivered: door data private endpoint connection',
    ],
    [
      'section 7: FQDN',
      'compute/named/cpu -> registry/cr',
      'dropped-by-firewall: forward firewall default deny',
      'firewall ruleCollectionGroups',
    ],
    [
      'section 7: ports 80 and 443',
      'compute/named/cpu -> storage/open/blob:8443',
      'dropped-by-firewall: forward firewall default deny',
      'firewall ruleCollectionGroups',
    ],
    ['section 7: hub', 'compute/project/cpu -> vault/kv', 'delivered: door kv private endpoint connection'],
    [
      'section 7: hub',
      'compute/lone/cpu -> storage/open/blob',
      'delivered: door open networkAcls.defaultAction allows',
    ],
  ],
};
