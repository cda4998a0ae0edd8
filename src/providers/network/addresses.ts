/**
 * Addresses of a subnet: the first four and the last are Azure's own, the rest are given out lowest first.
 *
 * @module
 */

import { ArmError } from '../../arm/error.ts';
import { partsOf, sameId } from '../../arm/id.ts';
import type { Read } from '../../arm/resource.ts';
import {
  contains,
  formatIp,
  type Ip,
  ipAt,
  type Prefix,
  parseIp,
  parsePrefix,
  sizeOf,
} from '../../lib/ip.ts';
import { asList, asText, member } from '../../lib/json.ts';

/** Addresses at the start of every prefix that nobody gets: network, gateway, two for DNS. The last is broadcast. */
const reservedAtStart = 4;

/** The prefixes of a subnet as it is stored. */
export function subnetPrefixes(read: Read, subnetId: string): readonly Prefix[] {
  const subnet = read.get(subnetId);
  if (!subnet) {
    throw new ArmError(
      'InvalidResourceReference',
      `Resource ${subnetId} was not found. Create the subnet first.`,
      {
        target: 'properties.subnet.id',
      },
    );
  }
  const { addressPrefix, addressPrefixes } = subnet.properties;
  const texts = addressPrefix === undefined ? asList(addressPrefixes) : [addressPrefix];
  return texts.flatMap((text) => (typeof text === 'string' ? (parsePrefix(text) ?? []) : []));
}

/** Addresses of a subnet that something has, with the id of what has it. */
export function takenAddresses(read: Read, subnetId: string): Map<Ip, string> {
  const taken = new Map<Ip, string>();
  for (const resource of read.referencing(subnetId)) {
    const { ipConfigurations, frontendIPConfigurations } = resource.properties;
    for (const configuration of [...asList(ipConfigurations), ...asList(frontendIPConfigurations)]) {
      // A resolver's endpoint has the members without `properties` around them, and spells the address otherwise.
      const properties = member(configuration, 'properties') ?? configuration;
      const text = member(properties, 'privateIPAddress') ?? member(properties, 'privateIpAddress');
      const subnet = asText(member(member(properties, 'subnet'), 'id'));
      const address = parseIp(asText(text) ?? '');
      if (subnet !== undefined && sameId(subnet, subnetId) && address !== undefined)
        taken.set(address, resource.id);
    }
  }
  return taken;
}

/** One wish for an address. */
export interface AddressWish {
  /** A static address; refused where it cannot be had. */
  readonly exactly?: string | undefined;
  /** The address that it had, or had in a rehearsal; taken where it is free. */
  readonly preferably?: string | undefined;
}

/** Gives out addresses of a subnet for one resource; all or an error. */
export function allocate(read: Read, subnetId: string, holder: string, wishes: readonly AddressWish[]): Ip[] {
  const prefixes = subnetPrefixes(read, subnetId);
  const taken = takenAddresses(read, subnetId);
  for (const [address, id] of taken) if (sameId(id, holder)) taken.delete(address);
  const take = (address: Ip): Ip => {
    taken.set(address, holder);
    return address;
  };
  // Static addresses first, then those that are to be kept: only what is left over is given out anew.
  const fixed = wishes.map(({ exactly }) =>
    exactly === undefined ? undefined : take(checkStatic(exactly, prefixes, taken, subnetId)),
  );
  const kept = wishes.map(({ preferably }, at) => {
    const wanted = fixed[at] === undefined ? parseIp(preferably ?? '') : undefined;
    const isFree =
      wanted !== undefined && !taken.has(wanted) && prefixes.some((prefix) => isUsable(prefix, wanted));
    return isFree ? take(wanted) : fixed[at];
  });
  return kept.map((had) => {
    if (had !== undefined) return had;
    const address = lowestFree(prefixes, taken);
    if (address === undefined) {
      const name = partsOf(subnetId).name;
      const total = prefixes.reduce(
        (sum, prefix) => sum + Math.max(0, sizeOf(prefix) - reservedAtStart - 1),
        0,
      );
      throw new ArmError(
        'SubnetIsFull',
        `Subnet ${name} with address prefix ${prefixes.map((p) => `${formatIp(p.base)}/${p.length}`).join(', ')} does not have enough capacity for ${wishes.length} IP addresses: ${total} can be used and ${taken.size} are. Use a larger prefix.`,
        { target: subnetId },
      );
    }
    return take(address);
  });
}

/** Reports whether an address can be given out: not one of Azure's own five. */
export function isUsable(prefix: Prefix, address: Ip): boolean {
  const offset = address - prefix.base;
  return contains(prefix, address) && offset >= reservedAtStart && offset < sizeOf(prefix) - 1;
}

function lowestFree(prefixes: readonly Prefix[], taken: ReadonlyMap<Ip, string>): Ip | undefined {
  for (const prefix of prefixes) {
    for (let offset = reservedAtStart; offset < sizeOf(prefix) - 1; offset++) {
      const address = ipAt(prefix.base, offset);
      if (!taken.has(address)) return address;
    }
  }
  return undefined;
}

function checkStatic(
  text: string,
  prefixes: readonly Prefix[],
  taken: ReadonlyMap<Ip, string>,
  subnetId: string,
): Ip {
  const address = parseIp(text);
  const name = partsOf(subnetId).name;
  const within = address === undefined ? undefined : prefixes.find((prefix) => contains(prefix, address));
  if (address === undefined || !within) {
    throw new ArmError(
      'PrivateIPAddressNotInSubnet',
      `Private static IP address ${text} does not belong to the range of subnet prefix of ${name}.`,
      {
        target: 'privateIPAddress',
      },
    );
  }
  if (!isUsable(within, address)) {
    throw new ArmError(
      'PrivateIPAddressInReservedRange',
      `Private static IP address ${text} falls within the reserved IP range of subnet ${name}: the first four addresses and the last are Azure's own.`,
      {
        target: 'privateIPAddress',
      },
    );
  }
  const holder = taken.get(address);
  if (holder !== undefined) {
    throw new ArmError(
      'PrivateIPAddressIsAllocated',
      `IP configuration cannot use private IP address ${text}: it is already allocated to resource ${holder}.`,
      {
        target: 'privateIPAddress',
      },
    );
  }
  return address;
}
