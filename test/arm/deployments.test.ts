/** Deployments over the API: what is checked, what is answered, what stays. */

import { type Json, type JsonObject, member } from '../../src/lib/json.ts';
import { of, refused, table } from '../providers/row.ts';
import {
  endpoint,
  onlineDeployment,
  onlineEndpoint,
  storage,
  vault,
  vnet,
  workspace,
  zone,
} from '../providers/things.ts';
import { caller, idOf, rg, root, type TestPlane, template } from '../support/plane.ts';

const none = async (): Promise<void> => {};
const main = `${rg}/providers/Microsoft.Resources/deployments/main`;
const resource = (
  type: string,
  name: string,
  given: JsonObject,
  dependsOn: readonly string[] = [],
): JsonObject => ({ type, apiVersion: '2023-01-01', name, dependsOn, ...given });
const nsg = (name: string, rules: readonly JsonObject[] = []): JsonObject =>
  resource('Microsoft.Network/networkSecurityGroups', name, {
    location: 'eastus',
    properties: { securityRules: rules },
  });
const badRule = {
  name: 'bad',
  properties: {
    priority: 1,
    direction: 'Inbound',
    access: 'Allow',
    protocol: 'Tcp',
    sourceAddressPrefix: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: '443',
  },
};
const nested = (name: string, resources: readonly Json[], more: JsonObject = {}): JsonObject =>
  resource('Microsoft.Resources/deployments', name, {
    ...more,
    properties: {
      mode: 'Incremental',
      expressionEvaluationOptions: { scope: 'inner' },
      template: template(resources),
    },
  });
const group = (name: string): JsonObject =>
  resource('Microsoft.Resources/resourceGroups', name, { location: 'westus' });
const ids = (value: Json | undefined): unknown[] =>
  Array.isArray(value) ? value.map((item: Json) => member(item, 'id')) : [];
const operations = (p: TestPlane) =>
  of(p.get(`${main}/operations`), (a) =>
    a.value.map((item) =>
      [
        String(member(member(member(item, 'properties'), 'targetResource'), 'resourceName')),
        member(member(item, 'properties'), 'provisioningState'),
      ].join(' '),
    ),
  );

const ipsOf = (record: Json): unknown[] => {
  const addresses = member(member(record, 'properties'), 'aRecords');
  return Array.isArray(addresses) ? addresses.map((each: Json) => member(each, 'ipv4Address')) : [];
};

/** A workspace with an online deployment: something that takes time and can fail. */
const slow = template([
  resource('Microsoft.Storage/storageAccounts', 'data', storage()),
  resource('Microsoft.KeyVault/vaults', 'keys', vault()),
  resource('Microsoft.MachineLearningServices/workspaces', 'mlw', workspace(), ['data', 'keys']),
  resource('Microsoft.MachineLearningServices/workspaces/onlineEndpoints', 'mlw/score', onlineEndpoint(), [
    'mlw',
  ]),
  resource(
    'Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments',
    'mlw/score/blue',
    onlineDeployment(),
    ['mlw/score'],
  ),
  resource('Microsoft.MachineLearningServices/workspaces/models', 'mlw/after', { properties: {} }, [
    'mlw/score/blue',
  ]),
  nsg('beside'),
]);
const failing = (p: TestPlane): void => {
  p.effect = ({ kind }) =>
    kind === 'serve' ? Promise.reject(new Error('out of memory')) : Promise.resolve();
};

