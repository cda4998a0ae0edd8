/** The directory of a cloister.yaml: what it may say, and that a group's rights are its members'. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCertificate } from '../src/app/certificates.ts';
import { readConfig } from '../src/app/config.ts';
import { open } from '../src/app/files.ts';
import { why } from '../src/app/why.ts';
import { mayDo } from '../src/arm/caller.ts';
import { membershipsOf } from '../src/arm/directory.ts';
import { temporaryFolder } from './support/running.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const config = `# who there is
directory:
  users:
    ada@clinic.example: {name: Ada Lovelace, object: 11111111-0000-4000-8000-000000000001}
    bob@clinic.example: {}
    eve@clinic.example: {password: p}
  groups:
    scientists: {members: [user/Ada@Clinic.example, 99999999-0000-4000-8000-000000000009]}
    staff:
      members: [group/scientists, app/pipeline]
  applications:
    pipeline: {id: 22222222-0000-4000-8000-000000000002}
`;

describe('directory', () => {
  it('is read, with ids that are the same on every machine', () => {
    const { users, groups, applications } = readConfig(config, 'cloister.yaml', readCertificate).directory;
    const again = readConfig(config, 'other.yaml').directory;
    expect(again).toEqual({ users, groups, applications });
    expect(users.map(({ upn, displayName, password }) => [upn, displayName, password])).toEqual([
      ['ada@clinic.example', 'Ada Lovelace', undefined],
      ['bob@clinic.example', 'bob', undefined],
      ['eve@clinic.example', 'eve', 'p'],
    ]);
    const [ada, bob] = users;
    expect(ada?.objectId).toBe('11111111-0000-4000-8000-000000000001');
    expect(bob?.objectId).toMatch(/^[0-9a-f-]{14}5[0-9a-f-]{21}$/);
    const [scientists, staff] = groups;
    const [pipeline] = applications;
    expect(pipeline?.appId).toBe('22222222-0000-4000-8000-000000000002');
    const memberships = membershipsOf({ users, groups, applications });
    const of = (id: string | undefined) => memberships.get(id ?? '') ?? [];
    expect(of(ada?.objectId)).toEqual([scientists?.objectId, staff?.objectId]);
    expect(of('99999999-0000-4000-8000-000000000009')).toEqual([scientists?.objectId, staff?.objectId]);
    expect(of(pipeline?.objectId)).toEqual([staff?.objectId]);
    expect(of(bob?.objectId)).toEqual([]);
  });

  it('knows groups that are in each other', () => {
    const text = 'directory: {groups: {a: {members: [group/b]}, b: {members: [group/a]}}}';
    const { directory } = readConfig(text, 'cloister.yaml', readCertificate);
    const [a, b] = directory.groups.map(({ objectId }) => objectId);
    expect(new Set(membershipsOf(directory).get(a ?? ''))).toEqual(new Set([a, b]));
  });

  // The arrow points at what is wrong.
  it.each([
    ['users: {ada: ↓{}}', "'ada' is not a user principal name: write name@domain.example."],
    ['users: {ada@x.example: {nam: ↓Ada}}', "Could not find member 'nam'"],
    ['users: {ada@x.example: {object: ↓12}}', 'must be a text, not 12'],
    ["users: {ada@x.example: {object: ↓'12'}}", "'12' is not a GUID."],
    ["users: {ada@x.example: {password: ↓''}}", 'The password is empty'],
    ['users: {a@x.example: {object: ↓a3b0c442-98fc-4c14-9afb-f4c8996fb924}}', 'the id of the deployer'],
    ['groups: {a: {members: [↓user/ada@x.example]}}', "There is no 'user/ada@x.example'"],
    ['groups: {teem: {}, a: {members: [b, ↓group/team]}}', "Did you mean 'group/teem'?"],
    ['groups: {a/b: ↓{}}', "'a/b' is not a name"],
    ['applications: {ci: {certificates: [↓no.pem]}}', 'there is no such file'],
    ['applications: {ci: {certificates: [↓cloister.yaml]}}', 'it is no certificate in PEM form'],
    ['people: ↓{}', "Could not find member 'people' on $.directory"],
  ])('refuses %s', (marked, message) => {
    const file = join(folder.path, 'cloister.yaml');
    const line = `  ${marked.replace('↓', '').replace('b, ', '11111111-0000-4000-8000-000000000001, ')}`;
    writeFileSync(file, `directory:\n${line}\n`);
    const column = line.indexOf(marked.split('↓')[1] ?? '') + 1;
    const read = () => readConfig(`directory:\n${line}\n`, file, readCertificate);
    expect(read).toThrow(`${file}:2:${column}: `);
    expect(read).toThrow(message);
  });
});

describe('rights of a group', async () => {
  const reader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1';
  const beside = readConfig(config, 'cloister.yaml', readCertificate).directory;
  const staff = beside.groups.find(({ name }) => name === 'staff')?.objectId ?? '';
  const idOf = (upn: string): string => beside.users.find((user) => user.upn === upn)?.objectId ?? '';
  const place = join(folder.path, 'estate');
  mkdirSync(place);
  writeFileSync(join(place, 'cloister.yaml'), config);
  writeFileSync(
    join(place, 'main.json'),
    JSON.stringify({
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources: [
        {
          type: 'Microsoft.Storage/storageAccounts',
          apiVersion: '2023-01-01',
          name: 'data',
          location: 'eastus',
          sku: { name: 'Standard_LRS' },
          kind: 'StorageV2',
        },
        {
          type: 'Microsoft.KeyVault/vaults',
          apiVersion: '2023-07-01',
          name: 'kv-staff',
          location: 'eastus',
          properties: {
            tenantId: '[subscription().tenantId]',
            sku: { family: 'A', name: 'standard' },
            accessPolicies: [
              { tenantId: '[subscription().tenantId]', objectId: staff, permissions: { secrets: ['get'] } },
            ],
          },
        },
        {
          type: 'Microsoft.Authorization/roleAssignments',
          apiVersion: '2022-04-01',
          name: '33333333-0000-4000-8000-000000000003',
          scope: "[resourceId('Microsoft.Storage/storageAccounts', 'data')]",
          dependsOn: ["[resourceId('Microsoft.Storage/storageAccounts', 'data')]"],
          properties: {
            principalId: staff,
            principalType: 'Group',
            roleDefinitionId: `[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '${reader}')]`,
          },
        },
      ],
    }),
  );
  const { estate, linked } = await open([place]);
  const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
  const account = estate.ofType('Microsoft.Storage/storageAccounts')[0]?.id ?? '';

  it.each([
    ['user/ada@clinic.example', 'delivered'],
    ['bob@clinic.example', 'unauthorized'],
    ['group/staff', 'delivered'],
    ['group/scientists', 'delivered'],
    ['app/pipeline', 'delivered'],
    ['99999999-0000-4000-8000-000000000009', 'delivered'],
    ['deployer', 'unauthorized'],
  ])('as %s: %s', (as, disposition) => {
    for (const to of ['storage/data/blob', 'vault/kv-staff'])
      expect([to, why(linked.network, { from: 'internet', to, as }).disposition]).toEqual([to, disposition]);
  });

  it('names who there is, where there is no such caller', () => {
    const ask = () => why(linked.network, { from: 'internet', to: 'storage/data/blob', as: 'user/adam' });
    expect(ask).toThrow(/there is no caller 'user\/adam'[\s\S]*user\/ada@clinic\.example[\s\S]*group\/staff/);
  });

  it.each([
    ['ada@clinic.example', 'read', true],
    ['ada@clinic.example', 'delete', false],
    ['bob@clinic.example', 'read', false],
  ])('%s may %s: %s', (upn, verb, allowed) => {
    expect(mayDo(estate, idOf(upn), `${blobs}/${verb}`, account, 'data')).toBe(allowed);
    // A rehearsal of a deployment decides alike.
    expect(mayDo(estate.fork(), idOf(upn).toUpperCase(), `${blobs}/${verb}`, account, 'data')).toBe(allowed);
  });
});
