/**
 * The data planes, the gateway and cloister.yaml, asked nonsense: a refusal in their own words, never a fault, and
 * never more than was proved.
 */

import { connect } from 'node:net';
import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  jsonValue,
  oneof,
  property,
  uint8Array,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/app/config.ts';
import { InputError } from '../../src/app/problem.ts';
import { Gateway } from '../../src/enforce/userspace/gateway.ts';
import { Blobs } from '../../src/services/blob/blobs.ts';
import {
  assign,
  person,
  requestOf,
  resource,
  textOf,
  worldOf,
} from '../../src/services/blob/harness.testing.ts';
import { blobPlane } from '../../src/services/blob/plane.ts';
import { key, signed, signedQuery } from '../../src/services/blob/signed.testing.ts';
import { Bench, imageType, indexType } from '../../src/services/registry/harness.testing.ts';
import { VaultUnderTest } from '../../src/services/vault/harness.testing.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { bent, budget, soup } from '../support/fuzz.ts';

const account = resource('Microsoft.Storage/storageAccounts', 'acct');
const host = 'acct.blob.core.windows.net';
const world = worldOf(account, assign('alice', 'blobOwner', account.id));
const asked = Date.parse('2026-11-22T10:00:00Z');

async function blobs(): Promise<ReturnType<typeof blobPlane>> {
  const made = new Blobs(new MemoryStore(), undefined, () => asked);
  await made.open();
  await made.createContainer('acct', 'data');
  await made.put({ account: 'acct', container: 'data', name: 'a' }, Buffer.from('secret'));
  return blobPlane(made, () => [key]);
}

/** Says whether a refusal of storage is as one looks. */
const worded = (status: number, body: string): boolean =>
  status < 400 || ((status < 500 || status === 501) && (body === '' || body.includes('<Code>')));

