/**
 * Scoring: keys, the split of traffic, a model's own errors, replicas that die, deployments that cannot come up.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../src/api/proxied.ts';
import { findSandbox } from '../../src/compute/sandbox/probe.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { endpointToken } from '../../src/providers/ml/endpoint-access.ts';
import {
  endpoint,
  eventually,
  example,
  group,
  programOf,
  Running,
  temporaryFolder,
  workspace,
} from '../support/running.ts';

const place = 'vm/jumpbox';
const sandbox = await findSandbox();
const folder = temporaryFolder();
let running: Running;

beforeAll(async () => {
  running = await Running.example({ folder: folder.path });
});

afterAll(async () => {
  await running.close();
  folder.remove();
});

const codeOf = ({ body }: Answer): string =>
  String((JSON.parse(body) as { error?: JsonObject }).error?.['code']);
const deployment = (name: string): string => `${endpoint}/deployments/${name}`;

/** A body as the example's deployment has, with other properties. */
const model = `${workspace}/models/length-of-stay/versions/1`;
function deploymentBody(properties: JsonObject = {}, capacity = 1, flags: JsonObject = shutIn): Json {
  const instanceType = 'Standard_DS2_v2';
  return {
    location: 'eastus',
    sku: { name: 'Default', capacity },
    properties: { endpointComputeType: 'Managed', model, instanceType, ...flags, ...properties },
  };
}
const shutIn: JsonObject = { egressPublicNetworkAccess: 'Disabled' };

async function setTraffic(traffic: JsonObject): Promise<void> {
  const { status, body } = await running.arm('PATCH', endpoint, { properties: { traffic } });
  expect([status < 300, body['error']]).toEqual([true, undefined]);
}

const stateOf = async (path: string): Promise<unknown> =>
  ((await running.arm('GET', path)).body['properties'] as JsonObject | undefined)?.['provisioningState'];

describe('a key', () => {
  it('is needed, and no other will do', async () => {
    for (const key of [undefined, 'wrong', '', await running.token('https://ml.azure.com')]) {
      const answer = await running.score(place, key);
      expect([answer.status, codeOf(answer), answer.headers['www-authenticate']]).toEqual([
        401,
        'Unauthorized',
        'Bearer',
      ]);
    }
  });

  it('may be either of the two, and is void once it was changed', async () => {
    const [primary, secondary] = [await running.key('primaryKey'), await running.key('secondaryKey')];
    expect(primary).not.toBe(secondary);
    for (const key of [primary, secondary]) expect((await running.score(place, key)).status).toBe(200);
    expect(
      (await running.arm('POST', `${endpoint}/regenerateKeys`, { keyType: 'Primary' })).status,
    ).toBeLessThan(300);
    expect((await running.score(place, primary)).status).toBe(401);
    expect((await running.score(place, secondary)).status).toBe(200);
    expect((await running.score(place, await running.key())).status).toBe(200);
  });
});

