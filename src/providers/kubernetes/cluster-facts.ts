/**
 * What managed clusters and their pools of nodes ask of the network, for the proof.
 *
 * @module
 */

import type { Resource } from '../../arm/resource.ts';
import { type Prefix, parsePrefix } from '../../lib/ip.ts';
import { asList, asText, type Json, type JsonObject, member } from '../../lib/json.ts';
import type { ClusterDeclared, NodePoolDeclared } from '../../net/declared/kubernetes.ts';

/**
 * Source: Azure's REST specifications, `ContainerServiceNetworkProfile`, `ManagedClusterAPIServerAccessProfile`,
 * `ManagedClusterHTTPProxyConfig`; ranges and zone are their defaults.
 */
export function clusterFact({ id, location, properties }: Resource): ClusterDeclared {
  const profile = properties['networkProfile'];
  const plugin = (asText(member(profile, 'networkPlugin')) ?? 'kubenet').toLowerCase();
  const overlay = asText(member(profile, 'networkPluginMode'))?.toLowerCase() === 'overlay';
  const podRange = plugin === 'kubenet' || overlay;
  const access = properties['apiServerAccessProfile'];
  const proxy = properties['httpProxyConfig'];
  const isProxied = member(proxy, 'httpProxy') !== undefined || member(proxy, 'httpsProxy') !== undefined;
  return {
    kind: 'cluster',
    id,
    location: location ?? '',
    plugin,
    podRange,
    serviceCidrs: prefixesOf(profile, 'serviceCidr', '10.0.0.0/16'),
    podCidrs: podRange ? prefixesOf(profile, 'podCidr', '10.244.0.0/16') : [],
    outbound: asText(member(profile, 'outboundType')) ?? 'loadBalancer',
    private: member(access, 'enablePrivateCluster') === true,
    zone: asText(member(access, 'privateDNSZone')) ?? 'system',
    proxySkip: isProxied ? asList(member(proxy, 'noProxy')).flatMap((item) => asText(item) ?? []) : undefined,
  };
}

function prefixesOf(profile: Json | undefined, name: string, otherwise: string): readonly Prefix[] {
  const many = asList(member(profile, `${name}s`)).flatMap((text) => asText(text) ?? []);
  const texts = many.length > 0 ? many : [asText(member(profile, name)) ?? otherwise];
  return texts.flatMap((text) => parsePrefix(text) ?? []);
}

export function poolsOf({ id, properties }: Resource): readonly NodePoolDeclared[] {
  return asList(properties['agentPoolProfiles']).map((pool) =>
    poolFact(id, id, asText(member(pool, 'name')) ?? '', pool),
  );
}

export function poolFact(
  id: string,
  cluster: string,
  name: string,
  pool: Json | JsonObject | undefined,
): NodePoolDeclared {
  const number = (key: string): number | undefined => {
    const value = member(pool, key);
    return typeof value === 'number' ? value : undefined;
  };
  const count = number('count') ?? 1;
  const nodes = member(pool, 'enableAutoScaling') === true ? (number('maxCount') ?? count) : count;
  return {
    kind: 'node-pool',
    id,
    cluster,
    name,
    subnet: asText(member(pool, 'vnetSubnetID')),
    podSubnet: asText(member(pool, 'podSubnetID')),
    nodes,
    surge: surgeOf(member(member(pool, 'upgradeSettings'), 'maxSurge'), nodes),
    maxPods: number('maxPods'),
  };
}

/** A number, or a share of the nodes, rounded up; one node unless something is said. */
function surgeOf(value: Json | undefined, nodes: number): number {
  const text = String(value ?? '1');
  const number = Number.parseInt(text, 10);
  if (Number.isNaN(number)) return 1;
  return text.endsWith('%') ? Math.ceil((nodes * number) / 100) : number;
}
