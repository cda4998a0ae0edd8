/**
 * Clients that do not behave: at every service the right refusal in the service's own words, in little memory, and
 * the next request is answered.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../src/api/control.ts';
import { flood, floodOf, growth } from '../support/flood.ts';
import { Running, scoringHost } from '../support/running.ts';
import { connectAt, secureAt, Wire, type WireAnswer } from '../support/wire.ts';

const mebibyte = 1024 * 1024;
/** Clients are in this process, too, and freed memory comes back late. */
const little = 192 * mebibyte;
const arm = 'management.azure.com';
const place = 'vm/jumpbox';
let running: Running;
let session: Session;
let token: string;

beforeAll(async () => {
  running = await Running.example();
  session = running.session(place);
  token = await running.token();
});

afterEach(async () => {
  // The next client is served as if nothing had been, and nothing of it was a fault of the server's own.
  const path = '/subscriptions?api-version=2020-01-01';
  const answer = await running.send(place, `https://${arm}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(answer.status).toBe(200);
  expect(running.errors).toEqual([]);
});

afterAll(() => running.close());

const json = (body: string): Record<string, unknown> => JSON.parse(body) as Record<string, unknown>;
const odata = (body: string): boolean => {
  const { error } = json(body) as { error?: { code?: unknown; message?: unknown } };
  return typeof error?.code === 'string' && typeof error.message === 'string';
};
const oauth = (body: string): boolean => typeof json(body)['error_description'] === 'string';
const oci = (body: string): boolean => {
  const { errors } = json(body) as { errors?: { code?: unknown }[] };
  return typeof errors?.[0]?.code === 'string';
};
const storage = (body: string): boolean => /<Error><Code>\w+<\/Code><Message>/.test(body);

/** Services, how their errors look, and where a body is taken. */
const services: readonly {
  readonly name: string;
  readonly host: string;
  readonly shape: (body: string) => boolean;
  readonly takes: string;
  readonly status: number;
  /** Where its door is; inside unless told. */
  readonly from?: string;
}[] = [
  {
    name: 'ARM',
    host: arm,
    shape: odata,
    takes: 'PUT /subscriptions/x/resourceGroups/y?api-version=2021-04-01',
    status: 413,
  },
  {
    name: 'sign-in',
    host: 'login.microsoftonline.com',
    shape: oauth,
    takes: 'POST /common/oauth2/v2.0/token',
    status: 413,
  },
  {
    name: 'graph',
    host: 'graph.microsoft.com',
    shape: odata,
    takes: 'POST /v1.0/directoryObjects/getByIds',
    status: 413,
  },
  {
    name: 'vault',
    host: 'kv-clinic.vault.azure.net',
    shape: odata,
    takes: 'PUT /secrets/x?api-version=7.4',
    status: 401,
  },
  { name: 'blob', host: 'stclinic.blob.core.windows.net', shape: storage, takes: 'PUT /data/x', status: 401 },
  {
    name: 'dfs',
    host: 'stclinic.dfs.core.windows.net',
    shape: odata,
    takes: 'PUT /data/x',
    status: 403,
    from: 'internet',
  },
  { name: 'registry', host: 'crclinic.azurecr.io', shape: oci, takes: 'POST /oauth2/exchange', status: 413 },
  { name: 'scoring', host: scoringHost, shape: odata, takes: 'POST /score', status: 401 },
];

const paths = [
  '/%',
  '/%zz',
  '/%00',
  '/%2F',
  '/%2F..%2F..%2Fetc%2Fpasswd',
  '/..',
  '/../../etc/passwd',
  '/a/%2e%2e/%2e%2e/b',
  '/%c0%af',
  '/%c3%28',
  '/%ff%fe',
  '/%u0041',
  '//',
  '//evil.example.org/',
  '/a//b',
  '/;',
  '/a%0d%0aX-Evil:%201',
  '/?%zz',
  '/?api-version=%00',
  '/?a=1&a=2&&=&%',
  `/${'a'.repeat(20_000)}`,
  `/${'a/'.repeat(8_000)}`,
  `/${'%41'.repeat(5_000)}`,
  '*',
];

describe.each(services)('$name', ({ host, shape, takes, status, from = place }) => {
  const at = (): Session => running.session(from);
  async function ask(wire: Wire, line: string, more = ''): Promise<WireAnswer | undefined> {
    return wire.ask(`${line} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`);
  }

  it.each(['GET', 'PUT', 'DELETE', 'FOO'])(
    'answers strange paths with %s in its own words',
    async (method) => {
      let wire = await Wire.open(at(), host);
      for (const path of paths) {
        const answer = await ask(wire, `${method} ${path}`, 'Content-Length: 0\r\n');
        // A method that HTTP does not know ends at the parser.
        if (method === 'FOO') expect(answer?.status).toBe(400);
        else {
          expect([path.slice(0, 40), answer?.status]).toEqual([path.slice(0, 40), answer?.status]);
          expect(answer?.status).toBeLessThan(500);
          if ((answer?.status ?? 0) >= 400)
            expect([path.slice(0, 40), shape(answer?.body ?? '')]).toEqual([path.slice(0, 40), true]);
        }
        expect(answer?.headers['x-evil']).toBeUndefined();
        if (answer?.headers['connection'] !== 'close') continue;
        wire.close();
        wire = await Wire.open(at(), host);
      }
      wire.close();
    },
  );

  it.each([
    ['two Authorization headers', `Authorization: Bearer a\r\nAuthorization: Bearer b\r\n`],
    ['an Authorization header of 20 KB', `Authorization: Bearer ${'a'.repeat(20_000)}\r\n`],
    ['an upgrade to a WebSocket', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n'],
    [
      'an upgrade to HTTP/2',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n',
    ],
    ['a range that is none', 'Range: bytes=9-1,-,x\r\n'],
    ['bytes beyond ASCII in a header', 'X-Name: \u00e9\u00ff\r\n'],
    ['the same header a hundred times', 'X-Ms-Version: 2021-12-02\r\n'.repeat(100)],
  ])('answers %s in its own words', async (_, more) => {
    const wire = await Wire.open(at(), host);
    const answer = await ask(wire, 'GET /x/y', more);
    expect(answer?.status).toBeGreaterThanOrEqual(400);
    expect(answer?.status).toBeLessThan(500);
    expect(shape(answer?.body ?? '')).toBe(true);
    expect((await ask(wire, 'GET /x/y', more))?.status).toBe(answer?.status);
    wire.close();
  });

  it('has no use for 100 MB, and says so', async () => {
    const { body } = floodOf(100 * mebibyte);
    const [method = '', path = ''] = takes.split(' ');
    const headers = host === arm ? { authorization: `Bearer ${token}` } : {};
    const grown = await growth(async () => {
      for (const framing of [
        { 'content-length': String(100 * mebibyte) },
        { 'transfer-encoding': 'chunked' },
      ]) {
        const answer = await flood(at(), host, {
          method,
          path,
          headers: { ...headers, ...framing, 'content-type': 'application/json' },
          body: body(),
        });
        expect([answer.status, shape(answer.text)]).toEqual([status, true]);
      }
    });
    expect(grown).toBeLessThan(little);
  });
});

describe('the front', () => {
  it.each([
    ['the greeting of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['CONNECT', `CONNECT ${arm}:443 HTTP/1.1\r\nHost: ${arm}\r\n\r\n`, 405],
    ['two lengths', `PUT / HTTP/1.1\r\nHost: ${arm}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
    ['a negative length', `PUT / HTTP/1.1\r\nHost: ${arm}\r\nContent-Length: -1\r\n\r\n`, 400],
    ['a length of nothing', `PUT / HTTP/1.1\r\nHost: ${arm}\r\nContent-Length: \r\n\r\n`, 400],
    [
      'a length and chunks',
      `PUT / HTTP/1.1\r\nHost: ${arm}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      400,
    ],
    ['a folded header', `GET / HTTP/1.1\r\nHost: ${arm}\r\nX: a\r\n b\r\n\r\n`, 400],
    ['a blank in a header', `GET / HTTP/1.1\r\nHost : ${arm}\r\n\r\n`, 400],
    ['a NUL in a header', `GET / HTTP/1.1\r\nHost: ${arm}\r\nX: \u0000\r\n\r\n`, 400],
    ['a line feed alone', `GET / HTTP/1.1\nHost: ${arm}\n\n`, 400],
    ['HTTP/9.9', `GET / HTTP/9.9\r\nHost: ${arm}\r\n\r\n`, 400],
    ['an expectation', `GET / HTTP/1.1\r\nHost: ${arm}\r\nExpect: the-unexpected\r\n\r\n`, 417],
    ['a target of 60 KB', `GET /${'a'.repeat(60_000)} HTTP/1.1\r\nHost: ${arm}\r\n\r\n`, 431],
  ])('refuses %s', async (_, text, status) => {
    const wire = await Wire.open(session, arm);
    expect((await wire.ask(text))?.status).toBe(status);
    wire.close();
  });

  it('ends a body that is not framed as it says', async () => {
    for (const [coding, body] of [
      ['chunked', 'zz\r\n'],
      ['chunked', '-1\r\n'],
      ['chunked', 'ffffffffffffffff1\r\n'],
      ['chunked', '5\r\nabcdefgh\r\n'],
      ['gzip', ''],
      ['chunked, gzip', ''],
    ] as const) {
      const wire = await Wire.open(session, arm);
      wire.write(
        `PUT /subscriptions?api-version=2020-01-01 HTTP/1.1\r\nHost: ${arm}\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: ${coding}\r\n\r\n${body}`,
      );
      const answer = await wire.read();
      expect([400, 404, 405, undefined]).toContain(answer?.status);
      await wire.ended;
    }
  });

  it('takes no plain text for TLS, and nothing that stops in the middle of it', async () => {
    for (const bytes of [
      'GET / HTTP/1.1\r\n\r\n',
      Buffer.of(0x16, 3, 1, 0xff, 0xff),
      Buffer.alloc(70_000, 0x16),
    ]) {
      const { socket } = await connectAt(session, arm);
      socket.on('error', () => {});
      socket.end(bytes);
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
    }
  });

  it('answers clients that have said all, whatever they asked', async () => {
    for (const { host, takes, status } of services.filter(
      ({ name }) => name !== 'scoring' && name !== 'dfs',
    )) {
      const wire = await Wire.open(session, host);
      const line = status === 413 ? 'GET /x' : takes;
      wire.socket.end(`${line} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`);
      expect((await wire.read())?.status).toBeGreaterThanOrEqual(400);
      await wire.ended;
    }
  });

  it('holds little of 3 000 requests that do not wait for answers, and answers all', async () => {
    const ask = `GET /subscriptions?api-version=2020-01-01 HTTP/1.1\r\nHost: ${arm}\r\n\r\n`;
    const count = 3_000;
    const grown = await growth(async () => {
      const socket = await secureAt(session, arm);
      let answers = 0;
      let tail = '';
      socket.on('data', (chunk: Buffer) => {
        const text = tail + chunk.toString('latin1');
        answers += text.split('HTTP/1.1 401').length - 1;
        tail = text.slice(-11);
        if (tail.includes('HTTP/1.1 401')) tail = '';
      });
      socket.write(ask.repeat(count));
      await expect.poll(() => answers, { timeout: 50_000 }).toBe(count);
      socket.destroy();
    });
    expect(grown).toBeLessThan(little);
  });
});

describe('a storm', () => {
  const open: Socket[] = [];
  afterEach(() => {
    for (const socket of open.splice(0)) socket.destroy();
  });

  it('of 1 000 connections, some asking, some dripping, some silent, keeps nobody from an answer', async () => {
    const grown = await growth(async () => {
      const silent = Array.from({ length: 700 }, () => connect({ host: '127.0.0.1', port: session.gateway }));
      open.push(...silent);
      const dripping = await Promise.all(Array.from({ length: 200 }, () => connectAt(session, arm)));
      for (const { socket } of dripping) {
        open.push(socket);
        socket.write(Buffer.of(0x16, 3, 1));
      }
      const asking = await Promise.all(
        Array.from({ length: 100 }, async () => {
          const wire = await Wire.open(session, arm);
          open.push(wire.socket);
          return wire.ask(`GET /x HTTP/1.1\r\nHost: ${arm}\r\n\r\n`);
        }),
      );
      expect(new Set(asking.map((answer) => answer?.status))).toEqual(new Set([401]));
    });
    expect(grown).toBeLessThan(little);
  });

  it('of clients that leave at any moment leaves nothing behind', async () => {
    for (let turn = 0; turn < 200; turn++) {
      const { socket } = await connectAt(session, arm);
      socket.on('error', () => {});
      if (turn % 3 === 0) socket.destroy();
      else if (turn % 3 === 1) socket.end();
      else socket.resetAndDestroy();
    }
    const { socket } = await connectAt(session, arm);
    socket.destroy();
  });
});

describe('the gateway', () => {
  /** What it says to bytes, as text, until it ends the connection. */
  async function said(bytes: string | Buffer): Promise<string> {
    const socket = connect({ host: '127.0.0.1', port: session.gateway });
    socket.on('error', () => {});
    socket.write(bytes);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    await once(socket, 'close');
    return text;
  }
  const basic = (): string =>
    `Proxy-Authorization: Basic ${Buffer.from(`${session.username}:${session.password}`).toString('base64')}\r\n`;

  it.each([
    ['an origin-form request', () => `GET / HTTP/1.1\r\nHost: ${arm}\r\n\r\n`, 400],
    ['no credentials', () => `CONNECT ${arm}:443 HTTP/1.1\r\n\r\n`, 407],
    ['two credentials', () => `CONNECT ${arm}:443 HTTP/1.1\r\n${basic()}${basic()}\r\n`, 407],
    ['a host with a NUL', () => `CONNECT ${arm}\u0000:443 HTTP/1.1\r\n${basic()}\r\n`, 400],
    ['an encoded host', () => `CONNECT management%2Eazure.com:443 HTTP/1.1\r\n${basic()}\r\n`, 400],
    ['port 0', () => `CONNECT ${arm}:0 HTTP/1.1\r\n${basic()}\r\n`, 400],
    ['port 65536', () => `CONNECT ${arm}:65536 HTTP/1.1\r\n${basic()}\r\n`, 400],
    ['a user in the authority', () => `CONNECT a@${arm}:443 HTTP/1.1\r\n${basic()}\r\n`, 400],
    ['a header of 20 KB', () => `CONNECT ${arm}:443 HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'http:// of a service that speaks TLS alone',
      () => `GET http://${arm}/ HTTP/1.1\r\n${basic()}\r\n`,
      504,
    ],
    [
      'a length and chunks in absolute form',
      () =>
        `GET http://${arm}/ HTTP/1.1\r\n${basic()}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      504,
    ],
    ['the greeting of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['TLS', () => Buffer.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3).toString('latin1'), 400],
  ])('refuses %s', async (_, text, status) => {
    expect(await said(Buffer.from(text(), 'latin1'))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  const socks = (...bytes: readonly number[]): Buffer => Buffer.from(bytes);
  it.each<[string, Buffer, string]>([
    ['no method that it knows', socks(5, 1, 0), '\x05\xff'],
    ['no methods at all', socks(5, 0), '\x05\xff'],
    ['a wrong password', socks(5, 1, 2, 1, 1, 0x61, 1, 0x62), '\x05\x02\x01\x01'],
    ['another version of the sign-in', socks(5, 1, 2, 9, 0, 0), '\x05\x02\x01\x01'],
  ])('refuses SOCKS5 with %s', async (_, bytes, answer) => {
    expect(await said(bytes)).toBe(answer);
  });

  it.each([
    ['an empty name', [5, 1, 0, 3, 0, 1, 187], 1],
    ['a name with a NUL', [5, 1, 0, 3, 1, 0, 1, 187], 1],
    ['a type of address that is none', [5, 1, 0, 9, 0, 0], 8],
    ['BIND', [5, 2, 0, 1, 1, 1, 1, 1, 1, 187], 7],
    ['UDP ASSOCIATE', [5, 3, 0, 1, 1, 1, 1, 1, 1, 187], 7],
    ['an address outside', [5, 1, 0, 1, 8, 8, 8, 8, 1, 187], undefined],
  ] as const)('refuses SOCKS5 for %s', async (_, bytes, reply) => {
    const [name, password] = [Buffer.from(session.username), Buffer.from(session.password)];
    const hello = Buffer.concat([socks(5, 1, 2, 1, name.length), name, socks(password.length), password]);
    const answer = await said(Buffer.concat([hello, Buffer.from(bytes)]));
    expect(answer.slice(0, 5)).toBe('\x05\x02\x01\x00\x05');
    if (reply === undefined) expect(answer.charCodeAt(5)).toBeGreaterThan(0);
    else expect(answer.charCodeAt(5)).toBe(reply);
  });
});

describe('the control API', () => {
  it('takes no 100 MB for a question', async () => {
    const { port, token: secret } = running.instance.file;
    const grown = await growth(async () => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => {});
      socket.write(
        `POST /why HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${secret}\r\nContent-Length: ${100 * mebibyte}\r\n\r\n`,
      );
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      expect(chunk.toString()).toMatch(/^HTTP\/1\.1 413 /);
      socket.destroy();
    });
    expect(grown).toBeLessThan(little);
    expect((await running.control.status()).fabric).toBe('userspace');
  });
});
