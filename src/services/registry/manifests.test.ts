/**
 * Manifests: by tag and digest, what they must name, what goes with them, and what refers to them.
 *
 * @module
 */

import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../store/memory.ts';
import { Bench, configType, imageType, indexType, jsonOf, textOf, told } from './harness.testing.ts';
import { digestOfBytes } from './names.ts';

const text = (value: string) => new TextEncoder().encode(value);
const hello = digestOfBytes(text('hello world'));
const none = digestOfBytes(text('nothing that is there'));

let store: MemoryStore;
let bench: Bench;
beforeEach(() => {
  store = new MemoryStore();
  bench = new Bench(store);
});

async function pulled(digest: string): Promise<string> {
  const answer = await bench.ask(`GET /v2/app/blobs/${digest}`);
  return answer.status === 200 ? textOf(answer.body) : told(answer);
}

describe('a manifest', () => {
  test.each([
    [imageType, configType],
    [
      'application/vnd.docker.distribution.manifest.v2+json',
      'application/vnd.docker.container.image.v1+json',
    ],
  ])('of type %s, by tag and by digest', async (mediaType, type) => {
    const config = await bench.layer('{}', 'app', type);
    const layers = [await bench.layer('hello world')];
    const body = { schemaVersion: 2, mediaType, config, layers };
    const bytes = `${JSON.stringify(body)}\n`;
    const headers = { 'content-type': mediaType };
    const digest = digestOfBytes(text(bytes));
    const put = await bench.ask('PUT /v2/app/manifests/v1', { bytes, headers });
    expect([told(put), put.headers['location'], put.headers['docker-content-digest']]).toEqual([
      '201',
      `/v2/app/manifests/${digest}`,
      digest,
    ]);
    for (const reference of ['v1', digest, digest.replace(':', '%3A')]) {
      const got = await bench.ask(`GET /v2/app/manifests/${reference}`);
      expect([got.headers['content-type'], textOf(got.body)]).toEqual([mediaType, bytes]);
      const head = await bench.ask(`HEAD /v2/app/manifests/${reference}`);
      expect([head.status, head.body, head.headers['content-length']]).toEqual([
        200,
        undefined,
        String(bytes.length),
      ]);
    }
    expect(told(await bench.ask('GET /v2/app/manifests/v2'))).toBe('404 MANIFEST_UNKNOWN');
    expect(told(await bench.ask('GET /v2/other/manifests/v1'))).toBe('404 NAME_UNKNOWN');
    const fresh = { 'if-none-match': `"${digest}"` };
    expect(told(await bench.ask('GET /v2/app/manifests/v1', { headers: fresh }))).toBe('304');
  });

  test('of several images', async () => {
    const digest = await bench.image('@');
    const manifests = [{ mediaType: imageType, digest, size: 1, platform: { os: 'linux' } }];
    const index = { schemaVersion: 2, mediaType: indexType, manifests };
    await bench.manifest('v1', index);
    const got = await bench.ask('GET /v2/app/manifests/v1', {
      headers: { accept: `a/b, ${indexType};q=0.5` },
    });
    expect(jsonOf(got)).toEqual(index);
    const missing = { ...index, manifests: [{ mediaType: imageType, digest: none, size: 1 }] };
    await expect(bench.manifest('v2', missing)).rejects.toThrow('404 MANIFEST_BLOB_UNKNOWN');
  });

  test.each([
    ['application/json', '200'],
    ['*/*', '200'],
    [imageType, '200'],
    [`${indexType}, ${imageType}`, '200'],
    [indexType, '404 MANIFEST_UNKNOWN'],
    ['application/vnd.docker.distribution.manifest.v2+json', '404 MANIFEST_UNKNOWN'],
  ])('to who reads %s is %s', async (accept, expected) => {
    await bench.image('v1');
    expect(told(await bench.ask('GET /v2/app/manifests/v1', { headers: { accept } }))).toBe(expected);
  });

  const config = { mediaType: configType, digest: hello, size: 11 };
  const good = { schemaVersion: 2, mediaType: imageType, config, layers: [] };
  test.each<[string, string | Uint8Array, string | undefined, string]>([
    ['no JSON', '{', imageType, '400 MANIFEST_INVALID'],
    ['no text', Uint8Array.of(0x7b, 0xff, 0x7d), imageType, '400 MANIFEST_INVALID'],
    ['no object', '[]', imageType, '400 MANIFEST_INVALID'],
    ['no type', '{"schemaVersion":2}', undefined, '400 MANIFEST_INVALID'],
    ['the type in the body', JSON.stringify(good), undefined, '201'],
    ['the type in the header', JSON.stringify({ ...good, mediaType: undefined }), `${imageType}; x=y`, '201'],
    ['two types', JSON.stringify(good), indexType, '400 MANIFEST_INVALID'],
    ['an unknown type', '{"schemaVersion":2}', 'text/plain', '400 MANIFEST_INVALID'],
    ['another version', JSON.stringify({ ...good, schemaVersion: 1 }), imageType, '400 MANIFEST_INVALID'],
    [
      'an old type',
      '{"schemaVersion":1}',
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
      '501 UNSUPPORTED',
    ],
    ['no layers', JSON.stringify({ ...good, layers: 1 }), imageType, '400 MANIFEST_INVALID'],
    ['no configuration', JSON.stringify({ ...good, config: 1 }), imageType, '400 MANIFEST_INVALID'],
    [
      'a size below zero',
      JSON.stringify({ ...good, config: { ...config, size: -1 } }),
      imageType,
      '400 MANIFEST_INVALID',
    ],
    [
      'another algorithm',
      JSON.stringify({ ...good, config: { ...config, digest: 'sha512:0' } }),
      imageType,
      '400 DIGEST_INVALID',
    ],
    [
      'a missing layer',
      JSON.stringify({ ...good, layers: [{ ...config, digest: none }] }),
      imageType,
      '404 MANIFEST_BLOB_UNKNOWN',
    ],
    [
      'a layer that is kept elsewhere',
      JSON.stringify({ ...good, layers: [{ ...config, digest: none, urls: ['https://example.org/x'] }] }),
      imageType,
      '201',
    ],
    [
      'annotations of numbers',
      JSON.stringify({ ...good, annotations: { a: 1 } }),
      imageType,
      '400 MANIFEST_INVALID',
    ],
  ])('with %s', async (_, bytes, type, expected) => {
    await bench.layer('hello world', 'app', configType);
    const headers = type === undefined ? {} : { 'content-type': type };
    expect(told(await bench.ask('PUT /v2/app/manifests/v1', { bytes, headers }))).toBe(expected);
  });

  test('under another digest', async () => {
    await bench.layer('hello world');
    const headers = { 'content-type': imageType };
    const answer = await bench.ask(`PUT /v2/app/manifests/${none}`, { bytes: JSON.stringify(good), headers });
    expect(told(answer)).toBe('400 DIGEST_INVALID');
  });

  test('is removed with its tags, and the layers that only it names', async () => {
    const one = await bench.image('one', ['shared', 'own']);
    const two = await bench.image('two', ['shared']);
    await bench.image('also-one', ['shared', 'own']);
    expect(told(await bench.ask('DELETE /v2/app/manifests/two'))).toBe('202');
    expect(told(await bench.ask('DELETE /v2/app/manifests/two'))).toBe('404 TAG_UNKNOWN');
    expect(told(await bench.ask(`GET /v2/app/manifests/${two}`))).toBe('200');
    expect(told(await bench.ask(`DELETE /v2/app/manifests/${one}`))).toBe('202');
    expect(told(await bench.ask('GET /v2/app/manifests/also-one'))).toBe('404 MANIFEST_UNKNOWN');
    expect(await pulled(digestOfBytes(text('own')))).toBe('404 BLOB_UNKNOWN');
    expect(await pulled(digestOfBytes(text('shared')))).toBe('shared');
    expect(told(await bench.ask(`DELETE /v2/app/manifests/${two}`))).toBe('202');
    expect(await store.documents('image', '')).toEqual([]);
  });
});

