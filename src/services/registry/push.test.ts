/**
 * Pushing and removing: uploads in one piece and several, mounts, and what is refused.
 *
 * @module
 */

import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../store/memory.ts';
import { tooLarge } from '../blob/harness.testing.ts';
import type { DataResponse } from '../data-plane.ts';
import { Bench, type More, textOf, told } from './harness.testing.ts';
import { digestOfBytes } from './names.ts';
import { signToken } from './tokens.ts';

const text = (value: string) => new TextEncoder().encode(value);
const hello = digestOfBytes(text('hello world'));
const none = digestOfBytes(text('nothing that is there'));

let store: MemoryStore;
let bench: Bench;
beforeEach(() => {
  store = new MemoryStore();
  bench = new Bench(store);
});

async function begin(): Promise<string> {
  const { headers } = await bench.ask('POST /v2/app/blobs/uploads/');
  return headers['location'] ?? '';
}

async function pulled(digest: string, repository = 'app'): Promise<string> {
  const answer = await bench.ask(`GET /v2/${repository}/blobs/${digest}`);
  return answer.status === 200 ? textOf(answer.body) : told(answer);
}

describe('a layer', () => {
  test('in one request', async () => {
    const answer = await bench.ask(`POST /v2/app/blobs/uploads/?digest=${hello}`, { bytes: 'hello world' });
    expect([answer.status, answer.headers]).toEqual([
      201,
      expect.objectContaining({ location: `/v2/app/blobs/${hello}`, 'docker-content-digest': hello }),
    ]);
    expect(await pulled(hello)).toBe('hello world');
  });

  test('begun, then whole', async () => {
    const started = await bench.ask('POST /v2/app/blobs/uploads/');
    const id = started.headers['docker-upload-uuid'];
    expect([started.status, started.headers]).toEqual([
      202,
      expect.objectContaining({
        location: `/v2/app/blobs/uploads/${id}?_nouploadcache=false`,
        range: '0-0',
      }),
    ]);
    const line = `PUT ${started.headers['location']}&digest=${encodeURIComponent(hello)}`;
    expect(told(await bench.ask(line, { bytes: 'hello world' }))).toBe('201');
    expect(await pulled(encodeURIComponent(hello))).toBe('hello world');
    expect(told(await bench.ask(`GET ${started.headers['location']}`))).toBe('404 BLOB_UPLOAD_UNKNOWN');
  });

  test('in pieces, each where the one before ended', async () => {
    const at = await begin();
    const piece = (bytes: string, range?: string): Promise<DataResponse> =>
      bench.ask(`PATCH ${at}`, { bytes, headers: range === undefined ? {} : { 'content-range': range } });
    const first = await piece('hello', '0-4');
    expect([first.status, first.headers['range']]).toEqual([202, '0-4']);
    expect((await piece('')).headers['range']).toBe('0-4');
    const again = await piece('hello', '0-4');
    expect([told(again), again.headers['range']]).toEqual(['416 RANGE_INVALID', '0-4']);
    expect(told(await piece(' w', '7-8'))).toBe('416 RANGE_INVALID');
    expect(told(await piece(' w', '5-9'))).toBe('416 RANGE_INVALID');
    expect(told(await piece(' w', 'x'))).toBe('416 RANGE_INVALID');
    expect((await piece(' wo', '5-7')).headers['range']).toBe('0-7');
    const state = await bench.ask(`GET ${at}`);
    expect([state.status, state.headers['range'], state.body]).toEqual([204, '0-7', undefined]);
    const headers = { 'content-range': '8-10' };
    expect(told(await bench.ask(`PUT ${at}&digest=${hello}`, { bytes: 'rld', headers }))).toBe('201');
    expect(await pulled(hello)).toBe('hello world');
    for (const [range, expected] of [
      ['bytes=3-8', 'lo wor'],
      ['bytes=5-6', ' w'],
      ['bytes=9-', 'ld'],
      ['bytes=-4', 'orld'],
      ['bytes=0-99', 'hello world'],
    ] as const) {
      const answer = await bench.ask(`GET /v2/app/blobs/${hello}`, { headers: { range } });
      expect([answer.status, textOf(answer.body)]).toEqual([206, expected]);
    }
  });

  test.each<[string, string, number, string | undefined]>([
    ['bytes=0-0', 'h', 206, 'bytes 0-0/11'],
    ['bytes=11-', '', 416, 'bytes */11'],
    ['bytes=-0', '', 416, 'bytes */11'],
    // What is no range, or several, is answered with all.
    ['bytes=5-3', 'hello world', 200, undefined],
    ['bytes=0-1,3-4', 'hello world', 200, undefined],
    ['lines=1-2', 'hello world', 200, undefined],
    ['bytes=-', 'hello world', 200, undefined],
  ])('range %s', async (range, expected, status, contentRange) => {
    await bench.layer('hello world');
    const answer = await bench.ask(`GET /v2/app/blobs/${hello}`, { headers: { range } });
    expect([answer.status, answer.headers['content-range']]).toEqual([status, contentRange]);
    if (status !== 416) expect(textOf(answer.body)).toBe(expected);
  });

  test('is described', async () => {
    await bench.layer('hello world');
    const { status, headers, body } = await bench.ask(`HEAD /v2/app/blobs/${hello}`);
    expect([status, body, headers['content-length']]).toEqual([200, undefined, '11']);
    expect(headers).toMatchObject({ 'docker-content-digest': hello, etag: `"${hello}"` });
    expect(told(await bench.ask(`HEAD /v2/app/blobs/${none}`))).toBe('404');
  });

  test('may be empty', async () => {
    const { digest } = await bench.layer('');
    expect(await pulled(String(digest))).toBe('');
    const at = await begin();
    expect(told(await bench.ask(`PUT ${at}&digest=${digest}`))).toBe('201');
  });

  test('pushed twice, and by many at once, is kept once', async () => {
    await Promise.all(Array.from({ length: 10 }, () => bench.layer('hello world')));
    await bench.layer('hello world', 'other');
    expect(await store.documents('image', '')).toHaveLength(1);
    expect(await pulled(hello, 'other')).toBe('hello world');
  });

  test('is read only where it was pushed', async () => {
    await bench.layer('hello world');
    expect(await pulled(hello, 'other')).toBe('404 BLOB_UNKNOWN');
  });

  test('with a wrong digest ends its upload', async () => {
    expect(told(await bench.ask(`POST /v2/app/blobs/uploads/?digest=${none}`, { bytes: 'x' }))).toBe(
      '400 DIGEST_INVALID',
    );
    const at = await begin();
    await bench.ask(`PATCH ${at}`, { bytes: 'hello' });
    expect(told(await bench.ask(`PUT ${at}&digest=${none}`, { bytes: 'x' }))).toBe('400 DIGEST_INVALID');
    expect(told(await bench.ask(`PUT ${at}&digest=${hello}`))).toBe('404 BLOB_UPLOAD_UNKNOWN');
    expect(await store.documents('image', '')).toEqual([]);
  });

  test.each<[string, More, string]>([
    ['PUT', {}, '400 DIGEST_INVALID'],
    ['PUT&digest=md5:x', {}, '400 DIGEST_INVALID'],
    ['DELETE', {}, '204'],
    ['PATCH', { pieces: tooLarge }, '413 SIZE_INVALID'],
  ])('an upload, with %s', async (line, more, expected) => {
    const at = await begin();
    const [method, query] = line.split('&');
    const answer = await bench.ask(`${method} ${at}${query === undefined ? '' : `&${query}`}`, more);
    expect(told(answer)).toBe(expected);
    const after = told(await bench.ask(`GET ${at}`));
    expect(after).toBe(expected === '204' ? '404 BLOB_UPLOAD_UNKNOWN' : '204');
  });

  test('an upload of another repository is none', async () => {
    const at = (await begin()).replace('/app/', '/other/');
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      expect(told(await bench.ask(`${method} ${at}&digest=${hello}`))).toBe('404 BLOB_UPLOAD_UNKNOWN');
    }
  });

  test('is mounted from a repository that may be pulled', async () => {
    await bench.layer('hello world');
    const line = `POST /v2/other/blobs/uploads/?mount=${hello}&from=app`;
    const access = [{ type: 'repository', name: 'other', actions: ['pull', 'push'] }];
    const context = { registry: bench.registry, settings: bench.world.settings, now: bench.time };
    const token = signToken({ kind: 'access', subject: { kind: 'admin' }, access }, context);
    expect(told(await bench.ask(line, { as: `Bearer ${token}` }))).toBe('202');
    expect(await pulled(hello, 'other')).toBe('404 BLOB_UNKNOWN');
    const mounted = await bench.ask(line);
    expect([told(mounted), mounted.headers['location']]).toEqual(['201', `/v2/other/blobs/${hello}`]);
    expect(await pulled(hello, 'other')).toBe('hello world');
    expect(told(await bench.ask(line))).toBe('201');
    expect(told(await bench.ask(line.replace(hello, none)))).toBe('202');
    expect(told(await bench.ask('POST /v2/other/blobs/uploads/?mount=x&from=app'))).toBe('202');
  });

  test('is removed from one repository, and stays in the other', async () => {
    await bench.layer('hello world');
    await bench.layer('hello world', 'other');
    expect(told(await bench.ask(`DELETE /v2/app/blobs/${hello}`))).toBe('202');
    expect(await pulled(hello)).toBe('404 BLOB_UNKNOWN');
    expect(await pulled(hello, 'other')).toBe('hello world');
    expect(told(await bench.ask(`DELETE /v2/app/blobs/${hello}`))).toBe('404 BLOB_UNKNOWN');
    expect(told(await bench.ask(`DELETE /v2/other/blobs/${hello}`))).toBe('202');
    expect(await store.documents('image', '')).toEqual([]);
  });
});
