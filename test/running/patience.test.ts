/**
 * Clients that keep the front waiting: each wait has its limit, on a server that listens nowhere.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { connect as secureConnect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Estate } from '../../src/arm/resource.ts';
import { parseIp } from '../../src/lib/ip.ts';
import { networkOf } from '../../src/providers/network-of.ts';
import { Authority } from '../../src/server/front/ca.ts';
import { Front } from '../../src/server/front/front.ts';

let server: Server;
let front: Front;
let ca: string;
let port: number;
const errors: unknown[] = [];

beforeAll(async () => {
  const material = await Authority.create();
  ca = material.certificatePem;
  const { network } = networkOf(new Estate([]), [], undefined);
  // Azure Resource Manager is there without any resource.
  const name = [...network.servedNames].find(([host]) => host === 'management.azure.com');
  const address = name?.[1].address ?? parseIp('198.18.0.1');
  if (address === undefined) throw new Error('no address');
  front = new Front(
    new Authority(material),
    () => network,
    async (request) => {
      await request.body(1000);
      return { status: 200, headers: {}, body: 'done' };
    },
    (error) => errors.push(error),
    { header: 1_500, keepAlive: 2_000, body: 1_500, requests: 7 },
  );
  server = createServer({ allowHalfOpen: true }, (socket) => {
    const passage = {
      place: 'internet',
      port: 443,
      arrival: { via: 'public', address, source: undefined },
    } as const;
    void front.accept(socket, Buffer.alloc(0), passage);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterAll(() => {
  front.close();
  server.close();
  expect(errors).toEqual([]);
});

const plain = (): Socket => connect({ host: '127.0.0.1', port });
const secure = async (): Promise<ReturnType<typeof secureConnect>> => {
  const socket = secureConnect({ host: '127.0.0.1', port, ca, servername: 'management.azure.com' });
  await once(socket, 'secureConnect');
  return socket;
};

/** Milliseconds until the other side ends the connection; where it never does, the test does not end. */
async function lasts(socket: Socket): Promise<number> {
  const start = performance.now();
  socket.on('error', () => {});
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  return performance.now() - start;
}

describe('the front waits only so long', () => {
  it('for a greeting', async () => {
    await lasts(plain());
  });

  it('for a header that drips', async () => {
    const socket = await secure();
    const drip = setInterval(() => socket.write('X'), 20);
    socket.write('GET / HTTP/1.1\r\nX: ');
    expect(await lasts(socket)).toBeGreaterThan(1_000);
    clearInterval(drip);
  });

  it('for the next request', async () => {
    const socket = await secure();
    socket.write('GET / HTTP/1.1\r\nHost: management.azure.com\r\n\r\n');
    expect(await lasts(socket)).toBeGreaterThan(1_700);
  });

  it('for a body, and says so', async () => {
    const socket = await secure();
    socket.write('PUT / HTTP/1.1\r\nHost: management.azure.com\r\nContent-Length: 10\r\n\r\nabc');
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toMatch(/^HTTP\/1\.1 408 /);
    await lasts(socket);
  });

  it('for so many requests on a connection, and says so with the last that it serves', async () => {
    const socket = await secure();
    const heads: string[] = [];
    socket.on('data', (chunk: Buffer) =>
      heads.push(...(chunk.toString().match(/^HTTP.* \d+|^connection: .*/gim) ?? [])),
    );
    socket.write('GET / HTTP/1.1\r\nHost: management.azure.com\r\n\r\n'.repeat(9));
    await lasts(socket);
    const served = heads.filter((line) => line === 'HTTP/1.1 200');
    expect([served.length, heads.at(served.length * 2 - 1)?.toLowerCase()]).toEqual([7, 'connection: close']);
    expect(heads.slice(14).filter((line) => line.startsWith('HTTP'))).not.toContain('HTTP/1.1 200');
  });

  it('but a client that goes on is served', async () => {
    const socket = await secure();
    for (let count = 0; count < 5; count++) {
      socket.write('GET / HTTP/1.1\r\nHost: management.azure.com\r\n\r\n');
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      expect(chunk.toString()).toMatch(/^HTTP\/1\.1 200 /);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    socket.destroy();
  });
});