describe('an endpoint that takes tokens', () => {
  const made = async (name: string, authMode: string): Promise<string> => {
    const path = `${workspace}/onlineEndpoints/${name}`;
    expect((await running.arm('PUT', path, { location: 'eastus', properties: { authMode } })).status).toBe(
      201,
    );
    return path;
  };
  /** An endpoint without deployments says 404 to whoever is let in. */
  const score = async (name: string, bearer: string | undefined): Promise<number> => {
    const headers: Record<string, string> = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    const url = `https://${name}.eastus.inference.ml.azure.com/score`;
    return (await running.send(place, url, { method: 'POST', headers, body: '{}' })).status;
  };

  it('of its own: until they end, and for itself alone', async () => {
    const [path, other] = [await made('by-token', 'AMLToken'), await made('by-token-too', 'AMLToken')];
    const { body } = await running.arm('POST', `${path}/token`);
    expect(body).toMatchObject({ tokenType: 'Bearer', accessToken: expect.any(String) });
    const token = String(body['accessToken']);
    const [now, expiry] = [Date.now() / 1000, Number(body['expiryTimeUtc'])];
    expect(expiry).toBeGreaterThan(now);
    expect(Number(body['refreshAfterTimeUtc'])).toBeLessThan(expiry);
    const { estate, settings } = running.instance.engine.plane;
    const endpoint = estate.get(path);
    const over = endpoint && endpointToken(endpoint, Math.floor(now) - 1, settings.secret);
    const longer = token.replace(/^\d+/, String(expiry + 1));
    const ofOther = String((await running.arm('POST', `${other}/token`)).body['accessToken']);
    expect(await score('by-token', token)).toBe(404);
    for (const wrong of [
      undefined,
      'x',
      over,
      longer,
      ofOther,
      await running.token('https://ml.azure.com'),
    ]) {
      expect(await score('by-token', wrong)).toBe(401);
    }
  });

  it('of the directory: for machine learning, from whoever may score', async () => {
    await made('by-sign-in', 'AADToken');
    expect(await score('by-sign-in', await running.token('https://ml.azure.com'))).toBe(404);
    for (const wrong of [undefined, 'x', await running.token('https://vault.azure.net')]) {
      expect(await score('by-sign-in', wrong)).toBe(401);
    }
  });

  it('hands out nothing that would not open it', async () => {
    const asked = async (name: string, action: string): Promise<unknown> => {
      const { status, body } = await running.arm('POST', `${workspace}/onlineEndpoints/${name}/${action}`);
      return [status, (body['error'] as JsonObject | undefined)?.['message']];
    };
    expect(await asked('by-token', 'listKeys')).toEqual([
      400,
      expect.stringMatching(/AMLToken: ask for a token/),
    ]);
    expect(await asked('by-sign-in', 'token')).toEqual([400, expect.stringMatching(/AADToken: sign in/)]);
    expect(await asked('length-of-stay', 'token')).toEqual([
      400,
      expect.stringMatching(/Key: ask for its keys/),
    ]);
  });

  it('is no more open to the internet than any other', async () => {
    const url = 'https://by-token.eastus.inference.ml.azure.com/score';
    expect((await running.send('internet', url, { method: 'POST', body: '{}' })).status).toBe(403);
  });
});

describe('a request', () => {
  it('is answered with the deployment that answered it', async () => {
    const answer = await running.score(place, await running.key());
    expect([answer.status, answer.headers['azureml-model-deployment']]).toEqual([200, 'blue']);
    expect(JSON.parse(answer.body)).toHaveLength(3);
  });

  it.each(['not JSON', '{"input_data": "no"}', '{"input_data": [[1]]}', '{}', ''])(
    'that the model cannot take (%s) is an error of the model',
    async (body) => {
      const answer = await running.score(place, await running.key(), {}, body);
      expect(answer.status).toBe(424);
      expect(Number(answer.headers['ms-azureml-model-error-statuscode'])).toBeGreaterThanOrEqual(400);
      expect(answer.headers['ms-azureml-model-error-reason']).toBe('model_error');
    },
  );

  it('for a deployment that is not there is told so', async () => {
    const answer = await running.score(place, await running.key(), { 'azureml-model-deployment': 'purple' });
    expect([answer.status, codeOf(answer)]).toEqual([404, 'NotFound']);
  });

  it('of another path or method is not scored', async () => {
    const authorization = `Bearer ${await running.key()}`;
    const ask = (path: string, method = 'GET'): Promise<Answer> =>
      running.send(place, `https://length-of-stay.eastus.inference.ml.azure.com${path}`, {
        method,
        headers: { authorization },
      });
    expect((await ask('/nowhere')).status).toBe(404);
    expect((await ask('/score', 'DELETE')).status).toBe(405);
  });

  it('that is too large is told so', async () => {
    const answer = await running.score(place, await running.key(), {}, ' '.repeat(17 * 1024 * 1024));
    expect(answer.status).toBe(413);
  });
});

