/** Workspaces, online endpoints and deployments, models, and what is only stored. */

import { expect } from 'vitest';
import { type JsonObject, member } from '../../src/lib/json.ts';
import { keyOf } from '../../src/lib/key.ts';
import { Names } from '../../src/net/places.ts';
import { caller, idOf, rg, root, type TestPlane } from '../support/plane.ts';
import { answered, of, refused, table } from './row.ts';
import {
  body,
  endpoint,
  haveWorkspace,
  onlineDeployment,
  onlineEndpoint,
  registry,
  storage,
  vault,
  vnet,
  workspace,
} from './things.ts';

const ACCESS = 'paas-access 2';
const ml = idOf('workspace/mlw');
const base = async (p: TestPlane): Promise<void> => {
  await p.have(idOf('storage/data'), storage());
  await p.have(idOf('vault/keys'), vault());
};
const putMl = (p: TestPlane, properties: JsonObject = {}, more: JsonObject = {}) =>
  p.put(ml, workspace(properties, more));
const flags = (answer: { properties: JsonObject }) => [
  answer.properties['publicNetworkAccess'],
  answer.properties['allowPublicAccessWhenBehindVnet'],
];
const granted = (p: TestPlane, principal: unknown): string[] =>
  p.estate
    .ofType('Microsoft.Authorization/roleAssignments')
    .filter((item) => item.properties['principalId'] === principal)
    .map(
      (item) =>
        `${String(item.properties['roleDefinitionId']).slice(-12)} ${String(item.properties['scope']).split('/').at(-1)}`,
    )
    .toSorted();

