/** @azure/storage-blob: a token, an account key and signatures made by the SDK itself; and the closed door. */

import { createHash, randomBytes } from 'node:crypto';
import { all, finish, group, place, refuses, sdk, subscription, works } from './steps.mjs';

const { DefaultAzureCredential } = sdk('@azure/identity');
const { ResourceManagementClient } = sdk('@azure/arm-resources');
const {
  BlobClient,
  BlobSASPermissions,
  BlobServiceClient,
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} = sdk('@azure/storage-blob');

const account = 'stclinic';
const home = `https://${account}.blob.core.windows.net`;
const credential = new DefaultAzureCredential();
const service = new BlobServiceClient(home, credential);
const container = service.getContainerClient('clients');

if (place === 'internet') {
  await refuses('containers: create, from the internet', 403, ['AuthorizationFailure'], () =>
    container.create(),
  );
  await refuses('blobs: download, from the internet', 403, ['AuthorizationFailure'], () =>
    service.getContainerClient('models').getBlobClient('length-of-stay/1/regression.onnx').download(),
  );
} else {
  // An owner's actions make containers; what is in them needs a role on the data.
  await works('containers: create', () => container.create({ metadata: { for: 'clients' } }));
  await refuses('blobs: upload, without a role on the data', 403, ['AuthorizationPermissionMismatch'], () =>
    container.getBlockBlobClient('early').upload('x', 1),
  );
  const arm = new ResourceManagementClient(credential, subscription);
  await grant(arm);
  await containers();
  await blobs();
  await leases();
  await lists();
  await signatures();
}
finish();

async function grant(arm) {
  const token = await credential.getToken('https://management.azure.com/.default');
  const { oid } = JSON.parse(Buffer.from(token.token.split('.')[1], 'base64url').toString());
  const owner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b';
  await works('a role on the account: Storage Blob Data Owner', () =>
    arm.resources.beginCreateOrUpdateByIdAndWait(
      `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Storage/storageAccounts/${account}/providers/Microsoft.Authorization/roleAssignments/7f2a4ff2-6f4e-49f4-8a5a-52d85d6c4f10`,
      '2022-04-01',
      {
        properties: {
          roleDefinitionId: `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${owner}`,
          principalId: oid,
          principalType: 'ServicePrincipal',
        },
      },
    ),
  );
}

async function containers() {
  await refuses('containers: create again', 409, ['ContainerAlreadyExists'], () => container.create());
  await works(
    'containers: create if absent',
    () => container.createIfNotExists(),
    ({ succeeded }) => succeeded === false,
  );
  await works(
    'containers: properties',
    () => container.getProperties(),
    ({ metadata }) => metadata.for === 'clients',
  );
  await works(
    'containers: list',
    () => all(service.listContainers({ prefix: 'cli' })),
    (list) => list.length === 1 && list[0].name === 'clients',
  );
}

async function blobs() {
  const text = container.getBlockBlobClient('texts/hello.txt');
  await works('blobs: upload', () =>
    text.upload('hello, world', 12, {
      blobHTTPHeaders: { blobContentType: 'text/plain', blobCacheControl: 'no-cache' },
      metadata: { a: 'b' },
      tags: { kind: 'greeting' },
    }),
  );
  await works(
    'blobs: download',
    () => downloaded(text),
    (found) => found === 'hello, world',
  );
  await works(
    'blobs: download a range',
    async () => (await text.downloadToBuffer(7, 5)).toString(),
    (found) => found === 'world',
  );
  await refuses('blobs: download a range beyond the end', 416, ['InvalidRange'], () => text.download(100, 5));
  await works(
    'blobs: properties',
    () => text.getProperties(),
    (found) =>
      found.contentType === 'text/plain' &&
      found.cacheControl === 'no-cache' &&
      found.metadata.a === 'b' &&
      found.contentMD5 !== undefined &&
      Buffer.from(found.contentMD5).equals(createHash('md5').update('hello, world').digest()),
  );
  await works('blobs: set metadata and headers', async () => {
    await text.setMetadata({ c: 'd' });
    await text.setHTTPHeaders({ blobContentType: 'text/markdown' });
  });
  await works(
    'blobs: tags',
    async () => {
      await text.setTags({ kind: 'greeting', lang: 'en' });
      return (await text.getTags()).tags;
    },
    (tags) => tags.kind === 'greeting' && tags.lang === 'en',
  );
  await refuses('blobs: upload unless it is there', 409, ['BlobAlreadyExists'], () =>
    text.upload('x', 1, { conditions: { ifNoneMatch: '*' } }),
  );
  await refuses('blobs: upload with an old ETag', 412, ['ConditionNotMet'], () =>
    text.upload('x', 1, { conditions: { ifMatch: '"0x0"' } }),
  );
  await refuses('blobs: get one that is not there', 404, ['BlobNotFound'], () =>
    container.getBlobClient('nothing').download(),
  );
  const large = randomBytes(9 * 1024 * 1024 + 17);
  const parts = container.getBlockBlobClient('large.bin');
  await works('blobs: upload in parallel blocks', () =>
    parts.uploadData(large, { blockSize: 1024 * 1024, concurrency: 4, maxSingleShotSize: 1024 * 1024 }),
  );
  await works(
    'blobs: the block list',
    () => parts.getBlockList('committed'),
    ({ committedBlocks }) => committedBlocks.length === 10,
  );
  await works(
    'blobs: download in parallel ranges',
    () => parts.downloadToBuffer(0, undefined, { blockSize: 1024 * 1024, concurrency: 4 }),
    (found) => found.equals(large),
  );
  await works(
    'blobs: stage two blocks and commit one',
    async () => {
      const staged = container.getBlockBlobClient('staged');
      const id = (number) => Buffer.from(`block-${number}`).toString('base64');
      await staged.stageBlock(id(1), 'one', 3);
      await staged.stageBlock(id(2), 'two', 3);
      const { uncommittedBlocks } = await staged.getBlockList('uncommitted');
      await staged.commitBlockList([id(2)]);
      return [uncommittedBlocks.length, await downloaded(staged)];
    },
    ([count, found]) => count === 2 && found === 'two',
  );
  await works(
    'blobs: copy within the account',
    async () => {
      const copy = container.getBlobClient('copied.txt');
      await (await copy.beginCopyFromURL(text.url, { intervalInMs: 100 })).pollUntilDone();
      return downloaded(copy);
    },
    (found) => found === 'hello, world',
  );
}

