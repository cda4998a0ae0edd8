/**
 * Computes, with what their workspace and their network demand of them. What the service runs itself, instances and
 * clusters, are places (docs/semantics/computes.md); what is attached is only stored: how it sends is unknown.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { ancestorId, parseId } from '../../arm/id.ts';
import { type Draft, type LinkedRight, type Put, store } from '../../arm/provider.ts';
import type { Read, Resource } from '../../arm/resource.ts';
import * as shape from '../../arm/shape.ts';
import { parseFqdn } from '../../lib/fqdn.ts';
import { asText, type JsonObject, member } from '../../lib/json.ts';
import type { ComputeFact } from '../../net/declared/compute.ts';
import type { ClusterComputeDeclared } from '../../net/declared/identity.ts';
import { define } from '../define.ts';
import { identityFacts, identityRights, withPrincipal } from '../identity.ts';
import { mustExist } from '../network/network-interfaces.ts';
import { embedConnections } from '../private-link/connections.ts';
import { workspaceOf } from './legacy.ts';
import { workspaceType } from './link.ts';
import { modeOf } from './managed/mode.ts';
import { hostOf, isProvisioned, provisioned } from './managed/network.ts';
import { computePlace, isRunByService, shownBy, subnetOf } from './workloads.ts';

const computeTypes = [
  'AmlCompute',
  'ComputeInstance',
  'AKS',
  'Kubernetes',
  'VirtualMachine',
  'HDInsight',
  'DataFactory',
  'Databricks',
  'DataLakeAnalytics',
  'SynapseSpark',
] as const;

export const computes = define(`${workspaceType}/computes`, {
  level: 'modelled',
  located: true,
  properties: shape.object({
    computeType: shape.required(shape.oneOf(...computeTypes)),
    computeLocation: shape.text,
    description: shape.text,
    resourceId: shape.orEmpty(shape.resourceId),
    disableLocalAuth: shape.bool,
    properties: shape.any,
    ...shape.served(
      'provisioningState',
      'provisioningErrors',
      'createdOn',
      'modifiedOn',
      'isAttachedCompute',
    ),
  }),
  linked: (put) => [...identityRights(put), ...joinRights(put.properties)],
  put: (put, read) => {
    checkRegion(put, read);
    const network = networkFor(put, read);
    const location = put.envelope.location;
    mustExist(read, subnetOf(put.properties), 'properties.properties.subnet.id', location);
    mustExist(read, asText(put.properties['resourceId']), 'properties.resourceId');
    const identity = withPrincipal(put, read);
    return { writes: [{ ...store(put), ...(identity ? { identity } : {}) }, ...network] };
  },
  facts: (compute: Resource) => [
    computePlace(compute),
    ...identityFacts(compute),
    computeFact(compute),
    ...clusterFacts(compute),
  ],
});

/** How many nodes a compute has at most. */
export function nodesOf(compute: Resource | undefined): number {
  const settings = member(compute?.properties['properties'], 'scaleSettings');
  const most = member(settings, 'maxNodeCount');
  return typeof most === 'number' ? most : 1;
}

/** Source: Azure's REST specifications, `workspaces/computes`: what all kinds of compute have in common. */
function computeFact(compute: Resource): ComputeFact {
  const { computeType, computeLocation, properties } = compute.properties;
  const publicIp = member(properties, shownBy);
  const location = asText(computeLocation) ?? compute.location ?? '';
  return {
    kind: 'compute',
    id: compute.id,
    workspace: ancestorId(compute.id, 1),
    type: asText(computeType) ?? '',
    location,
    subnet: subnetOf(compute.properties),
    publicIp: typeof publicIp === 'boolean' ? publicIp : undefined,
    nodes: nodesOf(compute),
    size: asText(member(properties, 'vmSize')),
    attached: asText(compute.properties['resourceId']),
    host:
      asText(computeType)?.toLowerCase() === 'computeinstance'
        ? parseFqdn(`${compute.name}.${location}.instances.azureml.ms`)
        : undefined,
  };
}

/** Source: Azure's REST specifications, `AKSSchema` and `Kubernetes`. */
function clusterFacts({ id, properties }: Resource): readonly ClusterComputeDeclared[] {
  const { computeType, resourceId, properties: inner } = properties;
  if (computeType !== 'AKS' && computeType !== 'Kubernetes') return [];
  const internal = asText(member(inner, 'loadBalancerType')) === 'InternalLoadBalancer';
  return [
    {
      kind: 'cluster-compute',
      id,
      workspace: ancestorId(id, 1),
      legacy: computeType === 'AKS',
      cluster: asText(resourceId) || undefined,
      nodes: asText(member(member(inner, 'aksNetworkingConfiguration'), 'subnetId')),
      internal,
      router: internal ? asText(member(inner, 'loadBalancerSubnet')) : undefined,
    },
  ];
}

/** Whoever puts a compute into a subnet must be allowed to join the subnet and its network. */
function joinRights(properties: JsonObject): LinkedRight[] {
  const subnet = subnetOf(properties);
  const parsed = parseId(subnet ?? '');
  if (!parsed.ok || subnet === undefined) return [];
  const join = (type: string, scope: string): LinkedRight => ({ action: `${type}/join/action`, scope });
  return [
    join('Microsoft.Network/virtualNetworks/subnets', subnet),
    join('Microsoft.Network/virtualNetworks', parsed.value.parent ?? subnet),
  ];
}

/** In a managed network a compute has no subnet of its own, and the first one makes the network. */
function networkFor(put: Put, read: Read): readonly Draft[] {
  const workspace = workspaceOf(put.id.id, read);
  const host = workspace && hostOf(workspace, read);
  if (!host || modeOf(host) === 'Disabled' || !isRunByService(put)) return [];
  if (subnetOf(put.properties) !== undefined) {
    throw new ArmError(
      'BadRequest',
      `Compute ${put.id.name}: workspace ${host.name} has a managed network, and its computes have no subnet of their own.`,
      { target: 'properties.properties.subnet' },
    );
  }
  if (isProvisioned(host)) return [];
  const { etag: _, ...draft } = provisioned(host);
  return [draft];
}

/** With a private endpoint on the workspace, its computes must be in its region (WS-1). */
function checkRegion(put: Put, read: Read): void {
  const workspace = workspaceOf(put.id.id, read);
  if (!workspace || embedConnections(read, workspace).length === 0) return;
  if (put.envelope.location === workspace.location) return;
  throw new ArmError(
    'InvalidParameter',
    `Compute ${put.id.name}: a compute of a workspace with a private endpoint must be in its region: ${workspace.location}, not ${put.envelope.location}.`,
    { target: 'location' },
  );
}
