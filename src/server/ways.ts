/**
 * Whether a deployment gets to what it cannot do without: the walk of its place, as the estate is now.
 *
 * @module
 */

import { ancestorId, type ResourceId } from '../arm/id.ts';
import type { Fqdn } from '../lib/fqdn.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import type { Network } from '../net/model.ts';
import { walk } from '../net/walk.ts';

/** Why a deployment does not come to its workspace, without which it fails; undefined: it does, or nobody can say. */
export function cutOff(network: Network, deployment: ResourceId): string | undefined {
  const name = apiOf(network, ancestorId(deployment, 2));
  return name === undefined ? undefined : unreachable(network, deployment, name);
}

/** The host of a workspace's services. */
export function apiOf(network: Network, workspace: ResourceId): Fqdn | undefined {
  return network.services.get(keyOf(workspace))?.fact.surfaces[0]?.name;
}

/** Why a deployment, or a compute, does not come to a host of the estate. */
export function unreachable(network: Network, workload: ResourceId, name: Fqdn): string | undefined {
  const { disposition, steps } = walk(network, {
    from: { kind: 'workload', label: nameOf(workload), workload },
    to: { kind: 'name', label: name, name },
    port: 443,
    protocol: 'tcp',
  });
  if (disposition === 'delivered' || disposition === 'unknown') return undefined;
  const says = steps.at(-1)?.says ?? disposition;
  return `${workloadLabel(workload)} does not get to ${name}: ${disposition}, ${says}`;
}

/** What a workload is called in errors: `deployment blue`, `compute cpu`. */
export function workloadLabel(workload: ResourceId): string {
  const kind = /\/deployments\/[^/]+$/i.test(workload) ? 'deployment' : 'compute';
  return `${kind} ${nameOf(workload)}`;
}
