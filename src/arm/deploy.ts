/**
 * Deployments: a prepared template carried out along its dependency graph.
 *
 * Every deployment is rehearsed on a copy first, one resource after the other. A template that is wrong changes
 * nothing; one that is right gives out the same addresses as its rehearsal, whatever then runs side by side.
 *
 * @module
 */

import type { Json, JsonObject } from '../lib/json.ts';
import { type Host, rehearsalOf, runtimeOf, write } from './apply.ts';
import { authorize, type Caller } from './caller.ts';
import { ArmError, toArmError } from './error.ts';
import {
  childId,
  composeId,
  deploymentType,
  groupId,
  parseId,
  type ResourceId,
  type ResourceType,
  sameId,
} from './id.ts';
import type { WriteRequest } from './plane.ts';
import type { Read, Resource } from './resource.ts';
import {
  type DeploymentContext,
  type NestedDeployment,
  type PreparedResource,
  prepareTemplate,
} from './template/prepare.ts';

/** What is to be deployed, and where. */
export interface DeploymentRequest {
  /** A resource group or a subscription. */
  readonly scope: ResourceId;
  readonly name: string;
  readonly template: Json;
  /** `{name: {value}}`. */
  readonly parameters: JsonObject;
  /** Of a subscription deployment. */
  readonly location?: string;
  readonly caller: Caller;
  readonly newGuid: () => string;
}

/** What became of one resource of a deployment. */
export interface OperationEvent {
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

/** Deploys a template that has been rehearsed. Rejects with `DeploymentFailed` and every failure in its details. */
export async function deploy<F>(
  host: Host<F>,
  request: DeploymentRequest,
  rehearsed: Read | undefined,
  report: (event: OperationEvent) => Promise<void> = async () => {},
): Promise<DeploymentOutcome> {
  const run = new Run(host, request, rehearsed, report);
  return run.template(request.template, request.parameters, contextOf(host, request), undefined);
}

/** Deploys onto a copy of the estate and answers the copy. Rejects as the deployment would. */
export async function rehearse<F>(
  host: Host<F>,
  request: DeploymentRequest,
): Promise<{
  readonly outcome: DeploymentOutcome;
  readonly estate: Read;
  readonly changed: readonly Resource[];
}> {
  const copy = rehearsalOf(host.plane, host.now);
  const outcome = await deploy(copy, request, undefined);
  const changed = [...copy.plane.estate.all()].filter(
    (resource) => host.plane.estate.get(resource.id) !== resource,
  );
  return { outcome, estate: copy.plane.estate, changed };
}

function contextOf<F>(host: Host<F>, request: DeploymentRequest): DeploymentContext {
  const { settings, estate } = host.plane;
  const scope = parseId(request.scope);
  const named = scope.ok ? scope.value.resourceGroup : undefined;
  const group = named === undefined ? undefined : estate.get(groupId(settings.subscription, named));
  if (named !== undefined && !group) {
    throw new ArmError('ResourceGroupNotFound', `Resource group '${named}' could not be found.`);
  }
  return {
    deploymentName: request.name,
    subscription: {
      subscriptionId: settings.subscription,
      tenantId: settings.tenant,
      displayName: settings.subscriptionName,
    },
    resourceGroup: group && {
      id: group.id,
      name: group.name,
      location: group.location ?? settings.location,
      ...(group.tags ? { tags: group.tags } : {}),
    },
    location: group?.location ?? request.location ?? settings.location,
    deployer: { objectId: request.caller.objectId, tenantId: settings.tenant },
    utcNow: host.now(),
    newGuid: request.newGuid,
  };
}

/** One deployment with everything nested in it. */
class Run<F> {
  readonly #host: Host<F>;
  readonly #request: DeploymentRequest;
  readonly #rehearsed: Read | undefined;
  readonly #report: (event: OperationEvent) => Promise<void>;

  constructor(
    host: Host<F>,
    request: DeploymentRequest,
    rehearsed: Read | undefined,
    report: (event: OperationEvent) => Promise<void>,
  ) {
    this.#host = host;
    this.#request = request;
    this.#rehearsed = rehearsed;
    this.#report = report;
  }

