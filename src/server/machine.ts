/**
 * What the metadata service tells a machine about itself, from the estate as it is.
 *
 * @module
 */

import { partsOf } from '../arm/id.ts';
import type { Read, Resource } from '../arm/resource.ts';
import { formatIp, formatPrefix } from '../lib/ip.ts';
import { asText, isObject, type JsonObject, member } from '../lib/json.ts';
import { keyOf } from '../lib/key.ts';
import type { Network } from '../net/model.ts';
import type { Place } from '../net/position.ts';
import { principalOf } from '../providers/identity.ts';
import { inventedId } from '../providers/ml/link.ts';
import { answerMetadata, type Machine, type MachineIdentity } from '../services/metadata/metadata.ts';
import type { Engine } from './engine.ts';
import type { PlainAnswerer } from './front/plain.ts';
import type { Keys } from './keys.ts';

/** Makes what answers at the metadata address. */
export function metadataOf(engine: Engine, { signing }: Keys): PlainAnswerer {
  const { tenant } = engine.plane.settings;
  return async (label, { method = 'GET', headers }, target) => {
    const place = engine.names.place(label);
    const machine = place.ok ? machineAt(engine.network, engine.plane.estate, place.value) : nobody;
    const signs = { tenant, keys: signing, applications: () => undefined };
    return answerMetadata({ method, target, headers, now: Date.now() }, machine, signs);
  };
}

const nobody: Machine = { identities: [], instance: undefined };

/** Returns the machine that stands at a place; one without identities where there is none. */
export function machineAt(network: Network, read: Read, place: Place): Machine {
  if (place.kind !== 'nic') return nobody;
  const wanted = keyOf(place.nic);
  const fact = [...network.machines.values()].find(({ nics }) => nics.some((nic) => keyOf(nic) === wanted));
  const resource = fact && read.get(fact.id);
  if (!fact || !resource) return nobody;
  return { identities: identitiesOf(resource), instance: instanceOf(resource, fact.nics, network) };
}

function identitiesOf(resource: Resource): readonly MachineIdentity[] {
  const own = principalOf(resource);
  const users = resource.identity?.['userAssignedIdentities'];
  return [
    ...(own === undefined
      ? []
      : [
          {
            kind: 'system',
            objectId: own,
            clientId: inventedId(resource.id, 'clientId'),
            resource: resource.id,
          } as const,
        ]),
    ...Object.entries(isObject(users) ? users : {}).map(([id, user]): MachineIdentity => {
      const text = (name: string): string => asText(member(user, name)) ?? '';
      return { kind: 'user', objectId: text('principalId'), clientId: text('clientId'), resource: id };
    }),
  ];
}

function instanceOf(machine: Resource, nics: readonly string[], network: Network): JsonObject {
  const { id, name, location = '', properties, tags = {}, zones = [] } = machine;
  const { subscription = '', group = '' } = placeOf(id);
  const profile = (path: string, leaf: string): string => asText(member(properties[path], leaf)) ?? '';
  const image = member(properties['storageProfile'], 'imageReference');
  const words = Object.entries(tags).map(([tag, value]) => [tag, asText(value) ?? ''] as const);
  return {
    compute: {
      azEnvironment: 'AzurePublicCloud',
      location,
      name,
      offer: asText(member(image, 'offer')) ?? '',
      osType: asText(member(member(properties['storageProfile'], 'osDisk'), 'osType')) ?? 'Linux',
      provider: 'Microsoft.Compute',
      publisher: asText(member(image, 'publisher')) ?? '',
      resourceGroupName: group,
      resourceId: id,
      sku: asText(member(image, 'sku')) ?? '',
      subscriptionId: subscription,
      tags: words.map(([tag, value]) => `${tag}:${value}`).join(';'),
      tagsList: words.map(([tag, value]) => ({ name: tag, value })),
      vmId: asText(properties['vmId']) ?? '',
      vmSize: profile('hardwareProfile', 'vmSize'),
      zone: zones[0] ?? '',
    },
    network: { interface: nics.map((nic) => interfaceOf(nic, network)) },
  };
}

function interfaceOf(id: string, network: Network): JsonObject {
  const configurations = network.nics.get(keyOf(id))?.configurations ?? [];
  const [first] = configurations;
  const prefixes = first ? (network.subnets.get(keyOf(first.subnet))?.subnet.fact.prefixes ?? []) : [];
  return {
    ipv4: {
      ipAddress: configurations.map(({ address, publicAddress }) => {
        const shown =
          publicAddress === undefined ? undefined : network.publicAddresses.get(keyOf(publicAddress));
        return {
          privateIpAddress: formatIp(address),
          publicIpAddress: shown === undefined ? '' : formatIp(shown),
        };
      }),
      subnet: prefixes.map((prefix) => {
        const [address = '', length = ''] = formatPrefix(prefix).split('/');
        return { address, prefix: length };
      }),
    },
    ipv6: { ipAddress: [] },
  };
}

function placeOf(id: Resource['id']): { readonly subscription?: string; readonly group?: string } {
  const [, , subscription, , group] = partsOf(id).id.split('/');
  return { ...(subscription ? { subscription } : {}), ...(group ? { group } : {}) };
}
