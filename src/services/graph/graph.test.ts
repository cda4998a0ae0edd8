import { describe, expect, it } from 'vitest';
import type { Directory } from '../../arm/directory.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Uuid } from '../../lib/uuid.ts';
import { answerGraph, type GraphRequest } from './graph.ts';
import { objectsOf } from './objects.ts';

const id = (n: number): Uuid => `aaaa0000-0000-4000-8000-0000000000${String(n).padStart(2, '0')}` as Uuid;
const [ada, bob, staff, everyone, deployer, jumpbox, client] = [1, 2, 3, 4, 5, 6, 7].map(id) as Uuid[] as [
  Uuid,
  Uuid,
  Uuid,
  Uuid,
  Uuid,
  Uuid,
  Uuid,
];

const directory: Directory = {
  users: [
    { objectId: ada, upn: 'ada@clinic.example', displayName: "Ada O'Neil", password: undefined },
    { objectId: bob, upn: 'bob@clinic.example', displayName: 'Bob and co', password: undefined },
  ],
  groups: [
    { objectId: staff, name: 'staff', members: [ada, everyone] },
    { objectId: everyone, name: 'everyone', members: [staff, jumpbox] },
  ],
  applications: [
    { name: 'deployer', appId: client, objectId: deployer, applicationId: id(8), certificates: [] },
  ],
};
const objects = objectsOf(directory, [
  { objectId: jumpbox, appId: id(9), name: 'jumpbox', resource: '/subscriptions/s/vm/jumpbox' },
]);

function ask(
  method: string,
  target: string,
  more: Partial<GraphRequest> = {},
): { status: number; body: JsonObject } {
  const caller = { kind: 'principal', objectId: ada, appId: 'y' } as const;
  const response = answerGraph({ method, target, body: '', caller, requestId: 'r', ...more }, objects);
  return { status: response.status, body: JSON.parse(String(response.body)) };
}

const names = (body: JsonObject): string[] =>
  (body['value'] as { displayName: string }[]).map((item) => item.displayName);
const code = (body: JsonObject): unknown => (body['error'] as JsonObject)['code'];

