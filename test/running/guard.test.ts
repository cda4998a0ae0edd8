/**
 * The guard: writes that break an intent which holds are refused, by name, and nothing is changed; every other one is
 * let through.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Guard } from '../../src/app/guard.ts';
import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';
import { example, group, Running, workspace } from '../support/running.ts';

let running: Running;

beforeAll(async () => {
  running = await Running.example({ guard: true });
});

afterAll(async () => {
  expect(running.errors).toEqual([]);
  await running.close();
});

const at = (type: string, name: string): string => `${group}/providers/Microsoft.${type}/${name}`;
const vault = at('KeyVault/vaults', 'kv-clinic');
const nsg = at('Network/networkSecurityGroups', 'clinic-nsg');

/** The state of everything, as a client could compare it. */
async function estate(): Promise<string> {
  return JSON.stringify((await running.control.snapshot()).resources);
}

function errorOf(body: JsonObject): JsonObject {
  return isObject(body['error']) ? body['error'] : {};
}

/** The body of a PUT: what a GET answers, changed. */
async function changed(id: string, properties: JsonObject): Promise<JsonObject> {
  const { body } = await running.arm('GET', id);
  const before = isObject(body['properties']) ? body['properties'] : {};
  return { ...body, properties: { ...before, ...properties } };
}

function rule(name: string, priority: number, access: string, to: string): JsonObject {
  return {
    properties: {
      direction: 'Outbound',
      priority,
      access,
      protocol: '*',
      sourceAddressPrefix: '*',
      sourcePortRange: '*',
      destinationAddressPrefix: to,
      destinationPortRange: '*',
      description: name,
    },
  };
}

describe('the guard', () => {
  it('is shown by status', async () => {
    expect((await running.control.status()).guard).toBe(true);
  });

  it('refuses to open what is private, naming the intent, the flow and the resource', async () => {
    const before = await estate();
    const answer = await running.arm(
      'PUT',
      vault,
      await changed(vault, {
        publicNetworkAccess: 'Enabled',
        networkAcls: { defaultAction: 'Allow', bypass: 'AzureServices' },
      }),
    );
    expect(answer.status).toBe(403);
    const error = errorOf(answer.body);
    expect(error).toMatchObject({ code: 'RequestDisallowedByGuard', target: vault });
    expect(error['message']).toContain('internet must not reach vault/kv-clinic');
    expect(error['details']).toContainEqual({
      code: 'RequestDisallowedByGuard',
      message: expect.stringMatching(
        /^Broken: internet must not reach vault\/kv-clinic\. internet -> vault\/kv-clinic:443 would be delivered by kv-clinic /,
      ),
      target: vault,
    });
    expect(await estate()).toBe(before);
  });

  it('refuses PATCH and DELETE alike: what keeps a machine from what it must reach', async () => {
    const before = await estate();
    const patch = await running.arm('PATCH', vault, {
      properties: { publicNetworkAccess: 'Enabled', networkAcls: { defaultAction: 'Allow' } },
    });
    expect([patch.status, errorOf(patch.body)['code']]).toEqual([403, 'RequestDisallowedByGuard']);
    const blocked = await running.arm(
      'PUT',
      `${nsg}/securityRules/DenyAll`,
      rule('DenyAll', 101, 'Deny', '*'),
    );
    expect([blocked.status, errorOf(blocked.body)['code']]).toEqual([403, 'RequestDisallowedByGuard']);
    expect(errorOf(blocked.body)['message']).toMatch(
      /vm\/jumpbox must reach .* would be dropped-by-gate by clinic-nsg/,
    );
    const removed = await running.arm('DELETE', at('Network/privateEndpoints', 'pe-vault'));
    expect([removed.status, errorOf(removed.body)['code']]).toEqual([403, 'RequestDisallowedByGuard']);
    expect(errorOf(removed.body)['message']).toContain('vm/jumpbox must reach vault/kv-clinic');
    expect(await estate()).toBe(before);
  });

  it('judges a deployment by how it would end, and before anything of it is done', async () => {
    const before = await estate();
    const template = JSON.parse(readFileSync(join(example, 'main.json'), 'utf8')) as JsonObject;
    const body: Json = {
      properties: {
        mode: 'Incremental',
        template,
        parameters: { publicNetworkAccess: { value: 'Enabled' } },
      },
    };
    for (const [method, verb] of [
      ['POST', '/validate'],
      ['PUT', ''],
    ] as const) {
      const path = `${at('Resources/deployments', 'open')}${verb}`;
      const answer = await running.arm(method, path, body);
      expect([answer.status, errorOf(answer.body)['code']]).toEqual([403, 'RequestDisallowedByGuard']);
      expect(errorOf(answer.body)['message']).toContain('must not reach');
    }
    expect(await estate()).toBe(before);
    const same: Json = { properties: { mode: 'Incremental', template, parameters: {} } };
    const done = await running.settle('PUT', at('Resources/deployments', 'same'), same);
    expect(done).toEqual({ status: 'Succeeded', error: {} });
  });

  it('lets through what breaks nothing, and does not look at what says nothing of the network', async () => {
    const guard = running.instance.engine.guard as Guard;
    const open = await running.arm(
      'PUT',
      `${nsg}/securityRules/AllowNtp`,
      rule('AllowNtp', 112, 'Allow', '198.51.100.0/24'),
    );
    expect(open.status).toBe(201);
    const worked = guard.worked;
    const quiet = await running.arm('PUT', `${workspace}/models/readmission`, { properties: {} });
    expect([quiet.status, guard.worked - worked]).toEqual([201, 0]);
    const again = await running.arm(
      'PUT',
      `${nsg}/securityRules/AllowNtp`,
      rule('AllowNtp', 113, 'Allow', '198.51.100.0/24'),
    );
    expect(again.status).toBe(200);
    // A rule of one subnet: what does not pass it stands.
    expect(guard.worked - worked).toBeLessThan(worked / 2);
  });

  it('lets a resource go with everything that is about it, and new ones come that do not work yet', async () => {
    const made = await running.arm('PUT', at('KeyVault/vaults', 'kv-new'), {
      location: 'eastus',
      properties: {
        tenantId: '11111111-2222-3333-4444-555555555555',
        sku: { family: 'A', name: 'standard' },
        enableRbacAuthorization: true,
        publicNetworkAccess: 'Disabled',
      },
    });
    expect(made.status).toBeLessThan(300);
    expect((await running.arm('DELETE', at('KeyVault/vaults', 'kv-new'))).status).toBe(200);
  });
});