table('deployments', none, [
  [
    'real-clients 2',
    'a first PUT answers 201 and an operation',
    (p) =>
      of(p.put(main, { properties: { mode: 'Incremental', template: template([nsg('g')]) } }), (a) => [
        a.status,
        a.properties['provisioningState'],
        Object.keys(a.headers),
      ]),
    [201, 'Running', ['Azure-AsyncOperation', 'Retry-After']],
  ],
  [
    'real-clients 2',
    'it ends with outputs, resources and a duration',
    (p) =>
      of(
        p.deploy(
          template([nsg('g')], {
            outputs: {
              id: { type: 'string', value: "[resourceId('Microsoft.Network/networkSecurityGroups', 'g')]" },
            },
          }),
        ),
        (a) => [
          a.properties['provisioningState'],
          a.properties['outputs'],
          ids(a.properties['outputResources']),
          typeof a.properties['duration'],
        ],
      ),
    ['Succeeded', { id: { type: 'String', value: idOf('nsg/g') } }, [idOf('nsg/g')], 'string'],
  ],
  [
    'real-clients 2',
    'a second PUT answers 200',
    async (p) => {
      await p.deploy(template([]));
      return of(
        p.put(main, { properties: { mode: 'Incremental', template: template([]) } }),
        (a) => a.status,
      );
    },
    200,
  ],
  [
    'real-clients 3',
    'its operations name resources',
    async (p) => {
      await p.deploy(template([nsg('g'), nsg('g-h'), nsg('g_h')]));
      return (await operations(p)).toSorted();
    },
    ['g Succeeded', 'g-h Succeeded', 'g_h Succeeded'],
  ],
  [
    'real-clients 3',
    'also by the path without a provider',
    async (p) => {
      await p.deploy(template([nsg('g')]));
      return of(p.get(`${rg}/deployments/main/operations`), (a) => a.value.length);
    },
    1,
  ],
  [
    'wire-shapes',
    'they are listed',
    async (p) => {
      await p.deploy(template([]), { name: 'one' });
      await p.deploy(template([]), { name: 'two' });
      return p.list(`${rg}/providers/Microsoft.Resources/deployments`);
    },
    ['one', 'two'],
  ],
  [
    'charter',
    'a wrong template changes nothing at all',
    async (p) => {
      const before = p.estate.size;
      const answer = await p.deploy(template([nsg('good'), nsg('bad', [badRule])]));
      return [answer.status, answer.code, p.estate.size - before];
    },
    [400, 'InvalidTemplateDeployment', 0],
  ],
  [
    'charter',
    'and says of which resource it is wrong',
    (p) =>
      of(p.deploy(template([nsg('bad', [badRule])])), (a) =>
        a.details.map((d) => [member(d, 'code'), member(d, 'target')]),
      ),
    [['SecurityRuleParameterPriorityOutOfRange', idOf('nsg/bad')]],
  ],
  ['InvalidTemplate', 'what is no template', (p) => p.deploy('x'), refused(400, 'InvalidTemplate')],
  [
    'InvalidTemplate',
    'an expression that is wrong',
    (p) => p.deploy(template([nsg("[concat('a') x]")])),
    refused(400, 'InvalidTemplate'),
  ],
  [
    'InvalidTemplate',
    'a parameter that is missing',
    (p) => p.deploy(template([], { parameters: { name: { type: 'string' } } })),
    refused(400, 'InvalidTemplate', "'name'"),
  ],
  [
    'real-clients 2',
    'parameters by name',
    (p) =>
      of(
        p.deploy(template([nsg("[parameters('name')]")], { parameters: { name: { type: 'string' } } }), {
          parameters: { name: { value: 'given' } },
        }),
        (a) => [a.properties['parameters'], ids(a.properties['outputResources'])],
      ),
    [{ name: { type: 'String', value: 'given' } }, [idOf('nsg/given')]],
  ],
  [
    'charter: secrets',
    'a secure parameter is not kept',
    async (p) => {
      await p.deploy(template([], { parameters: { password: { type: 'securestring' } } }), {
        parameters: { password: { value: 'hunter2' } },
      });
      return JSON.stringify([...p.estate.all()]).includes('hunter2');
    },
    false,
  ],
  [
    'NotSupported',
    'mode Complete is refused',
    (p) => p.put(main, { properties: { mode: 'Complete', template: template([]) } }),
    refused(400, 'NotSupported', 'Complete'),
  ],
  [
    'NotSupported',
    'a link to a template is refused',
    (p) => p.put(main, { properties: { templateLink: { uri: 'https://x' } } }),
    refused(400, 'NotSupported', 'send the template itself'),
  ],
  [
    'InvalidRequestContent',
    'no properties',
    (p) => p.put(main, {}),
    refused(400, 'InvalidRequestContent', "'properties'"),
  ],
  [
    'InvalidResourceName',
    'a name with a blank',
    (p) =>
      p.put(main.replace('main', 'my deployment'), {
        properties: { mode: 'Incremental', template: template([]) },
      }),
    refused(400, 'InvalidResourceName'),
  ],
  [
    'InvalidResourceName',
    'a name of 65 characters',
    (p) =>
      p.put(main.replace('main', 'd'.repeat(65)), {
        properties: { mode: 'Incremental', template: template([]) },
      }),
    refused(400, 'InvalidResourceName'),
  ],
  [
    'DeploymentNotFound',
    'one that is not there',
    (p) => p.get(main),
    refused(404, 'DeploymentNotFound', "Deployment 'main' could not be found."),
  ],
  [
    'ResourceGroupNotFound',
    'in a group that is not there',
    (p) => p.deploy(template([]), { scope: `${root}/resourceGroups/none` }),
    refused(404, 'ResourceGroupNotFound'),
  ],
  [
    'real-clients 2',
    'validate answers what it would do, and does nothing',
    async (p) => {
      const before = p.estate.size;
      const answer = await p.post(`${main}/validate`, {
        properties: { mode: 'Incremental', template: template([nsg('g')]) },
      });
      return [
        answer.status,
        answer.properties['provisioningState'],
        ids(answer.properties['validatedResources']),
        p.estate.size - before,
      ];
    },
    [200, 'Succeeded', [idOf('nsg/g')], 0],
  ],
  [
    'real-clients 2',
    'validate refuses as the deployment would',
    (p) =>
      p.post(`${main}/validate`, {
        properties: { mode: 'Incremental', template: template([nsg('bad', [badRule])]) },
      }),
    refused(400, 'InvalidTemplateDeployment', 'priority 1'),
  ],
  [
    'charter',
    'effects are not rehearsed',
    async (p) => {
      await p.post(`${main}/validate`, { properties: { mode: 'Incremental', template: slow } });
      return p.performed.length;
    },
    0,
  ],
  [
    'DeploymentActive',
    'one that runs cannot be started again, nor deleted',
    async (p) => {
      let done = (): void => {};
      p.effect = ({ kind }) =>
        kind === 'serve' ? new Promise((resolve) => (done = resolve)) : Promise.resolve();
      await p.ask('PUT', main, { properties: { mode: 'Incremental', template: slow } });
      const again = await p.ask('PUT', main, { properties: { mode: 'Incremental', template: template([]) } });
      const gone = await p.ask('DELETE', main, undefined);
      const state = (await p.get(main)).properties['provisioningState'];
      while (!p.performed.some((effect) => effect.kind === 'serve'))
        await new Promise((resolve) => setTimeout(resolve, 1));
      done();
      await p.idle();
      return [
        again.status,
        again.code,
        gone.code,
        state,
        (await p.get(main)).properties['provisioningState'],
      ];
    },
    [409, 'DeploymentActive', 'DeploymentActive', 'Running', 'Succeeded'],
  ],
  [
    'wire-shapes 0',
    'one that fails says which resource, and why',
    async (p) => {
      failing(p);
      const { properties } = await p.deploy(slow);
      const error = properties['error'] as JsonObject;
      return [
        properties['provisioningState'],
        error['code'],
        (error['details'] as JsonObject[]).map((d) => [d['message'], String(d['target']).split('/').at(-1)]),
      ];
    },
    ['Failed', 'DeploymentFailed', [['out of memory', 'blue']]],
  ],
  [
    'charter',
    'what was done stays, what depends on it is not started',
    async (p) => {
      failing(p);
      await p.deploy(slow);
      const at = (path: string) => of(p.get(path), (a) => a.status);
      return [
        await at(idOf('workspace/mlw')),
        await at(idOf('nsg/beside')),
        await at(`${idOf('workspace/mlw')}/models/after`),
        (await operations(p)).toSorted(),
      ];
    },
    [
      200,
      200,
      404,
      [
        'beside Succeeded',
        'blue Failed',
        'data Succeeded',
        'keys Succeeded',
        'mlw Succeeded',
        'score Succeeded',
      ],
    ],
  ],
  [
    'charter',
    'deployed again it goes on',
    async (p) => {
      failing(p);
      await p.deploy(slow);
      p.effect = none;
      return of(p.deploy(slow), (a) => a.properties['provisioningState']);
    },
    'Succeeded',
  ],
  [
    'charter',
    'the same again changes no tag',
    async (p) => {
      await p.deploy(template([nsg('g')]));
      const before = (await p.get(idOf('nsg/g'))).body['etag'];
      await p.deploy(template([nsg('g')]));
      return (await p.get(idOf('nsg/g'))).body['etag'] === before;
    },
    true,
  ],
  [
    'ARM',
    'to a subscription',
    async (p) => {
      const answer = await p.deploy(
        template(
          [group('made'), nested('inside', [nsg('g')], { resourceGroup: 'made', dependsOn: ['made'] })],
          {
            $schema:
              'https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#',
          },
        ),
        { scope: root },
      );
      return [
        answer.properties['provisioningState'],
        answer.body['location'],
        (await p.get(idOf('nsg/g', 'made'))).status,
      ];
    },
    ['Succeeded', 'eastus', 200],
  ],
  [
    'real-clients 3',
    'nested, into another group',
    async (p) => {
      await p.have(`${root}/resourceGroups/other`, { location: 'westus' });
      const answer = await p.deploy(template([nested('inside', [nsg('g')], { resourceGroup: 'other' })]));
      const inner = `${root}/resourceGroups/other/providers/Microsoft.Resources/deployments/inside`;
      return [
        answer.properties['provisioningState'],
        (await p.get(inner)).properties['provisioningState'],
        (await p.get(idOf('nsg/g', 'other'))).status,
      ];
    },
    ['Succeeded', 'Succeeded', 200],
  ],
  [
    'real-clients 3',
    'nested, into a group that is not there',
    (p) => p.deploy(template([nested('inside', [], { resourceGroup: 'none' })])),
    refused(400, 'InvalidTemplateDeployment', "'none' could not be found"),
  ],
  [
    'wire-shapes',
    'a nested one that fails is recorded as such',
    async (p) => {
      failing(p);
      await p.deploy(template([nested('inside', slow['resources'] as Json[])]));
      return of(p.get(main.replace('main', 'inside')), (a) => [
        a.properties['provisioningState'],
        (a.properties['error'] as JsonObject)['code'],
      ]);
    },
    ['Failed', 'DeploymentFailed'],
  ],
  [
    'SubscriptionNotFound',
    'nested, into another subscription',
    (p) =>
      p.deploy(
        template([
          nested('inside', [], {
            subscriptionId: '99999999-0000-4000-8000-000000000000',
            resourceGroup: 'rg',
          }),
        ]),
      ),
    refused(400, 'InvalidTemplateDeployment', '99999999'),
  ],
  [
    'rbac-identity 3',
    'deploying needs the right',
    async (p) => {
      await p.allow(caller('one'), 'acdd72a7-3385-48ef-bd42-f606fba81ae7', rg);
      return p.deploy(template([]), { as: caller('one') });
    },
    refused(403, 'AuthorizationFailed', 'Microsoft.Resources/deployments/write'),
  ],
  [
    'rbac-identity 3',
    'and that to each resource',
    async (p) => {
      await p.allow(caller('one'), '4d97b98b-1d4f-4787-a291-c67834d212e7', rg);
      const { type: _, apiVersion: __, name: ___, ...rest } = resource('', '', storage());
      const allowed = await p.deploy(template([nsg('g')]), { as: caller('one') });
      const not = await p.deploy(
        template([
          nsg('g'),
          { type: 'Microsoft.Storage/storageAccounts', apiVersion: '2023-01-01', name: 'data', ...rest },
        ]),
        { as: caller('one') },
      );
      return [
        allowed.properties['provisioningState'],
        not.status,
        not.code,
        not.message?.includes('Microsoft.Storage/storageAccounts/write'),
      ];
    },
    ['Succeeded', 403, 'AuthorizationFailed', true],
  ],
  [
    'charter: determinism',
    'newGuid() and utcNow() are as in the rehearsal',
    async (p) => {
      const parameters = {
        a: { type: 'string', defaultValue: '[newGuid()]' },
        b: { type: 'string', defaultValue: "[utcNow('yyyyMMddHHmmss')]" },
      };
      const subnets = [{ name: 'a', properties: { addressPrefix: '10.0.0.0/24' } }];
      const nic = (name: string): JsonObject =>
        resource(
          'Microsoft.Network/networkInterfaces',
          name,
          {
            location: 'eastus',
            properties: {
              ipConfigurations: [{ name: 'x', properties: { subnet: { id: idOf('vnet/hub/subnets/a') } } }],
            },
          },
          ['hub'],
        );
      const order: string[] = [];
      const transact = p.transact.bind(p);
      // Whoever comes first waits longest: without the rehearsal the second would get the first address.
      p.transact = async (plan) => {
        order.push('');
        await new Promise((resolve) => setTimeout(resolve, 40 - Math.min(order.length, 10) * 4));
        return transact(plan);
      };
      await p.deploy(
        template(
          [
            resource('Microsoft.Network/virtualNetworks', 'hub', {
              location: 'eastus',
              properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] }, subnets },
            }),
            nic("[concat('first-', parameters('a'), parameters('b'))]"),
            nic('second'),
          ],
          { parameters },
        ),
      );
      const addresses = p.estate
        .ofType('Microsoft.Network/networkInterfaces')
        .map(
          (item) =>
            `${item.name.split('-')[0]} ${JSON.stringify(item.properties).match(/10\.0\.0\.\d+/)?.[0]}`,
        );
      return addresses.toSorted();
    },
    ['first 10.0.0.4', 'second 10.0.0.5'],
  ],
  [
    'ARM',
    'HEAD and DELETE',
    async (p) => {
      await p.deploy(template([nsg('g')]));
      const head = (await p.head(main)).status;
      const gone = (await p.remove(main)).status;
      return [
        head,
        gone,
        (await p.head(main)).status,
        (await p.remove(main)).status,
        (await p.get(idOf('nsg/g'))).status,
      ];
    },
    [204, 200, 404, 204, 200],
  ],
  ['NotSupported', 'whatIf is refused', (p) => p.post(`${main}/whatIf`, {}), refused(400, 'NotSupported')],
  [
    'charter',
    'an unknown type is refused by name',
    (p) =>
      p.deploy(template([resource('Microsoft.Sql/servers', 's', { location: 'eastus', properties: {} })])),
    refused(400, 'InvalidTemplateDeployment', "'Microsoft.Sql/servers' is not supported by Cloister"),
  ],
]);

