/**
 * Deployments over the API: validated by a rehearsal, answered at once, carried out behind the answer.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { authorize } from '../caller.ts';
import { type DeploymentRequest, deploy, rehearse } from '../deploy.ts';
import { ArmError, toArmError } from '../error.ts';
import { composeId, deploymentType, groupOf, parseId, type ResourceId } from '../id.ts';
import { begin, end, operationPath } from '../operation.ts';
import { notFound, show } from '../plane.ts';
import { deploymentRecord, operationRecord } from '../records.ts';
import { planRemoval } from '../remove.ts';
import { changeBetween, type Read } from '../resource.ts';
import type { ArmAnswer, ArmHost, ArmRequest } from './request.ts';

const shapeOf =
  /^(?<scope>\/subscriptions\/[^/]+(?:\/resourcegroups\/[^/]+)?)(?:\/providers\/microsoft\.resources)?\/deployments(?:\/(?<name>[^/]+)(?:\/(?<verb>validate|whatIf|operations|cancel|exportTemplate)(?:\/[^/]+)?)?)?$/i;

/** Answers requests for deployments; undefined where the path is about something else. */
export async function deployments<F>(
  host: ArmHost<F>,
  request: ArmRequest,
  path: string,
): Promise<ArmAnswer | undefined> {
  const match = shapeOf.exec(path)?.groups;
  if (!match) return undefined;
  const scope = scopeOf(host, match['scope'] ?? '');
  const name = match['name'];
  const verb = match['verb']?.toLowerCase();
  const { estate } = host.plane;
  const right =
    request.method === 'GET' || request.method === 'HEAD'
      ? 'read'
      : verb === undefined
        ? request.method === 'DELETE'
          ? 'delete'
          : 'write'
        : `${verb}/action`;
  authorize(estate, request.caller, `${deploymentType}/${right}`, scope);
  if (name === undefined) {
    const found = estate.children(scope, deploymentType);
    return { status: 200, body: { value: found.map((record) => show(host.plane, record)) } };
  }
  const id = composeId(scope, deploymentType, [name]);
  switch (`${request.method} ${verb ?? ''}`.trim()) {
    case 'PUT':
      return start(host, request, scope, name);
    case 'POST validate':
      return validate(host, request, scope, name);
    case 'GET operations':
      return {
        status: 200,
        body: {
          value: estate
            .children(id, `${deploymentType}/operations`)
            .map((record) => show(host.plane, record)),
        },
      };
    case 'GET': {
      const record = estate.get(id);
      if (!record) throw new ArmError('DeploymentNotFound', `Deployment '${name}' could not be found.`);
      return { status: 200, body: show(host.plane, record) };
    }
    case 'HEAD':
      return { status: estate.get(id) ? 204 : 404 };
    case 'DELETE': {
      const parsed = parseId(id);
      // No deployment can be called so, and what is not there is gone.
      if (!parsed.ok) return { status: 204 };
      const planned = await host.transact((plane) => {
        checkIdle(plane.estate, id, name);
        const removal = planRemoval(plane, parsed.value, request.caller, host.now());
        return removal ?? { change: { writes: [], deletes: [] }, resource: undefined };
      });
      return { status: planned.change.deletes.length > 0 ? 200 : 204 };
    }
    default:
      throw new ArmError(
        'NotSupported',
        `${request.method} ${verb ?? 'deployment'} is not supported by Cloister.`,
      );
  }
}

/** The scope in its stored spelling. */
function scopeOf<F>(host: ArmHost<F>, text: string): ResourceId {
  const group = groupOf(text);
  const found = host.plane.estate.get(group);
  if (found) return found.id;
  if (group.toLowerCase().includes('/resourcegroups/')) throw notFound(group);
  const { subscription } = host.plane.settings;
  if (group.toLowerCase() !== `/subscriptions/${subscription}`.toLowerCase()) {
    throw new ArmError(
      'SubscriptionNotFound',
      `The subscription '${group.split('/')[2]}' could not be found.`,
    );
  }
  return group;
}

async function requestOf<F>(
  host: ArmHost<F>,
  request: ArmRequest,
  scope: ResourceId,
  name: string,
): Promise<DeploymentRequest> {
  const body = await request.body();
  const properties = isObject(body) ? body['properties'] : undefined;
  if (!isObject(body) || !isObject(properties)) {
    throw new ArmError(
      'InvalidRequestContent',
      "The request content was invalid: a deployment has 'properties' with 'template' and 'mode'.",
      { target: 'properties' },
    );
  }
  if (properties['templateLink'] !== undefined || properties['parametersLink'] !== undefined) {
    throw new ArmError(
      'NotSupported',
      'templateLink and parametersLink are not supported by Cloister: send the template itself.',
      { target: 'properties.templateLink' },
    );
  }
  if (typeof properties['mode'] === 'string' && properties['mode'].toLowerCase() === 'complete') {
    throw new ArmError(
      'NotSupported',
      'Deployment mode Complete is not supported by Cloister: use Incremental and delete what is to go.',
      { target: 'properties.mode' },
    );
  }
  if (!/^[\w.()-]{1,64}$/.test(name)) {
    const message = `'${name}' is not a valid deployment name: up to 64 letters, digits, dashes, underscores, dots and parentheses.`;
    throw new ArmError('InvalidResourceName', message);
  }
  const { template, parameters } = properties;
  if (template === undefined) {
    throw new ArmError(
      'InvalidTemplate',
      'Deployment template is missing: properties.template must be the template.',
      { target: 'properties.template' },
    );
  }
  return {
    scope,
    name,
    template,
    parameters: parametersIn(parameters),
    caller: request.caller,
    newGuid: () => host.newId(),
    ...(typeof body['location'] === 'string' ? { location: body['location'] } : {}),
  };
}

