/**
 * What the metadata service tells a machine about itself, from the estate as it is.
 *
 * @module
 */

import { ancestorId, partsOf, sameId } from '../arm/id.ts';
import type { Read, Resource } from '../arm/resource.ts';
import { formatIp, formatPrefix } from '../lib/ip.ts';
import { asText, isObject, type JsonObject, member } from '../lib/json.ts';
import { keyOf } from '../lib/key.ts';
import { instanceMetadata } from '../net/azure.ts';
import type { Network } from '../net/model.ts';
import { type Place, workloadAt } from '../net/position.ts';
import { principalOf } from '../providers/identity.ts';
import { inventedId } from '../providers/ml/link.ts';
import { deploymentType } from '../providers/ml/online-endpoints.ts';
import {
  answerMetadata,
  localPath,
  type Machine,
  type MachineIdentity,
} from '../services/metadata/metadata.ts';
import { text } from './accounts.ts';
import type { Engine } from './engine.ts';
import type { PlainAnswerer } from './front/plain.ts';
import type { Keys } from './keys.ts';

/** Makes what answers at the metadata address. */
export function metadataOf(engine: Engine, keys: Keys): PlainAnswerer {
  const { signing } = keys;
  const { tenant } = engine.plane.settings;
  return async (label, { method = 'GET', headers }, target) => {
    const place = engine.names.place(label);
    const machine = place.ok
      ? (workloadMachine(engine, keys, place.value) ??
        machineAt(engine.network, engine.plane.estate, place.value))
      : nobody;
    const signs = { tenant, keys: signing, applications: () => undefined };
    return answerMetadata({ method, target, headers, now: Date.now() }, machine, signs);
  };
}

const nobody: Machine = { identities: [], instance: undefined };

/** What Azure runs has no metadata service to ask: its identities come from an address of its own, to who has its secret. */
function workloadMachine(engine: Engine, keys: Keys, place: Place): Machine | undefined {
  const workload = workloadAt(engine.network, place);
  if (!workload) return undefined;
  const holder = holderOf(engine.plane.estate, workload.id);
  const identities = holder ? identitiesOf(holder) : [];
  return { ...nobody, local: { secret: secretOf(keys, workload.id), identities } };
}

/** A deployment acts as its online endpoint. */
function holderOf(read: Read, id: string): Resource | undefined {
  const found = read.get(id);
  return found && sameId(found.type, deploymentType) ? read.get(ancestorId(found.id, 1)) : found;
}

function secretOf(keys: Keys, id: string): string {
  return text(keys.secret(`identities of ${keyOf(id)}`), 32);
}

/** What a program finds in its environment where Azure runs it. */
export function workloadEnvironment(
  engine: Engine,
  keys: Keys,
  place: Place,
): Readonly<Record<string, string>> {
  const { local } = workloadMachine(engine, keys, place) ?? nobody;
  if (!local) return {};
  const given = local.identities.find(({ kind }) => kind === 'user');
  return {
    MSI_ENDPOINT: `http://${formatIp(instanceMetadata)}${localPath}`,
    MSI_SECRET: local.secret,
    ...(given ? { DEFAULT_IDENTITY_CLIENT_ID: given.clientId } : {}),
  };
}

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
