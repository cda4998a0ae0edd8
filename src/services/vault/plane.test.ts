/**
 * A vault's door, tokens and rights, and every operation that it refuses by name.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import { ip } from '../../lib/ip.ts';
import type { JsonObject } from '../../lib/json.ts';
import {
  anonymous,
  assign,
  invalid,
  person,
  requestId,
  requestOf,
  resource,
  tenant,
  worldOf,
} from '../blob/harness.testing.ts';
import type { Caller, DataRequest, DataResponse } from '../data-plane.ts';
import { operationOf } from './operations.ts';
import { vaultPlane } from './plane.ts';

const host = 'kv1.vault.azure.net';
const type = 'Microsoft.KeyVault/vaults';
const vault = (properties: JsonObject = {}) => resource(type, 'kv1', { tenantId: tenant, ...properties });
const byRole = vault({ enableRbacAuthorization: true });
const policy = (objectId: string, permissions: JsonObject, more: JsonObject = {}): JsonObject => ({
  tenantId: tenant,
  objectId,
  permissions,
  ...more,
});
const byPolicy = vault({
  accessPolicies: [
    policy('getter', { secrets: ['Get'] }),
    policy('GOD', { secrets: ['all'], keys: ['all'], certificates: ['all'] }),
    policy('in-app', { secrets: ['get'] }, { applicationId: 'app-of-in-app' }),
    policy('in-other', { secrets: ['get'] }, { applicationId: 'another' }),
  ],
});
const world = worldOf(
  byRole,
  assign('user', 'secretsUser', byRole.id),
  assign('one', 'secretsUser', `${byRole.id}/secrets/db`),
  assign('officer', 'secretsOfficer', byRole.id),
  assign('owner', 'owner', byRole.id),
);
const iss = `https://sts.windows.net/${tenant}/`;
const who = (name: string) => `appid=app-of-${name};oid=${name};iss=${iss}`;

function ask(line: string, caller: Caller, at = byRole, more: Partial<DataRequest> = {}) {
  return vaultPlane.handle(requestOf(at, host, line, { caller, ...more }), world);
}

const errorOf = ({ body }: DataResponse) =>
  (JSON.parse(String(body)) as { error: { code: string; message: string; innererror?: { code: string } } })
    .error;

const headers = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-cache',
  pragma: 'no-cache',
  'x-ms-keyvault-region': 'eastus',
  'x-ms-request-id': requestId,
  'x-ms-keyvault-network-info': 'addr=203.0.113.7;act_addr_fam=InterNetwork;',
  'strict-transport-security': 'max-age=31536000;includeSubDomains',
  'x-content-type-options': 'nosniff',
};

test('tokens are for vaults', () => {
  expect(vaultPlane.audiences(host)).toEqual(['https://vault.azure.net']);
});

describe('the door', () => {
  const disabled =
    'Public network access is disabled and request is not from a trusted service nor via an approved private link.';
  const ignored =
    "Connection is not an approved private link and caller was ignored because bypass is not set to 'AzureServices' and PublicNetworkAccess is set to 'Disabled'.";
  const address = 'Client address is not authorized and caller is not a trusted service.';
  const at = 'Vault: kv1;location=eastus';
  const from = 'Client address: 203.0.113.7';
  const acls = (bypass: string) => ({ networkAcls: { bypass, defaultAction: 'Deny' } });

  test.each<[string, boolean, JsonObject, Caller, string, readonly string[]]>([
    ['flag, no rules', true, {}, person('u'), 'ForbiddenByConnection', [disabled, `Caller: ${who('u')}`, at]],
    [
      'flag, bypass AzureServices',
      true,
      acls('AzureServices'),
      person('u'),
      'ForbiddenByConnection',
      [disabled, `Caller: ${who('u')}`, at],
    ],
    ['flag, bypass None', true, acls('None'), person('u'), 'ForbiddenByConnection', [ignored, at]],
    ['flag, anonymous', true, {}, anonymous, 'ForbiddenByConnection', [disabled, at]],
    [
      'firewall',
      false,
      acls('AzureServices'),
      person('u'),
      'ForbiddenByFirewall',
      [address, from, `Caller: ${who('u')}`, at],
    ],
    ['firewall, bypass None', false, acls('None'), invalid, 'ForbiddenByFirewall', [address, from, at]],
  ])('%s', (_, flag, properties, caller, inner, lines) => {
    const request = requestOf(vault(properties), host, 'GET /secrets/db?api-version=7.4', { caller });
    const response = vaultPlane.refuse(request, { rule: 'whichever', flag });
    expect(response).toMatchObject({ status: 403, headers });
    expect(JSON.parse(String(response.body))).toEqual({
      error: { code: 'Forbidden', message: lines.join('\r\n'), innererror: { code: inner } },
    });
  });
});

describe('tokens', () => {
  const challenge = `Bearer authorization="https://login.microsoftonline.com/${tenant}", resource="https://vault.azure.net"`;

  test('none', async () => {
    const response = await ask('GET /secrets/db', anonymous);
    expect(response).toEqual({
      status: 401,
      headers: { ...headers, 'www-authenticate': challenge },
      body: '{"error":{"code":"Unauthorized","message":"AKV10000: Request is missing a Bearer or PoP token."}}',
    });
  });

  test('an invalid one', async () => {
    const response = await ask('GET /secrets/db', invalid);
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe(`${challenge}, error="invalid_token"`);
    expect(errorOf(response)).toEqual({
      code: 'Unauthorized',
      message: '[BearerError] Error validating token: expired',
    });
  });

  test('none, at a path that is none', async () => {
    expect((await ask('GET /nothing', anonymous)).status).toBe(401);
  });
});

describe('health', () => {
  const arrivals = {
    public: [{ via: 'public', address: ip('20.0.0.4'), source: ip('203.0.113.7') }, '203.0.113.7', ''],
    unknown: [{ via: 'public', address: ip('20.0.0.4'), source: undefined }, 'unknown', ''],
    private: [
      {
        via: 'private-endpoint',
        endpoint: 'e',
        connection: 'c',
        address: ip('10.0.1.4'),
        source: ip('10.0.0.5'),
      },
      '10.0.0.5',
      'V6',
    ],
    service: [
      { via: 'service-endpoint', subnet: 's', address: ip('20.0.0.4'), source: ip('10.0.0.5') },
      '10.0.0.5',
      'V6',
    ],
  } as const;

  test.each(Object.entries(arrivals))('%s', async (_, [arrival, address, family]) => {
    expect(await ask('GET /healthstatus', anonymous, byRole, { arrival })).toEqual({
      status: 200,
      headers: {
        ...headers,
        'x-ms-keyvault-network-info': `addr=${address};act_addr_fam=InterNetwork${family};`,
      },
      body: 'null',
    });
  });
});

describe('rights by role', () => {
  test.each([
    ['user', 'GET /secrets/db', 501],
    ['user', 'GET /secrets/db/0123?api%2Dversion=7.4', 501],
    ['user', 'GET /secrets', 501],
    ['user', 'PUT /secrets/db', 403],
    ['one', 'GET /secrets/db', 501],
    ['one', 'GET /secrets/other', 403],
    ['one', 'GET /secrets', 403],
    ['officer', 'PUT /secrets/db', 501],
    ['officer', 'DELETE /deletedsecrets/db', 501],
    ['officer', 'POST /keys/k/create', 403],
    // Control-plane rights are no data rights.
    ['owner', 'GET /secrets/db', 403],
    ['nobody', 'GET /secrets/db', 403],
  ])('%s: %s is %i', async (name, line, status) => {
    expect((await ask(line, person(name))).status).toBe(status);
  });

  test('a missing one is worded as the service does', async () => {
    const response = await ask('GET /secrets/db?api-version=7.4', person('nobody'));
    expect(errorOf(response)).toEqual({
      code: 'Forbidden',
      message: [
        'Caller is not authorized to perform action on resource.',
        'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
        `Caller: ${who('nobody')}`,
        "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'",
        `Resource: '${byRole.id.toLowerCase()}/secrets/db'`,
        'Assignment: (not found)',
        'DenyAssignmentId: null',
        "DecisionReason: 'DeniedWithNoValidRBAC' ",
        'Vault: kv1;location=eastus',
        '',
      ].join('\r\n'),
      innererror: { code: 'ForbiddenByRbac' },
    });
  });
});

describe('rights by access policy', () => {
  test.each([
    ['getter', 'GET /secrets/db', 501],
    ['GETTER', 'GET /secrets/db', 501],
    ['getter', 'GET /secrets', 403],
    ['getter', 'GET /keys/k', 403],
    ['god', 'DELETE /secrets/db', 501],
    ['god', 'POST /keys/k/1/sign', 501],
    ['god', 'POST /certificates/c/import', 501],
    ['in-app', 'GET /secrets/db', 501],
    ['in-other', 'GET /secrets/db', 403],
    // Roles do not count where policies do.
    ['user', 'GET /secrets/db', 403],
  ])('%s: %s is %i', async (name, line, status) => {
    expect((await ask(line, person(name), byPolicy)).status).toBe(status);
  });

  test('a missing one is worded as the service does', async () => {
    const response = await ask('PUT /secrets/db', person('getter'), byPolicy);
    expect(errorOf(response)).toEqual({
      code: 'Forbidden',
      message: `The user, group or application '${who('getter')}' does not have secrets set permission on key vault 'kv1;location=eastus'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287`,
      innererror: { code: 'AccessDenied' },
    });
  });
});

describe('operations', () => {
  test.each([
    ['GET /secrets', 'Get Secrets', 'secrets/readMetadata/action', 'list', ''],
    ['GET /secrets/', 'Get Secrets', 'secrets/readMetadata/action', 'list', ''],
    ['GET /secrets/db', 'Get Secret', 'secrets/getSecret/action', 'get', 'db'],
    ['GET /secrets/db/', 'Get Secret', 'secrets/getSecret/action', 'get', 'db'],
    ['GET /secrets/db/1', 'Get Secret', 'secrets/getSecret/action', 'get', 'db'],
    ['GET /secrets/restore', 'Get Secret', 'secrets/getSecret/action', 'get', 'restore'],
    ['GET /secrets/db/versions', 'Get Secret Versions', 'secrets/readMetadata/action', 'list', 'db'],
    ['PUT /secrets/db', 'Set Secret', 'secrets/setSecret/action', 'set', 'db'],
    ['PATCH /secrets/db/1', 'Update Secret', 'secrets/update/action', 'set', 'db'],
    ['DELETE /secrets/db', 'Delete Secret', 'secrets/delete', 'delete', 'db'],
    ['POST /secrets/db/backup', 'Backup Secret', 'secrets/backup/action', 'backup', 'db'],
    ['POST /secrets/restore', 'Restore Secret', 'secrets/restore/action', 'restore', ''],
    ['GET /deletedsecrets', 'Get Deleted Secret', 'secrets/readMetadata/action', 'list', ''],
    ['GET /deletedsecrets/db', 'Get Deleted Secret', 'secrets/readMetadata/action', 'get', 'db'],
    ['DELETE /deletedsecrets/db', 'Purge Deleted Secret', 'secrets/purge/action', 'purge', 'db'],
    ['POST /deletedsecrets/db/recover', 'Recover Deleted Secret', 'secrets/recover/action', 'recover', 'db'],
    ['GET /Keys/k', 'Get Key', 'keys/read', 'get', 'k'],
    ['GET /keys/k/rotationpolicy', 'Get Key Rotation Policy', 'keys/read', 'getrotationpolicy', 'k'],
    ['POST /keys/k/create', 'Create Key', 'keys/create/action', 'create', 'k'],
    ['POST /keys/k/1/unwrapkey', 'Unwrap Key', 'keys/unwrap/action', 'unwrapKey', 'k'],
    ['GET /deletedkeys/k', 'Get Deleted Key', 'keys/read', 'get', 'k'],
    ['GET /certificates/c/policy', 'Get Certificate Policy', 'certificates/read', 'get', 'c'],
    ['POST /certificates/c/create', 'Create Certificate', 'certificates/create/action', 'create', 'c'],
  ])('%s is %s', (line, name, action, permission, item) => {
    const [method = '', path = ''] = line.split(' ');
    expect(operationOf(method, path)).toMatchObject({
      kind: 'operation',
      operation: { name, action, permission, item },
    });
  });

  test.each([
    ['GET /', 404],
    ['GET /storage/x', 404],
    ['GET /deleted', 404],
    ['GET /secrets//1', 404],
    ['GET /secrets/a/b/c/d', 404],
    ['POST /secrets/db', 405],
    ['PUT /secrets', 405],
  ])('%s is %i', async (line, status) => {
    expect((await ask(line, person('officer'))).status).toBe(status);
  });

  test('is refused by its name', async () => {
    expect(errorOf(await ask('GET /secrets/db', person('user')))).toEqual({
      code: 'NotImplemented',
      message: "Cloister does not have 'Get Secret' yet; it comes in a later version.",
    });
  });
});