table('workspaces', base, [
  [
    'real-clients 3',
    'an answer has what clients need',
    (p) => of(putMl(p), (a) => [a.status, Object.keys(a.properties)]),
    [
      201,
      expect.arrayContaining([
        'workspaceId',
        'discoveryUrl',
        'mlFlowTrackingUri',
        'storageAccount',
        'keyVault',
        'publicNetworkAccess',
        'privateEndpointConnections',
        'tenantId',
        'notebookInfo',
      ]),
    ],
  ],
  [
    'rbac-identity 5',
    'a system-assigned identity is made by default',
    (p) => of(putMl(p), (a) => member(a.body['identity'], 'type')),
    'SystemAssigned',
  ],
  [
    'rbac-identity 5',
    'with rights on the group and the storage account',
    async (p) => granted(p, member((await putMl(p)).body['identity'], 'principalId')),
    ['20f7382dd24c rg', 'e96b0029c9fe data'],
  ],
  [
    'rbac-identity 5',
    'rights follow another storage account',
    async (p) => {
      await p.have(idOf('storage/data2'), storage());
      await putMl(p);
      return granted(
        p,
        member((await putMl(p, { storageAccount: idOf('storage/data2') })).body['identity'], 'principalId'),
      );
    },
    ['20f7382dd24c rg', 'e96b0029c9fe data2'],
  ],
  [
    'rbac-identity 5',
    'and go with the workspace',
    async (p) => {
      const principal = member((await putMl(p)).body['identity'], 'principalId');
      await p.remove(ml);
      return granted(p, principal);
    },
    [],
  ],
  [
    'Azure',
    'a role that a template gives the identity too is no clash',
    async (p) => {
      const principalId = member((await putMl(p)).body['identity'], 'principalId') as string;
      const roleDefinitionId = `${root}/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe`;
      return p.put(
        `${idOf('storage/data')}/providers/Microsoft.Authorization/roleAssignments/44444444-0000-4000-8000-000000000001`,
        { properties: { principalId, roleDefinitionId } },
      );
    },
    answered(201),
  ],
  [
    'Azure',
    'three characters at least',
    (p) => p.put(idOf('workspace/ml'), workspace()),
    refused(400, 'InvalidResourceName', '3 to 33'),
  ],
  [
    'UserError',
    'a vault is required',
    (p) => putMl(p, { keyVault: null }),
    refused(400, 'UserError', 'properties.keyVault is required', 'properties.keyVault'),
  ],
  [
    'InvalidResourceReference',
    'a registry that is not there',
    (p) => putMl(p, { containerRegistry: idOf('registry/none') }),
    refused(400, 'InvalidResourceReference', 'registries/none', 'properties.containerRegistry'),
  ],
  [
    'InvalidResourceLocation',
    'a workspace stays in its region',
    async (p) => {
      await putMl(p);
      return putMl(p, {}, { location: 'westus' });
    },
    refused(409, 'InvalidResourceLocation'),
  ],
  [ACCESS, 'public by default, in both words', async (p) => flags(await putMl(p)), ['Enabled', true]],
  [
    ACCESS,
    'the word is mirrored to the older flag',
    async (p) => flags(await putMl(p, { publicNetworkAccess: 'Disabled' })),
    ['Disabled', false],
  ],
  [
    ACCESS,
    'the older flag is mirrored to the word',
    async (p) => flags(await putMl(p, { allowPublicAccessWhenBehindVnet: false })),
    ['Disabled', false],
  ],
  [
    ACCESS,
    'both, alike',
    async (p) =>
      flags(await putMl(p, { publicNetworkAccess: 'Disabled', allowPublicAccessWhenBehindVnet: false })),
    ['Disabled', false],
  ],
  [
    ACCESS,
    'both, contradicting each other',
    (p) => putMl(p, { publicNetworkAccess: 'Disabled', allowPublicAccessWhenBehindVnet: true }),
    refused(400, 'BadRequest', 'one setting', 'properties.publicNetworkAccess'),
  ],
  [
    ACCESS,
    'whichever was set last wins: the word',
    async (p) => {
      const got = await putMl(p);
      return flags(
        await p.put(ml, { ...got.body, properties: { ...got.properties, publicNetworkAccess: 'Disabled' } }),
      );
    },
    ['Disabled', false],
  ],
  [
    ACCESS,
    'whichever was set last wins: the flag',
    async (p) => {
      const got = await putMl(p);
      return flags(
        await p.put(ml, {
          ...got.body,
          properties: { ...got.properties, allowPublicAccessWhenBehindVnet: false },
        }),
      );
    },
    ['Disabled', false],
  ],
  [
    'real-clients 3',
    'also with PATCH: the word',
    async (p) => {
      await putMl(p);
      return flags(await p.patch(ml, { tags: { a: 'b' }, properties: { publicNetworkAccess: 'Disabled' } }));
    },
    ['Disabled', false],
  ],
  [
    'real-clients 3',
    'also with PATCH: the flag',
    async (p) => {
      await putMl(p, { publicNetworkAccess: 'Disabled' });
      return flags(await p.patch(ml, { properties: { allowPublicAccessWhenBehindVnet: true } }));
    },
    ['Enabled', true],
  ],
  [
    'real-clients 3',
    'a PATCH of tags leaves them',
    async (p) => {
      await putMl(p, { publicNetworkAccess: 'Disabled' });
      return flags(await p.patch(ml, { tags: { a: 'b' } }));
    },
    ['Disabled', false],
  ],
  [
    ACCESS,
    'an allow list is public addresses',
    (p) => putMl(p, { ipAllowlist: ['10.0.0.0/8'] }),
    refused(400, 'InvalidParameter', 'public addresses', 'properties.ipAllowlist[0].value'),
  ],
  [
    ACCESS,
    'of at most 200',
    (p) => putMl(p, { ipAllowlist: Array.from({ length: 201 }, (_, at) => `203.0.113.${at}`) }),
    refused(400, 'InvalidParameter', 'at most 200'),
  ],
  [
    ACCESS,
    'an allow list is a door that denies by default',
    async (p) => {
      await putMl(p, { ipAllowlist: ['203.0.113.0/24'] });
      return p.network().services.get(keyOf(ml))?.fact.door;
    },
    { publicAccess: true, defaultAllow: false, defaultFlag: 'ipAllowlist' },
  ],
  [
    'private-endpoints WS-4',
    'discovery follows private link, and stays public without',
    async (p) => {
      await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
      const before = (await putMl(p)).properties['discoveryUrl'];
      await p.have(idOf('endpoint/ml'), endpoint(ml, 'amlworkspace'));
      const { properties } = await p.get(ml);
      return [
        before,
        String(properties['discoveryUrl']).replace(String(properties['workspaceId']), 'GUID'),
        properties['privateLinkCount'],
      ];
    },
    ['https://eastus.api.azureml.ms/discovery', 'https://GUID.workspace.eastus.api.azureml.ms/discovery', 1],
  ],
  [
    'private-endpoints WS-4',
    'deleting the last endpoint does not open it',
    async (p) => {
      await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
      await putMl(p, { publicNetworkAccess: 'Disabled' });
      await p.have(idOf('endpoint/ml'), endpoint(ml, 'amlworkspace'));
      await p.remove(idOf('endpoint/ml'));
      return flags(await p.get(ml));
    },
    ['Disabled', false],
  ],
  [
    'charter: determinism',
    'its id is the same for the same resource id',
    async (p) => {
      const before = (await putMl(p)).properties['workspaceId'];
      await p.remove(ml);
      return (await putMl(p)).properties['workspaceId'] === before;
    },
    true,
  ],
  [
    'private-endpoints 4.1',
    'a long name is cut so that the label fits',
    async (p) => {
      const name = 'w'.repeat(33);
      await p.have(idOf(`workspace/${name}`), workspace());
      const { properties } = await p.get(idOf(`workspace/${name}`));
      const [label = ''] = String(member(properties['notebookInfo'], 'fqdn')).split('.');
      return [label.length, label.endsWith(`-eastus-${String(properties['workspaceId'])}`)];
    },
    [63, true],
  ],
  [
    'real-clients 3',
    'keys of the storage account',
    async (p) => {
      await putMl(p);
      const [first] = (await p.post(`${idOf('storage/data')}/listKeys`)).body['keys'] as JsonObject[];
      return of(p.post(`${ml}/listKeys`), (a) => a.body['userStorageKey'] === first?.['value']);
    },
    true,
  ],
  [
    'CannotDeleteResource',
    'a workspace with online endpoints cannot be deleted',
    async (p) => {
      await putMl(p);
      await p.have(`${ml}/onlineEndpoints/score`, onlineEndpoint());
      return p.remove(ml);
    },
    refused(409, 'CannotDeleteResource', 'online endpoint score'),
  ],
  [
    'real-clients 2',
    'the whole body that was got can be put back',
    async (p) => {
      const got = await putMl(p);
      const put = await p.put(ml, got.body);
      return [put.status, put.body['etag'] === got.body['etag']];
    },
    [200, true],
  ],
]);

