/**
 * Azure Resource Manager on the wire: tokens, bodies, and clients that do not speak HTTP as they should.
 */

import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultDeployer, defaultTenant } from '../../src/app/defaults.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { loadKeys } from '../../src/server/keys.ts';
import { SigningKeys } from '../../src/services/sign-in/signing-keys.ts';
import { SqliteStore } from '../../src/store/sqlite.ts';
import { group, Running, temporaryFolder } from '../support/running.ts';
import { Wire, type WireAnswer } from '../support/wire.ts';

const host = 'management.azure.com';
const folder = temporaryFolder();
let running: Running;
let keys: SigningKeys;
let token: string;

beforeAll(async () => {
  const store = await SqliteStore.open(folder.path);
  keys = (await loadKeys(store)).signing;
  await store.close();
  running = await Running.start({ folder: folder.path });
  token = await running.token();
});

afterAll(async () => {
  // The process is as well as before: it still answers, and nothing of this was a fault of its own.
  expect((await running.arm('GET', '/subscriptions')).status).toBe(200);
  expect(running.errors).toEqual([]);
  await running.close();
  folder.remove();
});

const now = Math.floor(Date.now() / 1000);
const claims = {
  aud: 'https://management.azure.com',
  iss: `https://sts.windows.net/${defaultTenant}/`,
  iat: now,
  nbf: now,
  exp: now + 3600,
  appid: defaultDeployer.appId,
  oid: defaultDeployer.objectId,
  tid: defaultTenant,
  ver: '1.0',
};

const signed = (given: JsonObject, by: SigningKeys = keys): Promise<string> =>
  new SignJWT({ ...claims, ...given })
    .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: by.kid })
    .sign(by.privateKey);

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

async function asking(authorization: string | undefined): Promise<WireAnswer & { code: string }> {
  const answer = await running.send('internet', `https://${host}/subscriptions?api-version=2020-01-01`, {
    headers: authorization === undefined ? {} : { authorization },
  });
  const body = JSON.parse(answer.body) as { error?: { code: string } };
  const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, it]) => [name, String(it)]));
  return { status: answer.status, headers, body: answer.body, code: body.error?.code ?? '' };
}

describe('a token', () => {
  it('that is right is taken', async () => {
    expect((await asking(`Bearer ${await signed({})}`)).status).toBe(200);
    expect((await asking(`bearer ${token}`)).status).toBe(200);
  });

  const foreign = SigningKeys.generate();
  it.each<[string, () => Promise<string | undefined> | string | undefined, string]>([
    ['missing', () => undefined, 'AuthenticationFailed'],
    ['empty', () => 'Bearer ', 'InvalidAuthenticationToken'],
    ['of another scheme', () => 'Basic dTpw', 'InvalidAuthenticationToken'],
    ['malformed', () => 'Bearer abc.def', 'InvalidAuthenticationToken'],
    ['not JSON', () => 'Bearer e30.e30.e30', 'InvalidAuthenticationToken'],
    [
      'unsigned',
      () => `Bearer ${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`,
      'InvalidAuthenticationToken',
    ],
    [
      'with its signature cut off',
      async () => `Bearer ${(await signed({})).replace(/[^.]+$/, '')}`,
      'InvalidAuthenticationToken',
    ],
    [
      'changed after it was signed',
      async () => {
        const [head, , signature] = (await signed({})).split('.');
        return `Bearer ${head}.${part({ ...claims, oid: '11111111-1111-1111-1111-111111111111' })}.${signature}`;
      },
      'InvalidAuthenticationToken',
    ],
    [
      'of a foreign key',
      async () => `Bearer ${await signed({}, await foreign)}`,
      'InvalidAuthenticationToken',
    ],
    [
      'expired',
      async () => `Bearer ${await signed({ iat: now - 7200, nbf: now - 7200, exp: now - 3600 })}`,
      'ExpiredAuthenticationToken',
    ],
    [
      'not yet valid',
      async () => `Bearer ${await signed({ nbf: now + 3600 })}`,
      'InvalidAuthenticationToken',
    ],
    [
      'for another audience',
      async () => `Bearer ${await running.token('https://vault.azure.net')}`,
      'InvalidAuthenticationTokenAudience',
    ],
    [
      'of another tenant',
      async () => `Bearer ${await signed({ tid: '72f988bf-86f1-41af-91ab-2d7cd011db47' })}`,
      'InvalidAuthenticationTokenTenant',
    ],
    [
      'of another issuer',
      async () =>
        `Bearer ${await signed({ iss: 'https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/' })}`,
      'InvalidAuthenticationTokenTenant',
    ],
  ])('%s is refused as Azure does', async (_, authorization, code) => {
    const answer = await asking(await authorization());
    expect([answer.status, answer.code]).toEqual([401, code]);
    expect(answer.headers['www-authenticate']).toMatch(
      new RegExp(`^Bearer authorization_uri="https://login\\.microsoftonline\\.com/${defaultTenant}"`),
    );
  });

  it('of somebody without a role is known, and not allowed', async () => {
    const answer = await running.send('internet', `https://${host}${group}?api-version=2020-01-01`, {
      headers: { authorization: `Bearer ${await signed({ oid: '22222222-2222-2222-2222-222222222222' })}` },
    });
    expect(answer.status).toBe(403);
    expect(answer.body).toMatch(/"code":"AuthorizationFailed"/);
  });
});

