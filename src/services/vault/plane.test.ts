/**
 * A vault's door, tokens and rights, and every operation with what it needs.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import { ip } from '../../lib/ip.ts';
import type { JsonObject } from '../../lib/json.ts';
import { MemoryStore } from '../../store/memory.ts';
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
import { vaultPlane } from './plane.ts';
import { Vaults } from './vaults.ts';

const plane = vaultPlane(new Vaults(new MemoryStore()));
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
    policy('GOD', { secrets: ['all'], keys: ['all'], certificates: ['all'], storage: ['all'] }),
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
  const asked = /api(-|%2D)version/.test(line) ? line : `${line}?api-version=7.4`;
  return plane.handle(requestOf(at, host, asked, { caller, ...more }), world);
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
  expect(plane.audiences(host)).toEqual(['https://vault.azure.net']);
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
    const response = plane.refuse(request, { rule: 'whichever', flag });
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

/** 404, 400 and 501 come after the right. */
describe('rights by role', () => {
  test.each([
    ['user', 'GET /secrets/db', 404],
    ['user', 'GET /secrets/db/0123?api%2Dversion=7.4', 404],
    ['user', 'GET /secrets', 200],
    ['user', 'PUT /secrets/db', 403],
    ['one', 'GET /secrets/db', 404],
    ['one', 'GET /secrets/other', 403],
    ['one', 'GET /secrets', 403],
    ['officer', 'PUT /secrets/db', 400],
    ['officer', 'DELETE /deletedsecrets/db', 404],
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
    ['getter', 'GET /secrets/db', 404],
    ['GETTER', 'GET /secrets/db', 404],
    ['getter', 'GET /secrets', 403],
    ['getter', 'GET /keys/k', 403],
    ['god', 'DELETE /secrets/db', 404],
    ['god', 'POST /keys/k/1/sign', 404],
    ['god', 'POST /certificates/c/import', 501],
    ['in-app', 'GET /secrets/db', 404],
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
    ['GET /', 404],
    ['GET /things/x', 404],
    ['GET /%zz', 404],
    ['GET /secrets/db//', 404],
    ['GET /keys///sign', 404],
    ['GET /deleted', 404],
    ['GET /secrets//1', 404],
    ['GET /secrets/a/b/c/d', 404],
    ['POST /secrets/db', 405],
    ['PUT /secrets', 405],
  ])('%s is %i', async (line, status) => {
    expect((await ask(line, person('officer'))).status).toBe(status);
  });

  test.each([
    ['GET /certificates', 'Get Certificates'],
    ['POST /certificates/c/create', 'Create Certificate'],
    ['GET /certificates/contacts', 'Get Certificate Contacts'],
    ['GET /deletedcertificates/c', 'Get Deleted Certificate'],
    ['GET /storage', 'Get Storage Accounts'],
    ['POST /storage/s/regeneratekey', 'Regenerate Storage Account Key'],
    ['POST /secrets/s/backup', 'Backup Secret'],
    ['POST /keys/restore', 'Restore Key'],
    ['POST /keys/k/rotate', 'Rotate Key'],
    ['PUT /keys/k/rotationpolicy', 'Update Key Rotation Policy'],
    ['POST /keys/k/1/release', 'Release Key'],
    ['GET /keys/k/attestation', 'Get Key Attestation'],
  ])('%s is refused by its name', async (line, name) => {
    const response = await ask(line, person('god'), byPolicy);
    expect([response.status, errorOf(response)]).toEqual([
      501,
      {
        code: 'NotImplemented',
        message: `Cloister does not have '${name}' yet; it comes in a later version.`,
      },
    ]);
  });

  test('a missing right comes before the refusal by name', async () => {
    expect((await ask('GET /certificates', person('getter'), byPolicy)).status).toBe(403);
  });

  test('a store that fails is no answer of the vault', async () => {
    const store = new MemoryStore();
    await store.close();
    const request = requestOf(byRole, host, 'GET /secrets/db?api-version=7.4', { caller: person('user') });
    await expect(vaultPlane(new Vaults(store)).handle(request, world)).rejects.toThrow('closed');
  });
});