async function leases() {
  const blob = container.getBlockBlobClient('leased');
  await blob.upload('x', 1);
  const lease = blob.getBlobLeaseClient();
  await works(
    'leases: acquire',
    () => lease.acquireLease(15),
    ({ leaseId }) => leaseId === lease.leaseId,
  );
  await refuses('leases: write without it', 412, ['LeaseIdMissing'], () => blob.upload('y', 1));
  await refuses('leases: acquire it twice', 409, ['LeaseAlreadyPresent'], () =>
    blob.getBlobLeaseClient().acquireLease(15),
  );
  await works('leases: write with it, release', async () => {
    await blob.upload('y', 1, { conditions: { leaseId: lease.leaseId } });
    await lease.renewLease();
    return lease.releaseLease();
  });
}

async function lists() {
  await works(
    'lists: by hierarchy',
    () => all(container.listBlobsByHierarchy('/')),
    (list) =>
      list.some(({ kind, name }) => kind === 'prefix' && name === 'texts/') &&
      list.some(({ kind, name }) => kind === 'blob' && name === 'large.bin'),
  );
  await works(
    'lists: flat, with metadata and tags',
    () => all(container.listBlobsFlat({ prefix: 'texts/', includeMetadata: true, includeTags: true })),
    (list) => list.length === 1 && list[0].metadata.c === 'd' && list[0].tags.lang === 'en',
  );
  await works(
    'lists: by pages of two',
    () => all(container.listBlobsFlat().byPage({ maxPageSize: 2 })),
    (pages) => pages.length >= 2 && pages.every(({ segment }) => segment.blobItems.length <= 2),
  );
}

async function signatures() {
  const shared = new StorageSharedKeyCredential(account, await accountKey());
  const byKey = new BlobServiceClient(home, shared).getContainerClient('clients');
  await works(
    'account key: download',
    () => downloaded(byKey.getBlobClient('texts/hello.txt')),
    (found) => found === 'hello, world',
  );
  await refuses('account key: a wrong one', 403, ['AuthenticationFailed'], () =>
    new BlobServiceClient(home, new StorageSharedKeyCredential(account, Buffer.alloc(64).toString('base64')))
      .getContainerClient('clients')
      .getProperties(),
  );
  const until = new Date(Date.now() + 3_600_000);
  await works(
    'SAS by the account key: read',
    async () => {
      const blob = byKey.getBlobClient('texts/hello.txt');
      const permissions = BlobSASPermissions.parse('r');
      return downloaded(new BlobClient(await blob.generateSasUrl({ permissions, expiresOn: until })));
    },
    (found) => found === 'hello, world',
  );
  await refuses(
    'SAS by the account key: write with a pass to read',
    403,
    ['AuthorizationPermissionMismatch'],
    async () => {
      const url = await byKey.generateSasUrl({
        permissions: ContainerSASPermissions.parse('r'),
        expiresOn: until,
      });
      return new ContainerClient(url).getBlockBlobClient('new').upload('x', 1);
    },
  );
  await refuses('SAS by the account key: one that has ended', 403, ['AuthenticationFailed'], async () => {
    const url = await byKey.generateSasUrl({
      permissions: ContainerSASPermissions.parse('r'),
      startsOn: new Date(Date.now() - 7_200_000),
      expiresOn: new Date(Date.now() - 3_600_000),
    });
    return new ContainerClient(url).getBlobClient('texts/hello.txt').download();
  });
  const delegated = await works('user delegation key', () =>
    service.getUserDelegationKey(new Date(Date.now() - 60_000), until),
  );
  await works(
    'SAS by a user delegation key: list',
    async () => {
      const query = generateBlobSASQueryParameters(
        {
          containerName: 'clients',
          permissions: ContainerSASPermissions.parse('rl'),
          startsOn: new Date(Date.now() - 60_000),
          expiresOn: until,
        },
        delegated,
        account,
      );
      return all(new ContainerClient(`${container.url}?${query}`).listBlobsFlat());
    },
    (list) => list.length >= 5,
  );
  await works('containers: delete', () => container.delete());
}

async function downloaded(blob) {
  return (await blob.downloadToBuffer()).toString();
}

async function accountKey() {
  const { token } = await credential.getToken('https://management.azure.com/.default');
  const { createDefaultHttpClient, createPipelineRequest, createPipelineFromOptions } =
    sdk('@azure/core-rest-pipeline');
  const request = createPipelineRequest({
    url: `https://management.azure.com/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Storage/storageAccounts/${account}/listKeys?api-version=2023-05-01`,
    method: 'POST',
  });
  request.headers.set('authorization', `Bearer ${token}`);
  const answer = await createPipelineFromOptions({}).sendRequest(createDefaultHttpClient(), request);
  return JSON.parse(answer.bodyAsText).keys[0].value;
}