const score = `${ml}/onlineEndpoints/score`;
const blue = `${score}/deployments/blue`;
const onCluster = `${ml}/onlineEndpoints/wards`;
const haveCluster = async (p: TestPlane): Promise<string> => {
  const compute = `${ml}/computes/k8s`;
  const properties = { computeType: 'Kubernetes', properties: { namespace: 'scoring' } };
  await p.have(compute, { location: 'eastus', properties });
  return compute;
};
const putScore = (p: TestPlane, properties: JsonObject = {}) => p.put(score, onlineEndpoint(properties));
const haveBlue = (p: TestPlane, properties: JsonObject = {}) => p.have(blue, onlineDeployment(properties));

table(
  'online endpoints',
  async (p) => {
    await haveWorkspace(p);
    await p.have(idOf('registry/images'), registry());
  },
  [
    [
      'real-clients 3',
      'an answer has addresses and empty splits',
      (p) => putScore(p),
      answered(201, {
        scoringUri: 'https://score.eastus.inference.ml.azure.com/score',
        swaggerUri: 'https://score.eastus.inference.ml.azure.com/swagger.json',
        traffic: {},
        mirrorTraffic: {},
        provisioningState: 'Succeeded',
      }),
    ],
    [
      'rbac-identity 5',
      'its identity may pull and read',
      async (p) => {
        await p.have(ml, workspace({ containerRegistry: idOf('registry/images') }));
        return granted(p, member((await putScore(p)).body['identity'], 'principalId'));
      },
      ['43fe172d538d images', 'a410df84e7d1 data'],
    ],
    [
      'Azure',
      'capitals are refused',
      (p) => p.put(`${ml}/onlineEndpoints/Score`, onlineEndpoint()),
      refused(400, 'InvalidResourceName', 'lower-case'),
    ],
    [
      'InvalidParameter',
      'in the region of its workspace',
      (p) => p.put(score, { ...onlineEndpoint(), location: 'westus' }),
      refused(400, 'InvalidParameter', 'region of its workspace: eastus', 'location'),
    ],
    [
      'Azure',
      'a name is taken in a region',
      async (p) => {
        await p.have(idOf('workspace/two'), workspace());
        await putScore(p);
        return p.put(`${idOf('workspace/two')}/onlineEndpoints/score`, onlineEndpoint());
      },
      refused(409, 'Conflict', 'is taken in eastus'),
    ],
    [
      'shape',
      'an authentication is required',
      (p) => p.put(score, body()),
      refused(400, 'InvalidRequestContent', 'properties.authMode is required'),
    ],
    [
      'wire-shapes 2',
      'it never changes',
      async (p) => {
        await putScore(p);
        return p.put(score, onlineEndpoint({ authMode: 'AADToken' }));
      },
      refused(400, 'UserError', 'authMode cannot change from Key to AADToken', 'properties.authMode'),
    ],
    [
      'UserError',
      'traffic to what is not there',
      (p) => putScore(p, { traffic: { blue: 100 } }),
      refused(400, 'UserError', "the deployment 'blue', which does not exist", 'properties.traffic.blue'),
    ],
    [
      'UserError',
      'traffic adds up to 100',
      async (p) => {
        await putScore(p);
        await haveBlue(p);
        return putScore(p, { traffic: { blue: 90 } });
      },
      refused(400, 'UserError', 'adds up to 90'),
    ],
    [
      'real-clients 3',
      'all of it to one',
      async (p) => {
        await putScore(p);
        await haveBlue(p);
        return putScore(p, { traffic: { blue: 100 } });
      },
      answered(200, { traffic: { blue: 100 } }),
    ],
    [
      'real-clients 1',
      'spelled as the deployment is',
      async (p) => {
        await putScore(p);
        await haveBlue(p);
        await putScore(p, { traffic: { Blue: 100 } });
        return [(await p.get(score)).properties['traffic'], (await p.remove(blue)).code];
      },
      [{ blue: 100 }, 'UserError'],
    ],
    [
      'UserError',
      'a share of 0 names nothing',
      (p) => putScore(p, { traffic: { gone: 0 } }),
      answered(201, { traffic: {} }),
    ],
    [
      'UserError',
      'no more than half is mirrored',
      async (p) => {
        await putScore(p);
        await haveBlue(p);
        return putScore(p, { mirrorTraffic: { blue: 60 } });
      },
      refused(400, 'UserError', 'at most 50 %'),
    ],
    [
      'UserError',
      'a deployment with traffic cannot be deleted',
      async (p) => {
        await putScore(p);
        await haveBlue(p);
        await putScore(p, { traffic: { blue: 100 } });
        return p.remove(blue);
      },
      refused(400, 'UserError', '100 % of the traffic'),
    ],
    [
      'wire-shapes',
      'the endpoint takes its deployments along',
      async (p) => {
        await putScore(p);
        await haveBlue(p);
        await putScore(p, { traffic: { blue: 100 } });
        const status = await of(p.remove(score), (a) => a.status);
        return [
          status,
          await of(p.get(blue), (a) => a.status),
          p.performed.filter((e) => e.resource === blue).length,
        ];
      },
      [200, 404, 2],
    ],
    [
      'real-clients 3',
      'two keys',
      async (p) => {
        await putScore(p);
        return of(p.post(`${score}/listKeys`), (a) => Object.keys(a.body));
      },
      ['primaryKey', 'secondaryKey'],
    ],
    [
      'Azure',
      'regenerating the primary leaves the secondary',
      async (p) => {
        await putScore(p);
        const before = (await p.post(`${score}/listKeys`)).body;
        const status = (await p.post(`${score}/regenerateKeys`, { keyType: 'Primary' })).status;
        const after = (await p.post(`${score}/listKeys`)).body;
        return [
          status,
          before['primaryKey'] === after['primaryKey'],
          before['secondaryKey'] === after['secondaryKey'],
        ];
      },
      [200, false, true],
    ],
    [
      'wire-shapes',
      'keys may be given when it is made',
      async (p) => {
        await putScore(p, { keys: { primaryKey: 'p', secondaryKey: 's' } });
        return of(p.post(`${score}/listKeys`), (a) => a.body);
      },
      { primaryKey: 'p', secondaryKey: 's' },
    ],
    [
      'Azure',
      'given keys survive a PUT of what was got',
      async (p) => {
        await putScore(p, { keys: { primaryKey: 'p', secondaryKey: 's' } });
        const got = await p.get(score);
        await p.put(score, got.body);
        return [JSON.stringify(got.body).includes('primaryKey'), (await p.post(`${score}/listKeys`)).body];
      },
      [false, { primaryKey: 'p', secondaryKey: 's' }],
    ],
    [
      'Azure',
      'regenerating one given key leaves the other',
      async (p) => {
        await putScore(p, { keys: { primaryKey: 'p', secondaryKey: 's' } });
        await p.post(`${score}/regenerateKeys`, { keyType: 'primary' });
        return of(p.post(`${score}/listKeys`), (a) => [a.body['primaryKey'] === 'p', a.body['secondaryKey']]);
      },
      [false, 's'],
    ],
    [
      'wire-shapes',
      'or sets it',
      async (p) => {
        await putScore(p);
        await p.post(`${score}/regenerateKeys`, { keyType: 'Secondary', keyValue: 'mine' });
        return of(p.post(`${score}/listKeys`), (a) => a.body['secondaryKey']);
      },
      'mine',
    ],
    [
      'wire-shapes 1',
      'what opens it is handed out by its mode alone',
      async (p) => {
        const seen: unknown[] = [];
        for (const authMode of ['Key', 'AMLToken', 'AADToken']) {
          const at = `${ml}/onlineEndpoints/${authMode.toLowerCase()}`;
          await p.put(at, onlineEndpoint({ authMode }));
          for (const action of ['listKeys', 'regenerateKeys', 'token']) {
            seen.push((await p.post(`${at}/${action}`, { keyType: 'Primary' })).status);
          }
        }
        return seen;
      },
      [200, 200, 400, 400, 400, 200, 400, 400, 400],
    ],
    [
      'Azure',
      'rotated keys survive a PATCH',
      async (p) => {
        await putScore(p);
        await p.post(`${score}/regenerateKeys`, { keyType: 'Primary' });
        const before = (await p.post(`${score}/listKeys`)).body;
        const status = (await p.patch(score, { tags: { a: 'b' } })).status;
        return [status, (await p.post(`${score}/listKeys`)).body['primaryKey'] === before['primaryKey']];
      },
      [200, true],
    ],
    [
      `${ACCESS}`,
      'v1LegacyMode forbids the objects of v2',
      async (p) => {
        await p.have(ml, workspace({ v1LegacyMode: true }));
        const codes: unknown[] = [];
        for (const [path, given] of [
          ['onlineEndpoints/score', onlineEndpoint()],
          ['models/m/versions/1', { properties: { modelUri: 'azureml://x' } }],
          ['codes/c/versions/1', { properties: { codeUri: 'https://x' } }],
        ] as const)
          codes.push((await p.put(`${ml}/${path}`, given)).code);
        return codes;
      },
      ['UserError', 'UserError', 'UserError'],
    ],
    [
      `${ACCESS}`,
      'it is on by itself where an old API made the workspace and it has a private endpoint',
      async (p) => {
        await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
        const seen: unknown[] = [];
        for (const [name, version] of [
          ['old', '2021-07-01'],
          ['new', '2022-05-01'],
        ] as const) {
          const at = idOf(`workspace/${name}`);
          await p.put(at, workspace(), { query: { 'api-version': version } });
          const legacy = async (): Promise<unknown> => (await p.get(at)).properties['v1LegacyMode'];
          const before = await legacy();
          await p.have(idOf(`endpoint/${name}`), endpoint(at, 'amlworkspace'));
          const model = { properties: { modelUri: 'azureml://x' } };
          const { code } = await p.put(`${at}/models/m/versions/1`, model);
          seen.push([before, await legacy(), code]);
          await p.patch(at, { tags: { a: 'b' } });
          seen.push(await legacy());
          await p.patch(at, { properties: { v1LegacyMode: false } });
          seen.push(await legacy());
        }
        return seen;
      },
      [[undefined, true, 'UserError'], true, false, [undefined, undefined, undefined], undefined, false],
    ],
    [
      `${ACCESS}`,
      'and takes them again when it is off',
      async (p) => {
        await p.have(ml, workspace({ v1LegacyMode: true }));
        await p.patch(ml, { properties: { v1LegacyMode: false } });
        return putScore(p);
      },
      answered(201),
    ],
    [
      `${ACCESS}`,
      'an endpoint without a flag follows its workspace',
      async (p) => {
        await putScore(p);
        const before = p.network().services.get(keyOf(score))?.fact.door;
        await putScore(p, { publicNetworkAccess: 'Disabled' });
        return [before, p.network().services.get(keyOf(score))?.fact.door?.publicAccess];
      },
      [undefined, false],
    ],
  ],
);