  async template(
    template: Json,
    parameters: JsonObject,
    context: DeploymentContext,
    nested: NestedDeployment | undefined,
  ): Promise<DeploymentOutcome> {
    const prepared = prepareTemplate(template, parameters, context, nested?.outer, nested?.path);
    const runtime = runtimeOf(this.#host.plane, this.#host.now);
    const failures: ArmError[] = [];
    const results: Promise<boolean>[] = [];
    for (const resource of prepared.resources) {
      const needed = resource.dependsOn.map((at) => results[at] ?? Promise.resolve(true));
      const result = Promise.all(needed).then(async (ready) => {
        if (ready.includes(false)) return false;
        const error = await this.#resource(resource, context);
        if (error) failures.push(error);
        return error === undefined;
      });
      results.push(result);
      // A rehearsal goes one by one, in the order that decides who gets which address.
      if (this.#rehearsed === undefined) await result;
    }
    await Promise.all(results);
    if (failures.length > 0) throw deploymentFailed(failures);
    return {
      outputs: prepared.outputs(runtime),
      parameters: prepared.parameters,
      resources: prepared.resources.filter((item) => !item.existing).map((item) => item.id),
    };
  }

  async #resource(resource: PreparedResource, context: DeploymentContext): Promise<ArmError | undefined> {
    if (resource.existing) return undefined;
    const { id, type } = resource;
    await this.#report({ id, type, state: 'Running' });
    try {
      if (resource.nested) await this.#nested(resource, context);
      else await this.#write(resource);
      await this.#report({ id, type, state: 'Succeeded' });
      return undefined;
    } catch (thrown) {
      const error = placed(thrown, resource);
      await this.#report({ id, type, state: 'Failed', error });
      return error;
    }
  }

  async #write(resource: PreparedResource): Promise<void> {
    const parsed = parseId(resource.id);
    if (!parsed.ok) throw new ArmError('InvalidResourceName', parsed.error);
    const request: WriteRequest = {
      id: parsed.value,
      body: resource.body(runtimeOf(this.#host.plane, this.#host.now)),
      apiVersion: resource.apiVersion,
      caller: this.#request.caller,
      now: this.#host.now(),
      ...(this.#rehearsed ? { rehearsed: this.#rehearsed } : {}),
    };
    await write(this.#host, request);
  }

  async #nested(resource: PreparedResource, context: DeploymentContext): Promise<void> {
    const { plane } = this.#host;
    const runtime = runtimeOf(plane, this.#host.now);
    const inner = resource.nested?.(runtime);
    if (!inner) throw new Error('a nested deployment has no template');
    if (inner.subscriptionId !== undefined && !sameId(inner.subscriptionId, plane.settings.subscription)) {
      throw new ArmError(
        'SubscriptionNotFound',
        `The subscription '${inner.subscriptionId}' could not be found: Cloister has one subscription.`,
      );
    }
    const scope =
      inner.resourceGroup === undefined
        ? (`/subscriptions/${plane.settings.subscription}` as ResourceId)
        : groupId(plane.settings.subscription, inner.resourceGroup);
    const request: DeploymentRequest = {
      ...this.#request,
      scope,
      name: resource.name,
      location: context.location,
    };
    authorize(plane.estate, request.caller, `${deploymentType}/write`, scope);
    const outcome = await this.template(
      inner.template,
      inner.parameters,
      contextOf(this.#host, request),
      inner,
    );
    const record = deploymentRecord(request, 'Succeeded', this.#host.now(), outcome);
    await this.#host.transact(() => ({ change: { writes: [record], deletes: [] } }));
  }
}

/** The resource that a deployment leaves behind. */
export function deploymentRecord(
  request: Pick<DeploymentRequest, 'scope' | 'name' | 'location'>,
  state: 'Accepted' | 'Running' | 'Succeeded' | 'Failed',
  now: string,
  outcome: Partial<DeploymentOutcome> & { readonly error?: ArmError; readonly started?: string },
): Resource {
  const id = composeId(request.scope, deploymentType, [request.name]);
  const seconds = (Date.parse(now) - Date.parse(outcome.started ?? now)) / 1000;
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
export function operationRecord(deployment: ResourceId, event: OperationEvent, now: string): Resource {
  const name = event.id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(-200);
  const { id, type, state, error } = event;
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

function deploymentFailed(failures: readonly ArmError[]): ArmError {
  const [first] = failures;
  return new ArmError(
    'DeploymentFailed',
    'At least one resource deployment operation failed. Please list deployment operations for details.',
    {
      details: failures.flatMap((failure) =>
        failure.code === 'DeploymentFailed' ? failure.details : [failure],
      ),
      ...(first?.path ? { path: first.path } : {}),
    },
  );
}

/** Says which resource of the template an error is about, and where it stands. */
function placed(thrown: unknown, resource: PreparedResource): ArmError {
  const error = toArmError(thrown);
  if (error.path) return error;
  return new ArmError(error.code, error.message, {
    target: error.target === undefined ? resource.id : error.target,
    details: error.details,
    ...(error.cause === undefined ? {} : { cause: error.cause }),
    path: [...resource.path, ...steps(error.target)],
  });
}

/** `properties.a[0].b` as a path below the resource; nothing where the target is not such a text. */
function steps(target: string | undefined): (string | number)[] {
  if (target === undefined || target.startsWith('/')) return [];
  const parts = target.replace(/^\$\.?/, '').match(/[^.[\]]+/g) ?? [];
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
