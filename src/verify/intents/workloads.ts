/**
 * What Azure runs for a workspace is for: every flow that must work from there, and where nothing may get out to.
 *
 * @module
 */

import { formatIp } from '../../lib/ip.ts';
import { type IdKey, keyOf } from '../../lib/key.ts';
import type { WorkspaceFact } from '../../net/declared/workspace.ts';
import type { WorkloadFact } from '../../net/facts.ts';
import type { Service } from '../../net/model.ts';
import { type Place, workloadAt } from '../../net/position.ts';
import { internetClient } from '../../net/tags.ts';
import type { Flow } from '../../net/walk.ts';
import { flowTo, type Model, type Must } from '../model.ts';
import { type Requirement, requirements } from '../requirements.ts';
import { isProject } from '../workspaces.ts';

/** A part of a workspace, the sub-resources of it that are used, and the row that says so. */
interface Need {
  readonly part: 'id' | 'storage' | 'vault' | 'registry';
  /** Sub-resources; empty: the first name that there is. */
  readonly groups: readonly string[];
  readonly row: Requirement;
}

/** Source: aml-required-traffic, sections 3 and 11 (`train-nopip`). */
const ofComputes: readonly Need[] = [
  { part: 'id', groups: [], row: requirements['compute/workspace'] },
  { part: 'storage', groups: ['blob', 'file'], row: requirements['compute/storage'] },
  { part: 'registry', groups: [], row: requirements['compute/registry'] },
  { part: 'vault', groups: [], row: requirements['compute/vault'] },
];

/** Source: aml-required-traffic, section 6: a deployment starts from its model and its image. */
const ofDeployments: readonly Need[] = [
  { part: 'id', groups: [], row: requirements['serving/egress'] },
  { part: 'storage', groups: ['blob'], row: requirements['serving/egress'] },
  { part: 'registry', groups: [], row: requirements['serving/egress'] },
];

/**
 * Services of Azure that a compute asks for tokens and for what it is to do: asked in a managed network. From a subnet of
 * the owner's those are rows of tags, with all else that is outside (findings/gate/computes.ts, findings/route/outbound.ts).
 */
const platform = [
  { id: 'azure/sign-in', row: requirements['compute/sign-in'] },
  { id: 'azure/arm', row: requirements['compute/management'] },
] as const;

/** What is run for a workspace, with the workspace whose parts it uses. */
interface Run {
  readonly from: Place;
  readonly workload: WorkloadFact;
  readonly parts: WorkspaceFact;
}

/** What Azure runs of all that was not refused: what is not made needs nothing. */
function runs(model: Model): readonly Run[] {
  const { declared } = model.network;
  const workspaces = new Map(declared.of('workspace').map((fact) => [keyOf(fact.id), fact]));
  const refused = new Set<IdKey>(declared.of('refused').map(({ id }) => keyOf(id)));
  return model.names.places().flatMap((from): Run[] => {
    const workload = workloadAt(model.whole, from);
    const own = workspaces.get(keyOf(workload?.workspace ?? ''));
    const parts = own && isProject(own) ? workspaces.get(keyOf(own.hub ?? '')) : own;
    if (!workload || !own || !parts) return [];
    if ([workload.id, own.id, parts.id].some((id) => refused.has(keyOf(id)))) return [];
    return [{ from, workload, parts: { ...parts, id: own.id } }];
  });
}

/** Every flow that must work from computes and deployments. */
export function workloadNeeds(model: Model): readonly Must[] {
  return runs(model).flatMap(({ from, workload, parts }): Must[] => {
    const compute = /\/computes\/[^/]+$|\/serverlessCompute$/i.test(workload.id);
    const needs = (compute ? ofComputes : ofDeployments).flatMap(({ part, groups, row }) =>
      flowsTo(from, model.service(parts[part]), groups).map((flow) => ({ flow, requirement: row })),
    );
    const asked = platform.flatMap(({ id, row }) =>
      flowsTo(from, compute && parts.managedNetwork !== 'Disabled' ? model.service(id) : undefined, []).map(
        (flow) => ({ flow, requirement: row }),
      ),
    );
    return [...needs, ...asked];
  });
}

function flowsTo(from: Place, service: Service | undefined, groups: readonly string[]): readonly Flow[] {
  if (!service) return [];
  const { surfaces } = service.fact;
  const wanted =
    groups.length === 0 ? surfaces.slice(0, 1) : surfaces.filter(({ group }) => groups.includes(group));
  return wanted.map((surface) => flowTo(from, service, surface));
}

/** Where only approved destinations are reached, an address on the internet that nobody approved is not. */
export function shutIn(model: Model): readonly Flow[] {
  const label = formatIp(internetClient);
  const to = { kind: 'address', label, address: internetClient } as const;
  return runs(model).flatMap(({ from, parts }) =>
    parts.managedNetwork === 'AllowOnlyApprovedOutbound'
      ? [{ from, to, port: 443, protocol: 'tcp' as const }]
      : [],
  );
}
