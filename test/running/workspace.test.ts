/**
 * A workspace's own services over HTTP, from both sides of its door: what version 1 of the SDK registers is what
 * version 2 serves, files go by the storage account, and v1LegacyMode shuts version 2 out and not version 1.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { asText, member } from '../../src/lib/json.ts';
import { eventually, Running, workspace } from '../support/running.ts';

let running: Running;
let host = '';
let token = '';

beforeAll(async () => {
  running = await Running.example();
  const { body } = await running.arm('GET', workspace);
  host = new URL(asText(member(body['properties'], 'discoveryUrl')) ?? '').host;
  token = await running.token();
});

afterAll(async () => {
  await running.close();
  expect(running.errors).toEqual([]);
});

/** Asks `GET history/v1.0 experiments/e1` at the workspace, from the jump box unless told. */
async function ask(
  line: string,
  body?: Json,
  { place = 'vm/jumpbox', bearer = token, at = workspace } = {},
): Promise<{ readonly status: number; readonly body: JsonObject }> {
  const [method = '', service = '', path = ''] = line.split(' ');
  const answer = await running.send(place, `https://${host}/${service}${at}/${path}`, {
    method,
    headers: { ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: answer.body === '' ? {} : (JSON.parse(answer.body) as JsonObject) };
}

const message = ({ body }: { body: JsonObject }): string => asText(member(body['error'], 'message')) ?? '';

describe('the door', () => {
  it('is shut to the internet, whatever token is sent', async () => {
    for (const bearer of [token, '']) {
      const refused = await ask('GET history/v1.0 experiments/e1', undefined, { place: 'internet', bearer });
      expect([refused.status, message(refused)]).toEqual([
        403,
        'Access to workspace was denied based on workspace private link configuration.',
      ]);
    }
  });

  it('takes tokens for machine learning and for Azure Resource Manager, and for nothing else', async () => {
    const status = async (resource: string): Promise<number> =>
      (await ask('GET history/v1.0 experiments/no', undefined, { bearer: await running.token(resource) }))
        .status;
    expect(await status('https://ml.azure.com')).toBe(404);
    expect(await status('https://management.core.windows.net/')).toBe(404);
    expect(await status('https://storage.azure.com')).toBe(401);
    expect(await status('https://vault.azure.net')).toBe(401);
    expect((await ask('GET history/v1.0 experiments/no', undefined, { bearer: 'x' })).status).toBe(401);
  });
});

it('datastores are the resources, with their secrets for whoever may have them', async () => {
  const { body } = await ask('GET datastore/v1.0 default');
  const { body: secret } = await running.arm(
    'POST',
    `${workspace}/datastores/workspaceblobstore/listSecrets`,
  );
  expect(body).toMatchObject({
    name: 'workspaceblobstore',
    dataStoreType: 'AzureBlob',
    azureStorageSection: { accountName: 'stclinic', credentialType: 'AccountKey', credential: secret['key'] },
  });
  const mine = {
    name: 'mine',
    dataStoreType: 'AzureFile',
    azureStorageSection: {
      accountName: 'stclinic',
      containerName: 's',
      credentialType: 'Sas',
      credential: 'sig=x',
    },
  };
  expect((await ask('POST datastore/v1.0 datastores', mine)).status).toBe(200);
  expect(message(await ask('POST datastore/v1.0 datastores', mine))).toMatch(
    /with the same name already exists/,
  );
  expect((await ask('PUT datastore/v1.0 datastores/mine', mine)).status).toBe(200);
  const { body: seen } = await running.arm('GET', `${workspace}/datastores/mine`);
  expect(seen['properties']).toMatchObject({ datastoreType: 'AzureFile', fileShareName: 's' });
  const listed = (await ask('GET datastore/v1.0 datastores?count=100')).body['value'] as JsonObject[];
  expect(listed.map(({ name }) => name)).toContain('mine');
  expect((await ask('DELETE datastore/v1.0 datastores/mine')).status).toBe(200);
  expect((await ask('GET datastore/v1.0 datastores/mine')).status).toBe(404);
  for (const [line, given, status] of [
    ['POST datastore/v1.0 datastores', { ...mine, dataStoreType: 'AzureDataLake' }, 501],
    ['POST datastore/v1.0 datastores?createIfNotExists=true', mine, 501],
    ['POST datastore/v1.0 datastores', { name: 'x', dataStoreType: 'AzureBlob' }, 400],
    ['POST datastore/v1.0 datastores', { ...mine, name: 'not a name' }, 400],
    ['PUT datastore/v1.0 datastores/other', mine, 400],
    ['DELETE datastore/v1.0 datastores/workspaceblobstore', undefined, 400],
    ['PUT datastore/v1.0 default/mine', {}, 501],
  ] as const) {
    expect([line, (await ask(line, given)).status]).toEqual([line, status]);
  }
});

it('the shares that come with a workspace are there, behind their own door', async () => {
  const share = `azureml-filestore-${host.split('.')[0]}`;
  const at = `https://stclinic.file.core.windows.net/${share}?restype=share`;
  const told = async (place: string, headers: Record<string, string>): Promise<unknown> => {
    const { status, headers: came } = await running.send(place, at, { headers });
    return [status, came['x-ms-error-code'], came['x-ms-share-quota']];
  };
  const bearer = await running.token('https://storage.azure.com');
  const headers = { authorization: `Bearer ${bearer}`, 'x-ms-version': '2021-12-02' };
  expect(await told('vm/jumpbox', headers)).toEqual([200, undefined, '5120']);
  expect(await told('internet', headers)).toEqual([403, 'AuthorizationFailure', undefined]);
  expect(await told('vm/jumpbox', {})).toEqual([401, 'NoAuthenticationInformation', undefined]);
  const armToken = { ...headers, authorization: `Bearer ${token}` };
  expect(await told('vm/jumpbox', armToken)).toEqual([401, 'InvalidAuthenticationInfo', undefined]);
});

/** Uploads a file the way clients do, and registers it as a model; answers its id. */
async function register(name: string, content: string): Promise<string> {
  const at = 'LocalUpload/upload-1';
  const made = await ask(`POST artifact/v2.0 artifacts/batch/metadata/${at}`, {
    paths: [{ path: `${name}.py` }],
  });
  const uri = asText(
    member(member(member(made.body, 'artifactContentInformation'), `${name}.py`), 'contentUri'),
  );
  const headers = { 'x-ms-blob-type': 'BlockBlob', 'content-length': String(content.length) };
  const put = await running.send('vm/jumpbox', uri ?? '', { method: 'PUT', headers, body: content });
  expect(put.status).toBe(201);
  const outside = await running.send('internet', uri ?? '', { method: 'PUT', headers, body: content });
  expect([outside.status, outside.body]).toEqual([403, expect.stringContaining('AuthorizationFailure')]);
  const asset = await ask('POST modelmanagement/v1.0 assets', {
    name,
    artifacts: [{ prefix: `${at}/${name}.py` }],
  });
  const url = `aml://asset/${String(asset.body['id'])}`;
  const model = await ask('POST modelmanagement/v1.0 models', {
    name,
    url,
    mimeType: 'x',
    kvTags: { a: 'b' },
  });
  expect([model.status, model.body['id']]).toEqual([200, expect.stringMatching(`^${name}:`)]);
  return String(model.body['id']);
}

it('models of version 1 are versions of version 2, and have versions of their own', async () => {
  expect(await register('m1', 'one')).toBe('m1:1');
  expect(await register('m1', 'two')).toBe('m1:2');
  const { body } = await running.arm('GET', `${workspace}/models/m1/versions/2`);
  expect(body['properties']).toMatchObject({
    modelUri: expect.stringMatching(
      /\/datastores\/workspaceartifactstore\/paths\/LocalUpload\/upload-1\/m1\.py$/,
    ),
    tags: { a: 'b' },
  });
  const listed = await ask('GET modelmanagement/v1.0 models?name=m1&count=1&tags=a=b');
  expect((listed.body['value'] as JsonObject[]).map(({ id }) => id)).toEqual(['m1:2']);
  const next = new URL(String(listed.body['nextLink']));
  const rest = await running.send('vm/jumpbox', next.href, { headers: { authorization: `Bearer ${token}` } });
  expect(rest.body).toContain('"id":"m1:1"');
  const ofVersion2 = await ask('GET modelmanagement/v1.0 models/length-of-stay:1');
  expect(ofVersion2.body).toMatchObject({ name: 'length-of-stay', version: 1 });
  expect((await ask('DELETE modelmanagement/v1.0 models/m1:1')).status).toBe(200);
  expect((await ask('GET modelmanagement/v1.0 models/m1:1')).status).toBe(404);
  for (const [line, given, status] of [
    ['POST modelmanagement/v1.0 models', { name: 'x', url: 'https://x/y', mimeType: 'x' }, 501],
    ['POST modelmanagement/v1.0 models', { name: 'x', url: 'aml://asset/no', mimeType: 'x' }, 404],
    ['POST modelmanagement/v1.0 models', { url: 'aml://asset/no', mimeType: 'x' }, 400],
    ['POST modelmanagement/v1.0 assets', { name: 'x', artifacts: [] }, 501],
    ['GET modelmanagement/v1.0 models?orderBy=x', undefined, 501],
    ['GET modelmanagement/v1.0 models/m1', undefined, 404],
    ['POST modelmanagement/v1.0 services', {}, 501],
  ] as const) {
    expect([line, (await ask(line, given)).status]).toEqual([line, status]);
  }
});

describe('v1LegacyMode', () => {
  it('shuts version 2 out and lets version 1 in', async () => {
    const set = (v1LegacyMode: boolean) => running.arm('PATCH', workspace, { properties: { v1LegacyMode } });
    const { status } = await set(true);
    expect(status).toBe(200);
    const model = { properties: { modelUri: 'https://stclinic.blob.core.windows.net/models/x' } };
    const refused = await running.arm('PUT', `${workspace}/models/v2/versions/1`, model);
    expect([refused.status, member(refused.body['error'], 'message')]).toEqual([
      400,
      expect.stringContaining('has v1LegacyMode on'),
    ]);
    expect(await register('legacy', 'x')).toBe('legacy:1');
    expect((await set(false)).status).toBe(200);
    expect((await running.arm('PUT', `${workspace}/models/v2/versions/1`, model)).status).toBe(201);
  });
});

it('what a workspace kept is gone with it', async () => {
  const at = workspace.replace('mlw-clinic', 'mlw-short');
  const { body } = await running.arm('GET', workspace);
  const { storageAccount, keyVault } = body['properties'] as JsonObject;
  const made = { location: 'eastus', properties: { storageAccount, keyVault } };
  const make = async (): Promise<void> => {
    expect((await running.arm('PUT', at, made)).status).toBe(201);
  };
  await make();
  const { body: workspaceBody } = await running.arm('GET', at);
  const own = `${String(member(workspaceBody['properties'], 'workspaceId'))}.workspace.eastus.api.azureml.ms`;
  const experiment = async (method: string): Promise<number> => {
    const url = `https://${own}/history/v1.0${at}/experiments/e1`;
    const headers = { authorization: `Bearer ${token}` };
    return (await running.send('internet', url, { method, headers })).status;
  };
  expect([await experiment('POST'), await experiment('GET')]).toEqual([200, 200]);
  expect((await running.arm('DELETE', at)).status).toBe(200);
  await make();
  await eventually(async () => (await experiment('GET')) === 404);
});

it('the regions that a provider lists are those that a client may ask for', async () => {
  const at = `/subscriptions/${workspace.split('/')[2]}/providers`;
  const { body } = await running.arm('GET', `${at}/Microsoft.MachineLearningServices`);
  const types = body['resourceTypes'] as JsonObject[];
  const found = types.find(({ resourceType }) => resourceType === 'workspaces');
  expect([body['registrationState'], found?.['locations']]).toEqual([
    'Registered',
    expect.arrayContaining(['East US']),
  ]);
  expect((await running.arm('GET', `${at}/Microsoft.Nothing`)).status).toBe(404);
  const { body: filtered } = await running.arm(
    'GET',
    `${workspace.split('/providers')[0]}/resources?$filter=substringof('clinic',name)`,
  );
  const names = (filtered['value'] as JsonObject[]).map(({ name }) => String(name));
  expect(names.length).toBeGreaterThan(3);
  expect(names.every((name) => name.includes('clinic'))).toBe(true);
});
