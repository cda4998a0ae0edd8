/**
 * The control API: who may ask, and what becomes of nonsense.
 */

import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../src/api/control.ts';
import { Estate } from '../../src/arm/resource.ts';
import type { Network } from '../../src/net/model.ts';
import type { Place } from '../../src/net/position.ts';
import { networkOf } from '../../src/providers/network-of.ts';
import { type Enterable, probePlaces } from '../../src/server/probe.ts';
import { Running } from '../support/running.ts';

let running: Running;

beforeAll(async () => {
  running = await Running.example();
});

afterAll(async () => {
  expect(running.errors).toEqual([]);
  await running.close();
});

/** A request as it is written. */
function ask(
  method: string,
  path: string,
  body?: string | Buffer,
  headers: Readonly<Record<string, string>> = { authorization: `Bearer ${running.instance.file.token}` },
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { port } = running.instance.file;
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (incoming) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const routes = [
  ['GET', '/alive'],
  ['GET', '/status'],
  ['GET', '/places'],
  ['GET', '/hosts'],
  ['POST', '/why'],
  ['POST', '/sessions'],
  ['DELETE', '/sessions/x'],
  ['PUT', '/beside'],
  ['PUT', '/guard'],
  ['PUT', '/content/a/b/c'],
  ['POST', '/stop'],
  ['GET', '/nothing'],
] as const;

describe('the token', () => {
  it.each(routes)('is needed for %s %s', async (method, path) => {
    const { token } = running.instance.file;
    for (const authorization of [
      undefined,
      '',
      'Bearer ',
      'Bearer wrong',
      token,
      `Basic ${token}`,
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      `Bearer ${'x'.repeat(token.length)}`,
    ]) {
      const answer = await ask(method, path, undefined, authorization === undefined ? {} : { authorization });
      expect([authorization, answer.status]).toEqual([authorization, 401]);
    }
  });
});

describe('nonsense', () => {
  const garbage = [
    '',
    '{',
    'null',
    '5',
    '[]',
    '{}',
    '{"place": 5}',
    '{"from": [], "to": {}}',
    '[5]',
    '[{"config": 1}]',
    '\u0000\uffff',
    '{"from":"internet","to":"x","protocol":{}}',
    '{"from":"internet","to":"vault/kv-clinic","as":7}',
    '{"__proto__":{"place":"internet"}}',
  ];
  it.each([
    ['POST', '/why'],
    ['POST', '/sessions'],
    ['PUT', '/beside'],
    ['PUT', '/guard'],
  ] as const)('in the body of %s %s is a bad request', async (method, path) => {
    for (const body of garbage) {
      const answer = await ask(method, path, body);
      const fine = path === '/beside' && body === '[]' ? 204 : 400;
      expect([body, answer.status]).toEqual([body, fine]);
      expect(answer.body).not.toMatch(/\n {4}at /);
    }
  });

  it('in a cloister.yaml is told with its place, and what was there stays', async () => {
    const before = running.instance.places();
    const answer = await ask(
      'PUT',
      '/beside',
      JSON.stringify([{ file: 'c.yaml', config: 'sites:\n  office:\n    via: 5\n' }]),
    );
    expect([answer.status, answer.body]).toEqual([400, expect.stringMatching(/^c\.yaml:\d+:\d+: /)]);
    expect(running.instance.places()).toEqual(before);
  });

  it('in a path is refused', async () => {
    expect((await ask('GET', '/nothing')).status).toBe(404);
    expect((await ask('PUT', '/content/account', 'x')).status).toBe(400);
    expect((await ask('PUT', '/content/account/container', 'x')).status).toBe(400);
    expect((await ask('DELETE', '/sessions/nobody')).status).toBe(204);
    for (const path of ['/content/../../etc/passwd', '/%']) {
      const { status } = await ask('PUT', path, 'x');
      expect([path, status]).toEqual([path, expect.toSatisfy((it: number) => it >= 400 && it < 500)]);
    }
  });

  it('of 5 MB is too large', async () => {
    expect((await ask('POST', '/why', Buffer.alloc(5 * 1024 * 1024, 0x20))).status).toBe(413);
  });
});

describe('a question', () => {
  it('about what is not there names the candidates', async () => {
    const answer = await ask('POST', '/why', JSON.stringify({ from: 'vm/jumpbx', to: 'vault/kv-clinic' }));
    expect([answer.status, answer.body]).toEqual([400, expect.stringMatching(/did you mean 'vm\/jumpbox'/)]);
  });

  it('of 100 clients at a time is answered alike', async () => {
    const body = JSON.stringify({ from: 'vm/jumpbox', to: 'vault/kv-clinic' });
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask('POST', '/why', body)));
    expect(new Set(answers.map((it) => `${it.status} ${it.body}`)).size).toBe(1);
  });
});

describe('a probe', () => {
  const enterable = (change: Partial<Session> = {}): Enterable => ({
    enter: (place) => ({ ...running.instance.enter(place.label), ...change }),
    leave: (username) => running.instance.leave(username),
  });
  const jumpbox = (): Place => {
    const place = running.instance.engine.names.place('vm/jumpbox');
    if (!place.ok) throw new Error('no jumpbox');
    return place.value;
  };
  const probed = async (instance: Enterable, network: Network): Promise<string | undefined> =>
    (await probePlaces(instance, () => network, [jumpbox()]))[0]?.state;

  it('is active only where it went through as the walk says', async () => {
    const { network } = running.instance.engine;
    expect(await probed(enterable(), network)).toBe('active');
    expect(await probed(enterable({ gateway: 1 }), network)).toMatch(/^degraded: .*ECONNREFUSED/);
    expect(await probed(enterable({ password: 'wrong' }), network)).toMatch(/^degraded: .* is not reached/);
    const empty = networkOf(new Estate([]), [], undefined).network;
    expect(await probed(enterable(), empty)).toMatch(/^degraded: .* is reached, and must be no-route/);
  });
});
