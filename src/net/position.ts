/**
 * Places: where a flow starts, and where it stands while it travels.
 *
 * @module
 */

import { type Interval, type Intervals, none, subtract, union } from '../lib/intervals.ts';
import type { Ip } from '../lib/ip.ts';
import { intervalOf, ipAt, sizeOf } from '../lib/ip.ts';
import { keyOf } from '../lib/key.ts';
import { publicAddresses } from './azure.ts';
import type { ManagedNetworkFact, NicConfiguration, NicFact, SiteFact, WorkloadFact } from './facts.ts';
import { type Gateway, isVia } from './gateways.ts';
import { managedSubnetId } from './managed-networks.ts';
import type { Network, Subnet, Vnet } from './model.ts';
import type { Source } from './table.ts';

/** Something that sends. `label` is how people write it. */
export type Place =
  | { readonly kind: 'internet'; readonly label: string }
  | { readonly kind: 'site'; readonly label: string; readonly site: SiteFact }
  | { readonly kind: 'client'; readonly label: string; readonly gateway: string }
  | { readonly kind: 'nic'; readonly label: string; readonly nic: string }
  | { readonly kind: 'subnet'; readonly label: string; readonly subnet: string }
  | { readonly kind: 'workload'; readonly label: string; readonly workload: string }
  | { readonly kind: 'opaque'; readonly label: string; readonly resource: string; readonly type: string };

/** What makes a place the same one in another state of the estate: labels are as short as they can be at the time. */
export function keyOfPlace(place: Place): string {
  switch (place.kind) {
    case 'nic':
      return keyOf(place.nic);
    case 'subnet':
      return keyOf(place.subnet);
    case 'workload':
      return keyOf(place.workload);
    case 'opaque':
      return keyOf(place.resource);
    case 'client':
      return `client ${keyOf(place.gateway)}`;
    case 'internet':
    case 'site':
      return place.label;
  }
}

/** A spot inside a virtual network. No interface: any machine that may stand in the subnet. */
export interface Position {
  readonly vnet: Vnet;
  readonly subnet: Subnet;
  readonly nic: NicFact | undefined;
  readonly configuration: NicConfiguration | undefined;
  readonly address: Ip;
  /** It has a public address that is no resource of the estate: what says so. */
  readonly shown?: Source;
}

/** Returns where a place stands inside a network, or undefined where it stands outside all of them. */
export function positionOf(network: Network, place: Place, source?: Ip): Position | undefined {
  if (place.kind === 'nic') {
    const nic = network.nics.get(keyOf(place.nic));
    const configuration =
      nic?.configurations.find(({ address }) => address === source) ?? nic?.configurations[0];
    return nic && configuration && positionAt(network, nic, configuration);
  }
  if (place.kind === 'site' || place.kind === 'client') return behindGateway(network, place, source);
  const workload = workloadAt(network, place);
  const subnet = place.kind === 'subnet' ? place.subnet : workload && subnetOf(network, workload);
  const found = subnet === undefined ? undefined : network.subnets.get(keyOf(subnet));
  if (!found) return undefined;
  const address = source ?? freeAddress(found.subnet, found.vnet);
  if (address === undefined) return undefined;
  const shown = workload && shownBy(network, workload);
  return {
    vnet: found.vnet,
    subnet: found.subnet,
    nic: undefined,
    configuration: undefined,
    address,
    ...(shown ? { shown } : {}),
  };
}

/** What Azure runs at a place. */
export function workloadAt(network: Network, place: Place): WorkloadFact | undefined {
  return place.kind === 'workload' ? network.workloads.get(keyOf(place.workload)) : undefined;
}

/** The subnet that a workload stands in, its own or one that Azure manages; undefined: Azure's own network. */
export function subnetOf(network: Network, workload: WorkloadFact): string | undefined {
  const managed = managedFor(network, workload);
  return workload.subnet ?? (managed && managedSubnetId(managed.of));
}

/** The managed network that a workload without a subnet stands in: its workspace's, its hub's, or one of its own. */
function managedFor(network: Network, workload: WorkloadFact): ManagedNetworkFact | undefined {
  if (workload.subnet !== undefined || workload.workspace === undefined) return undefined;
  const found = network.managed.get(keyOf(workload.workspace));
  const shared = found?.lets.out === 'as-hub' ? network.managed.get(keyOf(found.lets.hub)) : found;
  return shared ?? network.managed.get(keyOf(workload.id));
}