table(
  'online deployments and models',
  async (p) => {
    await haveWorkspace(p);
    await p.have(score, onlineEndpoint());
  },
  [
    [
      'wire-shapes 1',
      '201, an operation, and a state that is not final',
      (p) =>
        of(p.put(blue, onlineDeployment()), (a) => [
          a.status,
          a.properties['provisioningState'],
          Object.keys(a.headers),
        ]),
      [201, 'Creating', ['Azure-AsyncOperation', 'Retry-After', 'x-ms-async-operation-timeout']],
    ],
    [
      'wire-shapes 2',
      'the body carries the operation too',
      (p) =>
        of(
          p.put(blue, onlineDeployment()),
          (a) =>
            member(a.properties['properties'], 'AzureAsyncOperationUri') ===
            a.headers['Azure-AsyncOperation'],
        ),
      true,
    ],
    [
      'real-clients 1',
      'the operation succeeds, then the resource',
      async (p) => {
        const started = await p.put(blue, onlineDeployment());
        const path = new URL(started.headers['Azure-AsyncOperation'] ?? '').pathname;
        return [(await p.get(path)).body['status'], (await p.get(blue)).properties['provisioningState']];
      },
      ['Succeeded', 'Succeeded'],
    ],
    [
      'wire-shapes 0',
      'one that fails says why',
      async (p) => {
        p.effect = () => Promise.reject(new Error('the model has no input'));
        const started = await p.put(blue, onlineDeployment());
        const polled = await p.get(new URL(started.headers['Azure-AsyncOperation'] ?? '').pathname);
        p.effect = async () => {};
        return [polled.body['status'], polled.message, (await p.get(blue)).properties['provisioningState']];
      },
      ['Failed', 'the model has no input', 'Failed'],
    ],
    [
      'wire-shapes 0',
      'it is InProgress until then',
      async (p) => {
        let done = (): void => {};
        p.effect = () => new Promise((resolve) => (done = resolve));
        const started = await p.ask('PUT', blue, onlineDeployment());
        const polled = await p.get(new URL(started.headers['Azure-AsyncOperation'] ?? '').pathname);
        await Promise.resolve();
        done();
        await p.idle();
        return [polled.body['status'], polled.headers['Retry-After']];
      },
      ['InProgress', '1'],
    ],
    [
      'real-clients 3',
      'fields whose absence crashes clients',
      async (p) => {
        await haveBlue(p);
        return p.get(blue);
      },
      answered(200, { scaleSettings: { scaleType: 'Default' }, endpointComputeType: 'Managed' }),
    ],
    [
      'kubernetes-extension 7',
      'on machines of the service none runs on a cluster',
      (p) => p.put(blue, onlineDeployment({ endpointComputeType: 'Kubernetes' })),
      refused(400, 'UserError', 'names no compute', 'properties.endpointComputeType'),
    ],
    [
      'kubernetes-extension 7',
      'on a cluster it is kept, and nothing is run',
      async (p) => {
        const run: string[] = [];
        p.effect = async ({ kind }) => void run.push(kind);
        await p.have(onCluster, onlineEndpoint({ compute: await haveCluster(p) }));
        const managed = await p.put(`${onCluster}/deployments/blue`, onlineDeployment());
        const kept = onlineDeployment({ endpointComputeType: 'Kubernetes' });
        const { status, properties } = await p.put(`${onCluster}/deployments/blue`, kept);
        const { properties: shown } = await p.get(onCluster);
        return [managed.code, status, properties['provisioningState'], shown['scoringUri'], run];
      },
      ['UserError', 201, 'Succeeded', undefined, []],
    ],
    [
      'UserError',
      'a model is required',
      (p) => p.put(blue, onlineDeployment({ model: null })),
      refused(400, 'UserError', 'needs a model'),
    ],
    [
      'UserError',
      'or code',
      (p) =>
        p.put(
          blue,
          onlineDeployment({ model: null, codeConfiguration: { codeId: 'x', scoringScript: 'score.py' } }),
        ),
      answered(201),
    ],
    [
      'UserError',
      'a model that is not there',
      (p) => p.put(blue, onlineDeployment({ model: `${ml}/models/m/versions/1` })),
      refused(400, 'UserError', 'models/m/versions/1 was not found'),
    ],
    [
      'UserError',
      'instances are counted from 1',
      (p) => p.put(blue, { ...onlineDeployment(), sku: { name: 'Default', capacity: 0 } }),
      refused(400, 'UserError', 'from 1 to 20', 'sku.capacity'),
    ],
    [
      'paas-access 2',
      'egress never changes',
      async (p) => {
        await haveBlue(p, { egressPublicNetworkAccess: 'Disabled' });
        return p.put(blue, onlineDeployment({ egressPublicNetworkAccess: 'Enabled' }));
      },
      refused(400, 'UserError', 'never changes', 'properties.egressPublicNetworkAccess'),
    ],
    [
      'paas-access 2',
      'and stays where a PUT says nothing of it',
      async (p) => {
        await haveBlue(p, { egressPublicNetworkAccess: 'Disabled' });
        await haveBlue(p);
        return p.get(blue);
      },
      answered(200, { egressPublicNetworkAccess: 'Disabled' }),
    ],
    [
      'ParentResourceNotFound',
      'an endpoint that is not there',
      (p) => p.put(`${ml}/onlineEndpoints/none/deployments/blue`, onlineDeployment()),
      refused(404, 'ParentResourceNotFound'),
    ],
    [
      'real-clients 3',
      'logs',
      async (p) => {
        await haveBlue(p);
        return of(p.post(`${blue}/getLogs`, { tail: 50 }), (a) => a.body['content']);
      },
      `logs of ${blue} (50)`,
    ],
    [
      'real-clients 3',
      'a model version has flavors, and its container comes into being',
      async (p) => {
        const { status, properties } = await p.put(`${ml}/models/m/versions/1`, {
          properties: { modelUri: 'azureml://x', modelType: 'custom_model' },
        });
        return [
          status,
          properties['flavors'],
          await p.list(`${ml}/models`),
          await p.list(`${ml}/models/m/versions`),
        ];
      },
      [201, {}, ['m'], ['1']],
    ],
    [
      'UserError',
      'a version never changes',
      async (p) => {
        await p.have(`${ml}/models/m/versions/1`, { properties: { modelUri: 'azureml://x' } });
        return p.put(`${ml}/models/m/versions/1`, { properties: { modelUri: 'azureml://y' } });
      },
      refused(400, 'UserError', 'a version never changes', 'properties.modelUri'),
    ],
    [
      'UserError',
      'a version that is served cannot be deleted',
      async (p) => {
        await p.have(`${ml}/models/m/versions/1`, { properties: { modelUri: 'azureml://x' } });
        await haveBlue(p, { model: `${ml}/models/m/versions/1` });
        return p.remove(`${ml}/models/m/versions/1`);
      },
      refused(400, 'UserError', 'is served by'),
    ],
    [
      'ParentResourceNotFound',
      'a model in a workspace that is not there',
      (p) => p.put(`${idOf('workspace/none')}/models/m/versions/1`, { properties: { modelUri: 'x' } }),
      refused(404, 'ParentResourceNotFound'),
    ],
  ],
);

