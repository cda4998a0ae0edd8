/**
 * The instance metadata service, from places that are machines and places that are not, with plain HTTP as clients send
 * it through a proxy.
 */

import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { JsonObject } from '../../src/lib/json.ts';
import { group, Running } from '../support/running.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const machine = `${group}/providers/Microsoft.Compute/virtualMachines/jumpbox`;
const users = ['one', 'two'].map(
  (name) => `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`,
);
const address = 'http://169.254.169.254';
const token =
  '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F';
const metadata = { metadata: 'true' };

let running: Running;
let client = '';
beforeAll(async () => {
  running = await Running.example();
  for (const id of users) {
    const made = await running.arm('PUT', id, { location: 'eastus' });
    expect([200, 201]).toContain(made.status);
    client = String((made.body['properties'] as JsonObject)['clientId']);
  }
});
afterAll(() => running.close());

interface Heard {
  readonly status: number;
  readonly body: string;
  readonly json: JsonObject;
}

function ask(
  place: string,
  path: string,
  headers: Readonly<Record<string, string>> = metadata,
  method = 'GET',
): Promise<Heard> {
  const { gateway, username, password } = running.session(place);
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        host: '127.0.0.1',
        port: gateway,
        method,
        path: `${address}${path}`,
        agent: false,
        headers: { host: '169.254.169.254', 'proxy-authorization': `Basic ${basic}`, ...headers },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('end', () => {
          const body = Buffer.concat(chunks).toString();
          const isJson = incoming.headers['content-type']?.startsWith('application/json') === true;
          resolve({ status: incoming.statusCode ?? 0, body, json: isJson ? JSON.parse(body) : {} });
        });
      },
    );
    asking.once('error', reject);
    asking.end();
  });
}

/** Gives the machine another identity, as a client would: read, change, write. */
async function identify(identity: JsonObject): Promise<void> {
  const { body } = await running.arm('GET', machine);
  const { id: _, name: __, type: ___, ...rest } = body;
  const ended = await running.settle('PUT', machine, { ...rest, identity });
  expect(ended).toMatchObject({ status: 'Succeeded' });
}

const claims = (text: unknown): JsonObject =>
  JSON.parse(Buffer.from(String(text).split('.')[1] ?? '', 'base64url').toString()) as JsonObject;
const both = { [users[0] ?? '']: {}, [users[1] ?? '']: {} };

