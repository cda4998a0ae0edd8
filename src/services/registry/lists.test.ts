/**
 * Lists, and what Azure's own interface tells.
 *
 * @module
 */

import { beforeAll, expect, test } from 'vitest';
import { MemoryStore } from '../../store/memory.ts';
import { Bench, configType, imageType, jsonOf, now, told } from './harness.testing.ts';

const bench = new Bench(new MemoryStore());
let first = '';
let second = '';
const later = '2026-11-22T10:01:00.250Z';
const start = new Date(now).toISOString();
const attributes = { deleteEnabled: true, writeEnabled: true, readEnabled: true, listEnabled: true };

beforeAll(async () => {
  first = await bench.image('b');
  bench.time += 60_000;
  second = await bench.image('a', ['another']);
  await bench.image('c', ['another']);
  await bench.image('x', ['layer'], {}, 'team/app');
  await bench.image('x', ['layer'], {}, 'other');
});

test.each<[string, unknown, string | undefined]>([
  ['/v2/app/tags/list', { name: 'app', tags: ['a', 'b', 'c'] }, undefined],
  [
    '/v2/app/tags/list?n=2',
    { name: 'app', tags: ['a', 'b'] },
    '</v2/app/tags/list?last=b&n=2&orderby=>; rel="next"',
  ],
  ['/v2/app/tags/list?last=b&n=2&orderby=', { name: 'app', tags: ['c'] }, undefined],
  ['/v2/app/tags/list?last=bb', { name: 'app', tags: ['c'] }, undefined],
  ['/v2/app/tags/list?n=0', { name: 'app', tags: [] }, undefined],
  ['/v2/app/tags/list?n=3', { name: 'app', tags: ['a', 'b', 'c'] }, undefined],
  ['/v2/_catalog', { repositories: ['app', 'other', 'team/app'] }, undefined],
  ['/acr/v1/_catalog', { repositories: ['app', 'other', 'team/app'] }, undefined],
  ['/v2/_catalog?n=100', { repositories: ['app', 'other', 'team/app'] }, undefined],
  ['/v2/_catalog?n=1&last=other', { repositories: ['team/app'] }, undefined],
  [
    '/v2/_catalog?n=2',
    { repositories: ['app', 'other'] },
    '</v2/_catalog?last=other&n=2&orderby=>; rel="next"',
  ],
])('%s', async (path, expected, link) => {
  const answer = await bench.ask(`GET ${path}`);
  expect([jsonOf(answer), answer.headers['link']]).toEqual([expected, link]);
});

test.each([
  ['GET /v2/app/tags/list?n=x', '400 PAGINATION_NUMBER_INVALID'],
  ['GET /v2/app/tags/list?n=-1', '400 PAGINATION_NUMBER_INVALID'],
  ['GET /acr/v1/app/_tags/none', '404 TAG_UNKNOWN'],
  ['GET /acr/v1/app/_manifests/sha256%3A0', '400 DIGEST_INVALID'],
  [`GET /acr/v1/app/_manifests/sha256:${'0'.repeat(64)}`, '404 MANIFEST_UNKNOWN'],
  ['DELETE /acr/v1/app/_tags/none', '404 TAG_UNKNOWN'],
])('%s is %s', async (line, expected) => {
  expect(told(await bench.ask(line))).toBe(expected);
});

test('nothing is told of a repository that is not there', async () => {
  const empty = new Bench(new MemoryStore());
  for (const line of [
    'GET /v2/app/tags/list',
    'GET /acr/v1/app',
    'GET /acr/v1/app/_tags',
    'GET /acr/v1/app/_tags/x',
    'GET /acr/v1/app/_manifests',
    'DELETE /acr/v1/app',
  ]) {
    expect(told(await empty.ask(line))).toBe('404 NAME_UNKNOWN');
  }
});

test('a repository', async () => {
  expect(jsonOf(await bench.ask('GET /acr/v1/app'))).toEqual({
    registry: 'reg1.azurecr.io',
    imageName: 'app',
    createdTime: start,
    lastUpdateTime: later,
    manifestCount: 2,
    tagCount: 3,
    changeableAttributes: { ...attributes, teleportEnabled: false },
  });
  expect(jsonOf(await bench.ask('GET /acr/v1/team%2Fapp'))).toMatchObject({ imageName: 'team/app' });
});

test('tags, by name and by time', async () => {
  const named = async (query: string): Promise<string[]> => {
    const { tags } = jsonOf(await bench.ask(`GET /acr/v1/app/_tags${query}`)) as { tags: { name: string }[] };
    return tags.map(({ name }) => name);
  };
  expect(await named('')).toEqual(['a', 'b', 'c']);
  expect(await named('?orderby=timeasc')).toEqual(['b', 'a', 'c']);
  expect(await named('?orderby=timedesc')).toEqual(['a', 'c', 'b']);
  expect(await named('?orderby=timedesc&last=c&n=1')).toEqual(['b']);
  expect(jsonOf(await bench.ask('GET /acr/v1/app/_tags/b'))).toEqual({
    registry: 'reg1.azurecr.io',
    imageName: 'app',
    tag: {
      name: 'b',
      digest: first,
      createdTime: start,
      lastUpdateTime: start,
      signed: false,
      changeableAttributes: attributes,
    },
  });
});

test('manifests', async () => {
  const { manifests } = jsonOf(await bench.ask('GET /acr/v1/app/_manifests?orderby=timedesc')) as {
    manifests: object[];
  };
  const shown = {
    digest: second,
    imageSize: expect.any(Number),
    createdTime: later,
    lastUpdateTime: later,
    architecture: 'amd64',
    os: 'linux',
    mediaType: imageType,
    configMediaType: configType,
    tags: ['a', 'c'],
    changeableAttributes: attributes,
  };
  expect(manifests).toEqual([shown, expect.objectContaining({ digest: first, tags: ['b'] })]);
  const one = await bench.ask(`GET /acr/v1/app/_manifests/${encodeURIComponent(second)}`);
  expect(jsonOf(one)).toEqual({ registry: 'reg1.azurecr.io', imageName: 'app', manifest: shown });
});

test('a tag is removed, and a repository with all in it', async () => {
  const untagged = await bench.ask('DELETE /acr/v1/app/_tags/c');
  expect([told(untagged), untagged.headers['x-ms-int-docker-content-digest']]).toEqual(['202', second]);
  expect(told(await bench.ask(`GET /v2/app/manifests/${second}`))).toBe('200');
  const removed = await bench.ask('DELETE /acr/v1/app');
  expect(removed.status).toBe(202);
  expect(jsonOf(removed)).toEqual({
    manifestsDeleted: [first, second].sort(),
    tagsDeleted: ['a', 'b'],
  });
  expect(jsonOf(await bench.ask('GET /v2/_catalog'))).toEqual({ repositories: ['other', 'team/app'] });
});
