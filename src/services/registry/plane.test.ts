/**
 * A registry's door and challenge, its rights, and the operations that it refuses by name.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../store/memory.ts';
import { requestOf } from '../blob/harness.testing.ts';
import { Bench, basic, exchanged, host, requestId, told } from './harness.testing.ts';

const bench = new Bench(new MemoryStore());
const admin = basic('Reg1', `registry ${bench.registry.id.toLowerCase()} password`);
const headers = {
  'content-type': 'application/json; charset=utf-8',
  'docker-distribution-api-version': 'registry/2.0',
  'x-ms-correlation-request-id': requestId,
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
};
const challenge = 'Bearer realm="https://reg1.azurecr.io/oauth2/token",service="reg1.azurecr.io"';

test('tokens are for registries, or for the control plane', () => {
  expect(bench.plane.audiences(host)).toEqual([
    'https://containerregistry.azure.net',
    'https://management.azure.com',
  ]);
});

test('the door', () => {
  const request = requestOf(bench.registry, host, 'GET /v2/');
  expect(bench.plane.refuse(request, { rule: 'x', flag: true })).toEqual({
    status: 403,
    headers,
    body: `{"errors":[{"code":"DENIED","message":"client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."}]}`,
  });
});

describe('the challenge', () => {
  test('of the version check', async () => {
    expect(await bench.ask('GET /v2/', { as: null })).toEqual({
      status: 401,
      headers: { ...headers, 'www-authenticate': challenge },
      body: '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required, visit https://aka.ms/acr/authorization for more information.","detail":null}]}',
    });
  });

  // Recorded: a token of Microsoft Entra is no token of a registry before it is exchanged.
  test.each<[string, string | null, string]>([
    ['HEAD /v2/', null, ''],
    ['GET /v2', null, ''],
    ['GET /v2/_catalog?n=5', null, ',scope="registry:catalog:*"'],
    ['GET /acr/v1/_catalog', null, ',scope="registry:catalog:*"'],
    ['GET /v2/team/app/manifests/latest', null, ',scope="repository:team/app:pull"'],
    ['PUT /v2/team/app/manifests/latest', null, ',scope="repository:team/app:pull,push"'],
    ['POST /v2/app/blobs/uploads/', null, ',scope="repository:app:pull,push"'],
    ['DELETE /v2/app/manifests/sha256:0', null, ',scope="repository:app:delete"'],
    ['GET /v2/app/tags/list', null, ',scope="repository:app:pull"'],
    ['GET /acr/v1/library%2Fhello-world', null, ',scope="repository:library/hello-world:metadata_read"'],
    ['PATCH /acr/v1/library%2Fhello-world', null, ',scope="repository:library/hello-world:metadata_write"'],
    ['DELETE /acr/v1/app/_tags/v1', null, ',scope="repository:app:delete"'],
    ['GET /v2/', 'Bearer entra-owner', ',error="invalid_token"'],
    ['GET /v2/', 'Basic !', ',error="invalid_token"'],
    ['GET /v2/', 'Negotiate x', ',error="invalid_token"'],
    ['GET /nothing', null, ''],
    // What is no name of a repository does not get into a header.
    ['GET /v2/a%0Ab/manifests/1', null, ''],
    ['GET /v2/a%22/manifests/1', null, ''],
  ])('%s as %j', async (line, as, more) => {
    const response = await bench.ask(line, { as });
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe(`${challenge}${more}`);
    if (line.startsWith('HEAD')) expect(response.body).toBeUndefined();
  });

  test('says for which actions', async () => {
    const { body } = await bench.ask('POST /v2/app/blobs/uploads/', { as: null });
    expect(body).toContain(
      '"detail":[{"Type":"repository","Name":"app","Action":"pull"},{"Type":"repository","Name":"app","Action":"push"}]',
    );
  });
});

describe('rights', () => {
  const zero = 'sha256:'.padEnd(71, '0');

  test.each([
    ['puller', 'GET /v2/app/manifests/latest', '404 NAME_UNKNOWN'],
    ['puller', 'GET /v2/_catalog', '200'],
    ['puller', 'GET /acr/v1/app', '404 NAME_UNKNOWN'],
    ['puller', 'PUT /v2/app/manifests/latest', '403 DENIED'],
    ['puller', 'DELETE /v2/app/manifests/latest', '403 DENIED'],
    ['reader', 'GET /v2/app/manifests/latest', '404 NAME_UNKNOWN'],
    ['reader', 'POST /v2/app/blobs/uploads/', '403 DENIED'],
    ['pusher', 'POST /v2/app/blobs/uploads/', '202'],
    ['pusher', `DELETE /v2/app/manifests/${zero}`, '403 DENIED'],
    // A registry's data rights are actions: who owns it may push (docs/semantics/callers.md).
    ['owner', 'POST /v2/app/blobs/uploads/', '202'],
    ['owner', `DELETE /v2/app/manifests/${zero}`, '404 MANIFEST_UNKNOWN'],
    ['owner', 'GET /nothing', '404 NAME_UNKNOWN'],
    ['puller', 'GET /v2/', '200'],
  ])('%s: %s is %s', async (name, line, expected) => {
    const token = await exchanged(bench, name);
    const as = basic('00000000-0000-0000-0000-000000000000', token);
    expect(told(await bench.ask(line, { as }))).toBe(expected);
  });
});

test.each([
  ['GET /v2/app/_trust/tuf/root.json', 'Content Trust'],
  ['GET /helm/v1/repo/index.yaml', 'Helm Repository (deprecated)'],
  ['GET /acr/v1/_deleted/_catalog', 'Soft Delete'],
  ['POST /acr/v1/_metadata/_query', 'Metadata Search'],
  ['PATCH /acr/v1/app', 'Update Repository'],
  ['PATCH /acr/v1/app/_tags/v1', 'Update Tag'],
  ['PATCH /acr/v1/app/_manifests/sha256:0', 'Update Manifest (locks, quarantine)'],
])('%s is refused as %s', async (line, name) => {
  const response = await bench.ask(line, { as: admin });
  expect(response.status).toBe(501);
  expect(response.body).toContain(`Cloister does not have '${name}' yet; it comes in a later version.`);
});

test.each([
  ['GET /v2/App/tags/list', '400 NAME_INVALID'],
  ['GET /v2/a..b/tags/list', '400 NAME_INVALID'],
  ['GET /v2/a//b/tags/list', '400 NAME_INVALID'],
  ['GET /v2/-a/tags/list', '400 NAME_INVALID'],
  [`GET /v2/${'a'.repeat(256)}/tags/list`, '400 NAME_INVALID'],
  ['GET /v2/%zz/tags/list', '400 NAME_INVALID'],
  ['GET /v2/a__b.c--d/e/tags/list', '404 NAME_UNKNOWN'],
  ['GET /v2/manifests/tags/manifests/tags', '404 NAME_UNKNOWN'],
  ['GET /v2/app/manifests/.x', '400 TAG_INVALID'],
  [`GET /v2/app/manifests/${'t'.repeat(129)}`, '400 TAG_INVALID'],
  ['GET /v2/app/manifests/sha256:abc', '400 DIGEST_INVALID'],
  ['GET /v2/app/manifests/sha512:abc', '400 DIGEST_INVALID'],
  ['GET /v2/app/blobs/latest', '400 DIGEST_INVALID'],
  ['GET /v2/app/referrers/latest', '400 DIGEST_INVALID'],
])('%s is %s', async (line, expected) => {
  expect(told(await bench.ask(line, { as: admin }))).toBe(expected);
});