const ask = (text: string): string => `${text}\r\nHost: ${host}\r\nAuthorization: Bearer ${token}`;

/** Sends a request as it is written over a connection of its own. */
async function once(text: string | Buffer): Promise<WireAnswer | undefined> {
  const wire = await Wire.open(running.session('internet'), host);
  try {
    return await wire.ask(text);
  } finally {
    wire.close();
  }
}

const codeOf = (answer: WireAnswer | undefined): string =>
  (JSON.parse(answer?.body || '{}') as { error?: { code?: string } }).error?.code ?? '';

describe('a request', () => {
  it('without api-version is told so', async () => {
    const answer = await once(`${ask('GET /subscriptions HTTP/1.1')}\r\n\r\n`);
    expect([answer?.status, codeOf(answer)]).toEqual([400, 'MissingApiVersionParameter']);
  });

  it('may have its query names percent-encoded', async () => {
    const answer = await once(`${ask('GET /subscriptions?api%2Dversion=2020-01-01 HTTP/1.1')}\r\n\r\n`);
    expect(answer?.status).toBe(200);
  });

  const put = (path: string, body: string, type = 'application/json'): Promise<WireAnswer | undefined> =>
    once(
      `${ask(`PUT ${path}?api-version=2021-04-01 HTTP/1.1`)}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );

  it.each(['{', '{"location": }', '[1,2', '"a" "b"', '{"location":"eastus"}}', '\u0000', '{"a":"\ud800"}'])(
    'with the body %j is malformed',
    async (body) => {
      const answer = await put(group, body);
      expect([answer?.status, codeOf(answer)]).toEqual([
        400,
        expect.stringMatching(/^Invalid|^LocationRequired/),
      ]);
    },
  );

  it.each([
    'null',
    '[]',
    '5',
    '"text"',
    '{"location":7}',
    '{"location":"eastus","tags":[]}',
    '{"nonsense":true,"location":"eastus"}',
  ])('with the body %s has the wrong shape', async (body) => {
    const answer = await put(group, body);
    expect([answer?.status, codeOf(answer) !== '']).toEqual([400, true]);
  });

  it("takes az's spliced template", async () => {
    expect((await put(group, '{"location":"eastus"}'))?.status).toBeLessThan(300);
    const template =
      '{\n  // a comment\n  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",\n  "contentVersion": "1.0.0.0",\n  "resources": [],\n  "outputs": {"said": {"type": "string", "value": "[concat(\'a\',\n \'b\')]"}}\n}';
    const body = `{"properties": {"mode": "Incremental", template: ${template}, "parameters": {}}}`;
    const path = `${group}/providers/Microsoft.Resources/deployments/spliced`;
    expect((await put(path, body))?.status).toBe(201);
    await expect
      .poll(
        async () => ((await running.arm('GET', path)).body['properties'] as JsonObject)['provisioningState'],
      )
      .toBe('Succeeded');
    expect((await put(`${path}2`, body.replace('"contentVersion"', '"contentVersion')))?.status).toBe(400);
  });

  it('with 9 MB is too large, announced or not, and the process stays', async () => {
    const large = Buffer.alloc(9 * 1024 * 1024, 0x20);
    const head = `${ask(`PUT ${group}?api-version=2021-04-01 HTTP/1.1`)}\r\nContent-Type: application/json\r\n`;
    const announced = await once(
      Buffer.concat([Buffer.from(`${head}Content-Length: ${large.length}\r\n\r\n`), large]),
    );
    expect([announced?.status, codeOf(announced)]).toEqual([413, 'RequestTooLarge']);
    const chunk = Buffer.concat([
      Buffer.from(`${large.length.toString(16)}\r\n`),
      large,
      Buffer.from('\r\n0\r\n\r\n'),
    ]);
    const chunked = await once(
      Buffer.concat([Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`), chunk]),
    );
    expect([chunked?.status, codeOf(chunked)]).toEqual([413, 'RequestTooLarge']);
  });

  it.each(['/subscriptions/%zz', '/%', '/subscriptions/%c3%28', '/%E0%A4%A'])(
    'of the malformed path %s is bad',
    async (path) => {
      const answer = await once(`${ask(`GET ${path}?api-version=2021-04-01 HTTP/1.1`)}\r\n\r\n`);
      expect([answer?.status, codeOf(answer)]).toEqual([400, 'BadRequest']);
    },
  );

  it.each([
    ['/', 404],
    ['//', 404],
    ['/subscriptions/', 200],
    ['/subscriptions/%00', 404],
    ['/subscriptions/%2e%2e/x', 404],
    ['*', 404],
    ['/subscriptions?a=%zz&b', 200],
    [`/${'a/'.repeat(2000)}`, 404],
    ['/providers', 404],
    ['/subscriptions/x/resourceGroups/y/providers/Microsoft.Network', 404],
  ])('of the strange path %s is answered', async (path, status) => {
    const query = path.includes('?') ? '&' : '?';
    const answer = await once(`${ask(`GET ${path}${query}api-version=2021-04-01 HTTP/1.1`)}\r\n\r\n`);
    expect([answer?.status, answer?.status !== 404 || codeOf(answer) !== '']).toEqual([status, true]);
  });

  it.each(['POST', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    'with %s of what is not there is refused',
    async (method) => {
      const answer = await once(
        `${ask(`${method} ${group}/nothing?api-version=2021-04-01 HTTP/1.1`)}\r\nContent-Length: 0\r\n\r\n`,
      );
      expect(answer?.status).toBeGreaterThanOrEqual(400);
      expect(answer?.status).toBeLessThan(500);
    },
  );

  it('with HEAD has no body', async () => {
    const wire = await Wire.open(running.session('internet'), host);
    wire.write(`${ask(`HEAD ${group}?api-version=2021-04-01 HTTP/1.1`)}\r\n\r\n`);
    expect((await wire.read())?.status).toBe(204);
    wire.write(`${ask(`HEAD ${group}no?api-version=2021-04-01 HTTP/1.1`)}\r\n\r\n`);
    expect((await wire.read())?.status).toBe(404);
    wire.close();
  });

  it('of HTTP/1.0 is answered and ends', async () => {
    const wire = await Wire.open(running.session('internet'), host);
    const answer = await wire.ask(
      `GET /subscriptions?api-version=2020-01-01 HTTP/1.0\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    expect(answer?.status).toBe(200);
    await wire.ended;
  });

  it.each([
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: kv-clinic.vault.azure.net\r\n\r\n`, 400],
    ['two equal Hosts', `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: ${host}\r\n\r\n`, 400],
    ['another Host', 'GET / HTTP/1.1\r\nHost: login.microsoftonline.com\r\n\r\n', 421],
    ['a strange Host', `GET / HTTP/1.1\r\nHost: a@${host}\r\n\r\n`, 421],
    [
      'another host in its target',
      `GET https://login.microsoftonline.com/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      421,
    ],
    [
      'its own host in its target',
      `GET https://${host}/subscriptions HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      401,
    ],
    ['bytes that are not HTTP', '\x00\x01\x02\r\n\r\n', 400],
    ['two lengths', `GET / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
    [
      'a length and chunks',
      `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['a header of 40 KB', `GET / HTTP/1.1\r\nHost: ${host}\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    ['5 000 headers', `GET / HTTP/1.1\r\nHost: ${host}\r\n${'X: 1234567890\r\n'.repeat(5000)}\r\n`, 431],
  ])('with %s is refused', async (_, text, status) => {
    expect((await once(text))?.status).toBe(status);
  });

  it('over a connection whose client has no more to say is answered, and the connection ended', async () => {
    const wire = await Wire.open(running.session('internet'), host);
    wire.socket.end(`${ask('GET /subscriptions?api-version=2020-01-01 HTTP/1.1')}\r\n\r\n`);
    const answer = await wire.read();
    expect(answer?.status).toBe(200);
    await wire.ended;
  });

  it('may come in pieces, and several at once', async () => {
    const wire = await Wire.open(running.session('internet'), host);
    const text = `${ask('GET /subscriptions?api-version=2020-01-01 HTTP/1.1')}\r\n\r\n`;
    for (let at = 0; at < text.length; at += 97) {
      wire.write(text.slice(at, at + 97));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect((await wire.read())?.status).toBe(200);
    wire.write(text.repeat(5));
    for (let count = 0; count < 5; count++) expect((await wire.read())?.status).toBe(200);
    wire.close();
  });

  it('that ends in the middle of its body leaves nothing behind', async () => {
    const wire = await Wire.open(running.session('internet'), host);
    wire.write(`${ask(`PUT ${group}?api-version=2021-04-01 HTTP/1.1`)}\r\nContent-Length: 100\r\n\r\n{"loc`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    wire.close();
    expect((await running.arm('GET', '/subscriptions')).status).toBe(200);
  });

  it('is one of 300 at a time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 300 }, async (_, at) => {
        const path = `${group}-${at}?api-version=2021-04-01`;
        const body = '{"location":"eastus"}';
        const written = await once(
          `${ask(`PUT ${path} HTTP/1.1`)}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
        return written?.status;
      }),
    );
    expect(new Set(answers)).toEqual(new Set([201]));
    const { body } = await running.arm('GET', `${group.replace(/\/[^/]+$/, '')}`);
    expect((body['value'] as unknown[]).length).toBeGreaterThanOrEqual(300);
  }, 60_000);
});
