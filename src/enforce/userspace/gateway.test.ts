/**
 * The gateway as real clients use it: curl through it to an HTTPS server in this process.
 *
 * @module
 */

import { execFile } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import 'reflect-metadata';
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import type { Decision, Destination } from './decision.ts';
import { Gateway } from './gateway.ts';
import type { Credentials } from './grants.ts';

const host = 'app.example.test';
let folder: string;
let certificate: string;
let secure: https.Server;
let plain: http.Server;
let gateway: Gateway;
let port: number;
let credentials: Credentials;
let asked: Destination[];

const answering: http.RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    response.end(
      JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }),
    );
  });
};

const says = 'Denied by rule "deny-all" of nsg-training:\r\nno "way" out \u2014 really';

function decide(destination: Destination): Decision {
  asked.push(destination);
  const refused = { verdict: 'refuse', rule: 'deny-all', resource: '/nsg/training', says } as const;
  if (destination.host === 'blocked.example.test') {
    return { ...refused, disposition: 'dropped-by-gate', timeout: true };
  }
  if (destination.host === 'absent.example.test') {
    return { verdict: 'refuse', disposition: 'name-not-found', says: 'NXDOMAIN', timeout: false };
  }
  if (destination.host === 'broken.example.test') throw new Error('the model is broken');
  const server = destination.port === 443 ? secure : plain;
  return {
    verdict: 'connect',
    deliver: (socket, head) => {
      if (head.length > 0) socket.unshift(head);
      server.emit('connection', socket);
    },
  };
}

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function curl(...args: readonly string[]): Promise<Run> {
  const all = ['--silent', '--show-error', '--max-time', '10', '--cacert', join(folder, 'ca.pem'), ...args];
  const env = { PATH: process.env.PATH ?? '' };
  return new Promise((resolve) => {
    execFile('curl', all, { env, maxBuffer: 1 << 23 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const proxy = ({ username, password } = credentials): string[] => [
  '--proxy',
  `http://${username}:${password}@127.0.0.1:${port}`,
];
const socks = ({ username, password } = credentials): string[] => [
  '--proxy',
  `socks5h://${username}:${password}@127.0.0.1:${port}`,
];

beforeAll(async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const self = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=gateway test',
    keys,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
  });
  certificate = self.toString('pem');
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  folder = await mkdtemp(join(tmpdir(), 'cloister-gateway-'));
  await writeFile(join(folder, 'ca.pem'), certificate);
  secure = https.createServer({ key, cert: certificate }, answering);
  plain = http.createServer(answering);
});

afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  asked = [];
  gateway = new Gateway({ decide, onError: () => {} });
  port = await gateway.listen();
  credentials = gateway.grant('vnet/hub/training');
});

afterEach(async () => {
  vi.restoreAllMocks();
  await gateway.close();
});

test('curl reaches the server through CONNECT and the certificate is checked', async () => {
  const run = await curl(...proxy(), '--data', 'hello', `https://${host}/a?b=c`);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(run.stdout)).toMatchObject({ method: 'POST', url: '/a?b=c', body: 'hello' });
  expect(asked).toEqual([{ place: 'vnet/hub/training', host, port: 443 }]);
});

test('curl reaches the server through SOCKS5, and the name is resolved behind the gateway', async () => {
  const run = await curl(...socks(), `https://${host}/`);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(asked).toEqual([{ place: 'vnet/hub/training', host, port: 443 }]);
});

test('the same through --socks5-hostname', async () => {
  const { username, password } = credentials;
  const via = ['--socks5-hostname', `127.0.0.1:${port}`, '--proxy-user', `${username}:${password}`];
  expect(await curl(...via, `https://${host}/`)).toMatchObject({ code: 0, stderr: '' });
});

test('an absolute-form request is written anew for its server', async () => {
  const run = await curl(
    ...proxy(),
    '--data',
    'x=1',
    '-H',
    'TE: trailers',
    `http://${host}:8080/a%2Fb?c=%20`,
  );
  expect(run.code).toBe(0);
  const seen = JSON.parse(run.stdout);
  expect(seen).toMatchObject({ method: 'POST', url: '/a%2Fb?c=%20', body: 'x=1' });
  expect(seen.headers).toMatchObject({ host: `${host}:8080`, connection: 'close' });
  expect(Object.keys(seen.headers).filter((name) => /^(proxy-|te$)/.test(name))).toEqual([]);
  expect(asked).toEqual([{ place: 'vnet/hub/training', host, port: 8080 }]);
});

test('a large upload through absolute form arrives whole', async () => {
  const body = 'cloister '.repeat(200_000);
  await writeFile(join(folder, 'body'), body);
  const data = `@${join(folder, 'body')}`;
  const run = await curl(...proxy(), '-H', 'Expect:', '--data-binary', data, `http://${host}/`);
  expect(run.code).toBe(0);
  expect(JSON.parse(run.stdout).body).toBe(body);
});

test('a refusal says why: Proxy-Status parsed, reason in the body', async () => {
  const run = await curl(...proxy(), '--include', `http://blocked.example.test/`);
  const [head = '', body] = run.stdout.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 504 Gateway Timeout\r\n/);
  expect(body).toBe(`${says}\n`);
  const field = /^proxy-status: (.*)$/im.exec(head)?.[1] ?? '';
  expect(field).toMatch(/^cloister; /);
  const parameters = [...field.matchAll(/; ([a-z]+)=(?:([a-z_]+)|"((?:[ !#-[\]-~]|\\["\\])*)")(?=;|$)/g)];
  expect(Object.fromEntries(parameters.map(([, name, token, text]) => [name, token ?? text]))).toEqual({
    error: 'destination_ip_prohibited',
    details: 'Denied by rule \\"deny-all\\" of nsg-training: no \\"way\\" out ? really',
    disposition: 'dropped-by-gate',
    rule: 'deny-all',
    resource: '/nsg/training',
  });
});