const compute = (name: string, at = ml): string => `${at}/computes/${name}`;
const cluster = {
  location: 'eastus',
  properties: { computeType: 'AmlCompute', properties: { vmSize: 'STANDARD_DS3_V2', subnet: null } },
};

const inSubnet = (subnet: string, location = 'eastus') => ({
  location,
  properties: { computeType: 'AmlCompute', properties: { subnet: { id: idOf(subnet) } } },
});

const key = `https://keys.vault.azure.net/keys/k/${'0'.repeat(32)}`;
const managed = (keyIdentifier = key, keyVaultArmId = idOf('vault/keys')) => ({
  encryption: { status: 'Enabled', keyVaultProperties: { keyVaultArmId, keyIdentifier } },
});
const none = {
  encryption: {
    status: 'Disabled',
    SearchAccountArmId: '',
    keyVaultProperties: { keyIdentifier: '', keyVaultArmId: '' },
  },
};

table('what is settled when a workspace is made', base, [
  ['wire-shapes', 'a key of the vault that is named', (p) => putMl(p, managed()), answered(201, managed())],
  [
    'real-clients 3',
    'no key, in the words of the SDK',
    (p) => of(putMl(p, none), (a) => Object.keys(a.properties).filter((name) => name === 'encryption')),
    [],
  ],
  [
    'UserError',
    'a key of another vault',
    (p) => putMl(p, managed(key.replace('keys.', 'other.'))),
    refused(400, 'UserError', 'https://keys.vault.azure.net/keys/<name>/<version>'),
  ],
  [
    'UserError',
    'a key of no vault',
    (p) => putMl(p, managed(key, '')),
    refused(400, 'UserError', 'keyVaultArmId'),
  ],
  [
    'InvalidResourceReference',
    'a vault that is not there',
    (p) => putMl(p, managed('https://none.vault.azure.net/keys/k', idOf('vault/none'))),
    refused(400, 'InvalidResourceReference', 'vaults/none'),
  ],
  [
    'UserError',
    'a key of its own is not taken on later',
    async (p) => {
      await putMl(p);
      return putMl(p, managed());
    },
    refused(400, 'UserError', 'encryption.status of a workspace is settled when it is made'),
  ],
  [
    'UserError',
    'high business impact is not taken on later, nor given up',
    async (p) => {
      await putMl(p, { hbiWorkspace: true });
      const same = await putMl(p, { hbiWorkspace: true });
      const silent = await p.patch(ml, { tags: { a: 'b' } });
      return [same.status, silent.status, (await putMl(p, { hbiWorkspace: false })).code];
    },
    [200, 200, 'UserError'],
  ],
]);

