/**
 * Every operation of the blob service, as clients see it.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../store/memory.ts';
import type { DataRequest, DataResponse } from '../data-plane.ts';
import { Blobs } from './blobs.ts';
import { largestBlob } from './body.ts';
import {
  assign,
  now,
  person,
  requestId,
  requestOf,
  resource,
  textOf,
  tooLarge,
  worldOf,
} from './harness.testing.ts';
import { blobPlane } from './plane.ts';

const host = 'acct.blob.core.windows.net';
const account = resource('Microsoft.Storage/storageAccounts', 'acct');
const templated = resource('Microsoft.Storage/storageAccounts/acct/blobServices/default/containers', 'made');
const world = worldOf(
  account,
  { ...templated, id: `${account.id}/blobServices/default/containers/made` as typeof templated.id },
  assign('alice', 'blobContributor', account.id),
);
const date = 'Sun, 22 Nov 2026 10:00:00 GMT';
const digest = (text: string) => createHash('md5').update(text).digest('base64');

let blobs: Blobs;

beforeEach(async () => {
  blobs = new Blobs(new MemoryStore(), undefined, () => now);
  await blobs.open();
  await blobs.createContainer('acct', 'data');
});

type Headers = Readonly<Record<string, string>>;

async function ask(
  line: string,
  headers: Headers = {},
  bytes: string | Uint8Array = '',
  more: Partial<DataRequest> = {},
): Promise<DataResponse & { readonly text: string }> {
  const sent = { 'x-ms-version': '2021-12-02', 'content-length': String(bytes.length), ...headers };
  const request = requestOf(account, host, line, { headers: sent, caller: person('alice'), bytes, ...more });
  const response = await blobPlane(blobs).handle(request, world);
  return { ...response, text: textOf(response.body) };
}

const block = { 'x-ms-blob-type': 'BlockBlob' };
const put = (name: string, text = 'hello', headers: Headers = {}) =>
  ask(`PUT /data/${name}`, { ...block, ...headers }, text);

/** Status and code of a refusal. */
async function refusal(response: Promise<DataResponse & { readonly text: string }>): Promise<string> {
  const { status, headers, text } = await response;
  const code = headers['x-ms-error-code'];
  if (text !== '') expect(text).toContain(`<Code>${code}</Code>`);
  return `${status} ${code}`;
}

const common = { 'x-ms-request-id': requestId, 'x-ms-version': '2021-12-02', date };
const state = { etag: expect.stringMatching(/^"0x8D[0-9A-F]{13}"$/), 'last-modified': date };