const portal = 'https://network.hosting.portal.azure.net/network/Content/4.13.392.925/DeploymentTemplates';
const records = (privateDnsName: string, more: JsonObject = {}): JsonObject =>
  resource('Microsoft.Resources/deployments', 'EndpointDnsRecords', {
    properties: {
      mode: 'Incremental',
      templatelink: { contentVersion: '1.0.0.0', uri: `${portal}/PrivateDnsForPrivateEndpoint.json` },
      parameters: {
        privateDnsName: { value: privateDnsName },
        privateEndpointNicResourceId: {
          value: `[reference('${idOf('endpoint/ml')}', '2020-06-01').networkInterfaces[0].id]`,
        },
        nicRecordsTemplateUri: { value: `${portal}/PrivateDnsForPrivateEndpointNic.json` },
        ipConfigRecordsTemplateUri: { value: `${portal}/PrivateDnsForPrivateEndpointIpConfig.json` },
        uniqueId: { value: 'one' },
        existingRecords: { value: {} },
        ...more,
      },
    },
  });

table(
  'the linked template of the portal',
  async (p) => {
    await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
    await p.have(idOf('storage/data'), storage());
    await p.have(idOf('vault/keys'), vault());
    await p.have(idOf('workspace/mlw'), workspace());
    await p.have(idOf('endpoint/ml'), endpoint(idOf('workspace/mlw'), 'amlworkspace'));
    for (const name of ['privatelink.api.azureml.ms', 'privatelink.notebooks.azure.net'])
      await p.have(idOf(`zone/${name}`), zone);
  },
  [
    [
      'real-clients 4',
      'writes the records of the zone that it is for',
      async (p) => {
        const seen: unknown[] = [];
        for (const name of ['privatelink.api.azureml.ms', 'privatelink.notebooks.azure.net']) {
          await p.deploy(template([records(name)]));
          const { value } = await p.get(`${idOf(`zone/${name}`)}/A`);
          const written = value.map((record) =>
            [
              String(member(record, 'name')).replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'GUID'),
              ...ipsOf(record),
            ].join(' '),
          );
          seen.push(written.toSorted());
        }
        return seen;
      },
      [
        ['GUID.workspace.eastus 10.0.0.4', 'GUID.workspace.eastus.cert 10.0.0.4'],
        ['ml-mlw-eastus-GUID.eastus 10.0.0.5'],
      ],
    ],
    [
      'real-clients 4',
      'records that are there already are not merged',
      (p) =>
        p.deploy(template([records('privatelink.api.azureml.ms', { existingRecords: { value: { a: 1 } } })])),
      refused(400, 'InvalidTemplateDeployment', 'existingRecords'),
    ],
    [
      'charter',
      'no other link is followed',
      (p) =>
        p.deploy(
          template([
            resource('Microsoft.Resources/deployments', 'd', {
              properties: { mode: 'Incremental', templateLink: { uri: 'https://example.org/t.json' } },
            }),
          ]),
        ),
      refused(400, 'InvalidTemplate', "('templateLink')"),
    ],
  ],
);