describe('two deployments', () => {
  beforeAll(async () => {
    expect(await running.settle('PUT', deployment('green'), deploymentBody())).toMatchObject({
      status: 'Succeeded',
    });
  });

  afterAll(async () => {
    await setTraffic({ blue: 100 });
    expect((await running.settle('DELETE', deployment('green'))).status).toBe('Succeeded');
  });

  it('share the traffic exactly', async () => {
    await setTraffic({ blue: 80, green: 20 });
    const key = await running.key();
    const counts: Record<string, number> = {};
    const answers = await Promise.all(Array.from({ length: 100 }, () => running.score(place, key)));
    for (const { status, headers } of answers) {
      const name = status === 200 ? String(headers['azureml-model-deployment']) : String(status);
      counts[name] = (counts[name] ?? 0) + 1;
    }
    expect(counts).toEqual({ blue: 80, green: 20 });
    // Another split is exact from its first request on.
    await running.score(place, key);
    await setTraffic({ blue: 50, green: 50 });
    const names = [];
    for (let count = 0; count < 10; count++)
      names.push((await running.score(place, key)).headers['azureml-model-deployment']);
    expect(names.filter((name) => name === 'green')).toHaveLength(5);
  });

  it('are asked by name, whatever their share', async () => {
    await setTraffic({ blue: 100, green: 0 });
    const answer = await running.score(place, await running.key(), { 'azureml-model-deployment': 'green' });
    expect([answer.status, answer.headers['azureml-model-deployment']]).toEqual([200, 'green']);
  });

  it('get nothing where no traffic is set', async () => {
    await setTraffic({ blue: 0, green: 0 });
    const answer = await running.score(place, await running.key());
    expect([answer.status, codeOf(answer)]).toEqual([404, 'NotFound']);
    await setTraffic({ blue: 100 });
  });

  it('are not started anew by a write that changes nothing of what they serve', async () => {
    const before = processes();
    expect(
      (await running.settle('PUT', deployment('green'), deploymentBody({ description: 'the same' }))).status,
    ).toBe('Succeeded');
    expect(processes()).toEqual(before);
    expect(readdirSync(join(folder.path, 'run', 'models'))).toHaveLength(2);
  });
});