describe('Put Blob', () => {
  test('answers what it wrote', async () => {
    expect(await put('a.txt')).toEqual({
      status: 201,
      text: '',
      headers: {
        ...common,
        ...state,
        'content-md5': digest('hello'),
        'x-ms-request-server-encrypted': 'true',
      },
    });
  });

  test('keeps properties and metadata', async () => {
    await put('a.txt', 'hello', {
      'content-type': 'text/html',
      'x-ms-blob-content-type': 'text/plain',
      'x-ms-blob-content-encoding': 'identity',
      'cache-control': 'no-store',
      'x-ms-meta-upload_status': 'completed',
      'x-ms-meta-name': '',
    });
    expect((await ask('HEAD /data/a.txt')).headers).toMatchObject({
      'content-type': 'text/plain',
      'content-encoding': 'identity',
      'cache-control': 'no-store',
      'x-ms-meta-upload_status': 'completed',
      'x-ms-meta-name': '',
    });
  });

  test('takes a digest that is right', async () => {
    const md5 = digest('hello');
    expect((await put('a', 'hello', { 'content-md5': md5 })).status).toBe(201);
    expect((await put('b', 'hello', { 'x-ms-blob-content-md5': md5 })).status).toBe(201);
  });

  test('writes into a container that a template made', async () => {
    expect((await ask('PUT /made/a', block, 'x')).status).toBe(201);
    expect((await ask('GET /made/a')).text).toBe('x');
  });

  test.each<[string, string, Headers, string]>([
    ['no type', 'PUT /data/x', {}, '400 MissingRequiredHeader'],
    ['a strange type', 'PUT /data/x', { 'x-ms-blob-type': 'Heap' }, '400 InvalidHeaderValue'],
    ['an append blob', 'PUT /data/x', { 'x-ms-blob-type': 'AppendBlob' }, '501 NotImplemented'],
    ['a page blob', 'PUT /data/x', { 'x-ms-blob-type': 'PageBlob' }, '501 NotImplemented'],
    ['no container', 'PUT /nowhere/x', block, '404 ContainerNotFound'],
    ['no root container', 'PUT /x', block, '404 ResourceNotFound'],
    ['a digest that is none', 'PUT /data/x', { ...block, 'content-md5': 'abc' }, '400 InvalidMd5'],
    ['a wrong digest', 'PUT /data/x', { ...block, 'content-md5': digest('x') }, '400 Md5Mismatch'],
    ['bad metadata', 'PUT /data/x', { ...block, 'x-ms-meta-a-b': '1' }, '400 InvalidMetadata'],
    ['metadata beyond ASCII', 'PUT /data/x', { ...block, 'x-ms-meta-a': 'é' }, '400 InvalidMetadata'],
    ['much metadata', 'PUT /data/x', { ...block, 'x-ms-meta-a': 'x'.repeat(8192) }, '400 MetadataTooLarge'],
    ['a length that is none', 'PUT /data/x', { ...block, 'content-length': 'x' }, '400 InvalidHeaderValue'],
    ['a bad name', 'PUT /data/a//x', block, '400 InvalidResourceName'],
    ['a tag that is not there', 'PUT /data/x', { ...block, 'if-match': '"0x8D"' }, '412 ConditionNotMet'],
    [
      'a date that is none',
      'PUT /data/x',
      { ...block, 'if-modified-since': 'soon' },
      '400 InvalidHeaderValue',
    ],
  ])('refuses %s', async (_, line, headers, expected) => {
    expect(await refusal(ask(line, headers, 'hello'))).toBe(expected);
    expect(await blobs.list('acct', 'data', '')).toEqual([]);
  });

  test('needs a length', async () => {
    const headers = { ...block, 'x-ms-version': '2021-12-02' };
    expect(await refusal(ask('PUT /data/x', {}, '', { headers }))).toBe('411 MissingContentLengthHeader');
  });

  test('refuses what is too large, by what it says and by what comes', async () => {
    const told = await put('x', 'hello', { 'content-length': String(largestBlob + 1) });
    expect(told.status).toBe(413);
    expect(told.text).toContain(`<MaxLimit>${largestBlob}</MaxLimit>`);
    const come = ask('PUT /data/x', { ...block, 'content-length': '1' }, '', {
      pieces: tooLarge,
    });
    expect(await refusal(come)).toBe('413 RequestBodyTooLarge');
  });

  test('if none is there', async () => {
    expect((await put('a', 'one', { 'if-none-match': '*' })).status).toBe(201);
    expect(await refusal(put('a', 'two', { 'if-none-match': '*' }))).toBe('409 BlobAlreadyExists');
    expect((await ask('GET /data/a')).text).toBe('one');
  });

  test('if it is the one that the client knows', async () => {
    const etag = (await put('a', 'one')).headers['etag'] ?? '';
    expect((await put('a', 'two', { 'if-match': etag })).status).toBe(201);
    expect(await refusal(put('a', 'three', { 'if-match': etag }))).toBe('412 ConditionNotMet');
    expect(await refusal(put('a', 'three', { 'if-unmodified-since': 'Sat, 21 Nov 2026 10:00:00 GMT' }))).toBe(
      '412 ConditionNotMet',
    );
    expect((await put('a', 'four', { 'if-unmodified-since': date })).status).toBe(201);
  });
});