describe('an intent that was broken already', () => {
  it('is no reason to refuse, and neither is its repair', async () => {
    const blocked = `${nsg}/securityRules/DenyAll`;
    await running.control.guard(false);
    expect((await running.control.status()).guard).toBe(false);
    expect((await running.arm('PUT', blocked, rule('DenyAll', 101, 'Deny', '*'))).status).toBe(201);
    await running.control.guard(true);
    const worse = await running.arm(
      'PUT',
      `${nsg}/securityRules/DenyMore`,
      rule('DenyMore', 102, 'Deny', '*'),
    );
    expect(worse.status).toBe(201);
    for (const name of ['DenyMore', 'DenyAll'])
      expect((await running.arm('DELETE', `${nsg}/securityRules/${name}`)).status).toBeLessThan(300);
    const again = await running.arm('PUT', blocked, rule('DenyAll', 101, 'Deny', '*'));
    expect([again.status, errorOf(again.body)['code']]).toEqual([403, 'RequestDisallowedByGuard']);
  });
});

describe('what a team says itself', () => {
  it('holds for what is new, too, and `may` lets through', async () => {
    const file = '/team/cloister.yaml';
    const say = (config: string): Promise<void> => running.control.describe([{ file, config }]);
    const account = at('Storage/storageAccounts', 'stopen');
    const open = {
      location: 'eastus',
      sku: { name: 'Standard_LRS' },
      kind: 'StorageV2',
      properties: { publicNetworkAccess: 'Enabled' },
    };
    await say('intents: [{from: internet, must-not: reach, to: "storage/*/blob"}]');
    const refused = await running.arm('PUT', account, open);
    expect([refused.status, errorOf(refused.body)['code']]).toEqual([403, 'RequestDisallowedByGuard']);
    expect(errorOf(refused.body)['message']).toContain('internet must not reach storage/stopen/blob');
    await say('intents: [{from: internet, may: reach, to: vault/kv-clinic}]');
    const patch = { properties: { publicNetworkAccess: 'Enabled', networkAcls: { defaultAction: 'Allow' } } };
    expect((await running.arm('PATCH', vault, patch)).status).toBe(200);
    expect((await running.settle('PUT', account, open)).status).toBe('Succeeded');
  });
});