test('curl reports a refused tunnel, and a refused SOCKS connection', async () => {
  const tunnel = await curl(...proxy(), '--include', 'https://absent.example.test/');
  expect(tunnel.code).toBe(56);
  expect(tunnel.stdout).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\nProxy-Status: cloister; error=dns_error;/);
  expect((await curl(...socks(), 'https://blocked.example.test/')).stderr).toMatch(/\(2\)/);
  expect((await curl(...socks(), 'https://absent.example.test/')).stderr).toMatch(/\(4\)/);
});

test('wrong, foreign and revoked credentials get 407 and no decision is asked for', async () => {
  const revoked = gateway.grant('internet');
  gateway.revoke(revoked.username);
  const { username } = credentials;
  for (const wrong of [{ username, password: 'guess' }, { username: 'nobody', password: 'x' }, revoked]) {
    const run = await curl(...proxy(wrong), '--include', `http://${host}/`);
    expect(run.stdout).toMatch(/^HTTP\/1\.1 407 [^\r]*\r\nProxy-Authenticate: Basic realm="cloister"/);
    expect(run.stdout).toMatch(/\r\n\r\n$/);
    expect((await curl(...socks(wrong), `https://${host}/`)).code).toBe(97);
  }
  expect((await curl('--proxy', `http://127.0.0.1:${port}`, `https://${host}/`)).code).toBe(56);
  expect(asked).toEqual([]);
});

test('revoking ends the connections that were made', async () => {
  const socket = await tunnel();
  gateway.revoke(credentials.username);
  await once(socket.resume(), 'close');
});

test('a decision that throws is answered 500, says nothing of its inside, and is reported', async () => {
  await gateway.close();
  const onError = vi.fn();
  gateway = new Gateway({ decide, onError });
  port = await gateway.listen();
  credentials = gateway.grant('internet');
  const run = await curl(...proxy(), '--include', 'http://broken.example.test/');
  expect(run.stdout).toMatch(/^HTTP\/1\.1 500 /);
  expect(run.stdout).not.toContain('model');
  expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('the model is broken'));
});

test('the gateway never dials and never resolves', async () => {
  const connect = vi.spyOn(net.Socket.prototype, 'connect');
  const lookup = vi.spyOn(dns, 'lookup');
  for (const via of [proxy(), socks()]) {
    for (const url of [`https://${host}/`, `http://${host}/`, 'https://blocked.example.test/']) {
      await curl(...via, url);
    }
  }
  expect(asked).toHaveLength(6);
  expect(connect).not.toHaveBeenCalled();
  expect(lookup).not.toHaveBeenCalled();
  // The spy does see what dials: this test's own client.
  (await tunnel()).destroy();
  expect(connect).toHaveBeenCalledOnce();
});

test('200 tunnels at once are all served', async () => {
  const replies = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const channel = tls.connect({ socket: await tunnel(), servername: host, ca: certificate });
      channel.end(`GET /${index} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      return `${(await channel.setEncoding('utf8').toArray()).join('')}`;
    }),
  );
  for (const [index, text] of replies.entries()) expect(text).toContain(`"url":"/${index}"`);
});

test('connections beyond the limit get 503, and room that was made is used', async () => {
  await gateway.close();
  gateway = new Gateway({ decide, maxConnections: 2 });
  port = await gateway.listen();
  credentials = gateway.grant('internet');
  const held = [await tunnel(), await tunnel()];
  const run = await curl(...proxy(), '--include', `http://${host}/`);
  expect(run.stdout).toMatch(
    /^HTTP\/1\.1 503 [^\r]*\r\nProxy-Status: cloister; error=connection_limit_reached/,
  );
  for (const socket of held) socket.destroy();
  await vi.waitFor(async () => {
    expect((await curl(...proxy(), `http://${host}/`)).stdout).toContain('"url":"/"');
  }, 60_000);
});

test('close ends delivered connections too', async () => {
  const socket = await tunnel();
  await gateway.close();
  await once(socket.resume(), 'close');
});

/** Opens a tunnel to the HTTPS server and reads exactly the gateway's answer. */
async function tunnel(): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  const { username, password } = credentials;
  const pair = Buffer.from(`${username}:${password}`).toString('base64');
  socket.write(`CONNECT ${host}:443 HTTP/1.1\r\nProxy-Authorization: Basic ${pair}\r\n\r\n`);
  socket.on('error', () => {});
  await once(socket, 'readable');
  expect(String(socket.read())).toBe('HTTP/1.1 200 Connection established\r\n\r\n');
  return socket;
}

describe('the proxy of a site', () => {
  /** A server of its own, as the kernel hands one over. */
  async function proxyAt(open: boolean): Promise<string> {
    const server = net.createServer((socket) => gateway.serveAt('site/headquarters', open, socket));
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  }

  test('asks nobody who they are, and carries as the site', async () => {
    const run = await curl('--proxy', `http://${await proxyAt(true)}`, `https://${host}/`);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(asked).toEqual([{ place: 'site/headquarters', host, port: 443 }]);
  });

  test('knows nobody where it wants credentials, not even those of the gateway', async () => {
    const { username, password } = credentials;
    const run = await curl(
      '--proxy',
      `http://${username}:${password}@${await proxyAt(false)}`,
      `https://${host}/`,
    );
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain('407');
    expect(asked).toEqual([]);
  });

  test('speaks no SOCKS', async () => {
    const run = await curl('--proxy', `socks5h://${await proxyAt(true)}`, `https://${host}/`);
    expect(run.code).not.toBe(0);
    expect(asked).toEqual([]);
  });
});