table('computes', haveWorkspace, [
  [
    'private-endpoints WS-1',
    'of a workspace without a private endpoint may be elsewhere',
    (p) => p.put(compute('cpu'), { ...cluster, location: 'westus' }),
    answered(201),
  ],
  [
    'private-endpoints WS-1',
    'of one with a private endpoint may not',
    async (p) => {
      await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
      await p.have(idOf('endpoint/pe'), endpoint(ml, 'amlworkspace'));
      return p.put(compute('cpu'), { ...cluster, location: 'westus' });
    },
    refused(400, 'InvalidParameter', 'must be in its region: eastus, not westus', 'location'),
  ],
  [
    'rbac-identity 3',
    'stand in a subnet that is there',
    (p) => p.put(compute('cpu'), inSubnet('vnet/none/subnets/a')),
    refused(400, 'InvalidResourceReference', 'subnets/a'),
  ],
  [
    'rbac-identity 3',
    'need the right to join it',
    async (p) => {
      await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
      await p.allow(caller('one'), 'e503ece1-11d0-4e8e-8e2c-7a6c3bf38815', rg);
      return p.put(compute('cpu'), inSubnet('vnet/hub/subnets/a'), { as: caller('one') });
    },
    refused(403, 'LinkedAuthorizationFailed', 'virtualNetworks/subnets/join/action'),
  ],
  [
    'kubernetes-extension',
    'are not attached to a cluster that is not there',
    (p) =>
      p.put(compute('aks'), {
        location: 'eastus',
        properties: {
          computeType: 'AKS',
          resourceId: `${rg}/providers/Microsoft.ContainerService/managedClusters/aks`,
        },
      }),
    refused(400, 'InvalidResourceReference', 'managedClusters/aks'),
  ],
  [
    'rbac-identity 5',
    'may have an identity, to which roles are given',
    (p) =>
      of(
        p.put(compute('cpu'), { ...cluster, identity: { type: 'SystemAssigned' } }),
        (a) => typeof member(a.body['identity'], 'principalId'),
      ),
    'string',
  ],
]);

