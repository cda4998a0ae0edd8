/**
 * Where a network differs from the one before in gates alone: what most changes of a running estate are, and only the
 * routers of those virtual networks ask them.
 *
 * @module
 */

import type { IdKey } from '../../lib/key.ts';
import { sameItems } from '../../net/gather.ts';
import type { Network, Vnet } from '../../net/model.ts';

/** What virtual networks are compared for, one by one. */
const compared: ReadonlySet<string> = new Set<keyof Network>([
  'vnets',
  'subnets',
  'publicAttachments',
  'gateRules',
]);

/** Returns the virtual networks with other gates; undefined where more is different, or may be. */
export function regated(before: Network, after: Network): readonly IdKey[] | undefined {
  const names = new Set(
    [...Object.keys(before), ...Object.keys(after)].filter((name) => !compared.has(name)),
  );
  const part = (network: Network): unknown[] => [...names].map((name) => network[name as keyof Network]);
  if (!sameItems(part(before), part(after))) return undefined;
  if (!sameItems([...before.publicAttachments].flat(), [...after.publicAttachments].flat())) return undefined;
  if (!sameItems([...before.vnets.keys()], [...after.vnets.keys()])) return undefined;
  const changed = [...after.vnets].filter(([key, vnet]) => before.vnets.get(key) !== vnet);
  const alike = changed.every(([key, vnet]) => {
    const old = before.vnets.get(key);
    return old !== undefined && sameItems(withoutGates(old), withoutGates(vnet));
  });
  return alike ? changed.map(([key]) => key) : undefined;
}

function withoutGates({ fact, space, subnets, attachments, peerings, gateways, ...rest }: Vnet): unknown[] {
  // A member that is added to a virtual network has to be thought of here.
  const none: Record<string, never> = rest;
  return [
    fact,
    ...space.flat(),
    attachments,
    ...peerings,
    ...gateways,
    ...Object.values(none),
    ...subnets.flatMap((subnet) => [subnet.fact, subnet.routes]),
  ];
}