describe('instance metadata', () => {
  it('refuses a machine without an identity, in its own words', async () => {
    await identify({ type: 'None' });
    const { status, json } = await ask('vm/jumpbox', token);
    expect([status, json]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'Identity not found' },
    ]);
  });

  it('gives the machine’s own identity a token that the control plane takes', async () => {
    await identify({ type: 'SystemAssigned' });
    const { status, json } = await ask('vm/jumpbox', token);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      token_type: 'Bearer',
      expires_in: '3599',
      resource: 'https://management.azure.com/',
    });
    const { body } = await running.arm('GET', machine);
    const { principalId } = body['identity'] as JsonObject;
    expect(claims(json['access_token'])).toMatchObject({
      oid: principalId,
      idtyp: 'app',
      xms_mirid: machine,
    });
    expect(claims(json['access_token'])['appid']).toBe(json['client_id']);
    const url = `https://management.azure.com${group}?api-version=2021-04-01`;
    const headers = { authorization: `Bearer ${json['access_token']}` };
    // It is somebody, and may nothing until it is given a role.
    const refused = await running.send('vm/jumpbox', url, { headers });
    expect([refused.status, refused.body]).toEqual([403, expect.stringContaining(String(principalId))]);
    const assignment = `${group}/providers/Microsoft.Authorization/roleAssignments/33333333-0000-4000-8000-000000000001`;
    const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
    const roleDefinitionId = `${group.replace(/\/resourceGroups.*/, '')}/providers/Microsoft.Authorization/roleDefinitions/${reader}`;
    const given = await running.arm('PUT', assignment, {
      properties: { principalId: String(principalId), roleDefinitionId },
    });
    expect(given.status).toBe(201);
    expect((await running.send('vm/jumpbox', url, { headers })).status).toBe(200);
  });

  it('takes the one user-assigned identity, and asks which where there are two', async () => {
    await identify({ type: 'UserAssigned', userAssignedIdentities: { [users[1] ?? '']: {} } });
    expect((await ask('vm/jumpbox', token)).json['client_id']).toBe(client);
    await identify({ type: 'UserAssigned', userAssignedIdentities: both });
    const { status, json } = await ask('vm/jumpbox', token);
    expect([status, String(json['error_description'])]).toEqual([
      400,
      expect.stringMatching(/^Multiple user assigned/),
    ]);
    for (const by of [
      `client_id=${client}`,
      `mi_res_id=${users[1]}`,
      `msi_res_id=${users[1]?.toUpperCase()}`,
    ]) {
      expect([by, (await ask('vm/jumpbox', `${token}&${by}`)).json['client_id']]).toEqual([by, client]);
    }
  });

  it.each<[string, string, Readonly<Record<string, string>>, number, RegExp]>([
    ['no Metadata header', token, {}, 400, /Required metadata header not specified/],
    ['a Metadata header of another word', token, { metadata: 'false' }, 400, /Required metadata header/],
    ['a request passed on', token, { ...metadata, 'x-forwarded-for': '10.0.0.1' }, 400, /X-Forwarded-For/],
    ['no version', '/metadata/identity/oauth2/token?resource=x', metadata, 400, /'api-version' is missing/],
    ['no resource', '/metadata/identity/oauth2/token?api-version=1', metadata, 400, /'resource' is missing/],
    [
      'another identity',
      `${token}&client_id=00000000-0000-4000-8000-000000000000`,
      metadata,
      400,
      /Identity not found/,
    ],
    ['an id that is none', `${token}&client_id=x`, metadata, 400, /'client_id' is not a GUID/],
    ['two ids', `${token}&client_id=x&object_id=y`, metadata, 400, /Only one of client_id, object_id/],
    [
      'a resource that is none',
      `/metadata/identity/oauth2/token?api-version=1&resource=x&client_id=CLIENT`,
      metadata,
      400,
      /"error":"invalid_resource"/,
    ],
    ['another path', '/metadata/attested/document?api-version=1', metadata, 404, /Not found/],
    ['no version of the instance', '/metadata/instance', metadata, 400, /newest-versions/],
    ['a member that is not there', '/metadata/instance/compute/x?api-version=1', metadata, 404, /Not found/],
    ['a leaf as JSON', '/metadata/instance/compute/name?api-version=1', metadata, 400, /format=text/],
  ])('refuses %s', async (_, path, headers, status, says) => {
    const answer = await ask('vm/jumpbox', path.replace('CLIENT', client), headers);
    expect([answer.status, answer.body]).toEqual([status, expect.stringMatching(says)]);
  });

  it('shows the machine', async () => {
    const { status, json } = await ask('vm/jumpbox', '/metadata/instance?api-version=2021-02-01');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      compute: {
        name: 'jumpbox',
        location: 'eastus',
        resourceGroupName: 'cloister',
        resourceId: machine,
        azEnvironment: 'AzurePublicCloud',
      },
      network: {
        interface: [{ ipv4: { ipAddress: [{ privateIpAddress: expect.stringMatching(/^10\./) }] } }],
      },
    });
    const leaf = await ask('vm/jumpbox', '/metadata/instance/compute/location?api-version=1&format=text');
    expect([leaf.status, leaf.body]).toEqual([200, 'eastus']);
  });

  it('knows no identity in a subnet, and is not there on the internet', async () => {
    const subnet = 'vnet/clinic-vnet/training';
    expect((await ask(subnet, token)).json['error_description']).toBe('Identity not found');
    const outside = await ask('internet', token);
    expect([outside.status, outside.body]).toEqual([504, expect.stringMatching(/private address|no route/)]);
  });

  it('answers for its own address alone, over a connection that is kept', async () => {
    const { gateway, username, password } = running.session('vm/jumpbox');
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    const get = (host: string): string =>
      `GET /metadata/instance/compute/name?api-version=1&format=text HTTP/1.1\r\nHost: ${host}\r\nMetadata: true\r\n\r\n`;
    const socket = connect(gateway, '127.0.0.1');
    const heard = text(socket);
    const tunnel = `CONNECT 169.254.169.254:80 HTTP/1.1\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`;
    socket.write(tunnel + get('169.254.169.254') + get('169.254.169.254:80') + get('evil.example'));
    const statuses = [...(await heard).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '200', '200', '421']);
    expect(running.errors).toEqual([]);
  });
});

