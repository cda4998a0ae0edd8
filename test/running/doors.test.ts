/**
 * The private door and the public door, opened and shut while connections live; and nothing ever leaves the machine.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Unreachable } from '../../src/api/proxied.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Canary, canary } from '../support/canary.ts';
import { endpoint, group, Running, rows, scoringHost, workspace } from '../support/running.ts';
import { connectAt, Wire, type WireAnswer } from '../support/wire.ts';

let running: Running;
let key: string;
let heard: Canary;

beforeAll(async () => {
  heard = canary();
  running = await Running.example();
  key = await running.key();
});

afterAll(async () => {
  await running.close();
  heard.stop();
  expect(heard.outside).toEqual([]);
  expect(heard.seen()).toBeGreaterThan(20);
  expect(running.errors).toEqual([]);
});

const scoring = (token: string): string =>
  [
    `POST /score HTTP/1.1\r\nHost: ${scoringHost}\r\nAuthorization: Bearer ${token}`,
    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(rows)}\r\n\r\n${rows}`,
  ].join('\r\n');

const scored = (wire: Wire): Promise<WireAnswer | undefined> => wire.ask(scoring(key));

async function connectionPath(): Promise<string> {
  const { body } = await running.arm('GET', `${workspace}/privateEndpointConnections`);
  const [connection] = body['value'] as readonly JsonObject[];
  return String(connection?.['id']);
}

async function decide(status: 'Approved' | 'Rejected'): Promise<void> {
  const properties = { privateLinkServiceConnectionState: { status, description: 'by a test' } };
  const { status: answered } = await running.arm('PUT', await connectionPath(), { properties });
  expect(answered).toBeLessThan(300);
}

describe('the private endpoint connection of the workspace', () => {
  it('takes scoring down and up on live connections', async () => {
    const jumpbox = running.session('vm/jumpbox');
    const live = await Wire.open(jumpbox, scoringHost);
    const idle = await Wire.open(jumpbox, scoringHost);
    expect((await scored(live))?.status).toBe(200);
    expect((await scored(live))?.status).toBe(200);

    await decide('Rejected');
    expect(await scored(live)).toBeUndefined();
    await live.ended;
    const refused = await connectAt(jumpbox, scoringHost);
    expect(refused.status).toBe(504);
    expect(refused.proxyStatus).toMatch(/disposition="endpoint-not-approved"/);
    expect(refused.proxyStatus).toMatch(/resource="[^"]*privateEndpointConnections/);

    await decide('Approved');
    // A connection that asked nothing meanwhile never noticed.
    expect((await scored(idle))?.status).toBe(200);
    const again = await Wire.open(jumpbox, scoringHost);
    expect((await scored(again))?.status).toBe(200);
    for (const wire of [live, idle, again]) wire.close();
  });

  it('ends live connections when it is deleted, and comes back with the endpoint', async () => {
    const live = await Wire.open(running.session('vm/jumpbox'), scoringHost);
    expect((await scored(live))?.status).toBe(200);
    expect((await running.settle('DELETE', await connectionPath())).status).toBe('Succeeded');
    expect(await scored(live)).toBeUndefined();
    // The deployment has a connection of its own, so that the public name stays an alias of the private one.
    await expect(running.score('vm/jumpbox', key)).rejects.toThrow('Disconnected');

    const privateEndpoint = `${group}/providers/Microsoft.Network/privateEndpoints/pe-workspace`;
    const before = (await running.arm('GET', privateEndpoint)).body;
    expect((await running.settle('DELETE', privateEndpoint)).status).toBe('Succeeded');
    const { subnet } = before['properties'] as JsonObject;
    const connection = {
      name: 'workspace',
      properties: { privateLinkServiceId: workspace, groupIds: ['amlworkspace'] },
    };
    const again = {
      location: 'eastus',
      properties: {
        subnet: { id: (subnet as JsonObject)['id'] ?? null },
        privateLinkServiceConnections: [connection],
      },
    };
    expect((await running.settle('PUT', privateEndpoint, again)).status).toBe('Succeeded');
    const zones = ['privatelink.api.azureml.ms', 'privatelink.notebooks.azure.net'];
    const configs = zones.map((zone) => ({
      name: zone.split('.')[1] ?? '',
      properties: { privateDnsZoneId: `${group}/providers/Microsoft.Network/privateDnsZones/${zone}` },
    }));
    const groups = `${privateEndpoint}/privateDnsZoneGroups/default`;
    expect(
      (await running.settle('PUT', groups, { properties: { privateDnsZoneConfigs: configs } })).status,
    ).toBe('Succeeded');
    expect((await running.score('vm/jumpbox', key)).status).toBe(200);
    live.close();
  });
});

describe('the public door', () => {
  const setPublic = async (publicNetworkAccess: 'Enabled' | 'Disabled'): Promise<void> => {
    const { status } = await running.arm('PATCH', endpoint, { properties: { publicNetworkAccess } });
    expect(status).toBeLessThan(300);
  };

  it('opens and shuts for the next request, and leaves the private one open', async () => {
    const live = await Wire.open(running.session('internet'), scoringHost);
    const refused = await scored(live);
    expect(refused?.status).toBe(403);
    expect(refused?.body).toMatch(/denied based on workspace private link configuration/);
    await setPublic('Enabled');
    expect((await scored(live))?.status).toBe(200);
    expect((await running.score('vm/jumpbox', key)).status).toBe(200);
    await setPublic('Disabled');
    expect((await scored(live))?.status).toBe(403);
    expect((await running.score('vm/jumpbox', key)).status).toBe(200);
    live.close();
  });
});

describe('a network security group', () => {
  const rule = `${group}/providers/Microsoft.Network/networkSecurityGroups/clinic-nsg/securityRules/DenyPrivate`;

  it('stops new connections and leaves those that are there', async () => {
    const jumpbox = running.session('vm/jumpbox');
    const live = await Wire.open(jumpbox, scoringHost);
    expect((await scored(live))?.status).toBe(200);
    const properties = {
      direction: 'Outbound',
      priority: 200,
      access: 'Deny',
      protocol: 'Tcp',
      sourceAddressPrefix: '*',
      sourcePortRange: '*',
      destinationAddressPrefix: 'VirtualNetwork',
      destinationPortRange: '443',
    };
    expect((await running.settle('PUT', rule, { properties })).status).toBe('Succeeded');
    expect((await scored(live))?.status).toBe(200);
    const refused = await connectAt(jumpbox, scoringHost);
    expect(refused.status).toBe(504);
    expect(refused.proxyStatus).toMatch(/disposition="dropped-by-gate"; rule="DenyPrivate"/);
    expect((await running.settle('DELETE', rule)).status).toBe('Succeeded');
    expect((await running.score('vm/jumpbox', key)).status).toBe(200);
    live.close();
  });
});

describe('a name that is not what the connection is for', () => {
  it('is misdirected: another host than the greeting', async () => {
    const wire = await Wire.open(running.session('internet'), 'management.azure.com');
    const answer = await wire.ask('GET / HTTP/1.1\r\nHost: kv-clinic.vault.azure.net\r\n\r\n');
    expect(answer?.status).toBe(421);
    await wire.ended;
  });

  it('does not reach a service by the address of another one', async () => {
    const session = running.session('vm/jumpbox');
    const fronted = [
      ['management.azure.com', 'stclinic.blob.core.windows.net'],
      ['management.azure.com', scoringHost],
      ['stclinic.blob.core.windows.net', 'stclinic.queue.core.windows.net'],
      ['kv-clinic.vault.azure.net', 'management.azure.com'],
    ] as const;
    for (const [host, name] of fronted) {
      const wire = await Wire.open(session, host, name);
      const answer = await wire.ask(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
      expect([host, name, answer?.status]).toEqual([host, name, 421]);
      wire.close();
    }
  });

  it('may be given in the Host field alone', async () => {
    const wire = await Wire.open(running.session('internet'), 'management.azure.com', '');
    const answer = await wire.ask('GET / HTTP/1.1\r\nHost: Management.Azure.Com.:443\r\n\r\n');
    expect(answer?.status).toBe(401);
    const other = await wire.ask(`GET / HTTP/1.1\r\nHost: stclinic.blob.core.windows.net\r\n\r\n`);
    expect(other?.status).toBe(421);
    wire.close();
  });
});

describe('what is outside the estate', () => {
  it.each([
    'example.com',
    'pypi.org',
    'mcr.microsoft.com',
    '1.1.1.1',
    '8.8.8.8',
    '10.150.0.200',
    'localhost',
    '127.0.0.1',
    '169.254.169.254',
  ])('%s is refused and never dialled', async (host) => {
    for (const place of ['internet', 'vm/jumpbox', 'site/branch-office']) {
      const { status, proxyStatus } = await connectAt(running.session(place), host);
      expect([place, host, status >= 502 && status <= 504, proxyStatus !== '']).toEqual([
        place,
        host,
        true,
        true,
      ]);
    }
    await expect(running.send('internet', `https://${host}/`)).rejects.toBeInstanceOf(Unreachable);
  });
});