/** What gives a workload a public address that is no resource of the estate. */
function shownBy(network: Network, workload: WorkloadFact): Source | undefined {
  const managed = managedFor(network, workload);
  if (managed) return { resource: managed.of, rule: 'managedNetwork' };
  return workload.shownBy === undefined ? undefined : { resource: workload.id, rule: workload.shownBy };
}

/** Who is behind a gateway enters the network where the gateway stands, with an address of its own. */
function behindGateway(
  network: Network,
  place: Extract<Place, { kind: 'site' | 'client' }>,
  source: Ip | undefined,
): Position | undefined {
  const gateway = gatewayOf(network, place);
  const found = gateway && network.subnets.get(keyOf(gateway.fact.subnet));
  const [pool] = place.kind === 'site' ? place.site.prefixes : (gateway?.fact.clients ?? []);
  if (!found || !pool) return undefined;
  const address = source ?? ipAt(pool.base, Math.min(4, sizeOf(pool) - 1));
  return { vnet: found.vnet, subnet: found.subnet, nic: undefined, configuration: undefined, address };
}

/** The gateway that joins a place outside to a network. */
export function gatewayOf(network: Network, place: Place): Gateway | undefined {
  if (place.kind === 'client') return network.gateways.get(keyOf(place.gateway));
  if (place.kind !== 'site') return undefined;
  return [...network.gateways.values()].find(({ fact }) => isVia(place.site, fact));
}

/** Returns the spot of an interface's address. */
export function positionAt(
  network: Network,
  nic: NicFact,
  configuration: NicConfiguration,
): Position | undefined {
  const found = network.subnets.get(keyOf(configuration.subnet));
  if (!found) return undefined;
  return { vnet: found.vnet, subnet: found.subnet, nic, configuration, address: configuration.address };
}

/** Returns what has an address in a virtual network. */
export function positionByAddress(network: Network, vnet: Vnet, address: Ip): Position | undefined {
  const found = vnet.attachments.get(address);
  return found && positionAt(network, found.nic, found.configuration);
}

/** The first address of a subnet that Azure could still give out; the first four and the last are its own. */
function freeAddress(subnet: Subnet, vnet: Vnet): Ip | undefined {
  for (const prefix of subnet.fact.prefixes) {
    for (let offset = 4; offset < sizeOf(prefix) - 1; offset++) {
      const address = ipAt(prefix.base, offset);
      if (!vnet.attachments.has(address)) return address;
    }
  }
  return undefined;
}

/**
 * Every address that flows of a place may come from: all that its interface has, all that its subnet could still
 * give out, and on the internet whatever is public and not the estate's. Undefined where nobody knows.
 */
export function addressesOf(network: Network, place: Place): Intervals | undefined {
  switch (place.kind) {
    case 'nic': {
      const nic = network.nics.get(keyOf(place.nic));
      return union((nic?.configurations ?? []).map(({ address }) => [address, address]));
    }
    case 'subnet':
      return freeAddressesOf(network, place.subnet);
    case 'workload': {
      const workload = workloadAt(network, place);
      const subnet = workload && subnetOf(network, workload);
      return subnet === undefined ? undefined : freeAddressesOf(network, subnet);
    }
    case 'internet': {
      const own = [...network.publicAddresses.values(), ...network.publicServices.keys()];
      return subtract(publicAddresses, union(own.map((address) => [address, address])));
    }
    case 'site':
      return gatewayOf(network, place) && union(place.site.prefixes.map(intervalOf));
    case 'client':
      return union((gatewayOf(network, place)?.fact.clients ?? []).map(intervalOf));
    case 'opaque':
      return undefined;
  }
}

function freeAddressesOf(network: Network, subnet: string): Intervals {
  const found = network.subnets.get(keyOf(subnet));
  return found ? freeAddresses(found.subnet, found.vnet) : none;
}

function freeAddresses({ fact }: Subnet, vnet: Vnet): Intervals {
  const given = fact.prefixes
    .filter((prefix) => sizeOf(prefix) > 5)
    .map((prefix): Interval => [prefix.base + 4, prefix.base + sizeOf(prefix) - 2]);
  const taken = [...vnet.attachments.keys()].map((address): Interval => [address, address]);
  return subtract(union(given), union(taken));
}
