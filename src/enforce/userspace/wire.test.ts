/**
 * The gateway byte by byte: what clients send that is split, pipelined, malformed, too long or too slow.
 *
 * @module
 */

import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Decision, Destination } from './decision.ts';
import { Gateway } from './gateway.ts';
import { proxyStatus, structuredString, wordingOf } from './refusal.ts';

let gateway: Gateway;
let port: number;
let username: string;
let password: string;
let asked: Destination[] = [];

/** Sends back what it gets, in brackets, once the client has finished. */
function echo(socket: Duplex, head: Buffer): void {
  const chunks = [head];
  socket.allowHalfOpen = true;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('end', () => socket.end(`[${Buffer.concat(chunks).toString('latin1')}]`));
}

function decide(destination: Destination): Decision {
  asked.push(destination);
  const { host } = destination;
  return host.endsWith('.refused.test')
    ? {
        verdict: 'refuse',
        disposition: host.split('.')[0] ?? '',
        says: 'no',
        timeout: host.includes('.late.'),
      }
    : { verdict: 'connect', deliver: echo };
}

beforeAll(async () => {
  gateway = new Gateway({ decide });
  port = await gateway.listen();
  ({ username, password } = gateway.grant('internet'));
});

beforeEach(() => {
  asked = [];
});

afterAll(() => gateway.close());

/** Sends the pieces one after another, finishes (or not), and returns everything that came back, as latin1. */
async function exchange(pieces: readonly (string | Buffer)[], finish = true, at = port): Promise<string> {
  const socket = net.connect(at, '127.0.0.1');
  const back = socket.setEncoding('latin1').toArray();
  await once(socket, 'connect');
  for (const piece of pieces) {
    socket.write(piece, 'latin1');
    await pause(5);
  }
  if (finish) socket.end();
  return (await back).join('');
}

const authorization = (): string =>
  `Proxy-Authorization: Basic ${Buffer.from(`${username}:${password}`).toString('base64')}\r\n`;
const http = (line: string, rest = ''): string => `${line} HTTP/1.1\r\n${authorization()}${rest}\r\n`;
const established = 'HTTP/1.1 200 Connection established\r\n\r\n';

const hello = Buffer.of(5, 1, 2);
const signIn = (secret = password): Buffer =>
  Buffer.concat([
    Buffer.of(1, username.length),
    Buffer.from(username),
    Buffer.of(secret.length),
    Buffer.from(secret),
  ]);
const named = (host: string, at = 443, command = 1): Buffer =>
  Buffer.concat([Buffer.of(5, command, 0, 3, host.length), Buffer.from(host), Buffer.of(at >> 8, at & 255)]);
const bytes = (...values: number[]): string => Buffer.from(values).toString('latin1');
const replied = (code: number): string => bytes(5, code, 0, 1, 0, 0, 0, 0, 0, 0);
const signedIn = bytes(5, 2, 1, 0);

test('bytes that follow CONNECT at once reach the server before the rest', async () => {
  expect(await exchange([`${http('CONNECT a.test:1')}early `, 'late'])).toBe(`${established}[early late]`);
});

test('a header may come in single bytes', async () => {
  const pieces = [...http('CONNECT a.test:1', 'X: y\r\n'), 'body'];
  expect(
    await exchange([pieces.slice(0, 30).join(''), ...pieces.slice(30, 60), pieces.slice(60).join('')]),
  ).toBe(`${established}[body]`);
});

test('absolute form: names the host asked for, drops what concerns the proxy, keeps the framing', async () => {
  const fields = [
    'Host: other.test',
    'Connection: X-Private, Content-Length, keep-alive',
    'X-Private: 1',
    'Content-Length: 4',
    'Upgrade: h2c',
    'Proxy-Connection: keep-alive',
    'Accept: */*',
  ];
  const request = `${http('POST http://A.test:81?q', `${fields.join('\r\n')}\r\n`)}body`;
  const rewritten =
    'POST /?q HTTP/1.1\r\nHost: A.test:81\r\nContent-Length: 4\r\nAccept: */*\r\nConnection: close\r\n\r\nbody';
  expect(await exchange([request])).toBe(`[${rewritten}]`);
  expect(asked).toEqual([{ place: 'internet', host: 'a.test', port: 81 }]);
});

