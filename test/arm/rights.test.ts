/** Rights: what assignments let their holders do, and what can be assigned. */

import type { Caller } from '../../src/arm/caller.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { answered, of, refused, table } from '../providers/row.ts';
import { haveWorkspace, nic, onlineEndpoint, storage, vnet } from '../providers/things.ts';
import { caller, idOf, owner, rg, root, type TestPlane } from '../support/plane.ts';

const someone = caller('one');
const roles = {
  Owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  Contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
  Reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  Access: '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9',
  Network: '4d97b98b-1d4f-4787-a291-c67834d212e7',
  Scientist: 'f6c7c914-8db3-469d-8ca1-694a8f32e121',
  Operator: 'e503ece1-11d0-4e8e-8e2c-7a6c3bf38815',
} as const;
type RoleName = keyof typeof roles;
const as = { as: someone };
const guid = (last: number): string => `33333333-0000-4000-8000-${String(last).padStart(12, '0')}`;
const assignment = (scope: string, last = 1): string =>
  `${scope}/providers/Microsoft.Authorization/roleAssignments/${guid(last)}`;
const definition = (last = 1): string =>
  `${root}/providers/Microsoft.Authorization/roleDefinitions/${guid(last)}`;
const assigned = (role: string, who: Caller = someone): JsonObject => ({
  properties: {
    principalId: who.objectId,
    roleDefinitionId: role.includes('/')
      ? role
      : `${root}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
  },
});
const defined = (more: JsonObject = {}, roleName = 'mine'): JsonObject => ({
  properties: {
    roleName,
    assignableScopes: [root],
    permissions: [{ actions: ['Microsoft.Network/*/read'] }],
    ...more,
  },
});
const ml = idOf('workspace/mlw');
const compute: JsonObject = { location: 'eastus', properties: { computeType: 'AmlCompute' } };
const tries: Readonly<Record<string, (p: TestPlane) => Promise<{ readonly status: number }>>> = {
  'read the group': (p) => p.get(rg, as),
  'read a network': (p) => p.get(idOf('vnet/hub'), as),
  'write a network': (p) => p.put(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }), as),
  'delete a network': (p) => p.remove(idOf('vnet/hub'), as),
  'make an account': (p) => p.put(idOf('storage/data2'), storage(), as),
  'list keys': (p) => p.post(`${idOf('storage/data')}/listKeys`, {}, as),
  'give a role': (p) => p.put(assignment(rg), assigned(roles.Reader, caller('two')), as),
  'make a compute': (p) => p.put(`${ml}/computes/cpu`, compute, as),
  'delete a compute': (p) => p.remove(`${ml}/computes/none`, as),
  'read a compute': (p) => p.get(`${ml}/computes`, as),
  'change the workspace': (p) => p.patch(ml, { tags: { a: 'b' } }, as),
  'delete the workspace': (p) => p.remove(ml, as),
  'list its keys': (p) => p.post(`${ml}/listKeys`, {}, as),
  'make an endpoint': (p) => p.put(`${ml}/onlineEndpoints/score`, onlineEndpoint(), as),
  'make a model': (p) => p.put(`${ml}/models/m/versions/1`, { properties: { modelUri: 'azureml://x' } }, as),
};
/** What holders of a role may do, of all that is tried. */
const may: readonly (readonly [RoleName, readonly string[]])[] = [
  ['Owner', Object.keys(tries)],
  ['Contributor', Object.keys(tries).filter((name) => name !== 'give a role')],
  ['Reader', ['read the group', 'read a network', 'read a compute']],
  ['Access', ['read the group', 'read a network', 'give a role', 'read a compute']],
  ['Network', ['read the group', 'read a network', 'write a network', 'delete a network']],
  ['Scientist', ['read a compute', 'make an endpoint', 'make a model']],
  ['Operator', ['make a compute', 'delete a compute', 'read a compute']],
];

table(
  'what roles let do',
  async (p) => {
    await haveWorkspace(p);
    await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' }));
  },
  may.flatMap(([role, allowed]) =>
    Object.entries(tries).map(
      ([name, act]) =>
        [
          'rbac-identity 2, 4',
          `${role}: ${allowed.includes(name) ? 'may' : 'may not'} ${name}`,
          async (p: TestPlane) => {
            await p.allow(someone, roles[role], rg);
            const { status } = await act(p);
            return status !== 403;
          },
          allowed.includes(name),
        ] as const,
    ),
  ),
);

table('rights', (p) => p.have(idOf('vnet/hub'), vnet('10.0.0.0/16', { a: '10.0.0.0/24' })), [
  [
    'rbac-identity 1',
    'the answer to who may not',
    (p) => of(p.put(idOf('storage/data'), storage(), as), (a) => [a.status, a.message]),
    [
      403,
      `The client '${someone.appId}' with object id '${someone.objectId}' does not have authorization to perform action 'Microsoft.Storage/storageAccounts/write' over scope '${idOf('storage/data')}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    ],
  ],
  [
    'rbac-identity 1',
    'also where the group is not there: nobody learns that',
    (p) => p.put(idOf('storage/data', 'none'), storage(), as),
    refused(403, 'AuthorizationFailed'),
  ],
  [
    'rbac-identity 1',
    'and before the body is looked at',
    (p) => p.put(idOf('storage/data'), { nonsense: 1 }, as),
    refused(403, 'AuthorizationFailed'),
  ],
  [
    'rbac-identity 1',
    'the answer where a right is lacking elsewhere',
    async (p) => {
      await p.have(
        definition(),
        defined({ permissions: [{ actions: ['Microsoft.Network/networkInterfaces/*'] }] }),
      );
      await p.allow(someone, guid(1), rg);
      return of(p.put(idOf('nic/one'), nic('hub/a'), as), (a) => [a.code, a.message]);
    },
    [
      'LinkedAuthorizationFailed',
      `The client '${someone.appId}' with object id '${someone.objectId}' has permission to perform action 'Microsoft.Network/networkInterfaces/write' on scope '${idOf('nic/one')}'; however, it does not have permission to perform action 'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) '${idOf('vnet/hub/subnets/a')}' or the linked scope(s) are invalid.`,
    ],
  ],
  [
    'rbac-identity 3 traps',
    "the singular 'subnet/join/action' grants nothing",
    async (p) => {
      await p.have(
        definition(),
        defined({
          permissions: [
            {
              actions: [
                'Microsoft.Network/networkInterfaces/*',
                'Microsoft.Network/virtualNetworks/subnet/join/action',
              ],
            },
          ],
        }),
      );
      await p.allow(someone, guid(1), rg);
      return p.put(idOf('nic/one'), nic('hub/a'), as);
    },
    refused(403, 'LinkedAuthorizationFailed'),
  ],
  [
    'rbac-identity R-5',
    'a right at a group reaches what is in it',
    (p) => p.allow(someone, roles.Reader, rg).then(() => p.get(idOf('vnet/hub/subnets/a'), as)),
    answered(200),
  ],
  [
    'rbac-identity R-5',
    'and not another group',
    async (p) => {
      await p.have(`${root}/resourceGroups/rg2`, { location: 'eastus' });
      await p.allow(someone, roles.Reader, rg);
      return p.get(`${root}/resourceGroups/rg2`, as);
    },
    refused(403, 'AuthorizationFailed'),
  ],
  [
    'rbac-identity R-1',
    'rights add up',
    async (p) => {
      await p.allow(someone, roles.Reader, rg);
      await p.allow(someone, roles.Network, idOf('vnet/hub'));
      return p.put(idOf('vnet/hub/subnets/b'), { properties: { addressPrefix: '10.0.1.0/24' } }, as);
    },
    answered(201),
  ],
  [
    'rbac-identity R-2',
    'what one role excludes another may grant',
    async (p) => {
      await p.allow(someone, roles.Contributor, rg);
      await p.allow(someone, roles.Access, rg);
      return p.put(assignment(rg), assigned(roles.Reader, caller('two')), as);
    },
    answered(201),
  ],
  [
    'rbac-identity R-4',
    'patterns are read without case',
    async (p) => {
      await p.have(
        definition(),
        defined({ permissions: [{ actions: ['MICROSOFT.NETWORK/VIRTUALNETWORKS/READ'] }] }),
      );
      await p.allow(someone, guid(1), rg);
      return p.get(idOf('vnet/hub'), as);
    },
    answered(200),
  ],
  [
    'rbac-identity R-3',
    'data actions are no actions',
    async (p) => {
      await p.have(definition(), defined({ permissions: [{ actions: [], dataActions: ['*'] }] }));
      await p.allow(someone, guid(1), rg);
      return p.get(idOf('vnet/hub'), as);
    },
    refused(403, 'AuthorizationFailed'),
  ],
  [
    'rbac-identity',
    'rights go when the assignment does',
    async (p) => {
      await p.have(assignment(rg), assigned(roles.Reader));
      const before = (await p.get(idOf('vnet/hub'), as)).status;
      await p.remove(assignment(rg));
      return [before, (await p.get(idOf('vnet/hub'), as)).status];
    },
    [200, 403],
  ],
  [
    'rbac-identity',
    'and change when the role does',
    async (p) => {
      await p.have(definition(), defined());
      await p.allow(someone, guid(1), rg);
      const before = (await p.get(idOf('vnet/hub'), as)).status;
      await p.have(definition(), defined({ permissions: [{ actions: [] }] }));
      return [before, (await p.get(idOf('vnet/hub'), as)).status];
    },
    [200, 403],
  ],
  [
    'rbac-identity',
    'and go with the resource that they are at',
    async (p) => {
      await p.have(assignment(idOf('vnet/hub')), assigned(roles.Owner));
      await p.remove(idOf('vnet/hub'));
      await p.have(idOf('vnet/hub'), vnet('10.0.0.0/16'));
      return p.get(idOf('vnet/hub'), as);
    },
    refused(403, 'AuthorizationFailed'),
  ],
]);

