/**
 * The words of scenarios that stand for several resources, or for a resource with the members that it always has.
 *
 * @module
 */

import { isObject, type Json, type JsonObject } from '../../src/lib/json.ts';

const namespaces: Readonly<Record<string, string>> = {
  virtualMachines: 'Microsoft.Compute',
  extensions: 'Microsoft.KubernetesConfiguration',
  managedClusters: 'Microsoft.ContainerService',
  registries: 'Microsoft.ContainerRegistry',
  vaults: 'Microsoft.KeyVault',
  workspaces: 'Microsoft.MachineLearningServices',
  storageAccounts: 'Microsoft.Storage',
  roleAssignments: 'Microsoft.Authorization',
  roleDefinitions: 'Microsoft.Authorization',
  locks: 'Microsoft.Authorization',
  policyDefinitions: 'Microsoft.Authorization',
  policySetDefinitions: 'Microsoft.Authorization',
  policyAssignments: 'Microsoft.Authorization',
  userAssignedIdentities: 'Microsoft.ManagedIdentity',
};

/** `['virtualNetworks', 'virtualNetworkPeerings']` with its namespace; Microsoft.Network where no other is known. */
export function fullType(parts: readonly string[]): string {
  return [namespaces[parts[0] ?? ''] ?? 'Microsoft.Network', ...parts].join('/');
}