describe('Get Blob', () => {
  const properties = {
    ...common,
    ...state,
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'x-ms-creation-time': date,
    'x-ms-blob-type': 'BlockBlob',
    'x-ms-lease-status': 'unlocked',
    'x-ms-lease-state': 'available',
    'x-ms-server-encrypted': 'true',
  };
  beforeEach(() => put('a.txt', '0123456789'));

  test('whole', async () => {
    const { status, headers, text } = await ask('GET /data/a.txt');
    expect([status, text]).toEqual([200, '0123456789']);
    expect(headers).toEqual({ ...properties, 'content-length': '10', 'content-md5': digest('0123456789') });
  });

  test('its properties', async () => {
    const { status, headers, body } = await ask('HEAD /data/a.txt');
    expect([status, body]).toEqual([200, undefined]);
    expect(headers).toEqual({ ...properties, 'content-length': '10', 'content-md5': digest('0123456789') });
  });

  test('a range', async () => {
    const { status, headers, text } = await ask('GET /data/a.txt', { 'x-ms-range': 'bytes=2-4' });
    expect([status, text]).toEqual([206, '234']);
    expect(headers).toEqual({
      ...properties,
      'content-length': '3',
      'content-range': 'bytes 2-4/10',
      'x-ms-blob-content-md5': digest('0123456789'),
    });
  });

  test('a range with its digest', async () => {
    const { headers } = await ask('GET /data/a.txt', {
      range: 'bytes=2-4',
      'x-ms-range-get-content-md5': 'true',
    });
    expect(headers['content-md5']).toBe(digest('234'));
  });

  test.each<[string, string, Headers, string]>([
    ['no blob', 'GET /data/none', {}, '404 BlobNotFound'],
    ['no blob, by HEAD', 'HEAD /data/none', {}, '404 BlobNotFound'],
    ['no container', 'GET /nowhere/a', {}, '404 ContainerNotFound'],
    ['no root container', 'GET /a', {}, '404 ResourceNotFound'],
    ['a range beyond it', 'GET /data/a.txt', { range: 'bytes=10-' }, '416 InvalidRange'],
    [
      'a digest of no range',
      'GET /data/a.txt',
      { 'x-ms-range-get-content-md5': 'true' },
      '400 InvalidHeaderValue',
    ],
    ['what cannot be', 'GET /data/a.txt', { 'if-none-match': '*' }, '400 UnsatisfiableCondition'],
    ['what did not change', 'HEAD /data/a.txt', { 'if-modified-since': date }, '304 ConditionNotMet'],
    ['another one', 'GET /data/a.txt', { 'if-match': '"0x8D"' }, '412 ConditionNotMet'],
  ])('refuses %s', async (_, line, headers, expected) => {
    const response = await ask(line, headers);
    expect(await refusal(Promise.resolve(response))).toBe(expected);
    if (line.startsWith('HEAD') || expected.startsWith('304')) expect(response.body).toBeUndefined();
  });

  test('a refused range says how long the blob is', async () => {
    const { headers } = await ask('GET /data/a.txt', { range: 'bytes=10-' });
    expect(headers['content-range']).toBe('bytes */10');
  });

  test('names go both ways', async () => {
    for (const name of ['a b+c%.txt', 'dir/é 😀', "it's;a&b<c>"]) {
      await put(encodeURIComponent(name), name);
      expect((await ask(`GET /data/${encodeURIComponent(name)}`)).text).toBe(name);
    }
  });
});

test('Set Blob Metadata', async () => {
  const { headers: first } = await put('a', 'hello', { 'x-ms-meta-old': '1' });
  const set = await ask('PUT /data/a?comp=metadata', { 'x-ms-meta-new': '2' });
  expect(set).toMatchObject({ status: 200, headers: { ...state, 'x-ms-request-server-encrypted': 'true' } });
  expect(set.headers['etag']).not.toBe(first['etag']);
  const { headers } = await ask('HEAD /data/a');
  expect([headers['x-ms-meta-old'], headers['x-ms-meta-new']]).toEqual([undefined, '2']);
  expect(await refusal(ask('PUT /data/none?comp=metadata'))).toBe('404 BlobNotFound');
});

test('Delete Blob', async () => {
  await put('a');
  expect(await refusal(ask('DELETE /data/a', { 'if-match': '"x"' }))).toBe('412 ConditionNotMet');
  expect(await refusal(ask('DELETE /data/a', { 'x-ms-delete-snapshots': 'x' }))).toBe(
    '400 InvalidHeaderValue',
  );
  expect(await refusal(ask('DELETE /data/a', { 'x-ms-delete-snapshots': 'only' }))).toBe(
    '501 NotImplemented',
  );
  expect(await ask('DELETE /data/a', { 'x-ms-delete-snapshots': 'include' })).toEqual({
    status: 202,
    text: '',
    headers: { ...common, 'x-ms-delete-type-permanent': 'true' },
  });
  expect(await refusal(ask('DELETE /data/a'))).toBe('404 BlobNotFound');
  expect(await refusal(ask('DELETE /nowhere/a'))).toBe('404 ContainerNotFound');
});

