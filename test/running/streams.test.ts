/**
 * Bodies that are larger than anybody wants to hold: through gateway, front, service and disk, and back, in little
 * memory; and what is left of those that break off.
 */

import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultDeployer } from '../../src/app/defaults.ts';
import { asking, drained, flood, floodOf, growth } from '../support/flood.ts';
import { eventually, group, Running, temporaryFolder } from '../support/running.ts';
import { secureAt, Wire } from '../support/wire.ts';

const mebibyte = 1024 * 1024;
const size = 320 * mebibyte;
/** Client and server are one process here, and freed memory comes back late: a whole body in memory is far more. */
const little = 160 * mebibyte;
const host = 'stclinic.blob.core.windows.net';
const place = 'vm/jumpbox';
const folder = temporaryFolder();
let running: Running;
let headers: Readonly<Record<string, string>>;

beforeAll(async () => {
  running = await Running.example({ folder: folder.path });
  const account = `${group}/providers/Microsoft.Storage/storageAccounts/stclinic`;
  const role = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe';
  const assignment = `${account}/providers/Microsoft.Authorization/roleAssignments/11111111-2222-4333-8444-555555555555`;
  const made = await running.arm('PUT', assignment, {
    properties: {
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${role}`,
      principalId: defaultDeployer.objectId,
      principalType: 'ServicePrincipal',
    },
  });
  expect(made.status).toBe(201);
  const token = await running.token('https://storage.azure.com');
  headers = { authorization: `Bearer ${token}`, 'x-ms-version': '2021-12-02' };
  expect((await send('PUT', '/floods?restype=container')).status).toBe(201);
});

afterAll(async () => {
  expect(running.errors).toEqual([]);
  await running.close();
  folder.remove();
});

const send = (method: string, path: string, more: Readonly<Record<string, string>> = {}, body = '') =>
  flood(running.session(place), host, {
    method,
    path,
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)), ...more },
    body,
  });

const block = { 'x-ms-blob-type': 'BlockBlob' };

/** Contents on disk. */
const contents = (of: 'blobs' | 'images'): number =>
  readdirSync(join(folder.path, of), { recursive: true, withFileTypes: true }).filter((it) => it.isFile())
    .length;

/** Contents that this process has open; none is known where there is no /proc. */
const open = (): number =>
  process.platform === 'linux'
    ? readdirSync('/proc/self/fd').filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(join(folder.path, 'blobs'));
        } catch {
          return false;
        }
      }).length
    : 0;

describe('a blob', () => {
  let before = 0;
  afterEach(async () => {
    // Whatever became of a request, it leaves neither contents without a row nor open files.
    await eventually(() => open() === 0);
    expect((await send('GET', '/floods?restype=container&comp=list')).status).toBe(200);
  });

  it('of 320 MiB goes in and out in little memory', async () => {
    const { body, md5, sha256 } = floodOf(size);
    const put = await growth(async () => {
      const answer = await flood(running.session(place), host, {
        method: 'PUT',
        path: '/floods/large',
        headers: { ...headers, ...block, 'content-length': String(size) },
        body: body(),
      });
      expect([answer.status, answer.headers['content-md5']]).toEqual([201, md5]);
    });
    const got = await growth(async () => {
      const answer = await send('GET', '/floods/large');
      expect([answer.status, answer.size, answer.sha256]).toEqual([200, size, sha256]);
    });
    console.log(`memory grew by ${Math.round(put / mebibyte)} and ${Math.round(got / mebibyte)} MiB`);
    expect(put).toBeLessThan(little);
    expect(got).toBeLessThan(little);
  });

  it('that its client does not read costs no memory, and keeps nobody waiting', async () => {
    const grown = await growth(async () => {
      const slow = await asking(running.session(place), host, {
        method: 'GET',
        path: '/floods/large',
        headers,
      });
      expect(slow.statusCode).toBe(200);
      for (let count = 0; count < 20; count++) {
        expect((await send('HEAD', '/floods/large')).headers['content-length']).toBe(String(size));
      }
      slow.destroy();
    });
    expect(grown).toBeLessThan(little);
  });

  it('that is replaced while somebody reads it is read to its end', async () => {
    const { sha256 } = floodOf(size);
    before = contents('blobs');
    const slow = await asking(running.session(place), host, {
      method: 'GET',
      path: '/floods/large',
      headers,
    });
    expect((await send('PUT', '/floods/large', block, 'small')).status).toBe(201);
    expect((await send('GET', '/floods/large')).text).toBe('small');
    const answer = await drained(slow);
    expect([answer.size, answer.sha256]).toEqual([size, sha256]);
    await eventually(() => contents('blobs') === before);
  });

  it('that breaks off on its way leaves nothing', async () => {
    before = contents('blobs');
    const socket = await secureAt(running.session(place), host);
    socket.write(
      `PUT /floods/broken HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${size}\r\n${Object.entries({
        ...headers,
        ...block,
      })
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n`,
    );
    socket.write(Buffer.alloc(8 * mebibyte));
    await eventually(() => contents('blobs') > before);
    socket.destroy();
    await eventually(() => contents('blobs') === before);
    expect((await send('HEAD', '/floods/broken')).status).toBe(404);
  });

  it('that is not what its digest says leaves nothing', async () => {
    before = contents('blobs');
    const wrong = { ...block, 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' };
    const answer = await flood(running.session(place), host, {
      method: 'PUT',
      path: '/floods/wrong',
      headers: { ...headers, ...wrong, 'content-length': String(4 * mebibyte) },
      body: floodOf(4 * mebibyte).body(),
    });
    expect([answer.status, answer.headers['x-ms-error-code']]).toEqual([400, 'Md5Mismatch']);
    expect(contents('blobs')).toBe(before);
  });

  it('that is larger than one request may bring is refused before it is sent', async () => {
    const wire = await Wire.open(running.session(place), host);
    const answer = await wire.ask(
      `PUT /floods/huge HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 6000000000\r\n${Object.entries(
        { ...headers, ...block },
      )
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n`,
    );
    expect([answer?.status, answer?.headers['x-ms-error-code']]).toEqual([413, 'RequestBodyTooLarge']);
    expect(answer?.headers['connection']).toBe('close');
    await wire.ended;
  });

  it('is asked for only where it is wanted', async () => {
    const ask = (authorization: string): string =>
      `PUT /floods/asked HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 5\r\nx-ms-blob-type: BlockBlob\r\nx-ms-version: 2021-12-02\r\nAuthorization: ${authorization}\r\n\r\n`;
    const socket = await secureAt(running.session(place), host);
    socket.write(ask('Bearer no'));
    const [refused] = (await once(socket, 'data')) as [Buffer];
    expect(refused.toString()).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
    const wanted = await secureAt(running.session(place), host);
    wanted.write(ask(headers['authorization'] ?? ''));
    const [invited] = (await once(wanted, 'data')) as [Buffer];
    expect(invited.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    wanted.write('hello');
    const [done] = (await once(wanted, 'data')) as [Buffer];
    expect(done.toString()).toMatch(/^HTTP\/1\.1 201 /);
    wanted.destroy();
  });

  it('of blocks comes together', async () => {
    const { body, sha256 } = floodOf(32 * mebibyte);
    const ids = ['0', '1', '2'].map((each) => Buffer.from(each).toString('base64'));
    for (const id of ids) {
      const answer = await flood(running.session(place), host, {
        method: 'PUT',
        path: `/floods/blocks?comp=block&blockid=${encodeURIComponent(id)}`,
        headers: { ...headers, 'content-length': String(32 * mebibyte) },
        body: body(),
      });
      expect(answer.status).toBe(201);
    }
    const list = `<BlockList>${ids.map((id) => `<Latest>${id}</Latest>`).join('')}</BlockList>`;
    expect((await send('PUT', '/floods/blocks?comp=blocklist', {}, list)).status).toBe(201);
    const range = `bytes=${32 * mebibyte}-${64 * mebibyte - 1}`;
    const part = await send('GET', '/floods/blocks', { 'x-ms-range': range });
    expect([part.status, part.sha256]).toEqual([206, sha256]);
    expect((await send('GET', '/floods/blocks')).size).toBe(96 * mebibyte);
  });
});

describe('a layer', () => {
  const registry = 'crclinic.azurecr.io';
  const data = 'crclinic.eastus.data.azurecr.io';
  const ask = (method: string, path: string, more: Readonly<Record<string, string>> = {}, body = '') =>
    flood(running.session(place), registry, {
      method,
      path,
      headers: { ...more, 'content-length': String(Buffer.byteLength(body)) },
      body,
    });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  let bearer: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const token = await running.token('https://containerregistry.azure.net');
    const exchange = new URLSearchParams({
      grant_type: 'access_token',
      service: registry,
      access_token: token,
    });
    const refresh = await ask('POST', '/oauth2/exchange', form, exchange.toString());
    const { refresh_token } = JSON.parse(refresh.text) as { refresh_token: string };
    const scope = 'repository:app:pull,push';
    const wanted = new URLSearchParams({
      grant_type: 'refresh_token',
      service: registry,
      scope,
      refresh_token,
    });
    const access = await ask('POST', '/oauth2/token', form, wanted.toString());
    const { access_token } = JSON.parse(access.text) as { access_token: string };
    bearer = { authorization: `Bearer ${access_token}` };
  });

  const begin = async (): Promise<string> =>
    (await ask('POST', '/v2/app/blobs/uploads/', bearer)).headers.location ?? '';

  it('of 320 MiB is pushed and pulled in little memory', async () => {
    const { body, sha256 } = floodOf(size);
    const pushed = await growth(async () => {
      const at = await begin();
      // Docker does not say how long it is.
      const answer = await flood(running.session(place), registry, {
        method: 'PATCH',
        path: at,
        headers: { ...bearer, 'transfer-encoding': 'chunked' },
        body: body(),
      });
      expect([answer.status, answer.headers['range']]).toEqual([202, `0-${size - 1}`]);
      expect((await ask('PUT', `${at}&digest=sha256:${sha256}`, bearer)).status).toBe(201);
    });
    const pulled = await growth(async () => {
      const sent = await ask('GET', `/v2/app/blobs/sha256:${sha256}`, bearer);
      expect(sent.status).toBe(307);
      const { pathname, search, host: at } = new URL(sent.headers.location ?? '');
      expect(at).toBe(data);
      const answer = await flood(running.session(place), data, { method: 'GET', path: pathname + search });
      expect([answer.status, answer.size, answer.sha256]).toEqual([200, size, sha256]);
    });
    expect(pushed).toBeLessThan(little);
    expect(pulled).toBeLessThan(little);
  });

  it('that breaks off leaves what was answered, and nothing else', async () => {
    const at = await begin();
    await ask('PATCH', at, bearer, 'hello');
    const before = contents('images');
    const socket = await secureAt(running.session(place), registry);
    socket.write(
      `PATCH ${at} HTTP/1.1\r\nHost: ${registry}\r\nContent-Length: ${size}\r\nAuthorization: ${bearer['authorization']}\r\n\r\n`,
    );
    socket.write(Buffer.alloc(8 * mebibyte));
    await eventually(() => contents('images') > before);
    socket.destroy();
    await eventually(() => contents('images') === before);
    expect((await ask('GET', at, bearer)).headers['range']).toBe('0-4');
    expect((await ask('DELETE', at, bearer)).status).toBe(204);
  });
});
