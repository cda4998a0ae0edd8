/**
 * Blocks, leases, tags, copies and what is asked of an account, as clients see them, and over a restart.
 *
 * @module
 */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, property, string } from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../store/memory.ts';
import type { DataResponse } from '../data-plane.ts';
import { Blobs } from './blobs.ts';
import { StorageError } from './error.ts';
import { assign, person, requestOf, resource, now as start, textOf, worldOf } from './harness.testing.ts';
import { parseXml } from './parse-xml.ts';
import { blobPlane } from './plane.ts';

const host = 'acct.blob.core.windows.net';
const account = {
  ...resource('Microsoft.Storage/storageAccounts', 'acct'),
  kind: 'StorageV2',
  sku: { name: 'Standard_GRS' },
};
const world = worldOf(
  account,
  assign('alice', 'blobOwner', account.id),
  assign('alice', 'owner', account.id),
  assign('bob', 'blobContributor', account.id),
);
const block = { 'x-ms-blob-type': 'BlockBlob' };
const id = (text: string) => Buffer.from(text).toString('base64');
const list = (...names: readonly string[]) =>
  `<BlockList>${names.map((name) => `<Latest>${id(name)}</Latest>`).join('')}</BlockList>`;

let store: MemoryStore;
let folder: string;
let blobs: Blobs;
let now: number;

