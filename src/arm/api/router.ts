/**
 * The ARM API: which operation a method and a path mean.
 *
 * @module
 */

import { type JsonObject, omit } from '../../lib/json.ts';
import { settle } from '../apply.ts';
import { actionOn, authorize } from '../caller.ts';
import { ArmError, toArmError } from '../error.ts';
import { type IdParts, parseId, partsOf, sameId, subscriptionType } from '../id.ts';
import { begin, end, operationBody, operationPath } from '../operation.ts';
import {
  checkGroup,
  checkSubscription,
  finish,
  notFound,
  type Planned,
  planWrite,
  providerOf,
  show,
} from '../plane.ts';
import { type Action, type AnyProvider, lengthy } from '../provider.ts';
import { planRemoval } from '../remove.ts';
import type { Read, Resource } from '../resource.ts';
import { builtInRoles } from '../roles.ts';
import { availabilityPath, nameAvailability } from './availability.ts';
import { roleBody, subscriptionBody } from './bodies.ts';
import { deployments } from './deployments.ts';
import { listing } from './listing.ts';
import { namespaces } from './namespaces.ts';
import { paged } from './paging.ts';
import type { ArmAnswer, ArmHost, ArmRequest } from './request.ts';

/** Answers a request. Every failure becomes an answer in ARM's shape; nothing is thrown. */
export async function handle<F>(host: ArmHost<F>, request: ArmRequest): Promise<ArmAnswer> {
  try {
    return await route(host, request);
  } catch (error) {
    const problem = toArmError(error);
    if (problem.cause !== undefined) host.background(() => Promise.reject(problem.cause));
    return { status: problem.status, body: { error: problem.body() } };
  }
}