describe('blobs', () => {
  it('give nothing for a signature that is not right', { timeout: 120_000 }, async () => {
    const plane = await blobs();
    const date = new Date(asked).toUTCString();
    const common = { 'x-ms-date': date, 'x-ms-version': '2021-12-02' };
    const right = String(signed('acct', 'GET /data/a', common)['authorization']);
    const fields = { sv: '2021-12-02', sr: 'c', sp: 'r', se: '2099-01-01T00:00:00Z' };
    const query = signedQuery({ account: 'acct', container: 'data', name: 'a' }, fields);
    const good = requestOf(account, host, `GET /data/a?${query}`, { now: asked });
    expect((await plane.handle(good, world)).status).toBe(200);
    const names = [
      'sv=',
      '&sr=',
      '&sp=',
      '&se=',
      '&sig=',
      '&st=',
      '&sip=',
      '&spr=',
      '&si=',
      '&skoid=',
      '&ss=',
      '&srt=',
    ];
    const queries = oneof(
      bent([query]),
      soup([...names, 'b', 'c', 'racwdl', '2021-12-02', '2099-01-01T00:00:00Z', 'https']),
    );
    const headers = oneof(
      bent([right]),
      soup(['SharedKey ', 'SharedKeyLite ', 'acct', ':', 'e30=', 'Bearer ']),
    );
    await assert(
      asyncProperty(
        oneof(
          queries.map((text) => [text, undefined] as const),
          headers.map((text) => ['', text] as const),
        ),
        async ([search, authorization]) => {
          // What was bent back to where it was is right.
          if (authorization?.trim() === right || unescape(search) === unescape(query)) return;
          const sent = { ...common, ...(authorization === undefined ? {} : { authorization }) };
          const request = requestOf(account, host, `GET /data/a?${search.replaceAll(' ', '+')}`, {
            headers: sent,
            now: asked,
          });
          const answer = await plane.handle(request, world);
          const same = answer.status === 200 && sameSignature(search, query);
          expect([search, authorization, answer.status, answer.status >= 400 || same]).toEqual([
            search,
            authorization,
            answer.status,
            true,
          ]);
          expect(worded(answer.status, textOf(answer.body))).toBe(true);
        },
      ),
      budget('signatures', 1_500),
    );
  });

  it('answer whatever is asked, whatever comes along', { timeout: 120_000 }, async () => {
    const plane = await blobs();
    const targets = soup([
      ...[
        '/data',
        '/data/a',
        '/$root',
        '/x',
        '?restype=container',
        '?comp=list',
        '&comp=',
        'metadata',
        'blocklist',
      ],
      ...[
        '?comp=block&blockid=MQ==',
        'lease',
        'acl',
        'tags',
        'properties',
        '&prefix=',
        '&delimiter=/',
        '&marker=',
        '&maxresults=',
      ],
    ]).map((text) => (text.startsWith('/') ? text : `/data/a${text}`).replaceAll(' ', '%20'));
    const names = constantFrom(
      ...[
        'x-ms-blob-type',
        'x-ms-range',
        'range',
        'if-match',
        'if-none-match',
        'if-modified-since',
        'x-ms-lease-id',
      ],
      ...[
        'x-ms-lease-action',
        'x-ms-lease-duration',
        'x-ms-proposed-lease-id',
        'x-ms-copy-source',
        'x-ms-source-range',
      ],
      ...[
        'content-md5',
        'content-length',
        'x-ms-meta-a',
        'x-ms-tags',
        'x-ms-blob-content-type',
        'x-ms-version',
        'x-ms-date',
      ],
    );
    const texts = oneof(
      soup([
        'bytes=',
        '0-1',
        '*',
        '"0x8"',
        'BlockBlob',
        'acquire',
        'break',
        '-1',
        '15',
        `https://${host}/data/a`,
        'a=b&c=d',
      ]),
      constantFrom('BlockBlob', 'bytes=0-1', '*', '5', 'acquire', '2021-12-02'),
    );
    const body = oneof(
      constantFrom('', 'hello'),
      soup([
        '<BlockList>',
        '<Latest>',
        'MQ==',
        '</Latest>',
        '</BlockList>',
        '<Tags>',
        '<!DOCTYPE a>',
        '<![CDATA[',
        '&lt;',
        '&#0;',
        '&x;',
      ]),
    );
    let served = 0;
    await assert(
      asyncProperty(
        constantFrom('GET', 'PUT', 'HEAD', 'DELETE', 'POST', 'OPTIONS'),
        targets,
        array(
          names.chain((name) => texts.map((text) => [name, text] as const)),
          { maxLength: 4 },
        ),
        body,
        async (method, target, pairs, bytes) => {
          const headers = {
            'x-ms-version': '2021-12-02',
            'content-length': String(Buffer.byteLength(bytes)),
            ...Object.fromEntries(pairs),
          };
          const request = requestOf(account, host, '', {
            method,
            target,
            headers,
            bytes,
            caller: person('alice'),
            now: asked,
          });
          const answer = await plane.handle(request, world);
          if (answer.status < 300) served += 1;
          for (const value of Object.values(answer.headers)) expect(value).not.toMatch(/[\r\n\0]/);
          expect([method, target, pairs, answer.status, worded(answer.status, textOf(answer.body))]).toEqual([
            method,
            target,
            pairs,
            answer.status,
            true,
          ]);
        },
      ),
      budget('blobs', 2_000),
    );
    expect(served).toBeGreaterThan(5);
  });
});

/** A signature may be written in more than one way: what it is, and what else there is, decides. */
function sameSignature(search: string, query: string): boolean {
  const [ours, theirs] = [new URLSearchParams(search), new URLSearchParams(query)];
  return [...theirs].every(
    ([name, value]) => ours.get(name)?.replaceAll(' ', '+') === value.replaceAll(' ', '+'),
  );
}

