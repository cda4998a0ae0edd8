/** Templates with things that Cloister does not have: they are named, and all else is judged. */
import { describe, expect, it } from 'vitest';
import { type Verdict, verify } from '../../src/app/index.ts';
import type { JsonObject } from '../../src/lib/json.ts';

const sql = "[resourceId('Microsoft.Sql/servers', 'sql')]";

function server(...more: readonly JsonObject[]): readonly JsonObject[] {
  return [
    { type: 'Microsoft.Sql/servers', apiVersion: '2023-08-01', name: 'sql', location: 'eastus' },
    ...more,
  ];
}

const network: JsonObject = {
  type: 'Microsoft.Network/virtualNetworks',
  apiVersion: '2024-05-01',
  name: 'net',
  location: 'eastus',
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
    subnets: [{ name: 'a', properties: { addressPrefix: '10.0.0.0/24' } }],
  },
};

const endpoint: JsonObject = {
  type: 'Microsoft.Network/privateEndpoints',
  apiVersion: '2024-05-01',
  name: 'pe-sql',
  location: 'eastus',
  dependsOn: [sql, 'net'],
  properties: {
    subnet: { id: "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'a')]" },
    privateLinkServiceConnections: [
      { name: 'sql', properties: { privateLinkServiceId: sql, groupIds: ['sqlServer'] } },
    ],
  },
};

const group: JsonObject = {
  type: 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups',
  apiVersion: '2024-05-01',
  name: 'pe-sql/default',
  dependsOn: ['pe-sql'],
  properties: { privateDnsZoneConfigs: [] },
};

const insights: JsonObject = {
  type: 'Microsoft.Insights/components',
  apiVersion: '2020-02-02',
  name: 'insights',
  location: 'eastus',
  kind: 'web',
  properties: { Application_Type: 'web' },
};

/** An account that is tagged with what nobody knows yet. */
function tagged(value: string, properties: JsonObject = {}): JsonObject {
  return {
    type: 'Microsoft.Storage/storageAccounts',
    apiVersion: '2023-05-01',
    name: 'stlab',
    location: 'eastus',
    sku: { name: 'Standard_LRS' },
    kind: 'StorageV2',
    tags: { value },
    properties,
  };
}

function judged(resources: readonly JsonObject[]): Promise<Verdict> {
  const template = {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources,
  };
  return verify({ text: JSON.stringify(template), file: 'main.json' });
}

const typesOf = ({ unmodelled }: Verdict): string[] => unmodelled.map(({ type }) => type).toSorted();

describe('verify', () => {
  it('takes a private endpoint of a type that it does not have, and all below it, for opaque', async () => {
    const verdict = await judged([...server(network, endpoint, group)]);
    expect(verdict.findings.map(({ code }) => code)).toEqual(['subnet-without-nsg']);
    expect(typesOf(verdict)).toEqual([
      'Microsoft.Network/privateEndpoints',
      'Microsoft.Network/privateEndpoints/privateDnsZoneGroups',
      'Microsoft.Sql/servers',
    ]);
  });

  it.each([
    ["[reference('Microsoft.Insights/components/insights', '2020-02-02').InstrumentationKey]", [insights]],
    ["[reference(resourceId('Microsoft.Insights/components', 'insights')).a.b[0].c]", [insights]],
    [
      `[concat('x', reference(resourceId('Microsoft.Sql/servers', 'sql')).fullyQualifiedDomainName)]`,
      server(),
    ],
    [`[listKeys(resourceId('Microsoft.Sql/servers', 'sql'), '2023-08-01').keys[0].value]`, server()],
  ])('goes on where a value is known only after deployment: %s', async (value, others) => {
    const verdict = await judged([...others, tagged(value)]);
    expect(verdict.findings).toEqual([]);
    expect(verdict.holds).toBe(true);
  });

  it('goes on where a resource was refused, and tells its refusal only', async () => {
    const outside = { ...network, properties: { addressSpace: { addressPrefixes: ['10.0.0.0/40'] } } };
    const nic: JsonObject = {
      type: 'Microsoft.Network/networkInterfaces',
      apiVersion: '2024-05-01',
      name: 'nic',
      location: 'eastus',
      dependsOn: ['net'],
      tags: { guid: "[reference('net').resourceGuid]" },
      properties: { ipConfigurations: [] },
    };
    await expect(judged([outside, nic])).rejects.toThrow(/^main\.json:[^\n]*10\.0\.0\.0\/40/);
  });

  it('still refuses what asks for a thing that nobody declares, and what is wrong in itself', async () => {
    await expect(
      judged([tagged("[reference(resourceId('Microsoft.Sql/servers', 'sql')).x]")]),
    ).rejects.toThrow(/ResourceNotFound/);
    const later = "[reference(resourceId('Microsoft.Sql/servers', 'sql')).fullyQualifiedDomainName]";
    const wrong = tagged(later, { publicNetworkAccess: 'Sometimes' });
    await expect(judged([...server(), wrong])).rejects.toThrow(/publicNetworkAccess/);
    await expect(judged([{ ...network, name: '[concat(1, reference(1))]' }])).rejects.toThrow(/reference/);
  });
});