test('OPTIONS for a whole server is asked for with an asterisk', async () => {
  expect(await exchange([http('OPTIONS http://a.test')])).toMatch(/^\[OPTIONS \* HTTP\/1\.1\r\n/);
});

const refusedRequests: readonly (readonly [name: string, send: () => string | Buffer, status: number])[] = [
  ['a TLS greeting', () => Buffer.of(0x16, 3, 1, 2, 0, 1, 0), 400],
  ['SOCKS4', () => Buffer.of(4, 1, 0, 80, 127, 0, 0, 1, 0), 400],
  ['high bytes', () => Buffer.alloc(100, 0xff), 400],
  ['a line that is no request', () => 'hello\r\n', 400],
  ['a bare line feed', () => 'GET http://a.test/ HTTP/1.1\n\n', 400],
  ['origin form', () => http('GET /'), 400],
  ['https in absolute form', () => http('GET https://a.test/'), 400],
  ['a user in the authority', () => http('GET http://me@a.test/'), 400],
  ['CONNECT without a port', () => http('CONNECT a.test'), 400],
  ['port 0', () => http('CONNECT a.test:0'), 400],
  ['port 65536', () => http('CONNECT a.test:65536'), 400],
  ['a name that DNS would not carry', () => http('CONNECT a..test:1'), 400],
  ['a wildcard', () => http('CONNECT *.test:1'), 400],
  ['a folded field', () => http('CONNECT a.test:1', 'X: a\r\n b\r\n'), 400],
  ['a space before the colon', () => http('CONNECT a.test:1', 'X : a\r\n'), 400],
  ['HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\n', 400],
  ['IPv6', () => http('CONNECT [::1]:443'), 502],
  ['no credentials', () => 'CONNECT a.test:1 HTTP/1.1\r\n\r\n', 407],
  ['credentials twice', () => http('CONNECT a.test:1', authorization()), 407],
  ['another scheme', () => 'CONNECT a.test:1 HTTP/1.1\r\nProxy-Authorization: Bearer abc\r\n\r\n', 407],
  ['no colon', () => 'CONNECT a.test:1 HTTP/1.1\r\nProxy-Authorization: Basic YWJj\r\n\r\n', 407],
  ['a huge field', () => http('CONNECT a.test:1', `X: ${'a'.repeat(17_000)}\r\n`), 431],
  ['a huge request line', () => `GET http://a.test/${'a'.repeat(20_000)}`, 431],
];

test.each(refusedRequests)('HTTP: %s is refused', async (_name, send, status) => {
  expect(await exchange([send()], false)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(asked).toEqual([]);
});

test('a header that never ends is cut off, however lively it is', async () => {
  const hasty = new Gateway({ decide, patience: 200 });
  const at = await hasty.listen();
  const late = /^HTTP\/1\.1 408 /;
  const drips = Array.from({ length: 100 }, () => 'X: y\r\n');
  expect(await exchange(['CONNECT a.test:1 HTTP/1.1\r\n', ...drips], false, at)).toMatch(late);
  expect(await exchange(['CONNECT a.test:1 HTTP/1.1\r\nX: y'], false, at)).toMatch(late);
  expect(await exchange([], false, at)).toMatch(late);
  expect(await exchange([hello, signIn()], false, at)).toBe(bytes(5, 2, 1, 1));
  expect(await exchange([hello], false, at)).toBe(bytes(5, 2));
  await hasty.close();
});

test('the answer to a refused HEAD has no body', async () => {
  const answer = await exchange([http('HEAD http://no-route.refused.test/')]);
  expect(answer).toMatch(/^HTTP\/1\.1 502 [\s\S]*Content-Length: 3\r\n[\s\S]*\r\n\r\n$/);
});

test('a client that leaves in the middle gets nothing', async () => {
  expect(await exchange(['CONNECT a.test'])).toBe('');
  expect(await exchange([])).toBe('');
  expect(await exchange([hello, Buffer.of(1, 40)])).toBe(bytes(5, 2));
});

test('SOCKS5: names and IPv4 addresses, all at once or piece by piece', async () => {
  const connected = `${signedIn}${replied(0)}`;
  const ipv4 = Buffer.of(5, 1, 0, 1, 10, 0, 0, 4, 1, 187);
  expect(await exchange([hello, signIn(), named('A.test.'), 'x'])).toBe(`${connected}[x]`);
  expect(await exchange([Buffer.concat([hello, signIn(), ipv4, Buffer.from('x')])])).toBe(`${connected}[x]`);
  expect(asked.map(({ host, port: at }) => `${host}:${at}`)).toEqual(['a.test:443', '10.0.0.4:443']);
});

const refusedSocks: readonly (readonly [name: string, send: () => Buffer[], answer: string])[] = [
  ['no method offered', () => [Buffer.of(5, 0)], bytes(5, 255)],
  ['only without credentials', () => [Buffer.of(5, 1, 0)], bytes(5, 255)],
  ['a wrong password', () => [hello, signIn('guess')], bytes(5, 2, 1, 1)],
  ['an empty password', () => [hello, signIn('')], bytes(5, 2, 1, 1)],
  ['another sign-in', () => [hello, Buffer.of(2, 1)], bytes(5, 2, 1, 1)],
  ['IPv6', () => [hello, signIn(), Buffer.of(5, 1, 0, 4, ...Buffer.alloc(18))], `${signedIn}${replied(8)}`],
  ['an unknown address type', () => [hello, signIn(), Buffer.of(5, 1, 0, 9)], `${signedIn}${replied(8)}`],
  ['BIND', () => [hello, signIn(), named('a.test', 1, 2)], `${signedIn}${replied(7)}`],
  ['UDP ASSOCIATE', () => [hello, signIn(), named('a.test', 1, 3)], `${signedIn}${replied(7)}`],
  ['no host name', () => [hello, signIn(), named('a b')], `${signedIn}${replied(1)}`],
  ['port 0', () => [hello, signIn(), named('a.test', 0)], `${signedIn}${replied(1)}`],
  ['another version', () => [hello, signIn(), Buffer.of(4, 1, 0, 1)], `${signedIn}${replied(1)}`],
];

test.each(refusedSocks)('SOCKS5: %s is refused', async (_name, send, answer) => {
  expect(await exchange(send(), false)).toBe(answer);
  expect(asked).toEqual([]);
});

const dispositions: readonly (readonly [disposition: string, late: boolean, error: string, socks: number])[] =
  [
    ['name-not-found', false, 'dns_error', 4],
    ['resolver-unreachable', true, 'dns_timeout', 4],
    ['no-route', true, 'destination_ip_unroutable', 3],
    ['dropped-by-gate', true, 'destination_ip_prohibited', 2],
    ['dropped-by-firewall', true, 'destination_ip_prohibited', 2],
    ['dropped-by-firewall', false, 'destination_ip_prohibited', 2],
    ['refused-by-proxy', false, 'http_request_denied', 2],
    ['endpoint-not-approved', true, 'connection_timeout', 4],
    ['no-return-path', true, 'connection_timeout', 4],
    ['nothing-listening', true, 'connection_timeout', 4],
    ['nothing-listening', false, 'connection_refused', 5],
    ['refused-by-door', false, 'http_request_denied', 2],
    ['unauthenticated', false, 'http_request_denied', 2],
    ['unauthorized', false, 'http_request_denied', 2],
    ['unknown', false, 'destination_not_found', 1],
    ['constructor', false, 'destination_not_found', 1],
  ];

test.each(dispositions)(
  '%s (timeout: %s) is worded %s and SOCKS reply %s',
  async (disposition, late, error, socks) => {
    expect(wordingOf({ verdict: 'refuse', disposition, says: '', timeout: late })).toMatchObject({
      error,
      socks,
    });
    const host = `${disposition}${late ? '.late' : ''}.refused.test`;
    const answer = await exchange([http(`CONNECT ${host}:443`)]);
    const status = `HTTP/1.1 ${late ? '504 Gateway Timeout' : '502 Bad Gateway'}`;
    const field = `Proxy-Status: cloister; error=${error}; details="no"; disposition="${disposition}"`;
    expect(answer.startsWith(`${status}\r\n${field}\r\n`)).toBe(true);
    expect(await exchange([hello, signIn(), named(host)])).toBe(`${signedIn}${replied(socks)}`);
  },
);

test('nothing breaks out of a structured string', () => {
  expect(structuredString('a"b\\c\r\nX: y\u0000\u00e9')).toBe('"a\\"b\\\\c X: y??"');
  expect(structuredString('x'.repeat(5_000))).toHaveLength(514);
  expect(proxyStatus('dns_error', { rule: undefined })).toBe('cloister; error=dns_error');
});
