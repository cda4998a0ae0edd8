/**
 * Bodies that the tables put, as short as they can be.
 *
 * @module
 */

import type { Json, JsonObject } from '../../src/lib/json.ts';
import { idOf, type TestPlane } from '../support/plane.ts';

const location = 'eastus';

/** A virtual network with subnets by name and prefix. */
export function vnet(
  prefix: string,
  subnets: Readonly<Record<string, string>> = {},
  more: JsonObject = {},
): JsonObject {
  return {
    location,
    properties: {
      addressSpace: { addressPrefixes: [prefix] },
      subnets: Object.entries(subnets).map(([name, addressPrefix]) => ({
        name,
        properties: { addressPrefix },
      })),
      ...more,
    },
  };
}

/** A configuration of an interface: a subnet, or a subnet and a static address. */
export type Slot = string | readonly [subnet: string, address: string];

/** A network interface. */
export function nic(...configurations: readonly Slot[]): JsonObject {
  return {
    location,
    properties: {
      ipConfigurations: configurations.map((item, at) => {
        const [subnet, address] = typeof item === 'string' ? [item, undefined] : item;
        return {
          name: `ip${at}`,
          properties: {
            subnet: { id: idOf(`vnet/${subnet.replace('/', '/subnets/')}`) },
            ...(address === undefined
              ? {}
              : { privateIPAllocationMethod: 'Static', privateIPAddress: address }),
          },
        };
      }),
    },
  };
}

/** Addresses of an interface's body. */
export function addressesOf(body: JsonObject): (string | undefined)[] {
  const { ipConfigurations } = body['properties'] as {
    ipConfigurations: { properties: { privateIPAddress?: string } }[];
  };
  return ipConfigurations.map((item) => item.properties.privateIPAddress);
}

/** A security rule's properties. */
export function rule(priority: number, more: JsonObject = {}): JsonObject {
  return {
    priority,
    direction: 'Inbound',
    access: 'Allow',
    protocol: 'Tcp',
    sourceAddressPrefix: '*',
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: '443',
    ...more,
  };
}

/** A private endpoint in `hub/a`, unless said otherwise. */
export function endpoint(target: string, group: string, more: JsonObject = {}, manual = false): JsonObject {
  const connections = [
    { name: 'c', properties: { privateLinkServiceId: target, groupIds: [group], requestMessage: 'please' } },
  ];
  return {
    location,
    properties: {
      subnet: { id: idOf('vnet/hub/subnets/a') },
      [manual ? 'manualPrivateLinkServiceConnections' : 'privateLinkServiceConnections']: connections,
      ...more,
    },
  };
}

/** A storage account. */
export function storage(properties: JsonObject = {}): JsonObject {
  return { location, kind: 'StorageV2', sku: { name: 'Standard_LRS' }, properties };
}

/** A key vault. */
export function vault(properties: JsonObject = {}): JsonObject {
  const tenantId = '7d3f8b52-6c1a-4e0f-8a9d-0b1c2d3e4f50';
  return {
    location,
    properties: { tenantId, sku: { family: 'A', name: 'standard' }, accessPolicies: [], ...properties },
  };
}

/** A container registry. */
export function registry(sku = 'Premium', properties: JsonObject = {}): JsonObject {
  return { location, sku: { name: sku }, properties };
}

/** A workspace on the storage account `data` and the vault `keys`. */
export function workspace(properties: JsonObject = {}, more: JsonObject = {}): JsonObject {
  return {
    location,
    properties: { storageAccount: idOf('storage/data'), keyVault: idOf('vault/keys'), ...properties },
    ...more,
  };
}

/** What a workspace stands on, and the workspace `mlw`. */
export async function haveWorkspace(plane: TestPlane, properties: JsonObject = {}): Promise<void> {
  await plane.have(idOf('storage/data'), storage());
  await plane.have(idOf('vault/keys'), vault());
  await plane.have(idOf('workspace/mlw'), workspace(properties));
}

/** An endpoint with authentication by key. */
export function onlineEndpoint(properties: JsonObject = {}): JsonObject {
  return { location, properties: { authMode: 'Key', ...properties } };
}

/** A deployment of a model. */
export function onlineDeployment(properties: JsonObject = {}): JsonObject {
  return {
    location,
    sku: { name: 'Default', capacity: 1 },
    properties: { model: 'azureml:m:1', ...properties },
  };
}

/** A virtual machine on interfaces. */
export function machine(nics: readonly string[], more: JsonObject = {}): JsonObject {
  return {
    location,
    properties: {
      networkProfile: { networkInterfaces: nics.map((name) => ({ id: idOf(`nic/${name}`) })) },
      osProfile: {
        computerName: 'vm',
        adminUsername: 'me',
        adminPassword: 'hunter2',
        customData: 'c2VjcmV0',
      },
    },
    ...more,
  };
}

/** A private DNS zone. */
export const zone: JsonObject = { location: 'global' };

/** A link of a zone to a network. */
export function link(network: string, more: JsonObject = {}): JsonObject {
  return { location: 'global', properties: { virtualNetwork: { id: idOf(`vnet/${network}`) }, ...more } };
}

/** A zone group for zones. */
export function zoneGroup(...zones: readonly string[]): JsonObject {
  return {
    properties: {
      privateDnsZoneConfigs: zones.map((name, at) => ({
        name: `z${at}`,
        properties: { privateDnsZoneId: idOf(`zone/${name}`) },
      })),
    },
  };
}

/** Any body with these properties, in eastus. */
export function body(properties: JsonObject = {}, more: Readonly<Record<string, Json>> = {}): JsonObject {
  return { location, properties, ...more };
}
