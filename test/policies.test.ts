/**
 * Policies: which private endpoints get a zone group by them. docs/semantics/policies.md says the rules; the example's
 * vault has a private endpoint without a group of its own here.
 */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../src/lib/json.ts';
import { nameOf } from '../src/lib/key.ts';
import { groupIds, initiative, networkContributor, vaultPolicy, vaultZone } from './support/policies.ts';
import { openScenario } from './support/scenario.ts';

const base = 'examples/secure-workspace';
const equals = (group: string): JsonObject => ({ field: groupIds, equals: group });
const target = (text: string): JsonObject => ({
  field: 'Microsoft.Network/privateEndpoints/privateLinkServiceConnections[*].privateLinkServiceId',
  contains: text,
});
const pe = 'Microsoft.Network/privateEndpoints';
const where = (condition: JsonObject): JsonObject => ({
  set: 'vault-zones policyRule.if.allOf',
  to: [
    { field: 'type', equals: pe },
    { count: { field: groupIds, where: condition }, greaterOrEquals: 1 },
  ],
});

/** `pe-vault -> zone`: zone groups that policies write. */
async function writtenBy(change: readonly JsonObject[]): Promise<readonly string[]> {
  const { linked } = await openScenario({ base, change });
  return linked.network.declared
    .of('zone-group')
    .filter(({ policy }) => policy !== undefined)
    .map(({ endpoint, zones }) => `${nameOf(endpoint)} -> ${zones.map(nameOf).join(', ')}`);
}

const written = [`pe-vault -> ${vaultZone}`];

describe('policies', () => {
  it.each<readonly [string, readonly JsonObject[], readonly string[]]>([
    ['write a group', vaultPolicy({}), written],
    ['whatever the case of effect and sub-resource', [...vaultPolicy({ group: 'VAULT' })], written],
    ['not beside a group of its own', vaultPolicy({}).slice(1), []],
    [
      'not with another effect',
      [...vaultPolicy({}), { set: 'vault-zones policyRule.then.effect', to: 'Audit' }],
      [],
    ],
    [
      'not unless they are enforced',
      [...vaultPolicy({}), { set: 'write-zones enforcementMode', to: 'DoNotEnforce' }],
      [],
    ],
    ['not where they spare', [...vaultPolicy({}), { set: 'write-zones notScopes', to: ['@group'] }], []],
    [
      'where they spare something else',
      [...vaultPolicy({}), { set: 'write-zones notScopes', to: ['@pe-blob'] }],
      written,
    ],
    ['not as nobody', vaultPolicy({ identity: false }), []],
    ['not without a right', vaultPolicy({ role: 'acdd72a7-3385-48ef-bd42-f606fba81ae7' }), []],
    [
      'not without a value for a parameter',
      [...vaultPolicy({}), { set: 'write-zones parameters', to: {} }],
      [],
    ],
    [
      'by a default',
      [
        ...vaultPolicy({}),
        { set: 'write-zones parameters', to: {} },
        { set: 'vault-zones parameters.zone.defaultValue', to: `@${vaultZone}` },
      ],
      written,
    ],
    [
      'for any of several sub-resources',
      [...vaultPolicy({}), where({ anyOf: [equals('vault'), equals('sites')] })],
      written,
    ],
    [
      'for a type of target',
      [...vaultPolicy({}), where({ allOf: [target('Microsoft.KeyVault/vaults'), equals('vault')] })],
      written,
    ],
    [
      'not for another type of target',
      [...vaultPolicy({}), where({ allOf: [target('Microsoft.Sql/servers'), equals('vault')] })],
      [],
    ],
    [
      'not on a condition that is not read',
      [...vaultPolicy({}), where({ allOf: [equals('vault'), { field: 'location', equals: 'eastus' }] })],
      [],
    ],
    ['through an initiative', [...vaultPolicy({}), ...initiative({})], written],
    [
      'not where the initiative turns them off',
      [...vaultPolicy({}), ...initiative({ effect: 'Disabled' })],
      [],
    ],
    [
      "not of Microsoft's own definitions, which are not here",
      [
        ...vaultPolicy({}),
        {
          set: 'write-zones policyDefinitionId',
          to: '/providers/Microsoft.Authorization/policyDefinitions/00000000-0000-0000-0000-0000000000ff',
        },
      ],
      [],
    ],
  ])('%s', async (_, change, expected) => {
    expect(await writtenBy(change)).toEqual(expected);
  });

  it('are refused where their definition is not there', async () => {
    const change = [...vaultPolicy({}), { set: 'write-zones policyDefinitionId', to: '@group' }].map(
      (edit) =>
        'set' in edit
          ? {
              ...edit,
              to: '/subscriptions/0c7e5a1d-3f0b-4c52-9d6e-1a2b3c4d5e6f/providers/Microsoft.Authorization/policyDefinitions/gone',
            }
          : edit,
    );
    await expect(openScenario({ base, change })).rejects.toThrow(/PolicyDefinitionNotFound: .*gone/);
  });

  it('act as an identity that may be given its rights from elsewhere', async () => {
    const elsewhere = vaultPolicy({ role: networkContributor }).slice(0, -1);
    expect(await writtenBy(elsewhere)).toEqual([]);
  });
});
