/**
 * Every refusal of storage: at the door, for tokens, for rights, and of what is not here yet.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../store/memory.ts';
import type { Caller, DataPlane, DataResponse } from '../data-plane.ts';
import { Blobs } from './blobs.ts';
import {
  anonymous,
  assign,
  invalid,
  now,
  person,
  requestId,
  requestOf,
  resource,
  tenant,
  worldOf,
} from './harness.testing.ts';
import { otherStoragePlane } from './other-planes.ts';
import { blobPlane } from './plane.ts';

const host = 'acct.blob.core.windows.net';
const account = resource('Microsoft.Storage/storageAccounts', 'acct');
const container = `${account.id}/blobServices/default/containers/data`;
const world = worldOf(
  account,
  assign('reader', 'blobReader', container),
  assign('writer', 'blobContributor', account.id),
  assign('owner', 'owner', account.id),
  assign('all', 'owner', account.id),
  assign('all', 'blobOwner', account.id),
);
const plane = blobPlane(new Blobs(new MemoryStore(), undefined, () => now));
type Headers = Readonly<Record<string, string>>;

function ask(line: string, caller: Caller, headers: Headers = {}, at = account): Promise<DataResponse> {
  const sent = { 'x-ms-version': '2021-12-02', 'content-length': '0', ...headers };
  return plane.handle(requestOf(at, host, line, { caller, headers: sent }), world);
}

const told = ({ status, headers }: DataResponse) => `${status} ${headers['x-ms-error-code']}`;
const trailer = `\nRequestId:${requestId}\nTime:2026-11-22T10:00:00.2500000Z`;
const challenge = `Bearer authorization_uri=https://login.microsoftonline.com/${tenant}/oauth2/authorize resource_id=https://storage.azure.com`;

test('tokens are for storage, or for the account', () => {
  expect(plane.audiences(host)).toEqual(['https://storage.azure.com', `https://${host}`]);
});

test('the door', () => {
  const refusal = { rule: 'publicNetworkAccess is Disabled', flag: true };
  expect(plane.refuse(requestOf(account, host, 'GET /data/x'), refusal)).toEqual({
    status: 403,
    headers: {
      'x-ms-request-id': requestId,
      'x-ms-version': '2021-12-02',
      date: 'Sun, 22 Nov 2026 10:00:00 GMT',
      'x-ms-error-code': 'AuthorizationFailure',
      'content-type': 'application/xml',
    },
    body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthorizationFailure</Code><Message>This request is not authorized to perform this operation.${trailer}</Message></Error>`,
  });
  expect(plane.refuse(requestOf(account, host, 'HEAD /data/x'), refusal).body).toBeUndefined();
});

describe('tokens', () => {
  test('none', async () => {
    const response = await ask('GET /data/x', anonymous);
    expect(told(response)).toBe('401 NoAuthenticationInformation');
    expect(response.headers['www-authenticate']).toBe(challenge);
    expect(response.body).toContain(
      `<Message>Server failed to authenticate the request. Please refer to the information in the www-authenticate header.${trailer}</Message>`,
    );
  });

  test('an invalid one', async () => {
    const response = await ask('GET /data/x', invalid);
    expect(told(response)).toBe('401 InvalidAuthenticationInfo');
    expect(response.headers['www-authenticate']).toBe(challenge);
    expect(response.body).toContain('<AuthenticationErrorDetail>expired</AuthenticationErrorDetail>');
  });

  test.each([
    ['', '403 AuthenticationFailed'],
    ['2015-12-11', '403 AuthenticationFailed'],
    ['latest', '400 InvalidHeaderValue'],
    ['2017-11-09', '404 ContainerNotFound'],
  ])('with version "%s"', async (version, expected) => {
    expect(told(await ask('GET /data/x', person('writer'), { 'x-ms-version': version }))).toBe(expected);
  });

  test('too old a version says what to send', async () => {
    const { body } = await ask('GET /data/x', person('writer'), { 'x-ms-version': '' });
    expect(body).toContain('Send x-ms-version 2017-11-09 or later along with a token.');
    expect(body).toContain('Authentication scheme Bearer is not supported in this version.');
  });
});

describe('keys', () => {
  const locked = { ...account, properties: { allowSharedKeyAccess: false } };
  const shared = { authorization: 'SharedKey acct:c2ln' };
  test.each<[string, string, Headers, typeof account, string, string]>([
    ['no keys wired', 'GET /data/x', shared, account, '501 NotImplemented', "'account keys'"],
    [
      'SharedKey, locked',
      'GET /data/x',
      shared,
      locked,
      '403 KeyBasedAuthenticationNotPermitted',
      'not permitted',
    ],
    [
      'SAS, locked',
      'GET /data/x?sv=2021-12-02&sig=c2ln',
      {},
      locked,
      '403 KeyBasedAuthenticationNotPermitted',
      'not permitted',
    ],
    [
      'user delegation SAS, locked',
      'GET /data/x?sv=2021-12-02&skoid=1&sig=c2ln',
      {},
      locked,
      '403 AuthenticationFailed',
      'Signature did not match.',
    ],
    ['SAS without a version', 'GET /data/x?sig=c2ln', {}, account, '403 AuthenticationFailed', 'sv is not'],
  ])('%s', async (_, line, headers, at, expected, says) => {
    const response = await ask(line, anonymous, headers, at);
    expect(told(response)).toBe(expected);
    expect(response.body).toContain(says);
  });
});

describe('rights', () => {
  const denied = '403 AuthorizationPermissionMismatch';
  const missing = '404 ContainerNotFound';
  test.each([
    ['nobody', 'GET /data/x', denied],
    ['nobody', 'HEAD /data/x', denied],
    ['reader', 'GET /data/x', missing],
    ['reader', 'GET /data?restype=container&comp=list', missing],
    ['reader', 'GET /other/x', denied],
    ['reader', 'PUT /data/x', denied],
    ['reader', 'DELETE /data/x', denied],
    ['reader', 'HEAD /data?restype=container', missing],
    ['reader', 'PUT /data?restype=container', denied],
    ['reader', 'GET /?comp=list', denied],
    ['writer', 'DELETE /data/x', missing],
    ['writer', 'PUT /data/x?comp=metadata', missing],
    ['writer', 'DELETE /data?restype=container', missing],
    // Control-plane rights reach containers and no data.
    ['owner', 'GET /data/x', denied],
    ['owner', 'GET /data?restype=container&comp=list', denied],
    ['owner', 'HEAD /data?restype=container', missing],
    ['owner', 'PUT /data/x?comp=block&blockid=AAAA', denied],
  ])('%s: %s', async (who, line, expected) => {
    expect(told(await ask(line, person(who)))).toBe(expected);
  });

  test('the message is that of a missing permission, not of the door', async () => {
    expect((await ask('GET /data/x', person('nobody'))).body).toContain(
      'This request is not authorized to perform this operation using this permission.',
    );
  });
});

describe('what is not here yet', () => {
  test.each<[string, string, Headers?]>([
    ['POST /?comp=batch', 'Blob Batch'],
    ['GET /?comp=blobs&where=a', 'Find Blobs by Tags'],
    ['PUT /data?restype=container&comp=undelete', 'Restore Container'],
    ['PUT /data?restype=container&comp=rename', 'Rename Container'],
    ['POST /data?restype=container&comp=batch', 'Blob Batch'],
    ['GET /data?restype=container&comp=blobs', 'Find Blobs by Tags in Container'],
    ['PUT /data/x?comp=appendblock', 'Append Block'],
    ['PUT /data/x?comp=seal', 'Append Blob Seal'],
    ['PUT /data/x?comp=page', 'Put Page'],
    ['GET /data/x?comp=pagelist', 'Get Page Ranges'],
    ['PUT /data/x?comp=incrementalcopy', 'Incremental Copy Blob'],
    ['PUT /data/x?comp=copy&copyid=1', 'Abort Copy Blob'],
    ['PUT /data/x?comp=snapshot', 'Snapshot Blob'],
    ['PUT /data/x?comp=tier', 'Set Blob Tier'],
    ['PUT /data/x?comp=undelete', 'Undelete Blob'],
    ['POST /data/x?comp=query', 'Query Blob Contents'],
    ['PUT /data/x?comp=expiry', 'Set Blob Expiry'],
    ['PUT /data/x?comp=immutabilityPolicies', 'Set Blob Immutability Policy'],
    ['DELETE /data/x?comp=immutabilityPolicies', 'Delete Blob Immutability Policy'],
    ['PUT /data/x?comp=legalhold', 'Set Blob Legal Hold'],
    ['PUT /data/x', 'copying from another account or host', { 'x-ms-copy-source': 'https://a/b' }],
    [
      'PUT /data/x',
      'copying from another account or host',
      { 'x-ms-copy-source': 'https://a/b', 'x-ms-blob-type': 'BlockBlob' },
    ],
    ['PUT /data/x', 'Put Blob (AppendBlob)', { 'x-ms-blob-type': 'AppendBlob' }],
    ['PUT /data/x', 'Put Blob (PageBlob)', { 'x-ms-blob-type': 'PageBlob' }],
    ['GET /data/x', 'conditions on blob tags', { 'x-ms-if-tags': 'a' }],
    ['PUT /data/x', 'Set Blob Tier', { 'x-ms-access-tier': 'Cool' }],
    ['PUT /data/x', 'customer-provided keys', { 'x-ms-encryption-key': 'k' }],
    ['PUT /data/x', 'encryption scopes', { 'x-ms-encryption-scope': 's' }],
    ['GET /data/x?snapshot=2026', 'blob snapshots'],
    ['GET /data/x?versionid=2026', 'blob versions'],
  ])('%s is %s', async (line, name, headers) => {
    const response = await ask(line, person('all'), headers);
    expect(told(response)).toBe('501 NotImplemented');
    expect(response.body).toContain(`Cloister does not have '${name}' yet; it comes in a later version.`);
  });

  test.each([
    ['GET /', '400 InvalidQueryParameterValue'],
    ['GET /data/x?comp=dance', '400 InvalidQueryParameterValue'],
    ['POST /data/x', '405 UnsupportedHttpVerb'],
    ['PATCH /data?restype=container', '405 UnsupportedHttpVerb'],
    ['DELETE /?comp=list', '405 UnsupportedHttpVerb'],
  ])('%s is %s', async (line, expected) => {
    expect(told(await ask(line, person('all')))).toBe(expected);
  });

  test('a wrong method is told the right ones', async () => {
    expect((await ask('POST /data/x', person('all'))).headers['allow']).toBe('GET, HEAD, PUT, DELETE');
  });
});

describe('other hosts of an account', () => {
  const later =
    "Cloister does not have 'PUT comp=acl of the queue service' yet; it comes in a later version.";
  const at = (other: DataPlane, line: string, caller: Caller) =>
    other.handle(
      requestOf(account, 'acct.queue.core.windows.net', line, {
        caller,
        headers: { 'x-ms-version': '2021-12-02' },
      }),
      world,
    );

  test.each(['queue', 'table', 'dfs'] as const)('%s: door, token, operation', async (service) => {
    const other = otherStoragePlane(service);
    const shut = other.refuse(requestOf(account, 'h', 'GET /'), { rule: 'x', flag: false });
    expect(told(shut)).toBe('403 AuthorizationFailure');
    expect(told(await at(other, 'GET /', anonymous))).toBe('401 NoAuthenticationInformation');
    expect(told(await at(other, 'GET /', invalid))).toBe('401 InvalidAuthenticationInfo');
    expect(told(await at(other, 'GET /', person('reader')))).toBe('501 NotImplemented');
  });

  test('operations are named by what tells them apart', async () => {
    const response = await at(otherStoragePlane('queue'), 'PUT /q?comp=acl', person('reader'));
    expect(response.body).toContain(later);
  });

  test('the static website asks for no token', async () => {
    expect(told(await at(otherStoragePlane('web'), 'GET /', anonymous))).toBe('501 NotImplemented');
  });

  test('tables and the data lake speak JSON', async () => {
    const table = await at(otherStoragePlane('table'), 'GET /Tables', anonymous);
    expect(JSON.parse(String(table.body))).toMatchObject({
      'odata.error': { code: 'NoAuthenticationInformation', message: { lang: 'en-US' } },
    });
    const dfs = await at(otherStoragePlane('dfs'), 'GET /fs?resource=filesystem', person('x'));
    expect(JSON.parse(String(dfs.body))).toMatchObject({ error: { code: 'NotImplemented' } });
    expect(dfs.headers['content-type']).toBe('application/json;charset=utf-8');
  });
});
