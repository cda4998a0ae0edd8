/**
 * Small resources and batches for tests.
 *
 * @module
 */

import type { ResourceId, ResourceType } from '../arm/id.ts';
import type { Resource } from '../arm/resource.ts';
import type { Batch } from '../arm/store.ts';
import type { Json } from '../lib/json.ts';

/** Composes a network that differs from others by its name and from itself by its etag. */
export function vnet(name: string, etag = '1'): Resource {
  const scope = '/subscriptions/s/resourceGroups/rg1/providers/Microsoft.Network/virtualNetworks';
  return {
    id: `${scope}/${name}` as ResourceId,
    name,
    type: 'Microsoft.Network/virtualNetworks' as ResourceType,
    etag,
    properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } },
  };
}

/** Composes a batch of writes, deletes and documents. */
export function batch(
  writes: readonly Resource[],
  deletes: readonly Resource[] = [],
  documents: Batch['documents'] = [],
): Batch {
  return { change: { writes, deletes: deletes.map(({ id }) => id) }, documents };
}

/** Composes a batch of blob documents; undefined deletes. */
export function blobs(values: Readonly<Record<string, Json | undefined>>): Batch {
  return batch(
    [],
    [],
    Object.entries(values).map(([key, value]) => ({ space: 'blob', key, value })),
  );
}
