/**
 * The data plane of machine-learning workspaces: its door, discovery, tokens and rights. Run history, metrics and
 * the other services behind it come later.
 *
 * @module
 */

import { mayDo } from '../../arm/caller.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { DataPlane, DataRequest, DataResponse, World } from '../data-plane.ts';
import { denyByPrivateLink } from './door.ts';
import { answer, refusalAnswer } from './error.ts';

/** What answers at a workspace's API, certificate and notebook hosts. */
export const workspacePlane: DataPlane = {
  // Version 1 of the SDK comes with tokens for Azure Resource Manager.
  audiences: () => ['https://ml.azure.com', 'https://management.azure.com'],
  refuse: denyByPrivateLink,
  handle: async (request, world) => answerWorkspace(request, world),
};

const readRight = 'Microsoft.MachineLearningServices/workspaces/read';
const component = 'managementfrontend';

function answerWorkspace(request: DataRequest, world: World): DataResponse {
  const { method, target, host, caller, resource } = request;
  const path = target.replace(/\?.*$/s, '');
  if (method === 'GET' && /^\/discovery\/?$/i.test(path) && host.endsWith('.api.azureml.ms')) {
    return answer(request, 200, discoveryOf(host));
  }
  if (caller.kind !== 'principal') {
    const invalid = caller.kind === 'invalid';
    const message = invalid ? `The token is not valid: ${caller.problem}.` : 'No token was sent.';
    const challenge = `Bearer authorization_uri="https://login.microsoftonline.com/${world.settings.tenant}/oauth2/authorize", resource_id="https://ml.azure.com"`;
    const headers = { 'www-authenticate': invalid ? `${challenge}, error="invalid_token"` : challenge };
    return refusalAnswer(request, { kind: 'unauthenticated', message, headers }, component);
  }
  if (!mayDo(world.read, caller.objectId, readRight, resource.id, 'control')) {
    const message = `The client '${caller.appId}' with object id '${caller.objectId}' does not have authorization to perform action '${readRight}' over scope '${resource.id}'.`;
    return refusalAnswer(request, { kind: 'forbidden', message }, component);
  }
  const message = `Cloister does not have '${method} ${nameOfPath(path)}' yet; it comes in a later version.`;
  return refusalAnswer(request, { kind: 'unimplemented', message }, component);
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
function nameOfPath(path: string): string {
  const id = /\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/[^/]+\/workspaces\/[^/]+/i;
  const [service = '', operation = ''] = path.split(id);
  const named = service.slice(1) || '/';
  return operation === '' || operation === '/' ? named : `${named} ...${operation}`;
}