async function route<F>(host: ArmHost<F>, request: ArmRequest): Promise<ArmAnswer> {
  const path = request.path.replace(/\/+$/, '');
  if (request.query.get('api-version') === null) {
    throw new ArmError(
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  }
  const polled = /\/providers\/Microsoft\.Resources\/operation(?:Statuses|Results)\/([^/]+)$/i.exec(path);
  if (polled?.[1] !== undefined) return poll(host, polled[1]);
  const deployment = await deployments(host, request, path);
  if (deployment) return deployment;
  const provided = namespaces(host.plane, request, path);
  if (provided) return provided;
  const listed = request.method === 'GET' ? listing(host.plane, request, path) : undefined;
  if (listed) return paged(host, request, path, listed);
  const namespace = request.method === 'POST' ? availabilityPath(path) : undefined;
  if (namespace !== undefined)
    return { status: 200, body: nameAvailability(host.plane, namespace, await request.body()) };
  if (request.method === 'POST') return act(host, request, path);
  const parsed = parseId(path);
  if (!parsed.ok) throw new ArmError('NotFound', `No operation at '${request.path}': ${parsed.error}.`);
  return onResource(host, request, parsed.value);
}

async function onResource<F>(host: ArmHost<F>, request: ArmRequest, id: IdParts): Promise<ArmAnswer> {
  switch (request.method) {
    case 'GET':
      checkSubscription(host.plane, id);
      return { status: 200, body: get(host, request, id) };
    case 'HEAD':
      checkSubscription(host.plane, id);
      return { status: host.plane.estate.get(authorizedId(host, request, id)) ? 204 : 404 };
    case 'PUT':
    case 'PATCH':
      return put(host, request, id);
    case 'DELETE':
      return remove(host, request, id);
    default:
      throw new ArmError(
        'MethodNotAllowed',
        `The HTTP method '${request.method}' is not supported at '${request.path}'.`,
      );
  }
}

function authorizedId<F>(host: ArmHost<F>, request: ArmRequest, id: IdParts): string {
  const provider = providerOf(host.plane, id.type);
  authorize(host.plane.estate, request.caller, actionOn(provider.type, 'read'), id.id);
  return id.id;
}

function get<F>(host: ArmHost<F>, request: ArmRequest, id: IdParts): JsonObject {
  if (sameId(id.type, subscriptionType)) return subscriptionBody(host.plane.settings);
  const role = builtInRoles.find((item) => item.id === id.name.toLowerCase());
  if (role && sameId(id.type, 'Microsoft.Authorization/roleDefinitions')) return roleBody(role, id.id);
  const resource = host.plane.estate.get(authorizedId(host, request, id));
  if (!resource) {
    checkGroup(host.plane, id);
    throw notFound(id.id);
  }
  return show(host.plane, resource);
}

async function put<F>(host: ArmHost<F>, request: ArmRequest, id: IdParts): Promise<ArmAnswer> {
  if (sameId(id.type, subscriptionType))
    throw new ArmError('MethodNotAllowed', 'A subscription cannot be written.');
  const provider = providerOf(host.plane, id.type);
  const body = await request.body();
  const planned = await host.transact((plane) => {
    checkCondition(request, plane.estate.get(id.id));
    const write = planWrite(plane, {
      id,
      body,
      apiVersion: request.query.get('api-version') ?? '',
      caller: request.caller,
      now: host.now(),
      merge: request.method === 'PATCH',
      ...(request.surface === undefined ? {} : { surface: request.surface }),
    });
    host.guard?.check(plane.estate, write.change);
    return write;
  });
  const resource = planned.resource;
  if (!resource) throw new Error('a write answered no resource');
  const status = request.method === 'PUT' ? putStatus(provider, planned.created) : 200;
  if (!planned.then.some(({ kind }) => lengthy.has(kind))) {
    await settle(host, planned.then);
    // Its effects may have written to it; without any, somebody else may have by now.
    const after = planned.then.length === 0 ? resource : host.plane.estate.get(resource.id);
    return { status, body: show(host.plane, after ?? resource) };
  }
  return inBackground(host, planned, resource, status);
}

/** The answer is given at once; the resource is ready when the operation has succeeded. */
async function inBackground<F>(
  host: ArmHost<F>,
  planned: Planned,
  resource: Resource,
  status: number,
): Promise<ArmAnswer> {
  const operation = begin(host.newId(), resource.id, host.now());
  await host.keep(operation);
  host.background(async () => {
    try {
      await settle(host, planned.then);
      await host.keep(end(operation, host.now()));
    } catch (error) {
      await host.keep(end(operation, host.now(), toArmError(error)));
      if (!(error instanceof ArmError)) throw error;
    }
  });
  const polling = host.url(operationPath(host.plane.settings.subscription, operation));
  const address = `${polling}?api-version=2020-06-01`;
  const shown = show(host.plane, resource);
  const inner = shown['properties'] as JsonObject;
  const told = {
    ...(typeof inner['properties'] === 'object' ? (inner['properties'] as JsonObject) : {}),
    AzureAsyncOperationUri: address,
  };
  return {
    status,
    headers: { 'Azure-AsyncOperation': address, 'Retry-After': '1', 'x-ms-async-operation-timeout': 'PT1H' },
    body: { ...shown, properties: { ...inner, properties: told } },
  };
}

async function remove<F>(host: ArmHost<F>, request: ArmRequest, id: IdParts): Promise<ArmAnswer> {
  const nothing = { change: { writes: [], deletes: [] }, then: [], shown: undefined };
  const planned = await host.transact((plane) => {
    const before = plane.estate.get(id.id);
    checkCondition(request, before);
    const removal = planRemoval(plane, id, request.caller, host.now());
    if (removal) host.guard?.check(plane.estate, removal.change);
    return removal && before ? { ...removal, shown: show(plane, before) } : nothing;
  });
  await settle(host, planned.then);
  if (!planned.shown) return { status: 204 };
  const { removedIsShown } = providerOf(host.plane, id.type);
  return { status: 200, ...(removedIsShown ? { body: planned.shown } : {}) };
}

/** Statuses of a PUT: most say 201 first and then 200; some clients accept but one of them. */
function putStatus<F>({ created = 201, updated = 200 }: AnyProvider<F>, isNew: boolean): number {
  return isNew ? created : updated;
}

function checkCondition(request: ArmRequest, resource: Resource | undefined): void {
  const { ifMatch, ifNoneMatch } = request;
  const failed =
    (ifNoneMatch === '*' && resource !== undefined) ||
    (ifMatch !== undefined && (resource === undefined || (ifMatch !== '*' && ifMatch !== resource.etag)));
  if (failed)
    throw new ArmError(
      'PreconditionFailed',
      'The condition in If-Match or If-None-Match is not met by the resource as it is.',
    );
}

async function act<F>(host: ArmHost<F>, request: ArmRequest, path: string): Promise<ArmAnswer> {
  const slash = path.lastIndexOf('/');
  const id = parseId(path.slice(0, slash));
  const name = path.slice(slash + 1);
  if (!id.ok) throw new ArmError('NotFound', `No operation at '${request.path}'.`);
  const provider = providerOf(host.plane, id.value.type);
  const found = Object.entries(provider.actions ?? {}).find(([key]) => sameId(key, name))?.[1];
  if (!found) {
    const known = Object.keys(provider.actions ?? {}).join(', ') || 'none';
    throw new ArmError(
      'NotSupported',
      `The action '${name}' of ${provider.type} is not supported by Cloister (supported: ${known}).`,
    );
  }
  authorize(host.plane.estate, request.caller, actionOn(provider.type, found.right), id.value.id);
  const body = ((await request.body()) ?? {}) as JsonObject;
  const result = await host.transact(({ estate, settings }) => {
    const resource = estate.get(id.value.id) ?? comingAt(estate, found, id.value);
    const outcome = found.run({ resource, body, settings, now: host.now() }, estate);
    const writes = 'writes' in outcome && outcome.writes ? outcome.writes : [];
    // A draft may be the resource itself with its old tag.
    const drafts = writes.map((draft) => omit(draft as Resource, 'etag'));
    const change = finish(estate, { writes: drafts });
    host.guard?.check(estate, change);
    return { outcome, change };
  });
  if ('ask' in result.outcome) {
    const { ask, as } = result.outcome;
    const answer = await host.answer(ask);
    return { status: 200, body: as ? as(answer) : answer };
  }
  await settle(host, result.outcome.then ?? []);
  return result.outcome.body === undefined ? { status: 200 } : { status: 200, body: result.outcome.body };
}

/** What stands for a resource that is to come, where an action may be asked of one. */
function comingAt(estate: Read, action: Action, id: IdParts): Resource {
  const above = id.parent === undefined ? undefined : partsOf(id.parent).parent;
  const known = [id.parent, above].some((at) => at !== undefined && estate.get(at));
  if (!action.ahead || !known) throw notFound(id.id);
  return { id: id.id, name: id.name, type: id.type, etag: '', properties: {} };
}

async function poll<F>(host: ArmHost<F>, id: string): Promise<ArmAnswer> {
  const operation = await host.operation(id);
  if (!operation) throw new ArmError('NotFound', `There is no operation '${id}'.`);
  const path = operationPath(host.plane.settings.subscription, operation);
  const headers: Record<string, string> = operation.status === 'InProgress' ? { 'Retry-After': '1' } : {};
  return { status: 200, headers, body: operationBody(path, operation) };
}