/** Clients send the values, or the whole content of a parameters file. */
function parametersIn(given: Json | undefined): JsonObject {
  if (!isObject(given)) return {};
  const inner = given['parameters'];
  return isObject(inner) && given['$schema'] !== undefined ? inner : given;
}

/** Rehearses a deployment. Rejects as its validation would, also where the guard does not want how it ends. */
async function rehearsed<F>(host: ArmHost<F>, request: DeploymentRequest): ReturnType<typeof rehearse<F>> {
  const done = await tried(host, request);
  const { estate } = host.plane;
  if (host.guard) host.guard.check(estate, changeBetween(estate, done.estate));
  return done;
}

async function tried<F>(host: ArmHost<F>, request: DeploymentRequest): ReturnType<typeof rehearse<F>> {
  try {
    return await rehearse(host, request);
  } catch (error) {
    const problem = toArmError(error);
    if (problem.code !== 'DeploymentFailed') throw problem;
    const [first] = problem.details;
    if (first && problem.details.every((detail) => detail.code === first.code && detail.status === 403))
      throw first;
    throw new ArmError(
      'InvalidTemplateDeployment',
      `The template deployment '${request.name}' is not valid according to the validation procedure. ${problem.details.map((detail) => detail.message).join(' ')}`,
      { details: problem.details },
    );
  }
}

/** Refuses what cannot be done to a deployment that is under way. */
function checkIdle(estate: Read, id: ResourceId, name: string): void {
  const state = estate.get(id)?.properties['provisioningState'];
  if (state !== 'Running' && state !== 'Accepted') return;
  const message = `The deployment '${name}' is still running. Wait for it, or use another name.`;
  throw new ArmError('DeploymentActive', message);
}

async function validate<F>(
  host: ArmHost<F>,
  request: ArmRequest,
  scope: ResourceId,
  name: string,
): Promise<ArmAnswer> {
  const asked = await requestOf(host, request, scope, name);
  const { outcome } = await rehearsed(host, asked);
  const record = deploymentRecord(asked, 'Succeeded', host.now(), {
    parameters: outcome.parameters,
    resources: outcome.resources,
  });
  const { id, type, properties } = record;
  const validated = outcome.resources.map((resource) => ({ id: resource }));
  return {
    status: 200,
    body: { id, name, type, properties: { ...properties, validatedResources: validated } },
  };
}

async function start<F>(
  host: ArmHost<F>,
  request: ArmRequest,
  scope: ResourceId,
  name: string,
): Promise<ArmAnswer> {
  const asked = await requestOf(host, request, scope, name);
  const id = composeId(scope, deploymentType, [name]);
  const started = host.now();
  // The run answers newGuid() and utcNow() as its rehearsal did, so that names are the same.
  const guids: string[] = [];
  const newGuid = (): string => {
    const guid = host.newId();
    guids.push(guid);
    return guid;
  };
  const { estate: rehearsal } = await rehearsed(host, { ...asked, newGuid, utcNow: started });
  const again = { ...asked, utcNow: started, newGuid: () => guids.shift() ?? host.newId() };
  const before = host.plane.estate.get(id);
  const accepted = await host.transact(({ estate }) => {
    checkIdle(estate, id, name);
    const stale = estate.children(id, `${deploymentType}/operations`).map((record) => record.id);
    return { change: { writes: [deploymentRecord(asked, 'Running', started, { started })], deletes: stale } };
  });
  const operation = begin(host.newId(), id, started);
  await host.keep(operation);
  host.background(async () => {
    const save = (record: ReturnType<typeof deploymentRecord>): Promise<unknown> =>
      host.transact(() => ({ change: { writes: [record], deletes: [] } }));
    try {
      const outcome = await deploy(host, again, rehearsal, async (event) => {
        await save(operationRecord(event, host.now()));
      });
      await save(deploymentRecord(asked, 'Succeeded', host.now(), { ...outcome, started }));
      await host.keep(end(operation, host.now()));
    } catch (error) {
      const problem = toArmError(error);
      await save(deploymentRecord(asked, 'Failed', host.now(), { error: problem, started }));
      await host.keep(end(operation, host.now(), problem));
      if (problem.cause !== undefined) throw problem.cause;
    }
  });
  const polling = host.url(operationPath(host.plane.settings.subscription, operation));
  const [record] = accepted.change.writes;
  return {
    status: before ? 200 : 201,
    headers: { 'Azure-AsyncOperation': `${polling}?api-version=2020-06-01`, 'Retry-After': '1' },
    ...(record ? { body: show(host.plane, record) } : {}),
  };
}
