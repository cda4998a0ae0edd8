/**
 * Service tags: named sets of public addresses.
 *
 * Azure's real lists change every week. This table is synthetic and versioned: documented blocks of
 * 198.18.0.0/15 (RFC 2544), so that evaluation is real and the same on every machine
 * (docs/semantics/service-tags.md). A tag that is not here is unknown, never empty and never everything.
 *
 * @module
 */

import type { Interval, Intervals } from '../lib/intervals.ts';
import { type Ip, intervalOf, ip, prefix } from '../lib/ip.ts';

/** Version of the table; answers that depend on it are comparable only within one version. */
export const tagTableVersion = '2026-11-synthetic';

/** Tags with a block of 4 096 addresses each, in order. The order is the address: append only. */
const blocks = [
  'AzureActiveDirectory',
  'AzureMachineLearning',
  'BatchNodeManagement',
  'Storage',
  'AzureResourceManager',
  'AzureFrontDoor.Frontend',
  'AzureFrontDoor.FirstParty',
  'MicrosoftContainerRegistry',
  'AzureContainerRegistry',
  'AzureKeyVault',
  'AzureMonitor',
  'AzureArcInfrastructure',
  'ServiceBus',
  'EventHub',
  'AzureCosmosDB',
] as const;

/** A tag that has public addresses. */
export type PublicTag = (typeof blocks)[number];

/** Regions with 128 addresses in each block, in order; append only. The last 128 are everybody else's. */
const regions = [
  'eastus',
  'eastus2',
  'westus',
  'westus2',
  'westus3',
  'centralus',
  'northcentralus',
  'southcentralus',
  'westcentralus',
  'canadacentral',
  'canadaeast',
  'brazilsouth',
  'northeurope',
  'westeurope',
  'uksouth',
  'ukwest',
  'francecentral',
  'germanywestcentral',
  'switzerlandnorth',
  'swedencentral',
  'norwayeast',
  'polandcentral',
  'italynorth',
  'uaenorth',
  'southafricanorth',
  'australiaeast',
  'southeastasia',
  'eastasia',
  'japaneast',
  'koreacentral',
  'centralindia',
] as const;

const everything = prefix('198.18.0.0/15');
const blockSize = 4096;
const regionSize = 128;

/** Public addresses of customers' own address resources: the upper half, in no tag but AzureCloud. */
const customers = prefix('198.19.0.0/16');

/** The address that a client on the internet sends from, unless it says otherwise (RFC 5737). */
export const internetClient: Ip = ip('203.0.113.10');

const table = new Map<string, Intervals>([['azurecloud', [intervalOf(everything)]]]);
for (const [at, tag] of blocks.entries()) {
  const base = everything.base + at * blockSize;
  table.set(tag.toLowerCase(), [[base, base + blockSize - 1]]);
  for (const [region, name] of regions.entries()) {
    table.set(`${tag}.${name}`.toLowerCase(), [regionBlock(base, region)]);
  }
}

/** Returns a tag's addresses, or undefined where the table does not have it. Case is ignored. */
export function tagAddresses(tag: string): Intervals | undefined {
  return table.get(tag.toLowerCase());
}

/** Returns a region's short name: ARM takes `East US` for `eastus`. */
export function regionOf(location: string): string {
  return location.toLowerCase().replaceAll(' ', '');
}

/** Returns the public address of a service: the same for the same id, in the block of its tag and region. */
export function publicAddressOf(tag: PublicTag, location: string, id: string): Ip {
  const base = everything.base + blocks.indexOf(tag) * blockSize;
  const region = (regions as readonly string[]).indexOf(regionOf(location));
  const [low] = regionBlock(base, region < 0 ? regions.length : region);
  return (low + (hash(id) % regionSize)) as Ip;
}

/** Returns the address of a public address resource, from its id. */
export function customerAddressOf(id: string, taken: (address: Ip) => boolean): Ip {
  const size = 65536;
  for (let offset = hash(id) % size, tries = 0; tries < size; offset = (offset + 1) % size, tries++) {
    const address = (customers.base + offset) as Ip;
    if (!taken(address)) return address;
  }
  throw new Error('every public address is taken');
}

function regionBlock(base: number, region: number): Interval {
  const low = base + region * regionSize;
  return [low, low + regionSize - 1];
}

/** FNV-1a, 32 bits, over the id without case. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const unit of text.toLowerCase()) {
    value = Math.imul(value ^ (unit.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return value;
}
