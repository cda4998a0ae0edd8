/**
 * Managed clusters. Nodes and pods are only stored; the API server of a private one is part of the network.
 *
 * @module
 */

import { ancestorId } from '../../arm/id.ts';
import { store } from '../../arm/provider.ts';
import type { Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { omit } from '../../lib/json.ts';
import { nameOf } from '../../lib/key.ts';
import type { WorkloadFact } from '../../net/facts.ts';
import { define } from '../define.ts';
import { identityFacts, identityRights, withPrincipal } from '../identity.ts';
import {
  addressMember,
  addressOf,
  apiServerFacts,
  apiServerInterface,
  groupFor,
  nodeGroup,
  shownNames,
} from './api-server.ts';
import { clusterFact, poolFact, poolsOf } from './cluster-facts.ts';

const clusterType = 'Microsoft.ContainerService/managedClusters';

export const managedClusters = define(clusterType, {
  level: 'stored',
  located: true,
  properties: shape.freeForm,
  linked: identityRights,
  put: (put, read) => {
    const identity = withPrincipal(put, read);
    const nic = apiServerInterface(put, read);
    const asked = omit(put.properties, addressMember, 'fqdn', 'privateFQDN');
    const draft = store(put, { ...asked, ...(nic ? { [addressMember]: addressOf(nic) } : {}) });
    return {
      writes: [
        { ...draft, ...(identity ? { identity } : {}) },
        ...(nic ? [...groupFor(put, read), nic] : []),
      ],
    };
  },
  show: (cluster) => ({
    nodeResourceGroup: nameOf(nodeGroup(cluster.id, cluster.location, cluster.properties)),
    ...omit(cluster.properties, addressMember),
    ...(cluster.properties[addressMember] === undefined ? {} : shownNames(cluster)),
  }),
  facts: (cluster) => [
    { kind: 'opaque', id: cluster.id, type: cluster.type, place: undefined },
    ...identityFacts(cluster),
    clusterFact(cluster),
    ...poolsOf(cluster),
    ...nodesPlace(cluster),
    ...apiServerFacts(cluster),
  ],
});

/** Ways out that the service makes for the nodes: from there, an address that it picks. */
const ownOutbound: ReadonlySet<string> = new Set(['loadbalancer', 'managednatgateway']);

/** The nodes, where the first pool with a subnet has them. */
function nodesPlace(cluster: Resource): readonly WorkloadFact[] {
  const { id, name, type, location = '' } = cluster;
  const subnet = poolsOf(cluster).find((pool) => pool.subnet !== undefined)?.subnet;
  if (subnet === undefined) return [];
  const shown = ownOutbound.has(clusterFact(cluster).outbound.toLowerCase());
  return [
    {
      kind: 'workload',
      id,
      type,
      place: `cluster/${name}`,
      subnet,
      workspace: undefined,
      location,
      shownBy: shown ? 'networkProfile.outboundType' : undefined,
    },
  ];
}

export const agentPools = define(`${clusterType}/agentPools`, {
  level: 'stored',
  located: false,
  properties: shape.freeForm,
  put: (put) => ({ writes: [store(put)] }),
  facts: ({ id, type, name, properties }) => [
    { kind: 'opaque', id, type, place: undefined },
    poolFact(id, ancestorId(id, 1), name, properties),
  ],
});