table('assignments', (p) => p.have(idOf('vnet/hub'), vnet('10.0.0.0/16')), [
  [
    'rbac-identity',
    'at any scope that is there',
    async (p) => {
      const codes: number[] = [];
      for (const [at, scope] of [root, rg, idOf('vnet/hub')].entries())
        codes.push((await p.put(assignment(scope, at), assigned(roles.Reader))).status);
      return codes;
    },
    [201, 201, 201],
  ],
  [
    'rbac-identity',
    'an answer has its scope',
    (p) => p.put(assignment(rg), assigned(roles.Reader)),
    answered(201, { scope: rg, principalId: someone.objectId }),
  ],
  [
    'ParentResourceNotFound',
    'not at a resource that is not there',
    (p) => p.put(assignment(idOf('vnet/none')), assigned(roles.Reader)),
    refused(404, 'ParentResourceNotFound'),
  ],
  [
    'RoleAssignmentExists',
    'once for a role, a principal and a scope',
    async (p) => {
      await p.have(assignment(rg), assigned(roles.Reader));
      return p.put(assignment(rg, 2), assigned(roles.Reader));
    },
    refused(409, 'RoleAssignmentExists', guid(1)),
  ],
  [
    'RoleAssignmentExists',
    'however the role is written',
    async (p) => {
      await p.have(assignment(rg), assigned(roles.Reader));
      return p.put(
        assignment(rg, 2),
        assigned(`/providers/Microsoft.Authorization/roleDefinitions/${roles.Reader.toUpperCase()}`),
      );
    },
    refused(409, 'RoleAssignmentExists'),
  ],
  [
    'wire-shapes',
    'put again it answers 200',
    async (p) => {
      await p.have(assignment(rg), assigned(roles.Reader));
      return p.put(assignment(rg), assigned(roles.Reader));
    },
    answered(200),
  ],
  [
    'RoleAssignmentUpdateNotPermitted',
    'it never changes',
    async (p) => {
      await p.have(assignment(rg), assigned(roles.Reader));
      return p.put(assignment(rg), assigned(roles.Reader, caller('two')));
    },
    refused(400, 'RoleAssignmentUpdateNotPermitted'),
  ],
  [
    'InvalidResourceName',
    'its name is a GUID',
    (p) => p.put(assignment(rg).replace(guid(1), 'reader'), assigned(roles.Reader)),
    refused(400, 'InvalidResourceName', 'guid(...)'),
  ],
  [
    'NotFound',
    'a role that is not there',
    (p) => p.put(assignment(rg), assigned(guid(9))),
    refused(404, 'NotFound', guid(9), 'properties.roleDefinitionId'),
  ],
  [
    'InvalidParameter',
    'a principal is an object id',
    (p) => p.put(assignment(rg), { properties: { principalId: 'me', roleDefinitionId: roles.Reader } }),
    refused(400, 'InvalidParameter', "'me'", 'properties.principalId'),
  ],
  [
    'NotSupported',
    'a condition is refused',
    (p) =>
      p.put(assignment(rg), {
        properties: { principalId: someone.objectId, roleDefinitionId: roles.Reader, condition: '@x' },
      }),
    refused(400, 'NotSupported', 'Conditions'),
  ],
  [
    'rbac-identity R-6',
    'a custom role inside its scopes',
    async (p) => {
      await p.have(definition(), defined({ assignableScopes: [rg] }));
      return [
        (await p.put(assignment(idOf('vnet/hub')), assigned(guid(1)))).status,
        (await p.put(assignment(root), assigned(guid(1)))).code,
      ];
    },
    [201, 'BadRequest'],
  ],
]);

