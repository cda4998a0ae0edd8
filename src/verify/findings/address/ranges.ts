/**
 * Address ranges as checks look at them: which are in use, and where there is room.
 *
 * @module
 */

import { formatPrefix, type Ip, ipAt, overlaps, type Prefix, parsePrefix, sizeOf } from '../../../lib/ip.ts';
import { keyOf } from '../../../lib/key.ts';
import type { Vnet } from '../../../net/model.ts';
import type { Model } from '../../model.ts';
import { type Edit, type Repair, setting } from '../../repair.ts';

/** A range with who has it. */
export interface Range {
  readonly prefix: Prefix;
  /** Who has it, for people: `vnet hub`, `site clinic`. */
  readonly says: string;
  /** Resource id, or `site/<name>`. */
  readonly owner: string;
}

/** The address space of a virtual network. */
export function rangesOfVnet({ fact }: Vnet): readonly Range[] {
  return fact.prefixes.map((prefix) => ({ prefix, says: nameOfOwner(fact.id), owner: fact.id }));
}

/** What lies behind gateways: clients, local networks, sites. */
export function rangesOfSites(model: Model): readonly Range[] {
  return [...model.network.sites.values()].flatMap(({ name, prefixes }) =>
    prefixes.map((prefix) => ({ prefix, says: `site ${name}`, owner: `site/${name}` })),
  );
}

function nameOfOwner(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

/** Networks that are peered with one, on either side and in any state. */
export function peersOf(
  model: Model,
  { fact }: Vnet,
): readonly { readonly vnet: Vnet; readonly peerings: readonly string[] }[] {
  const found = new Map<string, { vnet: Vnet; peerings: string[] }>();
  for (const { peerings } of model.network.vnets.values()) {
    for (const peering of peerings) {
      const sides = [peering.vnet, peering.remote];
      if (!sides.some((id) => keyOf(id) === keyOf(fact.id))) continue;
      const other = sides.find((id) => keyOf(id) !== keyOf(fact.id));
      const vnet = model.network.vnets.get(keyOf(other ?? ''));
      if (!vnet) continue;
      const known = found.get(keyOf(vnet.fact.id)) ?? { vnet, peerings: [] };
      known.peerings.push(peering.id);
      found.set(keyOf(vnet.fact.id), known);
    }
  }
  return [...found.values()];
}

/** Blocks that customers number their networks from; the bridge of containers is left out. */
const pools = ['10.0.0.0/8', '172.18.0.0/15', '172.20.0.0/14', '172.24.0.0/13', '192.168.0.0/16'].flatMap(
  (text) => parsePrefix(text) ?? [],
);

/** A block of a size that nothing in the estate uses, outside `taken` too. */
export function freeBlock(model: Model, length: number, taken: readonly Prefix[] = []): Prefix | undefined {
  const { network } = model;
  const used = [
    ...taken,
    ...[...network.vnets.values()].flatMap(({ fact }) => fact.prefixes),
    ...[...network.sites.values()].flatMap(({ prefixes }) => prefixes),
    ...[...network.gateways.values()].flatMap(({ prefixes }) => prefixes),
    ...network.declared.of('cluster').flatMap(({ serviceCidrs, podCidrs }) => [...serviceCidrs, ...podCidrs]),
  ];
  return freeIn(pools, length, used);
}

/** The first block of a size inside one of `pools` that overlaps nothing used. */
export function freeIn(
  within: readonly Prefix[],
  length: number,
  used: readonly Prefix[],
): Prefix | undefined {
  for (const pool of within) {
    const size = 2 ** (32 - length);
    for (let offset = 0; offset + size <= sizeOf(pool); offset += size) {
      const block: Prefix = { base: ipAt(pool.base, offset), length };
      if (!used.some((other) => overlaps(other, block))) return block;
    }
  }
  return undefined;
}

/** Gives a virtual network another block in place of one of its own, and its subnets the same places in it. */
export function renumbering(model: Model, { fact, subnets }: Vnet, old: Prefix): Repair[] {
  const block = freeBlock(model, old.length);
  if (!block) return [];
  const moved = (prefix: Prefix): Prefix =>
    overlaps(old, prefix)
      ? { base: (prefix.base - old.base + block.base) as Ip, length: prefix.length }
      : prefix;
  const inside = subnets.filter(({ fact: { prefixes } }) => prefixes.some((prefix) => overlaps(old, prefix)));
  return [
    {
      says: `give ${nameOfOwner(fact.id)} ${formatPrefix(block)}`,
      edits: [
        spaceOf(fact.id, fact.prefixes.map(moved)),
        ...inside.map(({ fact: { id, prefixes } }) => subnetSpace(model, id, prefixes.map(moved))),
      ],
    },
  ];
}

/** Sets the address space of a virtual network. */
export function spaceOf(vnet: string, prefixes: readonly Prefix[]): Edit {
  return setting(vnet, 'addressSpace.addressPrefixes', prefixes.map(formatPrefix));
}

/** Sets the range of a subnet in the property that its template uses. */
export function subnetSpace(model: Model, id: string, prefixes: readonly Prefix[]): Edit {
  const texts = prefixes.map(formatPrefix);
  const vnet = keyOf(id.split('/').slice(0, -2).join('/'));
  const listed = model.network.declared
    .of('written')
    .some(
      (item) =>
        (keyOf(item.id) === keyOf(id) && item.given.includes('addressPrefixes')) ||
        (keyOf(item.id) === vnet &&
          item.given.includes(`subnets[${nameOfOwner(id)}].properties.addressPrefixes`)),
    );
  return listed ? setting(id, 'addressPrefixes', texts) : setting(id, 'addressPrefix', texts[0] ?? '');
}