/** A name without the group before it. */
export function bare(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** What a resource of a type has unless the scenario says otherwise. */
const defaults: Readonly<Record<string, JsonObject>> = {
  storageAccounts: { sku: { name: 'Standard_LRS' }, kind: 'StorageV2' },
  registries: { sku: { name: 'Premium' } },
  workspaces: { identity: { type: 'SystemAssigned' } },
};

const inside: Readonly<Record<string, JsonObject>> = {
  vaults: {
    tenantId: '7d3f8b52-6c1a-4e0f-8a9d-0b1c2d3e4f50',
    sku: { family: 'A', name: 'standard' },
    enableRbacAuthorization: true,
  },
};

/** Lists whose items are `{name, properties}`; scenarios write the properties beside the name. */
const namedLists = ['subnets', 'securityRules', 'routes', 'virtualNetworkPeerings'];

/** An edit as additions of single resources: `add: <type>/<name>`, with the members of the resource beside it. */
export function expand(edit: JsonObject): readonly JsonObject[] {
  if (typeof edit['add'] === 'string') return [added(edit)];
  if (typeof edit['machine'] === 'string') return machine(edit);
  if (typeof edit['private-endpoint'] === 'string') return privateEndpoint(edit);
  if (typeof edit['zone'] === 'string') return zone(edit);
  if (Array.isArray(edit['peering'])) return peering(edit);
  throw new Error(`not an edit: ${JSON.stringify(edit)}`);
}

/** `with` holds the properties. */
function added({ add, with: given = {}, ...rest }: JsonObject): JsonObject {
  const type = String(add).split('/').at(-2) ?? '';
  const properties = Object.fromEntries(
    Object.entries({ ...inside[type], ...(given as JsonObject) }).map(([name, value]) => [
      name,
      namedLists.includes(name) && Array.isArray(value) ? value.map(wrapped) : (value ?? null),
    ]),
  );
  return { add: add ?? '', ...defaults[type], ...rest, properties };
}

function wrapped(item: Json): Json {
  if (!isObject(item) || 'properties' in item) return item;
  const { name, ...properties } = item;
  return { name: name ?? '', properties };
}

/** `machine: router`, `in: clinic-vnet/scoring`, `at: 10.150.1.9`, and what its interface has. */
function machine({
  machine: name,
  in: subnet,
  at,
  public: shown,
  groups,
  with: given = {},
}: JsonObject): JsonObject[] {
  const nic = `${String(name)}-nic`;
  const address = `${String(name)}-ip`;
  return [
    ...(shown === true
      ? [added({ add: `publicIPAddresses/${address}`, with: { publicIPAllocationMethod: 'Static' } })]
      : []),
    added({
      add: `networkInterfaces/${nic}`,
      with: {
        ...(given as JsonObject),
        ipConfigurations: [
          {
            name: 'primary',
            properties: {
              subnet: { id: `@${String(subnet)}` },
              privateIPAllocationMethod: at === undefined ? 'Dynamic' : 'Static',
              ...(at === undefined ? {} : { privateIPAddress: at }),
              ...(shown === true ? { publicIPAddress: { id: `@${address}` } } : {}),
              ...(groups === undefined ? {} : { applicationSecurityGroups: groups }),
            },
          },
        ],
      },
    }),
    added({
      add: `virtualMachines/${String(name)}`,
      identity: { type: 'SystemAssigned' },
      with: { networkProfile: { networkInterfaces: [{ id: `@${nic}` }] } },
    }),
  ];
}

/** `private-endpoint: pe`, `in: net/pe`, `to: stclinic`, `group: blob`, `zones: [...]`, `manual: true`. */
function privateEndpoint(edit: JsonObject): JsonObject[] {
  const { 'private-endpoint': name, in: subnet, to, group, zones, manual, with: given = {} } = edit;
  const connection = {
    name: bare(String(name)),
    properties: { privateLinkServiceId: `@${String(to)}`, groupIds: [group ?? ''] },
  };
  const list = manual === true ? 'manualPrivateLinkServiceConnections' : 'privateLinkServiceConnections';
  const configs = (Array.isArray(zones) ? (zones as readonly Json[]) : []).map((item, at) => ({
    name: `zone${at}`,
    properties: { privateDnsZoneId: `@${String(item)}` },
  }));
  return [
    added({
      add: `privateEndpoints/${String(name)}`,
      with: {
        subnet: { id: `@${String(subnet)}` },
        [list]: [connection as unknown as Json],
        ...(given as JsonObject),
      },
    }),
    ...(configs.length === 0
      ? []
      : [
          added({
            add: `privateEndpoints/${String(name)}/privateDnsZoneGroups/default`,
            with: { privateDnsZoneConfigs: configs },
          }),
        ]),
  ];
}

/** `zone: corp.example`, `links: [net]`, `records: {intranet: 10.0.0.9}`; a record that is no address is a CNAME. */
function zone({ zone: name, links = [], records = {}, with: given = {} }: JsonObject): JsonObject[] {
  const at = `privateDnsZones/${String(name)}`;
  return [
    added({ add: at }),
    ...(links as readonly Json[]).map((vnet) =>
      added({
        add: `${at}/virtualNetworkLinks/${bare(String(vnet))}`,
        with: {
          virtualNetwork: { id: `@${String(vnet)}` },
          registrationEnabled: false,
          ...(given as JsonObject),
        },
      }),
    ),
    ...Object.entries(records as JsonObject).map(([record, value]) =>
      /^[\d.]+$/.test(String(value))
        ? added({ add: `${at}/A/${record}`, with: { ttl: 300, aRecords: [{ ipv4Address: String(value) }] } })
        : added({ add: `${at}/CNAME/${record}`, with: { ttl: 300, cnameRecord: { cname: String(value) } } }),
    ),
  ];
}

/** `peering: [a, b]`: both sides, `with` for both; `one-sided: true` leaves out that of `b`. */
function peering(edit: JsonObject): JsonObject[] {
  const { peering: sides, 'one-sided': single, with: given = {} } = edit;
  const [a, b] = (sides as readonly Json[]).map(String);
  const side = (from: string | undefined, to: string | undefined): JsonObject =>
    added({
      add: `virtualNetworks/${from}/virtualNetworkPeerings/to-${bare(to ?? '')}`,
      with: { remoteVirtualNetwork: { id: `@${to}` }, ...(given as JsonObject) },
    });
  return single === true ? [side(a, b)] : [side(a, b), side(b, a)];
}
