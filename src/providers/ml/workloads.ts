/**
 * What the service runs for a workspace, as places: where it stands, and whether it shows a public address
 * (docs/semantics/computes.md).
 *
 * Source: Azure's REST specifications, `workspaces/computes` and `serverlessComputeSettings`.
 *
 * @module
 */

import { ancestorId } from '../../arm/id.ts';
import type { Resource } from '../../arm/resource.ts';
import { asText, type JsonObject, member } from '../../lib/json.ts';
import type { OpaqueFact, WorkloadFact } from '../../net/facts.ts';
import { modeOf } from './managed/mode.ts';

/** Machines have public addresses unless it says false. */
export const shownBy = 'enableNodePublicIp';

/** Kinds that the service runs itself, in lower case. */
const ownKinds: ReadonlySet<string> = new Set(['amlcompute', 'computeinstance']);

/** An instance or a cluster sends from its subnet; how an attached compute sends is not known. */
export function computePlace(compute: Resource): WorkloadFact | OpaqueFact {
  const { id, name, type, location = '', properties } = compute;
  // With the name of what it stands in: two workspaces may have a compute of one name.
  const place = `compute/${id.split('/').at(-3)}/${name}`;
  if (!isRunByService(compute)) return { kind: 'opaque', id, type, place };
  const shown = member(properties['properties'], shownBy) !== false;
  return {
    kind: 'workload',
    id,
    type,
    place,
    subnet: subnetOf(properties),
    workspace: ancestorId(id, 1),
    location: asText(properties['computeLocation']) ?? location,
    shownBy: shown ? `properties.${shownBy}` : undefined,
  };
}

/** Reports whether the service runs a compute itself. */
export function isRunByService({ properties }: Pick<Resource, 'properties'>): boolean {
  return ownKinds.has(asText(properties['computeType'])?.toLowerCase() ?? '');
}

/** The subnet of a compute. */
export function subnetOf(properties: JsonObject): string | undefined {
  const id = asText(member(member(properties['properties'], 'subnet'), 'id'));
  return id === '' ? undefined : id;
}

/** What jobs run on that name no compute, where the workspace says where that is. */
export function serverlessPlace(workspace: Resource): readonly WorkloadFact[] {
  const { id, name, type, location = '', properties } = workspace;
  const settings = properties['serverlessComputeSettings'];
  if (settings === undefined && !hasManagedNetwork(workspace)) return [];
  const shown = member(settings, 'serverlessComputeNoPublicIP') !== true;
  return [
    {
      kind: 'workload',
      id: `${id}/serverlessCompute`,
      type,
      place: `compute/${name}/serverless`,
      subnet: serverlessSubnet(properties),
      workspace: id,
      location,
      shownBy: shown ? 'serverlessComputeSettings.serverlessComputeNoPublicIP' : undefined,
    },
  ];
}

/** A project has no managed network of its own, whatever it says: it uses its hub's. */
function hasManagedNetwork(workspace: Resource): boolean {
  return modeOf(workspace) !== 'Disabled' && workspace.kind?.toLowerCase() !== 'project';
}

/** The subnet of jobs that name no compute. */
export function serverlessSubnet(properties: JsonObject): string | undefined {
  return (
    asText(member(properties['serverlessComputeSettings'], 'serverlessComputeCustomSubnet')) || undefined
  );
}