table('role definitions', async () => {}, [
  [
    'az role assignment delete',
    'a DELETE answers with what was there, and with nothing where nothing was',
    async (p) => {
      await p.have(assignment(rg), assigned(roles.Reader));
      await p.have(definition(), defined());
      const first = [await p.remove(assignment(rg)), await p.remove(definition())];
      const again = [await p.remove(assignment(rg)), await p.remove(definition())];
      return [
        first.map(({ status, body }) => [status, body['name']]),
        again.map(({ status, body }) => [status, body['name']]),
      ];
    },
    [
      [
        [200, guid(1)],
        [200, guid(1)],
      ],
      [
        [204, undefined],
        [204, undefined],
      ],
    ],
  ],
  [
    'real-clients 2',
    'a first PUT answers 201',
    (p) => p.put(definition(), defined()),
    answered(201, { roleName: 'mine', type: 'CustomRole' }),
  ],
  [
    'az role definition update',
    'so does every further one: its client takes nothing else',
    async (p) => {
      await p.put(definition(), defined());
      return p.put(definition(), defined({ description: 'changed' }));
    },
    answered(201, { description: 'changed' }),
  ],
  [
    'InvalidResourceName',
    'its name is a GUID',
    (p) => p.put(definition().replace(guid(1), 'mine'), defined()),
    refused(400, 'InvalidResourceName'),
  ],
  [
    'rbac-identity 4',
    'a scope that is malformed',
    (p) => p.put(definition(), defined({ assignableScopes: [`${root}/rg/ws`] })),
    refused(400, 'BadRequest', 'is not a scope', 'properties.assignableScopes[0]'),
  ],
  [
    'Azure',
    'a custom role is not for everything',
    (p) => p.put(definition(), defined({ assignableScopes: ['/'] })),
    refused(400, 'BadRequest', "'/'"),
  ],
  [
    'Conflict',
    'a name that another has',
    async (p) => {
      await p.have(definition(), defined());
      return p.put(definition(2), defined({}, 'MINE'));
    },
    refused(409, 'Conflict', "'MINE'"),
  ],
  [
    'Conflict',
    'a name that a built-in one has',
    (p) => p.put(definition(), defined({}, 'Owner')),
    refused(409, 'Conflict'),
  ],
  [
    'Conflict',
    'an id that a built-in one has',
    (p) => p.put(definition().replace(guid(1), roles.Reader), defined()),
    refused(409, 'Conflict'),
  ],
  [
    'wire-shapes',
    'a built-in one can be read',
    (p) => p.get(`${rg}/providers/Microsoft.Authorization/roleDefinitions/${roles.Reader}`),
    answered(200, { roleName: 'Reader', type: 'BuiltInRole' }),
  ],
  [
    'shape',
    'permissions are required',
    (p) => p.put(definition(), { properties: { roleName: 'mine' } }),
    refused(400, 'InvalidRequestContent', 'properties.permissions is required'),
  ],
  [
    'Azure',
    'writing one needs the right in all its scopes',
    async (p) => {
      await p.allow(someone, roles.Access, rg);
      return p.put(`${rg}/providers/Microsoft.Authorization/roleDefinitions/${guid(1)}`, defined(), as);
    },
    refused(403, 'LinkedAuthorizationFailed', 'roleDefinitions/write'),
  ],
  [
    'ResourceInUse',
    'one that is assigned cannot be deleted',
    async (p) => {
      await p.have(definition(), defined());
      await p.allow(someone, guid(1), rg);
      return p.remove(definition());
    },
    refused(409, 'ResourceInUse', guid(1)),
  ],
  [
    'Azure',
    'the owner of the subscription is there from the start',
    (p) =>
      of(p.get(`${root}/providers/Microsoft.Authorization/roleAssignments`), (a) =>
        a.value.some((item) => JSON.stringify(item).includes(owner.objectId)),
      ),
    true,
  ],
  [
    'charter: facts',
    'a custom role is known to the network',
    async (p) => {
      await p.have(definition(), defined());
      return p.network().roles.get(guid(1) as never)?.name;
    },
    'mine',
  ],
]);
