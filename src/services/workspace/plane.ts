/**
 * The data plane of machine-learning workspaces: its door, discovery, tokens, rights, and the services behind it.
 *
 * @module
 */

import { mayDo } from '../../arm/caller.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { DataPlane, DataRequest, DataResponse, World } from '../data-plane.ts';
import type { Foundation } from './call.ts';
import { denyByPrivateLink } from './door.ts';
import { answer, refusalAnswer, WorkspaceError } from './error.ts';
import { operationOf } from './operations.ts';

const type = 'Microsoft.MachineLearningServices/workspaces';
const component = 'managementfrontend';
const idPattern = /\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/[^/]+\/workspaces\/[^/]+/i;

/** Returns what answers at a workspace's API, certificate and notebook hosts. */
export function workspacePlane(foundation: Foundation): DataPlane {
  return {
    // Version 1 of the SDK comes with tokens for Azure Resource Manager, under either of its names.
    audiences: () => [
      'https://ml.azure.com',
      'https://management.azure.com',
      'https://management.core.windows.net',
    ],
    refuse: denyByPrivateLink,
    handle: async (request, world) => {
      try {
        return await answerWorkspace(foundation, request, world);
      } catch (error) {
        if (!(error instanceof WorkspaceError)) throw error;
        return refusalAnswer(request, { kind: error.kind, message: error.message }, component);
      }
    },
  };
}

async function answerWorkspace(
  foundation: Foundation,
  request: DataRequest,
  world: World,
): Promise<DataResponse> {
  const { method, target, host, caller, resource } = request;
  const path = target.replace(/\?.*$/s, '');
  const isApi = host.endsWith('.api.azureml.ms');
  if (method === 'GET' && /^\/discovery\/?$/i.test(path) && isApi) {
    return answer(request, 200, discoveryOf(host));
  }
  if (caller.kind !== 'principal') {
    const invalid = caller.kind === 'invalid';
    const message = invalid ? `The token is not valid: ${caller.problem}.` : 'No token was sent.';
    const challenge = `Bearer authorization_uri="https://login.microsoftonline.com/${world.settings.tenant}/oauth2/authorize", resource_id="https://ml.azure.com"`;
    const headers = { 'www-authenticate': invalid ? `${challenge}, error="invalid_token"` : challenge };
    return refusalAnswer(request, { kind: 'unauthenticated', message, headers }, component);
  }
  const demand = (right: string): void => {
    const action = `${type}/${right}`;
    if (mayDo(world.read, caller.objectId, action, resource.id, 'control')) return;
    throw new WorkspaceError(
      'forbidden',
      `The client '${caller.appId}' with object id '${caller.objectId}' does not have authorization to perform action '${action}' over scope '${resource.id}'.`,
    );
  };
  const [service = '', rest = ''] = path.split(idPattern);
  const named = idPattern.exec(path)?.[0];
  if (named !== undefined && named.toLowerCase() !== resource.id.toLowerCase()) {
    demand('read');
    throw new WorkspaceError('notFound', `This is not the host of ${named}.`);
  }
  const found = isApi && named !== undefined ? operationOf(method, service.slice(1), rest) : undefined;
  if (!found) {
    demand('read');
    throw new WorkspaceError(
      'unimplemented',
      `Cloister does not have '${method} ${nameOf(service, rest)}' yet; it comes in a later version.`,
    );
  }
  const [right, run] = found.operation;
  // Who works in a workspace need not have the right to read the workspace itself: AzureML Data Scientist has not.
  demand(right);
  const mark = target.indexOf('?');
  const body = await run({
    ...foundation,
    request,
    world,
    caller,
    at: (name) => found.names.get(name) ?? '',
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    workspace: resource.id,
    now: new Date(request.now).toISOString(),
  });
  return answer(request, 200, body);
}

/** Where each service of a workspace is: all here. An absent key ends older clients. */
function discoveryOf(host: string): JsonObject {
  const base = `https://${host.replace('.cert.api.', '.api.')}`;
  return {
    api: base,
    history: base,
    experimentation: base,
    hyperdrive: base,
    modelmanagement: base,
    pipelines: base,
    studio: 'https://ml.azure.com',
  };
}

/** Names an operation by its path without the workspace's id: `metric/v2.0 .../api/2.0/prometheus/post`. */
function nameOf(service: string, operation: string): string {
  const named = service.slice(1) || '/';
  return operation === '' || operation === '/' ? named : `${named} ...${operation}`;
}