const insights = `${rg}/providers/Microsoft.Insights/components/appi`;
const telemetry = { location: 'eastus', kind: 'web', properties: { Application_Type: 'web' } };

const placeOf = (p: TestPlane): readonly string[] =>
  new Names(p.network()).places().map((place) => `${place.kind} ${place.label}`);

table('computes as places', haveWorkspace, [
  [
    'aml-required-traffic 3',
    'a cluster sends',
    async (p) => {
      await p.have(compute('cpu'), cluster);
      return placeOf(p);
    },
    ['internet internet', 'workload compute/mlw/cpu'],
  ],
  [
    'aml-required-traffic 3',
    'how an attached one sends is not known',
    async (p) => {
      const properties = { computeType: 'Databricks', properties: { workspaceUrl: 'x' } };
      await p.have(compute('cpu'), { location: 'eastus', properties });
      return placeOf(p);
    },
    ['internet internet', 'opaque compute/mlw/cpu'],
  ],
  [
    'aml-required-traffic C-8',
    'jobs that name no compute run where the workspace says',
    async (p) => {
      const settings = { serverlessComputeNoPublicIP: true };
      await p.have(ml, workspace({ serverlessComputeSettings: settings }));
      return placeOf(p);
    },
    ['internet internet', 'workload compute/mlw/serverless'],
  ],
  [
    'wire-shapes',
    'a kind that there is not is refused',
    (p) => p.put(compute('cpu'), { location: 'eastus', properties: { computeType: 'Quantum' } }),
    refused(400, 'InvalidRequestContent', 'properties.computeType'),
  ],
]);

