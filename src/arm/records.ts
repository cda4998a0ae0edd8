/**
 * What a deployment leaves behind: itself, and its operations.
 *
 * @module
 */

import type { JsonObject } from '../lib/json.ts';
import { parseUuid, uuidV5 } from '../lib/uuid.ts';
import type { ArmError } from './error.ts';
import { childId, composeId, deploymentType, keyOf, type ResourceId, type ResourceType } from './id.ts';
import type { Resource } from './resource.ts';

/** What became of one resource of a deployment. */
export interface OperationEvent {
  /** The deployment that the operation is part of. */
  readonly deployment: ResourceId;
  readonly id: ResourceId;
  readonly type: ResourceType;
  readonly state: 'Running' | 'Succeeded' | 'Failed';
  readonly error?: ArmError;
}

/** What a deployment came to. */
export interface DeploymentOutcome {
  readonly outputs: JsonObject;
  readonly parameters: JsonObject;
  readonly resources: readonly ResourceId[];
}

/** The resource that a deployment leaves behind. */
export function deploymentRecord(
  request: { readonly scope: ResourceId; readonly name: string; readonly location?: string },
  state: 'Accepted' | 'Running' | 'Succeeded' | 'Failed',
  now: string,
  outcome: Partial<DeploymentOutcome> & { readonly error?: ArmError; readonly started?: string },
): Resource {
  const id = composeId(request.scope, deploymentType, [request.name]);
  // A clock that was set back meanwhile makes no deployment end before it began.
  const seconds = Math.max(0, (Date.parse(now) - Date.parse(outcome.started ?? now)) / 1000);
  const isGroup = request.scope.toLowerCase().includes('/resourcegroups/');
  return Object.freeze({
    id,
    name: request.name,
    type: deploymentType,
    ...(isGroup || request.location === undefined ? {} : { location: request.location }),
    etag: `W/"${now}"`,
    properties: {
      mode: 'Incremental',
      provisioningState: state,
      timestamp: now,
      duration: `PT${seconds.toFixed(3)}S`,
      parameters: outcome.parameters ?? {},
      ...(outcome.outputs ? { outputs: outcome.outputs } : {}),
      ...(outcome.error ? { error: outcome.error.body() } : {}),
      outputResources: (outcome.resources ?? []).map((resource) => ({ id: resource })),
      dependencies: [],
      providers: [],
    },
  });
}

/** The resource that one operation of a deployment leaves behind. */
export function operationRecord(event: OperationEvent, now: string): Resource {
  const name = operationName(event.id);
  const { deployment, id, type, state, error } = event;
  return Object.freeze({
    id: childId(deployment, 'operations', name),
    name,
    type: `${deploymentType}/operations` as ResourceType,
    owner: deployment,
    etag: `W/"${now}"`,
    properties: {
      provisioningOperation: 'Create',
      provisioningState: state,
      timestamp: now,
      targetResource: { id, resourceType: type, resourceName: id.slice(id.lastIndexOf('/') + 1) },
      ...(state === 'Running' ? {} : { statusCode: error ? String(error.status) : 'OK' }),
      ...(error ? { statusMessage: { error: error.body() } } : {}),
    },
  });
}

/** One name for one resource, whatever its id has in it. */
function operationName(id: ResourceId): string {
  const space = parseUuid('6ba7b814-9dad-11d1-80b4-00c04fd430c8');
  if (!space) throw new Error('the namespace is malformed');
  return uuidV5(space, keyOf(id)).replaceAll('-', '').toUpperCase();
}