describe('registries', () => {
  it('answer whatever is asked', { timeout: 120_000 }, async () => {
    const bench = new Bench(new MemoryStore());
    await bench.images.open();
    await bench.image('v1');
    const zeros = `sha256:${'0'.repeat(64)}`;
    const words = [
      ...[
        '/v2/',
        'app',
        '/manifests/',
        'v1',
        zeros,
        '/blobs/',
        '/blobs/uploads/',
        '/tags/list',
        '?n=',
        '&last=',
        '/acr/v1/',
      ],
      ...[
        '_catalog',
        '/_tags',
        '/_manifests',
        '?digest=',
        '/oauth2/token',
        '/oauth2/exchange',
        '/referrers/',
        '&mount=',
        '&from=',
      ],
    ];
    const manifests = oneof(
      jsonValue().map((value) => JSON.stringify(value)),
      bent([
        JSON.stringify({
          schemaVersion: 2,
          mediaType: imageType,
          config: { mediaType: 'a', digest: zeros, size: 1 },
          layers: [],
        }),
      ]),
      soup(['{', '"schemaVersion":2', ',', '"layers":[', ']', '}', '"manifests":', 'null']),
    );
    await assert(
      asyncProperty(
        constantFrom('GET', 'PUT', 'HEAD', 'DELETE', 'POST', 'PATCH', 'FOO'),
        oneof(
          soup(words).map((text) => `/${text}`),
          soup(['v1', zeros, 'a']).map((text) => `/v2/app/manifests/${text}`),
        ),
        manifests,
        constantFrom(imageType, indexType, '', 'a', 'application/json'),
        async (method, target, bytes, type) => {
          const headers = { 'content-type': type };
          const answer = await bench.ask('', { method, target, headers, bytes });
          const text = textOf(answer.body);
          const own =
            answer.status < 400 ||
            ((answer.status < 500 || answer.status === 501) &&
              (text === '' || text.includes('"errors":[{"code":')));
          for (const value of Object.values(answer.headers)) expect(value).not.toMatch(/[\r\n\0]/);
          expect([method, target, answer.status, own]).toEqual([method, target, answer.status, true]);
        },
      ),
      budget('registry', 1_500),
    );
  });
});