describe('what refers to a manifest', () => {
  test('is listed, filtered, and removed with it', async () => {
    const subject = await bench.image('v1');
    const about = { mediaType: imageType, digest: subject, size: 1 };
    const annotations = { made: 'here' };
    const sbom = await bench.image('@', ['sbom'], { subject: about, artifactType: 'a/sbom', annotations });
    const plain = await bench.image('@', ['plain'], { subject: about });
    const signed = { mediaType: imageType, digest: sbom, size: 1 };
    await bench.image('@', ['signature'], { subject: signed, artifactType: 'a/signature' });
    const all = await bench.ask(`GET /v2/app/referrers/${subject}`);
    expect(all.headers['content-type']).toBe(indexType);
    const { manifests } = jsonOf(all) as { manifests: { digest: string }[] };
    expect(manifests.map(({ digest }) => digest).sort()).toEqual([plain, sbom].sort());
    const some = await bench.ask(`GET /v2/app/referrers/${subject}?artifactType=a/sbom`);
    expect(some.headers['oci-filters-applied']).toBe('artifactType');
    expect(jsonOf(some)).toEqual({
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [
        { mediaType: imageType, digest: sbom, size: expect.any(Number), artifactType: 'a/sbom', annotations },
      ],
    });
    expect(told(await bench.ask(`DELETE /v2/app/manifests/${subject}`))).toBe('202');
    expect(await store.documents('image', '')).toEqual([]);
    expect(jsonOf(await bench.ask(`GET /v2/app/referrers/${subject}`))).toMatchObject({ manifests: [] });
  });

  test('may come before it, and hears so', async () => {
    const config = await bench.layer('{}', 'app', 'application/vnd.oci.empty.v1+json');
    const subject = { mediaType: imageType, digest: none, size: 1 };
    const body = { schemaVersion: 2, mediaType: imageType, config, layers: [config], subject };
    const headers = { 'content-type': imageType };
    const answer = await bench.ask('PUT /v2/app/manifests/v1', { bytes: JSON.stringify(body), headers });
    expect([told(answer), answer.headers['oci-subject']]).toEqual(['201', none]);
  });
});
