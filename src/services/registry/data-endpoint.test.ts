/**
 * The data endpoint: when readers are sent there, and with which address.
 *
 * @module
 */

import { describe, expect, test } from 'vitest';
import type { ResourceId } from '../../arm/id.ts';
import { MemoryStore } from '../../store/memory.ts';
import { resource } from '../blob/harness.testing.ts';
import { Bench, now, registryType, textOf, told } from './harness.testing.ts';
import { digestOfBytes } from './names.ts';

const dataHost = 'reg1.eastus.data.azurecr.io';
const digest = digestOfBytes(new TextEncoder().encode('hello world'));

async function addressOf(bench: Bench): Promise<URL> {
  await bench.layer('hello world');
  const answer = await bench.ask(`GET /v2/app/blobs/${digest}`);
  expect([answer.status, answer.headers['docker-content-digest']]).toEqual([307, digest]);
  return new URL(answer.headers['location'] ?? '');
}

describe('a registry', () => {
  const connection = resource(`${registryType}/privateEndpointConnections`, 'pe');

  test('with dedicated data endpoints sends there', async () => {
    const url = await addressOf(new Bench(new MemoryStore(), undefined, { dataEndpointEnabled: true }));
    expect([url.protocol, url.host, url.searchParams.get('se')]).toEqual([
      'https:',
      dataHost,
      new Date(now + 20 * 60_000).toISOString().replace('.250', ''),
    ]);
  });

  test('with a private endpoint does, too', async () => {
    const id = `${new Bench(new MemoryStore()).registry.id}/privateEndpointConnections/pe` as ResourceId;
    const bench = new Bench(new MemoryStore(), undefined, {}, [{ ...connection, id }]);
    expect((await addressOf(bench)).host).toBe(dataHost);
  });

  test('answers itself where there is none, and where nothing but a look is asked for', async () => {
    const without = new Bench(new MemoryStore());
    await without.layer('hello world');
    expect(told(await without.ask(`GET /v2/app/blobs/${digest}`))).toBe('200');
    const bench = new Bench(new MemoryStore(), undefined, { dataEndpointEnabled: true });
    await addressOf(bench);
    expect(told(await bench.ask(`HEAD /v2/app/blobs/${digest}`))).toBe('200');
    expect(told(await bench.ask(`GET /v2/other/blobs/${digest}`))).toBe('404 BLOB_UNKNOWN');
  });
});

describe('an address', () => {
  const bench = new Bench(new MemoryStore(), undefined, { dataEndpointEnabled: true });
  const at = (target: string, more = {}) => bench.ask(`GET ${target}`, { as: null, host: dataHost, ...more });

  test('gives the bytes to who has it, whole or in part', async () => {
    const { pathname, search } = await addressOf(bench);
    const whole = await at(pathname + search);
    expect([whole.status, textOf(whole.body)]).toEqual([200, 'hello world']);
    const part = await at(pathname + search, { headers: { range: 'bytes=6-' } });
    expect([part.status, textOf(part.body)]).toEqual([206, 'world']);
    const head = await bench.ask(`HEAD ${pathname}${search}`, { as: null, host: dataHost });
    expect([head.status, head.headers['content-length'], head.body]).toEqual([200, '11', undefined]);
  });

  test('is refused where it was changed or has ended', async () => {
    const { pathname, search } = await addressOf(bench);
    const later = search.replace(/se=[^&]*/, 'se=2027-01-01T00%3A00%3A00Z');
    const other = pathname.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    for (const [target, more, expected] of [
      [pathname, {}, '403 DENIED'],
      [`${pathname}${later}`, {}, '403 DENIED'],
      [`${other}${search}`, {}, '403 DENIED'],
      [`${pathname}${search.replace('sig=', 'sig=A')}`, {}, '403 DENIED'],
      [`${pathname}${search}`, { now: now + 20 * 60_000 }, '403 DENIED'],
      [`${pathname}${search}`, { now: now + 19 * 60_000 }, '200'],
      // The login server's addresses are not served there.
      ['/v2/', {}, '404 NAME_UNKNOWN'],
      ['/oauth2/token', {}, '404 NAME_UNKNOWN'],
    ] as const) {
      expect([target, told(await at(target, more))]).toEqual([target, expected]);
    }
  });
});