async function open(): Promise<void> {
  blobs = new Blobs(store, folder, () => now);
  await blobs.open();
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-operations-'));
  store = new MemoryStore();
  now = start;
  await open();
  await blobs.createContainer('acct', 'data');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Headers = Readonly<Record<string, string>>;

async function ask(line: string, headers: Headers = {}, bytes = '', caller = person('alice')) {
  const sent = { 'x-ms-version': '2021-12-02', 'content-length': String(bytes.length), ...headers };
  const response = await blobPlane(blobs).handle(
    requestOf(account, host, line, { headers: sent, caller, bytes, now }),
    world,
  );
  return { ...response, text: textOf(response.body) };
}

const told = ({ status, headers }: DataResponse) => `${status} ${headers['x-ms-error-code'] ?? ''}`.trim();
/** How many contents there are, in the folder and in the store. */
const contents = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length +
  (await store.documents('content', '')).length;
const stage = (name: string, bytes: string) =>
  ask(`PUT /data/b?comp=block&blockid=${encodeURIComponent(id(name))}`, {}, bytes);
const commit = (...names: readonly string[]) => ask('PUT /data/b?comp=blocklist', {}, list(...names));

describe('blocks', () => {
  test('wait for their list over a restart, and are read as one', async () => {
    await stage('1', 'one');
    await stage('2', 'two');
    await stage('3', 'unused');
    await open();
    expect(told(await ask('GET /data/b'))).toBe('404 BlobNotFound');
    expect(told(await commit('2', '1', '2'))).toBe('201');
    expect(await contents()).toBe(2);
    await open();
    expect(await contents()).toBe(2);
    expect((await ask('GET /data/b')).text).toBe('twoonetwo');
    for (const [range, expected] of [
      ['0-0', 't'],
      ['2-3', 'oo'],
      ['1-7', 'woonetw'],
      ['8-', 'o'],
    ] as const) {
      expect((await ask('GET /data/b', { range: `bytes=${range}` })).text).toBe(expected);
    }
    expect((await ask('GET /data/b?comp=blocklist&blocklisttype=all')).text).toContain(
      '<UncommittedBlocks />',
    );
  });

  test('are taken over from the blob, replaced, and removed with it', async () => {
    await stage('1', 'one');
    await stage('1', 'ONE');
    await commit('1');
    await stage('2', 'two');
    expect(told(await commit('1', '2'))).toBe('201');
    expect((await ask('GET /data/b')).text).toBe('ONEtwo');
    expect(told(await commit('2'))).toBe('201');
    expect(await contents()).toBe(1);
    await ask('PUT /data/b?comp=metadata', { 'x-ms-meta-k': 'v' });
    expect((await ask('GET /data/b')).text).toBe('two');
    await stage('9', 'waits');
    expect(told(await ask('DELETE /data/b'))).toBe('202');
    expect(await contents()).toBe(0);
    expect(await store.documents('blob', '/')).toEqual([]);
  });

  test('go with their container, their account, and after a week', async () => {
    await stage('1', 'one');
    await commit('1');
    await stage('2', 'two');
    await blobs.removeContainer('acct', 'data');
    expect([await contents(), await store.documents('blob', '')]).toEqual([0, []]);
    await blobs.createContainer('acct', 'data');
    await stage('1', 'one');
    await blobs.clear('acct');
    expect([await contents(), await store.documents('blob', '')]).toEqual([0, []]);
    await blobs.createContainer('acct', 'data');
    await stage('1', 'one');
    now += 6 * 24 * 3600 * 1000;
    await blobs.sweep();
    expect(await contents()).toBe(1);
    now += 2 * 24 * 3600 * 1000;
    await open();
    expect(await contents()).toBe(0);
    expect(await store.documents('blob', '/block/')).toEqual([]);
  });

  test('a list that is refused leaves everything as it was', async () => {
    await stage('1', 'one');
    expect(told(await commit('1', '7'))).toBe('400 InvalidBlockList');
    expect(told(await ask('PUT /data/b?comp=blocklist', { 'if-match': '"x"' }, list('1')))).toBe(
      '412 ConditionNotMet',
    );
    expect(told(await ask('PUT /data/b?comp=blocklist', {}, '<BlockList><Latest>'))).toBe(
      '400 InvalidXmlDocument',
    );
    expect(told(await commit('1'))).toBe('201');
  });

  test('are listed where there is no blob yet', async () => {
    await stage('1', 'one');
    const line = 'GET /data?restype=container&comp=list';
    expect((await ask(line)).text).not.toContain('<Name>b</Name>');
    expect((await ask(`${line}&include=uncommittedblobs`)).text).toContain('<Name>b</Name>');
  });
});

describe('leases', () => {
  const a = '11111111-1111-4111-8111-111111111111';
  const lease = (action: string, more: Headers = {}, name = 'b') =>
    ask(`PUT /data/${name}?comp=lease`, { 'x-ms-lease-action': action, ...more });
  const take = (seconds: number) =>
    lease('acquire', { 'x-ms-lease-duration': String(seconds), 'x-ms-proposed-lease-id': a });
  beforeEach(() => ask('PUT /data/b', block, 'x'));

  test('keep others out, over a restart, until they expire', async () => {
    const etag = (await ask('HEAD /data/b')).headers['etag'];
    const taken = await take(15);
    expect([told(taken), taken.headers['x-ms-lease-id'], taken.headers['etag']]).toEqual(['201', a, etag]);
    await open();
    expect(told(await ask('PUT /data/b', block, 'y'))).toBe('412 LeaseIdMissing');
    expect(told(await ask('PUT /data/b', { ...block, 'x-ms-lease-id': a }, 'y'))).toBe('201');
    now += 14_000;
    expect(told(await lease('renew', { 'x-ms-lease-id': a }))).toBe('200');
    now += 14_000;
    expect(told(await ask('DELETE /data/b'))).toBe('412 LeaseIdMissing');
    now += 2_000;
    expect((await ask('HEAD /data/b')).headers).toMatchObject({
      'x-ms-lease-state': 'expired',
      'x-ms-lease-status': 'unlocked',
    });
    expect(told(await ask('DELETE /data/b', { 'x-ms-lease-id': a }))).toBe('412 LeaseLost');
    expect(told(await lease('renew', { 'x-ms-lease-id': a }))).toBe('200');
    now += 16_000;
    expect(told(await ask('PUT /data/b', block, 'z'))).toBe('201');
    expect(told(await lease('renew', { 'x-ms-lease-id': a }))).toBe('409 LeaseIdMismatchWithLeaseOperation');
  });

  test('break when their time is over, or at once', async () => {
    await take(60);
    const broken = await lease('break', { 'x-ms-lease-break-period': '20' });
    expect([told(broken), broken.headers['x-ms-lease-time']]).toEqual(['202', '20']);
    expect((await lease('break', { 'x-ms-lease-break-period': '40' })).headers['x-ms-lease-time']).toBe('20');
    expect(told(await take(60))).toBe('409 LeaseIsBreakingAndCannotBeAcquired');
    now += 20_000;
    expect((await ask('HEAD /data/b')).headers['x-ms-lease-state']).toBe('broken');
    expect(told(await take(-1))).toBe('201');
    expect((await lease('break')).headers['x-ms-lease-time']).toBe('0');
    expect(told(await lease('release', { 'x-ms-lease-id': a }))).toBe('200');
    expect((await ask('HEAD /data/b')).headers['x-ms-lease-state']).toBe('available');
  });

  test('an id is one, however it is written', async () => {
    await take(-1);
    const odd = `{${a.toUpperCase()}}`;
    expect(told(await ask('GET /data/b', { 'x-ms-lease-id': odd }))).toBe('200');
    expect(told(await ask('GET /data/b', { 'x-ms-lease-id': 'mine' }))).toBe('400 InvalidHeaderValue');
  });
});

describe('tags', () => {
  test('are of those with the right', async () => {
    const bob = person('bob');
    await ask('PUT /data/b', { ...block, 'x-ms-tags': 'a=1&b=x%20y' }, 'x');
    expect((await ask('HEAD /data/b')).headers['x-ms-tag-count']).toBe('2');
    expect((await ask('GET /data/b?comp=tags')).text).toContain('<Key>b</Key><Value>x y</Value>');
    for (const [line, headers] of [
      ['GET /data/b?comp=tags', {}],
      ['PUT /data/b', { ...block, 'x-ms-tags': 'a=1' }],
      ['GET /data?restype=container&comp=list&include=tags', {}],
    ] as const) {
      expect(told(await ask(line, headers, '', bob)), line).toBe('403 AuthorizationPermissionMismatch');
    }
    expect(told(await ask('PUT /data/b', { ...block, 'x-ms-tags': 'a%21=1' }, 'x'))).toBe('400 InvalidTag');
  });
});

describe('copies', () => {
  test('are of the source alone, blocks and all', async () => {
    await stage('1', 'one');
    await stage('2', 'two');
    await commit('1', '2');
    const copy = await ask('PUT /data/c', { 'x-ms-copy-source': `https://${host}/data/b` });
    expect([told(copy), copy.headers['x-ms-copy-status']]).toEqual(['202', 'success']);
    await ask('DELETE /data/b');
    await open();
    expect((await ask('GET /data/c')).text).toBe('onetwo');
    expect((await ask('HEAD /data/c')).headers['x-ms-copy-source']).toBe(`https://${host}/data/b`);
    expect(await contents()).toBe(2);
  });

  test.each([
    ['another account', 'https://other.blob.core.windows.net/data/b', '501 NotImplemented'],
    ['no blob', `https://${host}/data/none`, '404 BlobNotFound'],
    ['no address', 'nowhere', '400 InvalidHeaderValue'],
    ['a container', `https://${host}/data?restype=container`, '400 InvalidSourceBlobUrl'],
  ])('of %s', async (_, source, expected) => {
    expect(told(await ask('PUT /data/c', { 'x-ms-copy-source': source }))).toBe(expected);
    expect(await contents()).toBe(0);
  });

  test('one over itself changes its metadata', async () => {
    await ask('PUT /data/b', block, 'x');
    await ask('PUT /data/b', { 'x-ms-copy-source': `https://${host}/data/b`, 'x-ms-meta-k': 'v' });
    expect((await ask('GET /data/b')).headers['x-ms-meta-k']).toBe('v');
    expect(await contents()).toBe(1);
  });

  test('into what may not be written leave no file', async () => {
    await ask('PUT /data/b', block, 'x');
    const headers = { 'x-ms-copy-source': `https://${host}/data/b`, 'if-none-match': '*' };
    expect(told(await ask('PUT /data/b', headers))).toBe('409 BlobAlreadyExists');
    expect(await contents()).toBe(1);
  });
});

describe('accounts', () => {
  test('what kind they are', async () => {
    expect((await ask('GET /?restype=account&comp=properties')).headers).toMatchObject({
      'x-ms-sku-name': 'Standard_GRS',
      'x-ms-account-kind': 'StorageV2',
      'x-ms-is-hns-enabled': 'false',
    });
  });

  test('what their service is set to', async () => {
    const line = '/?restype=service&comp=properties';
    const set = (inner: string) =>
      ask(`PUT ${line}`, {}, `<StorageServiceProperties>${inner}</StorageServiceProperties>`);
    expect((await ask(`GET ${line}`)).text).toContain('<DeleteRetentionPolicy><Enabled>false</Enabled>');
    expect(
      told(await set('<HourMetrics><Version>1.0</Version><Enabled>true</Enabled></HourMetrics><Cors />')),
    ).toBe('202');
    expect((await ask(`GET ${line}`)).text).toContain(
      '<HourMetrics><Version>1.0</Version><Enabled>true</Enabled></HourMetrics>',
    );
    const kept = await set(
      '<DeleteRetentionPolicy><Enabled>true</Enabled><Days>3</Days></DeleteRetentionPolicy>',
    );
    expect(told(kept)).toBe('501 NotImplemented');
    expect(told(await ask('GET /?restype=service&comp=stats'))).toBe('400 InvalidQueryParameterValue');
  });
});

describe('documents', () => {
  test('are read', () => {
    const root = parseXml(
      '\ufeff<?xml version="1.0"?>\n<a x="1"><b>1 &lt; &#50;<!-- c --></b><c/><b><![CDATA[<]]></b></a>\n',
    );
    expect([root.name, root.text('b'), root.text('c'), root.children.at(2)?.own]).toEqual([
      'a',
      '1 < 2',
      '',
      '<',
    ]);
  });

  test.each([
    '',
    'x',
    '<a>',
    '<a></b>',
    '<a/><b/>',
    '<!DOCTYPE a><a/>',
    '<a>&b;</a>',
    '<a>&#x110000;</a>',
    '<a>'.repeat(20),
  ])('%s is none', (text) => {
    expect(() => parseXml(text)).toThrow(StorageError);
  });

  test('nothing else is ever thrown', () => {
    const text = string({ unit: 'binary' });
    assert(
      property(text, text, (a, b) => {
        for (const each of [a, `<a>${a}</a>`, `<a ${a}>${b}</a>`]) {
          try {
            parseXml(each);
          } catch (error) {
            expect(error).toBeInstanceOf(StorageError);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
