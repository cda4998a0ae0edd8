import { describe, expect, it } from 'vitest';
import { answerGraph, type DirectoryPrincipal, type GraphRequest } from './graph.ts';

const directory: readonly DirectoryPrincipal[] = [
  {
    objectId: 'aaaa0000-0000-4000-8000-000000000001',
    appId: 'bbbb0000-0000-4000-8000-000000000001',
    displayName: 'deployer',
    kind: 'Application',
  },
  {
    objectId: 'aaaa0000-0000-4000-8000-000000000002',
    appId: 'bbbb0000-0000-4000-8000-000000000002',
    displayName: 'jumpbox',
    kind: 'ManagedIdentity',
  },
];

function ask(
  method: string,
  target: string,
  more: Partial<GraphRequest> = {},
): { status: number; body: unknown } {
  const caller = { kind: 'principal', objectId: 'x', appId: 'y' } as const;
  const response = answerGraph({ method, target, body: '', caller, requestId: 'r', ...more }, directory);
  return { status: response.status, body: JSON.parse(String(response.body)) };
}

const ids = (body: unknown): string[] =>
  (body as { value: { displayName: string }[] }).value.map((item) => item.displayName);
const code = (body: unknown): string => (body as { error: { code: string } }).error.code;

describe('graph', () => {
  it.each([
    ['/v1.0/servicePrincipals', ['deployer', 'jumpbox']],
    [
      "/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c eq 'BBBB0000-0000-4000-8000-000000000001')",
      ['deployer'],
    ],
    ["/v1.0/servicePrincipals?$filter=appId%20eq%20'bbbb0000-0000-4000-8000-000000000002'", ['jumpbox']],
    ["/v1.0/servicePrincipals?$filter=displayName eq 'nobody'", []],
    ['/v1.0/users?$filter=x', []],
  ])('lists %s', (target, expected) => {
    const { status, body } = ask('GET', target);
    expect([status, ids(body)]).toEqual([200, expected]);
  });

  it('finds objects by id', () => {
    const body = JSON.stringify({ ids: ['AAAA0000-0000-4000-8000-000000000002', 'unknown'] });
    expect(ids(ask('POST', '/v1.0/directoryObjects/getByIds', { body }).body)).toEqual(['jumpbox']);
    expect(ask('GET', '/v1.0/servicePrincipals/aaaa0000-0000-4000-8000-000000000001').status).toBe(200);
  });

  it.each([
    ['GET', '/v1.0/me', {}, 400, 'BadRequest'],
    ['GET', '/v1.0/servicePrincipals/nobody', {}, 404, 'Request_ResourceNotFound'],
    ['GET', '/v2.0/users', {}, 400, 'BadRequest'],
    [
      'GET',
      "/v1.0/servicePrincipals?$filter=startswith(displayName,'d')",
      {},
      400,
      'Request_UnsupportedQuery',
    ],
    ['POST', '/v1.0/applications', {}, 501, 'NotImplemented'],
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
