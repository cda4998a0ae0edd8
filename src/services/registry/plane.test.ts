/**
 * A registry's door, challenge and rights, and every operation that it refuses by name.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import {
  anonymous,
  assign,
  invalid,
  person,
  requestId,
  requestOf,
  resource,
  worldOf,
} from '../blob/harness.testing.ts';
import type { Caller, DataResponse } from '../data-plane.ts';
import { registryPlane } from './plane.ts';

const registry = resource('Microsoft.ContainerRegistry/registries', 'Reg1');
const world = worldOf(
  registry,
  assign('puller', 'acrPull', registry.id),
  assign('pusher', 'acrPush', registry.id),
  assign('owner', 'owner', registry.id),
);

function ask(line: string, caller: Caller, headers = {}): Promise<DataResponse> {
  return registryPlane.handle(requestOf(registry, 'reg1.azurecr.io', line, { caller, headers }), world);
}

const headers = {
  'content-type': 'application/json; charset=utf-8',
  'docker-distribution-api-version': 'registry/2.0',
  'x-ms-correlation-request-id': requestId,
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
};
const challenge = 'Bearer realm="https://reg1.azurecr.io/oauth2/token",service="reg1.azurecr.io"';

function told({ status, body }: DataResponse): string {
  const { errors } = JSON.parse(String(body)) as { errors: { code: string }[] };
  return `${status} ${errors[0]?.code}`;
}

test('tokens are for registries, or for the control plane', () => {
  expect(registryPlane.audiences('reg1.azurecr.io')).toEqual([
    'https://containerregistry.azure.net',
    'https://management.azure.com',
  ]);
});

test('the door', () => {
  const request = requestOf(registry, 'reg1.azurecr.io', 'GET /v2/');
  expect(registryPlane.refuse(request, { rule: 'x', flag: true })).toEqual({
    status: 403,
    headers,
    body: `{"errors":[{"code":"DENIED","message":"client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."}]}`,
  });
});

describe('the challenge', () => {
  test('of the version check', async () => {
    expect(await ask('GET /v2/', anonymous)).toEqual({
      status: 401,
      headers: { ...headers, 'www-authenticate': challenge },
      body: '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required, visit https://aka.ms/acr/authorization for more information.","detail":null}]}',
    });
  });

  test.each<[string, Caller, string]>([
    ['HEAD /v2/', anonymous, ''],
    ['GET /v2', anonymous, ''],
    ['GET /v2/_catalog?n=5', anonymous, ',scope="registry:catalog:*"'],
    ['GET /v2/team/app/manifests/latest', anonymous, ',scope="repository:team/app:pull"'],
    ['PUT /v2/team/app/manifests/latest', anonymous, ',scope="repository:team/app:pull,push"'],
    ['POST /v2/app/blobs/uploads/', anonymous, ',scope="repository:app:pull,push"'],
    ['DELETE /v2/app/manifests/sha256:0', anonymous, ',scope="repository:app:delete"'],
    ['GET /v2/', invalid, ',error="invalid_token"'],
    ['GET /nothing', anonymous, ''],
  ])('%s as %j', async (line, caller, more) => {
    const response = await ask(line, caller);
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe(`${challenge}${more}`);
    if (line.startsWith('HEAD')) expect(response.body).toBeUndefined();
  });
});

describe('rights', () => {
  test.each([
    ['puller', 'GET /v2/app/manifests/latest', '501 UNSUPPORTED'],
    ['puller', 'PUT /v2/app/manifests/latest', '403 DENIED'],
    ['puller', 'DELETE /v2/app/manifests/latest', '403 DENIED'],
    ['pusher', 'POST /v2/app/blobs/uploads/', '501 UNSUPPORTED'],
    // A registry's data rights are actions: who owns it may push (rbac-identity.md section 2).
    ['owner', 'PUT /v2/app/manifests/latest', '501 UNSUPPORTED'],
    ['owner', 'DELETE /v2/app/manifests/latest', '501 UNSUPPORTED'],
    ['nobody', 'GET /v2/app/manifests/latest', '403 DENIED'],
    ['nobody', 'GET /v2/', '501 UNSUPPORTED'],
    ['nobody', 'GET /nothing', '404 NAME_UNKNOWN'],
  ])('%s: %s is %s', async (name, line, expected) => {
    expect(told(await ask(line, person(name)))).toBe(expected);
  });
});

test.each([
  ['POST /oauth2/exchange', 'Exchange Token'],
  ['POST /oauth2/token', 'Get Access Token'],
  ['GET /oauth2/token?service=reg1.azurecr.io', 'Get Access Token'],
])('%s needs no token and is refused as %s', async (line, name) => {
  const response = await ask(line, anonymous);
  expect(told(response)).toBe('501 UNSUPPORTED');
  expect(response.body).toContain(`'${name}' yet`);
});

test('the admin user is refused by name', async () => {
  const response = await ask('GET /v2/', anonymous, { authorization: 'Basic cmVnMTpw' });
  expect(told(response)).toBe('501 UNSUPPORTED');
  expect(response.body).toContain("'Basic authorization (docker login, admin user)'");
});

test.each([
  ['GET /v2/', 'API Version Check'],
  ['GET /v2/_catalog', 'List Repositories'],
  ['GET /acr/v1/_catalog', 'List Repositories'],
  ['GET /v2/a/b/tags/list', 'List Tags'],
  ['GET /v2/a/referrers/sha256:0', 'List Referrers'],
  ['HEAD /v2/a/manifests/1', undefined],
  ['GET /v2/a/manifests/1', 'Pull Manifest'],
  ['PUT /v2/a/manifests/1', 'Push Manifest'],
  ['DELETE /v2/a/manifests/1', 'Delete Manifest'],
  ['POST /v2/a/blobs/uploads/', 'Start Layer Upload'],
  ['PATCH /v2/a/blobs/uploads/0-1', 'Layer Upload'],
  ['PUT /v2/a/blobs/uploads/0-1?digest=sha256:0', 'Layer Upload'],
  ['GET /v2/a/blobs/sha256:0', 'Pull Layer'],
  ['DELETE /v2/a/blobs/sha256:0', 'Delete Layer'],
  ['GET /acr/v1/a/b/_tags', 'Read Repository'],
  ['PATCH /acr/v1/a', 'Update Repository'],
  ['DELETE /acr/v1/a', 'Delete Repository'],
])('%s is refused as %s', async (line, name) => {
  const response = await ask(line, person('owner'));
  expect(response.status).toBe(501);
  if (name === undefined) expect(response.body).toBeUndefined();
  else expect(response.body).toContain(`Cloister does not have '${name}' yet; it comes in a later version.`);
});