table('what is only stored', haveWorkspace, [
  [
    'charter',
    'is accepted and marked',
    (p) =>
      of(p.put(insights, telemetry), (a) => [
        a.status,
        a.body['x-cloister-unmodelled'],
        a.properties['Application_Type'],
      ]),
    [201, true, 'web'],
  ],
  [
    'real-clients 2',
    'the marked body can be put back',
    async (p) => {
      await p.have(insights, telemetry);
      return p.put(insights, (await p.get(insights)).body);
    },
    answered(200),
  ],
  [
    'charter',
    'what is modelled is not marked',
    (p) => of(p.get(ml), (a) => 'x-cloister-unmodelled' in a.body),
    false,
  ],
  [
    'charter',
    'a compute is a place',
    async (p) => {
      await p.have(compute('cpu'), cluster);
      return new Names(p.network()).places().map((place) => place.label);
    },
    ['internet', 'compute/mlw/cpu'],
  ],
  [
    'charter',
    'two workspaces may have one of the same name',
    async (p) => {
      await p.have(idOf('workspace/two'), workspace());
      await p.have(compute('cpu'), cluster);
      await p.have(compute('cpu', idOf('workspace/two')), cluster);
      const names = new Names(p.network());
      return [names.places().map((place) => place.label), names.place('compute/two/cpu').ok];
    },
    [['internet', 'compute/mlw/cpu', 'compute/two/cpu'], true],
  ],
  [
    'charter',
    'two groups may have workspaces of one name',
    async (p) => {
      await p.have(`${root}/resourceGroups/other`, { location: 'eastus' });
      await p.have(idOf('workspace/mlw', 'other'), workspace());
      await p.have(compute('cpu'), cluster);
      await p.have(compute('cpu', idOf('workspace/mlw', 'other')), cluster);
      return new Names(p.network()).places().map((place) => place.label);
    },
    ['internet', 'other/compute/mlw/cpu', 'rg/compute/mlw/cpu'],
  ],
  [
    'charter',
    'a type that is not known is refused by name',
    (p) => p.put(`${rg}/providers/Microsoft.Sql/servers/s`, body()),
    refused(
      404,
      'InvalidResourceType',
      "'Microsoft.Sql/servers' is not supported by Cloister",
      'Microsoft.Sql/servers',
    ),
  ],
  [
    'charter',
    'also to GET and to list',
    async (p) => [
      (await p.get(`${rg}/providers/Microsoft.Sql/servers/s`)).code,
      (await p.get(`${rg}/providers/Microsoft.Sql/servers`)).code,
    ],
    ['InvalidResourceType', 'InvalidResourceType'],
  ],
  [
    'rbac-identity 2',
    'a data scientist makes no compute',
    async (p) => {
      await p.allow(caller('one'), 'f6c7c914-8db3-469d-8ca1-694a8f32e121', rg);
      return p.put(compute('cpu'), cluster, { as: caller('one') });
    },
    refused(403, 'AuthorizationFailed', 'workspaces/computes/write'),
  ],
]);
