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
import { composeId, deploymentType, groupId, parseId, type ResourceId, sameId } from './id.ts';
import type { WriteRequest } from './plane.ts';
import { type DeploymentOutcome, deploymentRecord, type OperationEvent } from './records.ts';
import type { Estate, Read } from './resource.ts';
import {
  type DeploymentContext,
  type NestedDeployment,
  type PreparedResource,
  prepareTemplate,
  type Runtime,
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
  /** What `utcNow()` answers; the time of the deployment where it is not given. */
  readonly utcNow?: string;
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
): Promise<{ readonly outcome: DeploymentOutcome; readonly estate: Estate }> {
  const copy = rehearsalOf(host.plane, () => host.now());
  const outcome = await deploy(copy, request, undefined);
  return { outcome, estate: copy.plane.estate };
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
    utcNow: request.utcNow ?? host.now(),
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
    const runtime = this.#runtime();
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
    // Each deployment lists its own operations; one that is nested is an operation of the one around it.
    const deployment = composeId(scopeOf(context), deploymentType, [context.deploymentName]);
    await this.#report({ deployment, id, type, state: 'Running' });
    try {
      if (resource.nested) await this.#nested(resource, context);
      else await this.#write(resource);
      await this.#report({ deployment, id, type, state: 'Succeeded' });
      return undefined;
    } catch (thrown) {
      const error = placed(thrown, resource);
      await this.#report({ deployment, id, type, state: 'Failed', error });
      return error;
    }
  }

  async #write(resource: PreparedResource): Promise<void> {
    const parsed = parseId(resource.id);
    if (!parsed.ok) throw new ArmError('InvalidResourceName', parsed.error);
    const request: WriteRequest = {
      id: parsed.value,
      body: resource.body(this.#runtime()),
      apiVersion: resource.apiVersion,
      caller: this.#request.caller,
      now: this.#host.now(),
      ...(this.#rehearsed ? { rehearsed: this.#rehearsed } : {}),
    };
    const { path } = resource;
    try {
      await write(this.#host, request);
    } catch (thrown) {
      if (this.#host.follow?.({ request, path, refusal: placed(thrown, resource) })) return;
      throw thrown;
    }
    this.#host.follow?.({ request, path, refusal: undefined });
  }

  #runtime(): Runtime {
    const { plane, later } = this.#host;
    return runtimeOf({ plane, now: () => this.#host.now(), ...(later ? { later } : {}) });
  }

  async #nested(resource: PreparedResource, context: DeploymentContext): Promise<void> {
    const { plane } = this.#host;
    const runtime = this.#runtime();
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
    const started = this.#host.now();
    const record = (outcome: Parameters<typeof deploymentRecord>[3], state: 'Succeeded' | 'Failed') =>
      this.#host.transact(() => {
        const written = deploymentRecord(request, state, this.#host.now(), { ...outcome, started });
        return { change: { writes: [written], deletes: [] } };
      });
    try {
      const context = contextOf(this.#host, request);
      await record(await this.template(inner.template, inner.parameters, context, inner), 'Succeeded');
    } catch (thrown) {
      await record({ error: toArmError(thrown) }, 'Failed');
      throw thrown;
    }
  }
}

function scopeOf({ resourceGroup, subscription }: DeploymentContext): ResourceId {
  return resourceGroup?.id ?? (`/subscriptions/${subscription.subscriptionId}` as ResourceId);
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
    target: resource.id,
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