describe('vaults', () => {
  it('answer whatever is asked', { timeout: 120_000 }, async () => {
    const vault = new VaultUnderTest();
    await vault.ask('PUT /secrets/db', { value: 'x' });
    const words = [
      ...[
        '/secrets',
        '/db',
        '/keys',
        '/k',
        '/versions',
        '/deletedsecrets',
        '/recover',
        '/create',
        '/sign',
        '/encrypt',
        '/import',
      ],
      ...['/backup', '/certificates', '?maxresults=', '&$skiptoken=', '&api-version=7.4', '/'],
    ];
    const member = constantFrom(
      'value',
      'kty',
      'alg',
      'key_size',
      'key_ops',
      'attributes',
      'tags',
      'contentType',
      'crv',
      'digest',
      'key',
    );
    const body = oneof(
      array(member.chain((name) => jsonValue({ maxDepth: 2 }).map((value) => [name, value] as const))).map(
        (pairs) => JSON.stringify(Object.fromEntries(pairs)),
      ),
      jsonValue().map((value) => JSON.stringify(value)),
      soup(['{', '}', '"value"', ':', '"x"']),
    );
    await assert(
      asyncProperty(
        constantFrom('GET', 'PUT', 'DELETE', 'POST', 'PATCH', 'FOO'),
        soup(words),
        body,
        async (method, path, bytes) => {
          const line = `${method} /${path.replaceAll(' ', '%20')}`;
          const { status, body: text } = await vault.ask(line, bytes);
          const own =
            status < 400 || ((status < 500 || status === 501) && /^\{"error":\{"code":/.test(String(text)));
          expect([line, bytes, status, own]).toEqual([line, bytes, status, true]);
        },
      ),
      budget('vault', 1_000),
    );
  });
});

describe('the gateway', () => {
  it('answers whatever bytes come, and hands over what it has understood', { timeout: 120_000 }, async () => {
    const defects: unknown[] = [];
    const wanted: string[] = [];
    const gateway = new Gateway({
      decide: ({ host: name, port }) => {
        wanted.push(`${name}:${port}`);
        return { verdict: 'refuse', disposition: 'no-route', says: 'no', timeout: false };
      },
      onError: (error) => defects.push(error),
      patience: 500,
    });
    const port = await gateway.listen();
    const { username, password } = gateway.grant('internet');
    const basic = `Proxy-Authorization: Basic ${Buffer.from(`${username}:${password}`).toString('base64')}\r\n`;
    const hello = Buffer.concat([
      Buffer.of(5, 1, 2, 1, username.length),
      Buffer.from(username),
      Buffer.of(password.length),
      Buffer.from(password),
    ]);
    const http = oneof(
      bent([
        `CONNECT a.example.org:443 HTTP/1.1\r\n${basic}\r\n`,
        `GET http://a.example.org/x HTTP/1.1\r\nHost: b\r\n${basic}\r\n`,
      ]),
      soup([
        'CONNECT ',
        'GET ',
        'http://',
        'a.example.org',
        ':443',
        ' HTTP/1.1',
        '\r\n',
        basic,
        'Host: x\r\n',
      ]),
    ).map((text) => Buffer.from(text, 'latin1'));
    const socks = uint8Array({ maxLength: 40 }).map((tail) =>
      Buffer.concat([hello, Buffer.of(5, 1, 0), tail]),
    );
    const bytes = uint8Array({ maxLength: 60 }).map((tail) => Buffer.from(tail));
    await assert(
      asyncProperty(oneof(http, socks, bytes), async (sent) => {
        const socket = connect({ host: '127.0.0.1', port });
        socket.on('error', () => {});
        const back: Buffer[] = [];
        socket.on('data', (chunk: Buffer) => back.push(chunk));
        socket.end(sent);
        await new Promise((resolve) => socket.once('close', resolve));
        const text = Buffer.concat(back).toString('latin1');
        expect(text === '' || text.startsWith('\x05') || /^HTTP\/1\.1 [45]\d\d /.test(text)).toBe(true);
      }),
      budget('gateway', 500),
    );
    await gateway.close();
    expect(defects).toEqual([]);
    expect(wanted.length).toBeGreaterThan(5);
    for (const each of wanted) expect(each).toMatch(/^[a-z0-9_.-]{1,253}:[1-9]\d{0,4}$/);
  });
});

describe('cloister.yaml', () => {
  it.each([
    ['*a', 'cloister.yaml:1:1: '],
    ['template: &a x\nparameters: *b\n', 'cloister.yaml:2:13: '],
    [
      `a: &a [x]\n${'b c d e f g h i j k'
        .split(' ')
        .map((name, at) => `${name}: &${name} [${`*${'abcdefghij'[at]}, `.repeat(9)}]\n`)
        .join('')}`,
      'cloister.yaml:',
    ],
  ])('refuses an alias that names nothing, and aliases that multiply: %j', (text, place) => {
    expect(() => readConfig(text, 'cloister.yaml')).toThrow(InputError);
    expect(() => readConfig(text, 'cloister.yaml')).toThrow(place);
  });

  it('is read or refused with a place', () => {
    const right = [
      'template: main.json\nsites:\n  hq:\n    prefixes: [192.168.0.0/16]\n    via: vpn/gw\n    hosts: ["10.0.0.4 a.b.c"]\n',
      'dnsServers:\n  hq: {address: 10.0.0.5, forward: {a.b: [10.0.0.4]}, records: {"x.y": 10.0.0.1}}\n',
      'intents:\n  - {from: internet, must-not: reach, to: "workspace/*"}\naccept:\n  - {code: x, subject: "*", because: y, until: 2027-01-31}\n',
      'content:\n  storage/a/b/c: model/x\n',
    ];
    const words = [
      'sites:',
      'dnsServers:',
      'intents:',
      'accept:',
      'content:',
      '\n',
      '\n  ',
      '- ',
      ': ',
      '&a ',
      '*a',
      '<<: ',
      '!!js ',
      '|\n',
      '---\n',
      '? ',
    ];
    let taken = 0;
    assert(
      property(oneof(bent(right), soup(words)), (text) => {
        try {
          readConfig(text, 'cloister.yaml');
          taken += 1;
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          expect(error.message).toMatch(/^cloister\.yaml:/);
        }
      }),
      budget('cloister.yaml', 3_000),
    );
    expect(taken).toBeGreaterThan(50);
  });
});
