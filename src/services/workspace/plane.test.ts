/**
 * A workspace's door, discovery, tokens and rights, and what it refuses by name.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import {
  anonymous,
  assign,
  group,
  invalid,
  person,
  requestId,
  requestOf,
  resource,
  tenant,
  worldOf,
} from '../blob/harness.testing.ts';
import type { Caller, DataResponse } from '../data-plane.ts';
import { denyByPrivateLink } from './door.ts';
import { foundation } from './harness.testing.ts';
import { workspacePlane as planeOn } from './plane.ts';

const workspacePlane = planeOn(foundation());
const type = 'Microsoft.MachineLearningServices/workspaces';
const workspace = resource(type, 'ws1');
const guid = '33333333-4444-5555-6666-777777777777';
const host = `${guid}.workspace.eastus.api.azureml.ms`;
const cert = `${guid}.workspace.eastus.cert.api.azureml.ms`;
const notebooks = `ml-ws1-eastus-${guid}.eastus.notebooks.azure.net`;
const world = worldOf(workspace, assign('reader', 'reader', group));

function ask(line: string, caller: Caller, at = host): Promise<DataResponse> {
  return workspacePlane.handle(requestOf(workspace, at, line, { caller }), world);
}

const bodyOf = ({ body }: DataResponse) => JSON.parse(String(body)) as Record<string, unknown>;
const headers = {
  'content-type': 'application/json; charset=utf-8',
  'x-request-id': requestId,
  'x-ms-client-request-id': requestId,
  'strict-transport-security': 'max-age=15724800; includeSubDomains; preload',
  'x-content-type-options': 'nosniff',
};
const challenge = `Bearer authorization_uri="https://login.microsoftonline.com/${tenant}/oauth2/authorize", resource_id="https://ml.azure.com"`;
const seed = `POST /metric/v2.0${workspace.id}/api/2.0/prometheus/post`;

test('tokens are for machine learning, or for the control plane', () => {
  expect(workspacePlane.audiences(host)).toEqual([
    'https://ml.azure.com',
    'https://management.azure.com',
    'https://management.core.windows.net',
  ]);
});

describe('the door', () => {
  const denied = {
    error: {
      code: 'UserError',
      severity: null,
      message: 'Access to workspace was denied based on workspace private link configuration.',
      messageFormat: null,
      messageParameters: null,
      referenceCode: null,
      detailsUri: null,
      target: null,
      details: [],
      innerError: { code: 'ForbiddenError', innerError: null },
      debugInfo: null,
      additionalInfo: null,
    },
    correlation: { operation: requestId.replaceAll('-', ''), request: requestId },
    environment: 'eastus',
    location: 'eastus',
    time: '2026-11-22T10:00:00.250Z',
    componentName: 'managementfrontend',
    statusCode: 403,
  };

  test.each<[string, string, Caller]>([
    ['with a token', seed, person('reader')],
    ['without one', seed, anonymous],
    ['discovery too', 'GET /discovery', anonymous],
  ])('%s', (_, line, caller) => {
    const response = workspacePlane.refuse(requestOf(workspace, host, line, { caller }), {
      rule: 'publicNetworkAccess is Disabled',
      flag: true,
    });
    expect([response.status, response.headers]).toEqual([403, headers]);
    expect(bodyOf(response)).toEqual(denied);
  });

  test('of a scoring host says the same', () => {
    const endpoint = resource(`${type}/onlineEndpoints`, 'ep1');
    const scoring = requestOf(endpoint, 'ep1.eastus.inference.ml.azure.com', 'POST /score');
    const response = denyByPrivateLink(scoring);
    expect(response.status).toBe(403);
    expect(bodyOf(response)).toEqual(denied);
  });
});

describe('discovery', () => {
  const base = `https://${host}`;
  const services = {
    api: base,
    history: base,
    experimentation: base,
    hyperdrive: base,
    modelmanagement: base,
    pipelines: base,
    studio: 'https://ml.azure.com',
  };

  test.each([
    ['GET /discovery', host],
    ['GET /discovery/', host],
    ['GET /discovery?api-version=1', host],
    ['GET /discovery', cert],
  ])('%s at %s needs no token', async (line, at) => {
    const response = await ask(line, anonymous, at);
    expect([response.status, response.headers]).toEqual([200, headers]);
    expect(bodyOf(response)).toEqual(services);
  });

  test.each([
    ['GET /discovery', notebooks],
    ['POST /discovery', host],
    ['GET /discovery/x', host],
  ])('%s at %s is not discovery', async (line, at) => {
    expect((await ask(line, anonymous, at)).status).toBe(401);
  });
});

describe('tokens', () => {
  test.each([
    [seed, host],
    ['GET /', cert],
    ['GET /tree', notebooks],
  ])('none: %s', async (line, at) => {
    const response = await ask(line, anonymous, at);
    expect([response.status, response.headers]).toEqual([401, { ...headers, 'www-authenticate': challenge }]);
    expect(bodyOf(response)).toMatchObject({
      error: { code: 'UserError', message: 'No token was sent.', innerError: { code: 'UnauthorizedError' } },
      statusCode: 401,
    });
  });

  test('an invalid one', async () => {
    const response = await ask(seed, invalid);
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe(`${challenge}, error="invalid_token"`);
    expect(bodyOf(response)).toMatchObject({ error: { message: 'The token is not valid: expired.' } });
  });

  test('one of somebody who may not read the workspace', async () => {
    const response = await ask(seed, person('nobody'));
    expect(response.status).toBe(403);
    expect(bodyOf(response)).toMatchObject({
      error: {
        code: 'UserError',
        message: `The client 'app-of-nobody' with object id 'nobody' does not have authorization to perform action '${type}/read' over scope '${workspace.id}'.`,
        innerError: { code: 'ForbiddenError' },
      },
    });
  });
});

test.each([
  [seed, 'POST metric/v2.0 .../api/2.0/prometheus/post'],
  [`GET /history/v1.0${workspace.id}/runs/r1/x?x=1`, 'GET history/v1.0 .../runs/r1/x'],
  [`GET /mlflow/v1.0${workspace.id.toLowerCase()}`, 'GET mlflow/v1.0'],
  ['GET /', 'GET /'],
])('%s is refused as %s', async (line, name) => {
  const response = await ask(line, person('reader'));
  expect(response.status).toBe(501);
  expect(bodyOf(response)).toMatchObject({
    error: {
      message: `Cloister does not have '${name}' yet; it comes in a later version.`,
      innerError: { code: 'NotImplementedError' },
    },
  });
});
