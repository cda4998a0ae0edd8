/** Clocks that are set forward and back under a running instance: the wall clock says when, and decides little. */

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultDeployer, defaultSubscription, firstResources, offlineSettings } from '../app/defaults.ts';
import type { ArmAnswer } from '../arm/api/request.ts';
import { handle } from '../arm/api/router.ts';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import { acquire, breakLease, checkLeaseToWrite, leaseState, renew } from '../services/blob/lease.ts';
import { MemoryStore } from '../store/memory.ts';
import { Engine } from './engine.ts';

const hour = 3_600_000;
const group = `/subscriptions/${defaultSubscription}/resourceGroups/clock`;
let engine: Engine;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-22T12:00:00Z') });
  const settings = offlineSettings(defaultSubscription);
  const first = firstResources(settings, defaultDeployer);
  engine = await Engine.open(new MemoryStore(), settings, first, (error) => {
    throw error;
  });
  await arm('PUT', group, { location: 'eastus' });
  return () => vi.useRealTimers();
});

function arm(method: string, path: string, body?: Json, ifMatch?: string): Promise<ArmAnswer> {
  return handle(engine, {
    method,
    path,
    query: new URLSearchParams('api-version=2023-09-01'),
    ifMatch,
    ifNoneMatch: undefined,
    body: async () => body ?? {},
    caller: defaultDeployer,
  });
}

const bodyOf = ({ body }: ArmAnswer): JsonObject => (isObject(body) ? body : {});

describe.each([
  ['back', -2 * hour],
  ['forward', 5 * 24 * hour],
])('a clock that is set %s', (_, jump) => {
  it('in the middle of a deployment leaves it to succeed, with no duration below nothing', async () => {
    const path = `${group}/providers/Microsoft.Resources/deployments/main`;
    const resources = ['a', 'b', 'c'].map((name) => ({
      type: 'Microsoft.Network/routeTables',
      apiVersion: '2023-09-01',
      name,
      location: 'eastus',
    }));
    const template = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources,
    };
    const started = await arm('PUT', path, { properties: { mode: 'Incremental', template } });
    expect(started.status).toBe(201);
    vi.setSystemTime(Date.now() + jump);
    await engine.idle();
    const { provisioningState, duration } = bodyOf(await arm('GET', path))['properties'] as JsonObject;
    expect(provisioningState).toBe('Succeeded');
    expect(duration).toMatch(/^PT\d+\.\d{3}S$/);
    const polling = new URL(String(started.headers?.['Azure-AsyncOperation'])).pathname;
    expect(bodyOf(await arm('GET', polling))['status']).toBe('Succeeded');
  });

  it('leaves entity tags to the content: equal where it is, different where it is not', async () => {
    const path = `${group}/providers/Microsoft.Network/routeTables/t`;
    const put = async (value: string): Promise<unknown> =>
      bodyOf(await arm('PUT', path, { location: 'eastus', tags: { value } }))['etag'];
    const one = await put('1');
    vi.setSystemTime(Date.now() + jump);
    expect(await put('1')).toBe(one);
    const two = await put('2');
    expect(two).not.toBe(one);
    expect((await arm('DELETE', path, undefined, String(one))).status).toBe(412);
    expect((await arm('DELETE', path, undefined, String(two))).status).toBe(200);
  });

  it('leaves who has a lease able to renew it, and others able to break it', () => {
    const now = Date.now();
    const lease = acquire(undefined, now, 'mine', 60);
    const later = now + jump;
    const renewed = renew(lease, later, 'mine');
    expect(renewed.until).toBe(later + 60_000);
    expect(() => checkLeaseToWrite(renewed, later, 'mine', 'blob')).not.toThrow();
    expect(leaseState(renewed, later + 60_000)).toBe('expired');
    expect(leaseState(breakLease(lease, later, 0), later)).toBe('broken');
  });
});
