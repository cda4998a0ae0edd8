/**
 * Where a workspace builds its images once its registry is closed (docs/semantics/workspaces.md).
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { ComputeFact } from '../../../net/declared/compute.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { type Repair, setting } from '../../repair.ts';
import { requirements } from '../../requirements.ts';
import { approved, type Dependency, type Workspace, workspacesOf } from '../../workspaces.ts';

/** Sizes with graphics processors, which cannot build. */
const graphics = /^standard_n[cdvp]/i;

/** Something has to be built, and shared agents do not reach the registry. */
export function* buildComputeMissing(model: Model): Generator<Fault> {
  const { declared } = model.network;
  for (const workspace of workspacesOf(model)) {
    const { fact } = workspace;
    const registry = workspace.dependencies.find(({ role, closed }) => role === 'registry' && closed);
    if (!registry || canBuild(model, workspace)) continue;
    const built = declared
      .of('environment')
      .find((item) => item.builds && belongsTo(model, workspace, item.workspace));
    if (!built) continue;
    const { buildCompute } = fact;
    const why =
      buildCompute === undefined
        ? 'names no compute to build it on'
        : `names ${buildCompute}, which is no cluster of processors that it has in a network`;
    yield {
      subject: fact.id,
      at: 'imageBuildCompute',
      says: `${nameOf(registry.service.fact.id)} is closed; ${built.id.split('/').slice(-3).join('/')} has to be built, and ${nameOf(fact.id)} ${why}`,
      requirement: requirements['image/build-compute'],
      nearMiss: buildCompute,
      concerns: [built.id],
      blockers: [
        {
          resource: fact.id,
          property: 'imageBuildCompute',
          is: buildCompute ?? 'not set',
          needs: 'a cluster in a network that reaches the registry',
        },
      ],
      repairs: ways(model, workspace, registry),
    };
  }
}

function belongsTo(model: Model, { fact }: Workspace, id: string): boolean {
  if (keyOf(id) === keyOf(fact.id)) return true;
  const owner = model.network.declared.of('workspace').find((item) => keyOf(item.id) === keyOf(id));
  return owner?.hub !== undefined && keyOf(owner.hub) === keyOf(fact.id);
}

function canBuild(model: Model, workspace: Workspace): boolean {
  const { managedNetwork, serverlessSubnet, buildCompute } = workspace.fact;
  if (managedNetwork !== 'Disabled' || serverlessSubnet !== undefined) return true;
  return builders(model, workspace).some(({ id }) => nameOf(id) === buildCompute);
}

/** Clusters of a workspace that could build: of processors, and in a network. */
function builders(model: Model, { fact }: Workspace): readonly ComputeFact[] {
  return model.network.declared
    .of('compute')
    .filter(
      ({ workspace, type, subnet, size }) =>
        keyOf(workspace) === keyOf(fact.id) &&
        type.toLowerCase() === 'amlcompute' &&
        subnet !== undefined &&
        !graphics.test(size ?? ''),
    );
}

function ways(model: Model, workspace: Workspace, registry: Dependency): readonly Repair[] {
  const { id } = workspace.fact;
  const [near] = [...approved(registry.links), ...approved(workspace.links)];
  return [
    ...builders(model, workspace).map((compute) => ({
      says: `build on ${nameOf(compute.id)}`,
      edits: [setting(id, 'imageBuildCompute', nameOf(compute.id))],
    })),
    ...(near
      ? [
          {
            says: `run serverless compute in ${nameOf(near.endpoint.subnet)}`,
            edits: [
              setting(id, 'serverlessComputeSettings', {
                serverlessComputeCustomSubnet: near.endpoint.subnet,
                serverlessComputeNoPublicIP: true,
              }),
            ],
          },
        ]
      : []),
  ];
}