describe('identities where Azure runs programs', () => {
  const workspace = `${group}/providers/Microsoft.MachineLearningServices/workspaces/mlw-clinic`;
  const compute = `${workspace}/computes/nodes`;
  const endpoint = `${workspace}/onlineEndpoints/length-of-stay`;
  const blue = 'deployment/length-of-stay/blue';
  const nodes = 'compute/mlw-clinic/nodes';
  const local = '/msi/token?api-version=2017-09-01&resource=https%3A%2F%2Fstorage.azure.com%2F';
  const secretAt = (place: string): string => running.session(place).environment['MSI_SECRET'] ?? '';

  beforeAll(async () => {
    const made = await running.arm('PUT', compute, {
      location: 'eastus',
      identity: { type: 'UserAssigned', userAssignedIdentities: both },
      properties: { computeType: 'AmlCompute', properties: { vmSize: 'Standard_DS3_v2' } },
    });
    expect([200, 201]).toContain(made.status);
  });

  it('stand in the environment there, and nowhere else', () => {
    expect(running.session(nodes).environment).toMatchObject({
      MSI_ENDPOINT: 'http://169.254.169.254/msi/token',
      MSI_SECRET: expect.stringMatching(/^[0-9a-f]{32}$/),
      DEFAULT_IDENTITY_CLIENT_ID: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(running.session('vm/jumpbox').environment).not.toHaveProperty('MSI_ENDPOINT');
  });

  it('are those of the compute, which is in no network', async () => {
    const secret = secretAt(nodes);
    const asked = await ask(nodes, `${local}&clientid=${client}`, { secret });
    expect(asked.status).toBe(200);
    expect(claims(asked.json['access_token'])).toMatchObject({ xms_mirid: users[1] });
    expect(Number(asked.json['expires_on'])).toBeGreaterThan(Date.now() / 1000);
    const which = await ask(nodes, local, { secret });
    expect([which.status, String(which.json['error_description'])]).toEqual([
      400,
      expect.stringMatching(/^Multiple user assigned/),
    ]);
  });

  it('are those of the endpoint at a deployment that is shut in', async () => {
    const { body } = await running.arm('GET', endpoint);
    const { principalId } = body['identity'] as JsonObject;
    const asked = await ask(blue, local, { secret: secretAt(blue) });
    expect(asked.status).toBe(200);
    expect(claims(asked.json['access_token'])).toMatchObject({ oid: principalId });
  });

  it.each([
    ['without the secret', {}, 401],
    ['with that of another place', { secret: 'x'.repeat(32) }, 401],
    ['through a proxy', { secret: '', 'x-forwarded-for': '10.0.0.4' }, 400],
  ])('are refused %s', async (_, headers, status) => {
    expect((await ask(blue, local, headers)).status).toBe(status);
  });

  it('are not where a machine finds its own', async () => {
    expect((await ask(blue, token)).json).toEqual({
      error: 'invalid_request',
      error_description: 'Identity not found',
    });
    expect((await ask('vm/jumpbox', local, { secret: secretAt(blue) })).status).toBe(400);
  });
});