describe('graph', () => {
  it.each([
    ['/v1.0/servicePrincipals', ['deployer', 'jumpbox']],
    [
      `/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c eq '${client.toUpperCase()}')`,
      ['deployer'],
    ],
    [`/v1.0/servicePrincipals?$filter=appId%20eq%20'${id(9)}'`, ['jumpbox']],
    ["/v1.0/servicePrincipals?$filter=displayName eq 'nobody'", []],
    ["/v1.0/users?$filter=userPrincipalName eq 'ADA@clinic.example'", ["Ada O'Neil"]],
    ["/v1.0/users?$filter=displayName eq 'Ada O''Neil'", ["Ada O'Neil"]],
    ["/v1.0/users?$filter=displayName eq 'Bob and co' and accountEnabled eq true", ['Bob and co']],
    ["/v1.0/users?$filter=displayName eq 'x' or startswith(userPrincipalName,'bob')", ['Bob and co']],
    ["/v1.0/groups?$filter=securityEnabled eq true and displayName eq 'staff'", ['staff']],
    ["/v1.0/applications?$filter=displayName eq 'deployer'", ['deployer']],
    ['/beta/groups/{staff}/members', ["Ada O'Neil", 'everyone']],
    ['/v1.0/users/{ada}/memberOf', ['staff']],
    ['/v1.0/users/{ada}/transitiveMemberOf', ['staff', 'everyone']],
    ['/v1.0/me/memberOf', ['staff']],
    ['/v1.0/servicePrincipals/{jumpbox}/memberOf', ['everyone']],
    ['/v1.0/users/{bob}/memberOf', []],
  ])('lists %s', (target, expected) => {
    const named = target.replace(
      /\{(\w+)\}/,
      (_, name: string) => ({ ada, bob, staff, jumpbox })[name] ?? '',
    );
    const { status, body } = ask('GET', named);
    expect([status, names(body)]).toEqual([200, expected]);
  });

  it.each([
    [`/v1.0/users/${ada}`, "Ada O'Neil"],
    ['/v1.0/users/Ada@Clinic.example', "Ada O'Neil"],
    ['/v1.0/me', "Ada O'Neil"],
    [`/v1.0/groups/${staff}`, 'staff'],
    [`/v1.0/servicePrincipals/${jumpbox}`, 'jumpbox'],
    [`/v1.0/servicePrincipals(appId='${client}')`, 'deployer'],
    [`/v1.0/applications/${id(8)}`, 'deployer'],
    [`/v1.0/directoryObjects/${staff}`, 'staff'],
  ])('shows %s', (target, name) => {
    const { status, body } = ask('GET', target);
    expect([status, body['displayName']]).toEqual([200, name]);
    expect(body['@odata.context']).toMatch(/\$metadata#\w+\/\$entity$/);
  });

  it('shows what is selected', () => {
    const { body } = ask('GET', '/v1.0/users/ada@clinic.example?$select=id,displayName');
    expect(Object.keys(body)).toEqual(['@odata.context', 'id', 'displayName']);
  });

  it('pages', () => {
    const first = ask('GET', '/v1.0/users?$top=1&$count=true').body;
    expect([names(first), first['@odata.count']]).toEqual([["Ada O'Neil"], 2]);
    const next = new URL(String(first['@odata.nextLink']));
    const second = ask('GET', next.pathname + next.search).body;
    expect([names(second), second['@odata.nextLink']]).toEqual([['Bob and co'], undefined]);
  });

  it('finds objects by id, and groups of a principal', () => {
    const ids = [jumpbox.toUpperCase(), 'unknown', staff];
    const all = ask('POST', '/v1.0/directoryObjects/getByIds', { body: JSON.stringify({ ids }) });
    expect(names(all.body)).toEqual(['jumpbox', 'staff']);
    const some = { body: JSON.stringify({ ids, types: ['group'] }) };
    expect(names(ask('POST', '/v1.0/directoryObjects/getByIds', some).body)).toEqual(['staff']);
    const of = (who: string): unknown =>
      ask('POST', `/v1.0/${who}/getMemberGroups`, { body: '{"securityEnabledOnly":true}' }).body['value'];
    expect([of('me'), of(`users/${bob}`)]).toEqual([[staff, everyone], []]);
    const asked = { body: JSON.stringify({ groupIds: [everyone, bob] }) };
    expect(ask('POST', '/v1.0/me/checkMemberGroups', asked).body['value']).toEqual([everyone]);
  });

  const application = { kind: 'principal', objectId: deployer, appId: client } as const;

  it.each([
    ['GET', '/v1.0/me', { caller: application }, 400, 'BadRequest'],
    ['GET', '/v1.0/me/memberOf', { caller: application }, 400, 'BadRequest'],
    ['GET', '/v1.0/servicePrincipals/nobody', {}, 404, 'Request_ResourceNotFound'],
    ['GET', `/v1.0/users/${staff}`, {}, 404, 'Request_ResourceNotFound'],
    ['GET', '/v2.0/users', {}, 400, 'BadRequest'],
    ['GET', '/v1.0/users/%zz', {}, 400, 'BadRequest'],
    ['GET', "/v1.0/users?$filter=endswith(displayName,'d')", {}, 400, 'Request_UnsupportedQuery'],
    ['GET', "/v1.0/users?$filter=nothing eq 'd'", {}, 400, 'Request_UnsupportedQuery'],
    ['GET', '/v1.0/users?$search="displayName:d"', {}, 400, 'Request_UnsupportedQuery'],
    ['GET', '/v1.0/users?$top=0', {}, 400, 'Request_UnsupportedQuery'],
    ['GET', '/v1.0/users?$top=x', {}, 400, 'Request_UnsupportedQuery'],
    ['GET', '/v1.0/policies', {}, 501, 'NotImplemented'],
    ['GET', `/v1.0/users/${ada}/manager`, {}, 501, 'NotImplemented'],
    ['GET', `/v1.0/users/${ada}/members`, {}, 501, 'NotImplemented'],
    ['POST', '/v1.0/applications', {}, 501, 'NotImplemented'],
    ['PATCH', `/v1.0/users/${ada}`, {}, 501, 'NotImplemented'],
    ['POST', '/v1.0/directoryObjects/getByIds', { body: 'no' }, 400, 'BadRequest'],
    ['GET', '/v1.0/users', { caller: { kind: 'anonymous' } }, 401, 'InvalidAuthenticationToken'],
    [
      'GET',
      '/v1.0/users',
      { caller: { kind: 'invalid', problem: 'expired' } },
      401,
      'InvalidAuthenticationToken',
    ],
  ] as const)('refuses %s %s', (method, target, more, status, expected) => {
    const result = ask(method, target, more);
    expect([result.status, code(result.body)]).toEqual([status, expected]);
  });
});