describe('List Blobs', () => {
  const list = (query: string) => ask(`GET /data?restype=container&comp=list${query}`);

  test('as XML', async () => {
    await put('a&b.txt', 'hello', { 'x-ms-meta-k': '<v>', 'content-type': 'text/plain' });
    const { status, headers, text } = await list('&prefix=a%26&include=metadata&maxresults=5');
    expect([status, headers['content-type']]).toEqual([200, 'application/xml']);
    const etag = (await blobs.head({ account: 'acct', container: 'data', name: 'a&b.txt' }))?.etag;
    expect(text).toBe(
      `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://${host}/" ContainerName="data"><Prefix>a&amp;</Prefix><MaxResults>5</MaxResults><Blobs><Blob><Name>a&amp;b.txt</Name><Properties><Creation-Time>${date}</Creation-Time><Last-Modified>${date}</Last-Modified><Etag>${etag}</Etag><Content-Length>5</Content-Length><Content-Type>text/plain</Content-Type><Content-Encoding /><Content-Language /><Content-MD5>${digest('hello')}</Content-MD5><Cache-Control /><Content-Disposition /><BlobType>BlockBlob</BlobType><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted></Properties><Metadata><k>&lt;v&gt;</k></Metadata></Blob></Blobs><NextMarker /></EnumerationResults>`,
    );
  });

  test('in pages, folded', async () => {
    for (const name of ['a', 'd/1', 'd/2', 'e']) await put(name);
    const first = await list('&delimiter=%2F&maxresults=2');
    expect(first.text).toContain('<Name>a</Name>');
    expect(first.text).toContain('<BlobPrefix><Name>d/</Name></BlobPrefix>');
    expect(first.text).not.toContain('<Name>e</Name>');
    const marker = /<NextMarker>(.+)<\/NextMarker>/.exec(first.text)?.[1] ?? '';
    const second = await list(`&delimiter=%2F&maxresults=2&marker=${encodeURIComponent(marker)}`);
    expect(second.text.match(/<Name>[^<]*<\/Name>/g)).toEqual(['<Name>e</Name>']);
    expect(second.text).toContain('<NextMarker />');
  });

  test('of no container', async () => {
    expect(await refusal(ask('GET /nowhere?restype=container&comp=list'))).toBe('404 ContainerNotFound');
  });
});

describe('containers', () => {
  test('create, properties, list, delete', async () => {
    const made = await ask('PUT /new-one?restype=container', { 'x-ms-meta-k': 'v' });
    expect(made).toEqual({ status: 201, text: '', headers: { ...common, ...state } });
    expect(await refusal(ask('PUT /new-one?restype=container'))).toBe('409 ContainerAlreadyExists');
    for (const method of ['GET', 'HEAD']) {
      expect(await ask(`${method} /new-one?restype=container`)).toEqual({
        status: 200,
        text: '',
        headers: {
          ...common,
          ...state,
          'x-ms-lease-status': 'unlocked',
          'x-ms-lease-state': 'available',
          'x-ms-has-immutability-policy': 'false',
          'x-ms-has-legal-hold': 'false',
          'x-ms-meta-k': 'v',
        },
      });
    }
    const { text } = await ask('GET /?comp=list&prefix=new&include=metadata');
    expect(text).toBe(
      `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://${host}/"><Prefix>new</Prefix><Containers><Container><Name>new-one</Name><Properties><Last-Modified>${date}</Last-Modified><Etag>&quot;${made.headers['etag']?.replaceAll('"', '')}&quot;</Etag><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState></Properties><Metadata><k>v</k></Metadata></Container></Containers><NextMarker /></EnumerationResults>`,
    );
    expect((await ask('DELETE /new-one?restype=container')).status).toBe(202);
    expect(await refusal(ask('DELETE /new-one?restype=container'))).toBe('404 ContainerNotFound');
    expect(await refusal(ask('HEAD /new-one?restype=container'))).toBe('404 ContainerNotFound');
  });

  test('one that a template made is there', async () => {
    expect((await ask('HEAD /made?restype=container')).status).toBe(200);
    expect(await refusal(ask('PUT /made?restype=container'))).toBe('409 ContainerAlreadyExists');
    expect(await refusal(ask('DELETE /made?restype=container'))).toBe('501 NotImplemented');
  });

  test('none is public', async () => {
    const line = 'PUT /new-one?restype=container';
    const headers = { 'x-ms-blob-public-access': 'blob' };
    expect(await refusal(ask(line, headers))).toBe('409 PublicAccessNotPermitted');
    const open = { ...account, properties: { allowBlobPublicAccess: true } };
    expect(await refusal(ask(line, headers, '', { resource: open }))).toBe('501 NotImplemented');
  });
});

test('an answer names the version and the client request that it is for', async () => {
  const { headers } = await ask('GET /data/none', {
    'x-ms-version': '2023-11-03',
    'x-ms-client-request-id': 'my-request',
  });
  expect(headers).toMatchObject({ 'x-ms-version': '2023-11-03', 'x-ms-client-request-id': 'my-request' });
});