/** Process ids of replicas of this state: by what they see where they are held in, or else by what they were started with. */
function processes(): readonly number[] {
  const read = (pid: string, what: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${what}`, 'utf8');
    } catch {
      // It has ended meanwhile.
      return '';
    }
  };
  // What holds them in is no replica, and says the same where it is started.
  const isReplica = (pid: string): boolean =>
    sandbox.kind === 'none'
      ? read(pid, 'cmdline').includes(join(folder.path, 'run'))
      : /^NSpid:.*\t1$/m.test(read(pid, 'status')) && read(pid, 'mountinfo').includes(basename(folder.path));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(isReplica)
    .map(Number)
    .toSorted();
}

describe('a replica that is killed', () => {
  it('is started again, and scoring goes on', async () => {
    const [pid, ...others] = processes();
    if (pid === undefined || others.length > 0) throw new Error(`not one process, but ${[pid, ...others]}`);
    process.kill(pid, 'SIGKILL');
    const key = await running.key();
    await eventually(async () => (await running.score(place, key)).status === 200);
    expect(processes()).not.toEqual([pid]);
    const { deployments } = await running.control.status();
    expect(deployments).toMatchObject([{ wanted: 1, ready: 1, restarts: 1, state: 'active' }]);
    const { body } = await running.arm('POST', `${deployment('blue')}/getLogs`, { tail: 100 });
    expect(String(body['content'])).toMatch(/killed by SIGKILL/);
  });
});

describe('logs', () => {
  it('come over ARM, as many lines as were asked for', async () => {
    const all = await running.arm('POST', `${deployment('blue')}/getLogs`, {
      containerType: 'InferenceServer',
      tail: 1000,
    });
    expect(all.status).toBe(200);
    expect(String(all.body['content']).split('\n').length).toBeGreaterThan(2);
    const one = await running.arm('POST', `${deployment('blue')}/getLogs`, { tail: 1 });
    expect(String(one.body['content']).trimEnd().split('\n')).toHaveLength(1);
    expect((await running.arm('POST', `${deployment('nothing')}/getLogs`, {})).status).toBe(404);
  });
});

describe('a deployment that cannot come up', () => {
  const failing = async (name: string, properties: JsonObject): Promise<string> => {
    const { status, error } = await running.settle('PUT', deployment(name), deploymentBody(properties));
    expect(status).toBe('Failed');
    expect(await stateOf(deployment(name))).toBe('Failed');
    const scored = await running.score(place, await running.key(), { 'azureml-model-deployment': name });
    expect(scored.status).toBe(503);
    expect((await running.settle('DELETE', deployment(name))).status).toBe('Succeeded');
    return `${error['code']}: ${error['message']}`;
  };

  it('because its model was never uploaded says so', async () => {
    const missing = `${workspace}/models/missing/versions/1`;
    const modelUri = 'https://stclinic.blob.core.windows.net/models/missing/1/';
    expect((await running.arm('PUT', missing, { properties: { modelUri } })).status).toBeLessThan(300);
    expect(await failing('missing', { model: missing })).toMatch(
      /there is no blob at https:.*missing\/1\/: upload the files first/,
    );
  });

  it('because its model is in no account of the estate says so', async () => {
    const foreign = `${workspace}/models/foreign/versions/1`;
    await running.arm('PUT', foreign, {
      properties: { modelUri: 'https://elsewhere.blob.core.windows.net/m/x/' },
    });
    expect(await failing('foreign', { model: foreign })).toMatch(
      /is not in a storage account of this estate/,
    );
  });

  it('because its model is none says so', async () => {
    await running.control.seed('stclinic/models/broken/1/model.onnx', Buffer.from('this is no model'));
    const broken = `${workspace}/models/broken/versions/1`;
    await running.arm('PUT', broken, {
      properties: { modelUri: 'https://stclinic.blob.core.windows.net/models/broken/1/' },
    });
    expect(await failing('broken', { model: broken })).toMatch(/ended|exit code/);
    expect(readdirSync(join(folder.path, 'run', 'models'))).toHaveLength(1);
  });

  it('because the identity of its endpoint may not read blobs says so', async () => {
    const account = `${group}/providers/Microsoft.Storage/storageAccounts/stclinic`;
    const principal = ((await running.arm('GET', endpoint)).body['identity'] as JsonObject)['principalId'];
    const assignments = `${account}/providers/Microsoft.Authorization/roleAssignments`;
    const { body } = await running.arm('GET', assignments);
    const mine = (body['value'] as JsonObject[]).filter(
      (it) => (it['properties'] as JsonObject)['principalId'] === principal,
    );
    expect(mine.length).toBeGreaterThan(0);
    for (const it of mine) expect((await running.arm('DELETE', String(it['id']))).status).toBe(200);
    expect(await failing('denied', {})).toMatch(
      /may not read blobs of stclinic: give it the role Storage Blob Data Reader/,
    );
    for (const it of mine) {
      const { roleDefinitionId, principalId } = it['properties'] as JsonObject;
      const again = await running.arm('PUT', String(it['id']), {
        properties: { roleDefinitionId: roleDefinitionId ?? null, principalId: principalId ?? null },
      });
      expect(again.status).toBeLessThan(300);
    }
    expect((await running.settle('PUT', deployment('denied'), deploymentBody())).status).toBe('Succeeded');
    expect((await running.settle('DELETE', deployment('denied'))).status).toBe('Succeeded');
  });

  it('fails the template that has it, with its place and reason', async () => {
    const resource = {
      type: 'Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments',
      apiVersion: '2024-04-01',
      name: 'mlw-clinic/length-of-stay/missing',
      ...(deploymentBody({ model: `${workspace}/models/missing/versions/1` }) as JsonObject),
    };
    const template = {
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources: [resource],
    };
    const path = `${group}/providers/Microsoft.Resources/deployments/failing`;
    const { status, error } = await running.settle('PUT', path, {
      properties: { mode: 'Incremental', template },
    });
    expect([status, error['code']]).toEqual(['Failed', 'DeploymentFailed']);
    expect(JSON.stringify(error)).toMatch(/there is no blob at/);
    expect(await stateOf(path)).toBe('Failed');
    expect((await running.settle('DELETE', deployment('missing'))).status).toBe('Succeeded');
  });
});

describe('a deployment that goes out by the internet', () => {
  const open = async (id: string, flag: string): Promise<void> => {
    const rules = { networkAcls: { defaultAction: flag === 'Enabled' ? 'Allow' : 'Deny' } };
    const properties = { publicNetworkAccess: flag, ...(id === account ? rules : {}) };
    const { status } = await running.arm('PATCH', id, { properties });
    expect(status).toBeLessThan(300);
  };
  const account = `${group}/providers/Microsoft.Storage/storageAccounts/stclinic`;
  const outward = deploymentBody({}, 1, { privateNetworkConnection: false });
  const score = async (name: string): Promise<Answer> =>
    running.score(place, await running.key(), { 'azureml-model-deployment': name });

  it('fails where its workspace or its storage is shut, and says which', async () => {
    const failed = async (): Promise<string> => {
      const { status, error } = await running.settle('PUT', deployment('outward'), outward);
      expect([status, await stateOf(deployment('outward'))]).toEqual(['Failed', 'Failed']);
      return String(error['message']);
    };
    expect(await failed()).toMatch(
      /^deployment outward does not get to .*workspace.eastus.api.azureml.ms: refused-by-door, .*publicNetworkAccess/,
    );
    await open(workspace, 'Enabled');
    expect(await failed()).toMatch(/does not get to stclinic.blob.core.windows.net: refused-by-door/);
  });

  it('begins to fail when another shuts its workspace, until that is open again', async () => {
    await open(account, 'Enabled');
    expect((await running.settle('PUT', deployment('outward'), outward)).status).toBe('Succeeded');
    expect((await score('outward')).status).toBe(200);
    const inward = deploymentBody({}, 1, { privateNetworkConnection: true });
    expect((await running.settle('PUT', deployment('inward'), inward)).status).toBe('Succeeded');
    const { body } = await running.arm('GET', workspace);
    expect((body['properties'] as JsonObject)['publicNetworkAccess']).toBe('Disabled');
    expect((await score('inward')).status).toBe(200);
    const refused = await score('outward');
    expect([refused.status, codeOf(refused)]).toEqual([503, 'ServiceUnavailable']);
    expect(refused.body).toMatch(/does not get to .*publicNetworkAccess is Disabled/);
    const { deployments } = await running.control.status();
    expect(deployments.find(({ deployment: id }) => id.endsWith('/outward'))?.state).toMatch(
      /^degraded: deployment outward does not get to/,
    );
    await open(workspace, 'Enabled');
    expect((await score('outward')).status).toBe(200);
  });

  afterAll(async () => {
    for (const name of ['outward', 'inward'])
      expect((await running.settle('DELETE', deployment(name))).status).toBe('Succeeded');
    for (const id of [account, workspace]) await open(id, 'Disabled');
  });
});

describe.runIf(programOf('python3'))('a scripted deployment', () => {
  it('runs the scoring script of the example, and agrees with the model', async () => {
    const file = (name: string): Buffer => readFileSync(join(example, 'model', name));
    await running.control.seed('stclinic/code/score/score.py', file('score.py'));
    await running.control.seed('stclinic/models/coefficients/1/coefficients.json', file('coefficients.json'));
    const uri = 'https://stclinic.blob.core.windows.net';
    const code = `${workspace}/codes/score/versions/1`;
    const coefficients = `${workspace}/models/coefficients/versions/1`;
    expect(
      (await running.arm('PUT', code, { properties: { codeUri: `${uri}/code/score` } })).status,
    ).toBeLessThan(300);
    expect(
      (await running.arm('PUT', coefficients, { properties: { modelUri: `${uri}/models/coefficients/1/` } }))
        .status,
    ).toBeLessThan(300);
    const properties = {
      model: coefficients,
      codeConfiguration: { codeId: code, scoringScript: 'score.py' },
    };
    expect(await running.settle('PUT', deployment('scripted'), deploymentBody(properties, 2))).toMatchObject({
      status: 'Succeeded',
    });
    const key = await running.key();
    const named = { 'azureml-model-deployment': 'scripted' };
    const [scripted, plain] = [await running.score(place, key, named), await running.score(place, key)];
    expect(scripted.status).toBe(200);
    const [mine, other] = [JSON.parse(scripted.body), JSON.parse(plain.body)] as [number[], number[]];
    expect(mine).toHaveLength(other.length);
    for (const [at, value] of mine.entries()) expect(value).toBeCloseTo(other[at] ?? Number.NaN, 4);
    const wrong = await running.score(place, key, named, '{"input_data": [[1]]}');
    expect([wrong.status, wrong.headers['ms-azureml-model-error-statuscode']]).toEqual([
      424,
      expect.stringMatching(/^[45]/),
    ]);
    expect((await running.settle('DELETE', deployment('scripted'))).status).toBe('Succeeded');
    await eventually(() => processes().length === 1);
  });
});
