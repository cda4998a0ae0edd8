/** Datastores and versioned assets of a workspace, and where their files are. */

import { describe, expect, it } from 'vitest';
import { asText, type JsonObject, member } from '../../src/lib/json.ts';
import { fileAddress } from '../../src/server/supply/file-address.ts';
import { idOf, TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import { haveWorkspace } from './things.ts';

const SHAPES = 'wire-shapes 3';
const CLIENTS = 'real-clients 3';
const ml = idOf('workspace/mlw');
const store = `${ml}/datastores`;
const image = (name: string): JsonObject => ({ properties: { image: name } });
const code = `${ml}/codes/c/versions/1`;
const names = async (p: TestPlane, path: string, query: Record<string, string>) =>
  (await p.get(path, { query })).value.map((item) => asText(member(item, 'name')));
const bare = async (p: TestPlane) => haveWorkspace(p);
const identity = async (p: TestPlane) => haveWorkspace(p, { systemDatastoresAuthMode: 'identity' });
const mine: JsonObject = {
  datastoreType: 'AzureBlob',
  accountName: 'data',
  containerName: 'mine',
  credentials: { credentialsType: 'Sas', secrets: { secretsType: 'Sas', sasToken: 'sig=1' } },
};

table('datastores', bare, [
  [
    CLIENTS,
    'four come with a workspace',
    async (p) => (await p.list(store)).toSorted(),
    ['workspaceartifactstore', 'workspaceblobstore', 'workspacefilestore', 'workspaceworkingdirectory'],
  ],
  [
    CLIENTS,
    'the default one has what clients crash without',
    (p) => p.get(`${store}/workspaceblobstore`),
    answered(200, {
      datastoreType: 'AzureBlob',
      accountName: 'data',
      containerName: expect.stringMatching(/^azureml-blobstore-[0-9a-f-]{36}$/),
      endpoint: 'core.windows.net',
      protocol: 'https',
      credentials: { credentialsType: 'AccountKey' },
      isDefault: true,
    }),
  ],
  [
    CLIENTS,
    'isDefault chooses',
    (p) => names(p, store, { isDefault: 'true', count: '30' }),
    ['workspaceblobstore'],
  ],
  [
    CLIENTS,
    'secrets are the key of the account',
    (p) => of(p.post(`${store}/workspaceblobstore/listSecrets`), (a) => a.body),
    { secretsType: 'AccountKey', key: expect.stringContaining('storage') },
  ],
  [
    CLIENTS,
    'or a pass, for who can do with one',
    (p) => of(p.post(`${store}/workspaceblobstore/listSecrets`, { expirableSecret: true }), (a) => a.body),
    { secretsType: 'Sas', sasToken: 'sig=pass' },
  ],
  [
    SHAPES,
    'the default one stays',
    (p) => p.remove(`${store}/workspaceblobstore`),
    refused(400, 'UserError', 'default datastore'),
  ],
  [SHAPES, 'it goes with its workspace', (p) => of(p.remove(ml), (a) => a.status), 200],
  [
    SHAPES,
    'secrets go in, and are not shown',
    (p) => of(p.put(`${store}/mine`, { properties: mine }), (a) => a.properties['credentials']),
    { credentialsType: 'Sas' },
  ],
  [
    SHAPES,
    'secrets stay where what was shown is sent back',
    async (p) => {
      const made = await p.have(`${store}/mine`, { properties: mine });
      await p.have(`${store}/mine`, { properties: made['properties'] ?? {} });
      return (await p.post(`${store}/mine/listSecrets`)).body;
    },
    { secretsType: 'Sas', sasToken: 'sig=1' },
  ],
  [
    SHAPES,
    'a type that is not known is refused by name',
    (p) => p.put(`${store}/old`, { properties: { datastoreType: 'AzureDataLakeGen1', storeName: 'x' } }),
    refused(400, 'InvalidRequestContent', 'AzureDataLakeGen1', 'properties.datastoreType'),
  ],
]);

table('datastores by identity', identity, [
  [
    CLIENTS,
    'have no secrets',
    (p) => p.post(`${store}/workspaceblobstore/listSecrets`),
    refused(400, 'UserError', 'No secrets for credentials of type None.'),
  ],
  [
    CLIENTS,
    'follow the workspace',
    async (p) => {
      await p.patch(ml, { properties: { systemDatastoresAuthMode: 'accessKey' } });
      return (await p.get(`${store}/workspaceblobstore`)).properties['credentials'];
    },
    { credentialsType: 'AccountKey' },
  ],
]);

table('versions', bare, [
  [
    CLIENTS,
    'code is uploaded before it is there',
    (p) => of(p.post(`${code}/startPendingUpload`), (a) => a.body),
    {
      pendingUploadType: 'TemporaryBlobReference',
      blobReferenceForConsumption: {
        blobUri: expect.stringMatching(/^https:\/\/data\.blob\.core\.windows\.net\/[0-9a-f-]{36}$/),
        storageAccountArmId: idOf('storage/data'),
        credential: { credentialType: 'SAS', sasUri: expect.stringMatching(/\?sig=pass$/) },
      },
    },
  ],
  [
    CLIENTS,
    'not in a workspace that is not there',
    (p) => p.post(`${idOf('workspace/none')}/codes/c/versions/1/startPendingUpload`),
    refused(404, 'ResourceNotFound'),
  ],
  [
    CLIENTS,
    'what is uploaded to a version that is there goes elsewhere',
    async (p) => {
      const place = (a: { body: JsonObject }) => member(a.body['blobReferenceForConsumption'], 'blobUri');
      const first = place(await p.post(`${code}/startPendingUpload`));
      await p.have(code, { properties: { codeUri: `${String(first)}/x` } });
      return place(await p.post(`${code}/startPendingUpload`)) === first;
    },
    false,
  ],
  [
    'wire-shapes 3',
    'properties are texts, whatever clients write',
    async (p) => {
      const properties = { hash_version: 202208, hash_sha256: 'abc' };
      const { body } = await p.put(code, { properties: { codeUri: 'https://x', properties } });
      return member(member(body, 'properties'), 'properties');
    },
    { hash_version: '202208', hash_sha256: 'abc' },
  ],
  [
    CLIENTS,
    'code is found by its hash, and none before its name is known',
    async (p) => {
      const query = { hash: 'abc', hashVersion: '202208' };
      const before = await names(p, `${ml}/codes/c/versions`, query);
      await p.have(code, { properties: { codeUri: 'https://x', properties: { hash_sha256: 'abc' } } });
      const other = await names(p, `${ml}/codes/c/versions`, { hash: 'xyz' });
      return [before, await names(p, `${ml}/codes/c/versions`, query), other];
    },
    [[], ['1'], []],
  ],
  [
    CLIENTS,
    'the container knows the latest version and the next',
    async (p) => {
      for (const version of ['1', '2', '10', 'draft'])
        await p.have(`${ml}/models/m/versions/${version}`, { properties: { modelUri: `u${version}` } });
      return of(p.get(`${ml}/models/m`), ({ properties: { latestVersion, nextVersion } }) => [
        latestVersion,
        nextVersion,
      ]);
    },
    ['10', '11'],
  ],
  [
    CLIENTS,
    'the newest is first, and one is one',
    async (p) => {
      for (const version of ['9', '10']) await p.have(`${ml}/environments/e/versions/${version}`, image('i'));
      return names(p, `${ml}/environments/e/versions`, { $orderBy: 'createdtime desc', $top: '1' });
    },
    ['10'],
  ],
  [
    CLIENTS,
    'archived ones are listed where they are asked for',
    async (p) => {
      const path = `${ml}/environments/e/versions`;
      await p.have(`${path}/1`, image('i'));
      await p.have(`${path}/2`, { properties: { image: 'j', isArchived: true } });
      const views = ['ActiveOnly', 'ArchivedOnly', 'All'];
      return Promise.all(views.map((listViewType) => names(p, path, { listViewType })));
    },
    [['1'], ['2'], ['2', '1']],
  ],
  [
    CLIENTS,
    'another image is another version',
    async (p) => {
      await p.have(`${ml}/environments/e/versions/1`, image('i'));
      return p.put(`${ml}/environments/e/versions/1`, image('j'));
    },
    refused(409, 'Conflict', 'never changes', 'properties.image'),
  ],
  [
    SHAPES,
    'an environment is an image or a build',
    (p) => p.put(`${ml}/environments/e/versions/1`, { properties: { condaFile: 'x' } }),
    refused(400, 'UserError', 'properties.image'),
  ],
]);

describe('where files are', async () => {
  const plane = await TestPlane.start();
  await haveWorkspace(plane);
  const { properties } = await plane.get(`${store}/workspaceblobstore`);
  const container = properties['containerName'];
  const long = ml.slice(1).replace('/providers/Microsoft.MachineLearningServices', '');
  const user = `${ml}/onlineEndpoints/e/deployments/d`;

  it.each([
    ['https://data.blob.core.windows.net/c/a/b.onnx', { account: 'data', container: 'c', path: 'a/b.onnx' }],
    ['https://data.blob.core.windows.net:443/c', { account: 'data', container: 'c', path: '' }],
    ['azureml://datastores/workspaceblobstore/paths/a/', { account: 'data', container, path: 'a/' }],
    [`azureml://${long}/datastores/workspaceblobstore/paths/a`, { account: 'data', container, path: 'a' }],
    [
      `azureml://${long.toLowerCase()}/datastores/WorkspaceBlobStore/paths/a`,
      { account: 'data', container, path: 'a' },
    ],
    ['azureml://datastores/workspacefilestore/paths/a', undefined],
    ['azureml://datastores/none/paths/a', undefined],
    ['https://example.org/c/a', undefined],
  ])('%s', (uri, expected) => {
    expect(fileAddress(uri, user, plane.estate)).toEqual(expected);
  });
});
